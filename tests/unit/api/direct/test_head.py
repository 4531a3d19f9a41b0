"""What is plain in the head of a request, and what is left to the application."""

import pytest

from api.accept import Form
from api.direct.head import MAX_DIRECT_BODY, read_head

HEADERS = {
    "Host": "127.0.0.1",
    "Content-Type": "application/json",
    "Content-Length": "20",
}


def head(request: str = "POST /graphql HTTP/1.1", **headers: str | None) -> bytes:
    """Return a head; names are given with `_` for `-`, None leaves one out."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    known = {name.lower(): value for name, value in {**HEADERS, **named}.items()}
    lines = [f"{name}: {value}" for name, value in known.items() if value is not None]
    return "\r\n".join([request, *lines, "", ""]).encode()


def test_a_post_of_json_is_plain() -> None:
    found = read_head(head())
    assert found is not None
    assert (found.form, found.body_bytes, dict(found.headers)) == (Form.JSON, 20, {})
    assert found.is_lasting


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("*/*", Form.JSON),
        ("application/json", Form.JSON),
        (
            "application/graphql-response+json, application/json;q=0.9",
            Form.GRAPHQL_JSON,
        ),
        (
            "application/json;q=0.1, application/graphql-response+json",
            Form.GRAPHQL_JSON,
        ),
    ],
)
def test_the_form_is_what_the_client_prefers(accept: str, form: Form) -> None:
    found = read_head(head(Accept=accept))
    assert found is not None
    assert found.form is form


def test_what_proxies_and_keys_say_is_kept_for_later() -> None:
    found = read_head(
        head(X_Forwarded_For="192.0.2.1", Authorization="Bearer x", X_Request_Id="r1")
    )
    assert found is not None
    assert found.headers["x-forwarded-for"] == "192.0.2.1"
    assert found.headers["authorization"] == "Bearer x"
    assert not found.is_lasting


def test_which_page_asks_is_kept_apart_from_who_asks() -> None:
    found = read_head(
        head(
            Origin="https://example.com",
            Sec_Fetch_Site="cross-site",
            Referer="https://example.com/board",
            Cookie="a=b",
        )
    )
    assert found is not None
    assert found.headers == {}
    assert found.page == {
        "host": "127.0.0.1",
        "origin": "https://example.com",
        "sec-fetch-site": "cross-site",
    }


def test_what_names_no_origin_is_no_page() -> None:
    found = read_head(head(Sec_Fetch_Site="none"))
    assert found is not None
    assert found.page == {}


@pytest.mark.parametrize(
    "text",
    [
        head("GET /graphql HTTP/1.1"),
        head("POST /graphql?x=1 HTTP/1.1"),
        head("POST /graphql/ HTTP/1.1"),
        head("POST /health HTTP/1.1"),
        head("POST /graphql HTTP/1.0"),
        head("PUT /graphql HTTP/1.1"),
        head(Content_Type=None),
        head(Content_Type="text/plain"),
        head(Content_Type="application/json; charset=utf-16"),
        head(Content_Length=None),
        head(Content_Length="0"),
        head(Content_Length=str(MAX_DIRECT_BODY + 1)),
        head(Content_Length="1_0"),
        head(Content_Length="999999"),
        head(Transfer_Encoding="chunked", Content_Length=None),
        head(Transfer_Encoding="chunked"),
        head(Expect="100-continue"),
        head(Connection="close"),
        head(Connection="Upgrade", Upgrade="websocket"),
        head(Origin="https://example.com").replace(
            b"\r\n\r\n", b"\r\nOrigin: https://other.example\r\n\r\n"
        ),
        head(Accept="text/html"),
        head(Accept="text/event-stream"),
        head(Accept="image/png"),
        head(Content_Encoding="gzip"),
        head(X_Unheard_Of="1"),
        head().replace(b"\r\n\r\n", b"\r\nContent-Length: 20\r\n\r\n"),
        head().replace(b"\r\n\r\n", b"\r\nAccept: a/b\r\naccept: */*\r\n\r\n"),
        head()[:-2],
        b"\x16\x03\x01\x02\x00\r\n\r\n",
    ],
)
def test_whatever_else_is_left_to_the_application(text: bytes) -> None:
    assert read_head(text) is None
