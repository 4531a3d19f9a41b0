"""Which sites' pages may call."""

import pytest
from strawberry.http.websocket_origin import normalize_allowed_origins

from api.origin import PREFLIGHT_HEADERS, cors, is_allowed, is_forged, is_origin

HERE = {"host": "kimp.example:8000"}


@pytest.mark.parametrize(
    ("headers", "allowed", "answer"),
    [
        ({}, (), True),
        ({"origin": "http://kimp.example:8000"}, (), True),
        ({"origin": "https://kimp.example:8000"}, (), True),
        ({"origin": "http://kimp.example"}, (), False),
        ({"origin": "null"}, (), False),
        ({"origin": "garbage"}, ("*",), True),
        ({"origin": "garbage"}, ("https://a.example",), False),
        ({"origin": "https://A.example:443"}, ("https://a.example",), True),
        ({"origin": "http://x.example", "sec-fetch-site": "same-origin"}, (), True),
        ({"origin": "http://x.example", "sec-fetch-site": "same-site"}, (), False),
    ],
)
def test_the_list_and_the_own_site_decide(
    headers: dict[str, str], allowed: tuple[str, ...], answer: bool
) -> None:
    assert is_allowed({**HERE, **headers}, allowed) is answer


def test_without_a_list_no_page_is_told_that_it_may_read() -> None:
    assert cors([]) == []
    assert len(cors(["https://a.example"])) == 1


@pytest.mark.parametrize("origin", ["a.example", "https://a.example/path", "null"])
def test_what_is_no_origin_is_refused_at_the_start(origin: str) -> None:
    with pytest.raises(ValueError, match="Invalid origin"):
        cors([origin])


@pytest.mark.parametrize(
    ("origin", "host", "answer"),
    [
        # A default port may be told or not, on either side.
        ("https://kimp.example", "kimp.example:443", True),
        ("https://kimp.example:443", "kimp.example", True),
        ("http://kimp.example:80", "kimp.example", True),
        ("http://kimp.example:81", "kimp.example", False),
        # Hosts have no case; addresses of version 6 have brackets.
        ("http://KIMP.example:8000", "kimp.EXAMPLE:8000", True),
        ("http://[::1]:8000", "[::1]:8000", True),
        ("http://[::1]:8000", "[::1]:8001", False),
        ("http://[::1]", "::1", False),
        # Another name that begins or ends alike is another site.
        ("http://kimp.example.evil:8000", "kimp.example:8000", False),
        ("http://evil-kimp.example:8000", "kimp.example:8000", False),
        ("http://kimp.example:8000@evil", "kimp.example:8000", False),
        ("null", "null", False),
        ("file://", "kimp.example", False),
        ("", "kimp.example", False),
        ("http://[", "kimp.example", False),
        ("http://a.example:99999", "a.example", False),
    ],
)
def test_the_own_site_is_known_by_host_and_port(
    origin: str, host: str, answer: bool
) -> None:
    assert is_allowed({"origin": origin, "host": host}, ()) is answer


@pytest.mark.parametrize(
    ("origin", "answer"),
    [
        ("https://a.example", True),
        ("https://A.EXAMPLE", True),
        ("https://a.example:443", True),
        ("https://a.example:444", False),
        ("http://a.example", False),
        ("https://b.a.example", False),
        ("http://[2001:db8::1]:3000", True),
        ("http://[2001:db8::2]:3000", False),
        ("null", False),
    ],
)
def test_sites_of_the_list_are_known_however_it_is_written(
    origin: str, answer: bool
) -> None:
    written = ("HTTPS://A.example:443/", "http://[2001:DB8::1]:3000")
    allowed = normalize_allowed_origins(written)
    assert is_allowed({"origin": origin, "host": "here"}, allowed) is answer


@pytest.mark.parametrize(
    ("headers", "forged"),
    [
        ({}, False),
        ({"cookie": "a=b"}, True),
        ({"cookie": "a=b", "sec-fetch-site": "cross-site"}, True),
        ({"cookie": "a=b", "sec-fetch-site": "same-site"}, True),
        ({"cookie": "a=b", "sec-fetch-site": "same-origin"}, False),
        ({"cookie": "a=b", "sec-fetch-site": "none"}, False),
        ({"cookie": "a=b", "origin": "https://a.example"}, False),
        ({"cookie": "a=b", "content-type": "application/json"}, False),
        ({"cookie": "a=b", "content-type": "text/plain; charset=utf-8"}, True),
        ({"cookie": "a=b", "content-type": "Multipart/Form-Data; b=x"}, True),
        *(({"cookie": "a=b", name: "1"}, False) for name in PREFLIGHT_HEADERS),
    ],
)
def test_a_get_with_cookies_shows_that_no_other_site_sent_it(
    headers: dict[str, str], forged: bool
) -> None:
    assert is_forged({**HERE, **headers}) is forged


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("*", True),
        ("https://a.example", True),
        ("HTTPS://A.example:8443/", True),
        ("http://[::1]:3000", True),
        ("a.example", False),
        ("null", False),
        ("ftp://a.example", False),
        ("https://a.example/path", False),
        ("https://a.example?x", False),
        ("https://u:p@a.example", False),
        ("https://[", False),
        ("https://", False),
        ("https://a.example:port", False),
    ],
)
def test_an_origin_is_scheme_host_and_port(text: str, answer: bool) -> None:
    assert is_origin(text) is answer
