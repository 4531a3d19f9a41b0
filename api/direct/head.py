"""What the head of an HTTP request says, read once for all who send the same.

A client on a kept connection sends the same head with each request, to the byte. Only
what is plain is read here (RFC 9110 and 9112): a POST of JSON to `/graphql` that wants
JSON back. Of everything else nothing is said, and the application answers it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import httptools

from api.accept import Form, wanted
from api.origin import PREFLIGHT_HEADERS

PATH: Final = b"/graphql"

MAX_HEAD_BYTES: Final = 4_096
"""A longer head is none of ours: heads are kept."""

MAX_DIRECT_BODY: Final = 8_192
"""Bytes of a body that is answered directly; a longer one goes the ordinary way."""

# What has no meaning for our answer to a POST of JSON. Cookies are among them: this
# server sets none and reads none (see `api.origin`).
_WITHOUT_MEANING: Final = frozenset(
    {
        "accept-encoding",
        "accept-language",
        "apollographql-client-name",
        "apollographql-client-version",
        "cache-control",
        "cookie",
        "dnt",
        "pragma",
        "priority",
        "referer",
        "sec-ch-ua",
        "sec-ch-ua-mobile",
        "sec-ch-ua-platform",
        "sec-fetch-dest",
        "sec-fetch-mode",
        "sec-fetch-storage-access",
        "sec-gpc",
        "traceparent",
        "tracestate",
        "user-agent",
        "via",
        "x-real-ip",
        "x-forwarded-host",
        "x-forwarded-port",
        "x-forwarded-proto",
        *PREFLIGHT_HEADERS,
    }
)
# Which site's page asks, where one does: what `api.origin.is_allowed` looks at.
_PAGE: Final = frozenset({"host", "origin", "sec-fetch-site"})
_ONCE: Final = frozenset(
    {
        "accept",
        "authorization",
        "connection",
        "content-length",
        "content-type",
        "forwarded",
        "x-api-key",
        "x-forwarded-for",
        "x-request-id",
        *_PAGE,
    }
)
_JSON: Final = frozenset({"application/json", "application/json; charset=utf-8"})


@dataclass(frozen=True, slots=True)
class Head:
    """A plain request's head.

    `form` is how the answer is written; `body_bytes` how long the body is. `headers`,
    by lower-case name, are those that say who asks and what the request is called;
    `page` those that say which site's page does, empty for other programs.
    """

    form: Form
    body_bytes: int
    headers: Mapping[str, str] = field(default_factory=dict)
    page: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_lasting(self) -> bool:
        """Whether it may come again: heads that name their request do not."""
        return "x-request-id" not in self.headers


def read_head(head: bytes) -> Head | None:
    """Return what a request's head says, None where it is not plain.

    `head` ends with the empty line.
    """
    reading = _Reading()
    try:
        parser = httptools.HttpRequestParser(reading)
        parser.feed_data(head)
        is_plain = (
            reading.complete
            and parser.get_method() == b"POST"
            and parser.get_http_version() == "1.1"
            and parser.should_keep_alive()
            and not parser.should_upgrade()
        )
    except (httptools.HttpParserError, httptools.HttpParserUpgrade):
        return None
    if not is_plain or reading.url != PATH or not reading.plain:
        return None
    return _meant(reading.headers)


class _Reading:
    """Takes what the parser finds."""

    def __init__(self) -> None:
        self.url = b""
        self.headers: dict[str, str] = {}
        self.plain = True
        self.complete = False

    def on_url(self, url: bytes) -> None:
        """Take a part of the address."""
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; one that is not known makes the head not plain."""
        key = name.decode("latin-1").lower()
        if key in _WITHOUT_MEANING:
            return
        if key not in _ONCE or key in self.headers:
            self.plain = False
        self.headers[key] = value.decode("latin-1").strip(" \t")

    def on_headers_complete(self) -> None:
        """Take the end."""
        self.complete = True


def _meant(headers: dict[str, str]) -> Head | None:
    if headers.pop("content-type", "").lower() not in _JSON:
        return None
    if headers.pop("connection", "keep-alive").lower() != "keep-alive":
        return None
    length = headers.pop("content-length", "")
    if not length.isascii() or not length.isdecimal() or len(length) > 5:
        return None
    body_bytes = int(length)
    form = wanted(headers.pop("accept", "")).query
    if form not in (Form.JSON, Form.GRAPHQL_JSON):
        return None
    if not 0 < body_bytes <= MAX_DIRECT_BODY:
        return None
    page = {name: headers.pop(name) for name in _PAGE & headers.keys()}
    return Head(form, body_bytes, headers, page if "origin" in page else {})
