"""Which form of answer a client wants (RFC 9110, section 12.5.1, Accept).

What a client ranks first decides, by `q` and then by its own order. The kind of the
operation takes part: clients such as urql send one Accept for everything.
"""

from enum import Enum
from typing import Final

GRAPHQL_JSON: Final = "application/graphql-response+json"
JSON: Final = "application/json"
EVENT_STREAM: Final = "text/event-stream"
HTML: Final = "text/html"
_ANY = ("*/*", "application/*")


class Form(Enum):
    """How an answer is written; the value is its media type."""

    GRAPHQL_JSON = GRAPHQL_JSON
    JSON = JSON
    EVENT_STREAM = EVENT_STREAM


def ranked(accept: str) -> list[str]:
    """Return the media types of an Accept header, the most wanted first.

    Without a header everything is welcome.
    """
    if not accept.strip():
        return ["*/*"]
    found = [_weighed(part) for part in accept.split(",") if part.strip()]
    wanted = [(weight, media) for weight, media in found if weight > 0]
    # Stable: equal weights keep the client's order.
    return [media for _, media in sorted(wanted, key=lambda pair: -pair[0])]


def prefers_page(media: list[str]) -> bool:
    """Whether a person's browser asks: HTML is named, and before any data."""
    for item in media:
        if item == HTML:
            return True
        if item in (GRAPHQL_JSON, JSON, EVENT_STREAM):
            return False
    return False


def choose(media: list[str], *, subscription: bool) -> Form | None:
    """Return the form of the answer, None where the client takes none we have.

    A subscription needs a stream, and one that is asked for by name.
    """
    if subscription:
        return Form.EVENT_STREAM if EVENT_STREAM in media else None
    for item in media:
        if item in _ANY:
            return Form.JSON
        if item in (GRAPHQL_JSON, JSON, EVENT_STREAM):
            return Form(item)
    return None


def _weighed(part: str) -> tuple[float, str]:
    media, *parameters = (item.strip().lower() for item in part.split(";"))
    weight = 1.0
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            weight = _weight(value.strip())
    return weight, media


def _weight(text: str) -> float:
    try:
        weight = float(text)
    except ValueError:
        return 0.0
    return weight if 0.0 <= weight <= 1.0 else 0.0
