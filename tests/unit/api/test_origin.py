"""Which sites' pages may call."""

import pytest

from api.origin import cors, is_allowed

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
