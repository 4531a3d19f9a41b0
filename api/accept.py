"""Which form of answer a client wants (RFC 9110, section 12.5.1, Accept).

Of several media ranges that match a form the most specific one gives its weight; among
forms the weight decides, then the client's own order, then ours. The kind of the
operation takes part: clients such as urql and Apollo's send one Accept for everything.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Final

GRAPHQL_JSON: Final = "application/graphql-response+json"
JSON: Final = "application/json"
EVENT_STREAM: Final = "text/event-stream"
MULTIPART: Final = "multipart/mixed"
HTML: Final = "text/html"

SUBSCRIPTION_SPEC: Final = "1.0"
"""Version of Apollo's multipart protocol; what else is multipart we do not speak."""

MAX_RANGES: Final = 64
"""Media ranges of a header that are read; what comes after them is not."""

MAX_ACCEPT: Final = 1024
"""Characters of a header that are read; what comes after them is not."""

CACHED_ACCEPTS: Final = 256
"""Headers whose reading is kept; the least recently used one goes."""

MAX_CACHED_ACCEPT: Final = 512
"""Characters of a header that is kept; a longer one is read each time."""

_CHARSETS: Final = frozenset({"utf-8", "utf8", "*"})
_ITEM: Final = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*"|")+')
_PART: Final = re.compile(r'(?:[^;"]|"(?:[^"\\]|\\.)*"|")+')
_QUOTED: Final = re.compile(r"\\(.)")


class Form(Enum):
    """How an answer is written; the value is its media type."""

    JSON = JSON
    GRAPHQL_JSON = GRAPHQL_JSON
    EVENT_STREAM = EVENT_STREAM
    MULTIPART = MULTIPART

    @property
    def streams(self) -> bool:
        """Whether it carries one event after the other."""
        return self in _STREAMS


_STREAMS: Final = frozenset({Form.EVENT_STREAM, Form.MULTIPART})


@dataclass(frozen=True, slots=True)
class MediaRange:
    """One range of an Accept header, such as `text/*;q=0.5`; all in lower case."""

    kind: str
    parameters: Mapping[str, str]
    weight: float
    place: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an Accept header asks for.

    `query` and `subscription` are the forms of their answers, None where the client
    takes none that we have: a stream is for who asks for it by name. `failure` is the
    form of an answer that is no operation's. `page`: a person's browser asks, which
    names HTML before any data.
    """

    query: Form | None
    subscription: Form | None
    failure: Form
    page: bool


def wanted(accept: str | None) -> Wanted:
    """Return what a header asks for; without one JSON is welcome."""
    text = accept or ""
    if len(text) > MAX_CACHED_ACCEPT:
        return _wanted(text)
    return _cached_wanted(text)


def media_ranges(accept: str) -> list[MediaRange]:
    """Return the ranges of a header in its order; malformed ones are left out."""
    found = []
    items = _ITEM.findall(accept[:MAX_ACCEPT])
    for place, item in enumerate(items[:MAX_RANGES]):
        read = _range(item, place)
        if read is not None:
            found.append(read)
    return found


def _wanted(accept: str) -> Wanted:
    if not accept.strip():
        return Wanted(Form.JSON, None, Form.JSON, page=False)
    ranges = media_ranges(accept)
    ranked = _ranked(ranges)
    plain = [form for form in ranked if not form.streams]
    streams = [form for form in ranked if form.streams]
    # Multipart is for subscriptions: Apollo's clients name it first for everything.
    single = [form for form in ranked if form is not Form.MULTIPART]
    return Wanted(
        query=next(iter(single or ranked), None),
        subscription=next(iter(streams), None),
        failure=next(iter(plain), Form.JSON),
        page=_is_page(ranges),
    )


def _ranked(ranges: list[MediaRange]) -> list[Form]:
    found = []
    for form in Form:
        matched = _matched(ranges, form)
        if matched is not None and matched.weight > 0:
            found.append((-matched.weight, matched.place, form))
    # Stable: what one range matches stays in our own order, JSON first.
    found.sort(key=lambda entry: entry[:2])
    return [form for *_, form in found]


def _matched(ranges: list[MediaRange], form: Form) -> MediaRange | None:
    """Return the most specific range that matches; the earlier one of equals."""
    best, best_rank = None, (0, 0)
    for item in ranges:
        rank = _specificity(item, form)
        if rank > best_rank:
            best, best_rank = item, rank
    return best


def _specificity(item: MediaRange, form: Form) -> tuple[int, int]:
    """Return how specific a matching range is; zeros: it does not match."""
    if item.kind == form.value:
        return (3, len(item.parameters)) if _fits(item.parameters, form) else (0, 0)
    if form.streams or item.parameters.get("charset", "utf-8") not in _CHARSETS:
        return (0, 0)
    if item.kind == "application/*":
        return (2, 0)
    return (1, 0) if item.kind == "*/*" else (0, 0)


def _fits(parameters: Mapping[str, str], form: Form) -> bool:
    """Whether what we write is what the parameters say, of those that we know."""
    if form is Form.MULTIPART:
        return parameters.get("subscriptionspec") == SUBSCRIPTION_SPEC
    return parameters.get("charset", "utf-8") in _CHARSETS


def _is_page(ranges: list[MediaRange]) -> bool:
    named = [
        (-item.weight, item.place, item.kind)
        for item in ranges
        if item.weight > 0 and item.kind in (HTML, *_VALUES)
    ]
    return bool(named) and min(named)[2] == HTML


_VALUES: Final = tuple(form.value for form in Form)


def _range(item: str, place: int) -> MediaRange | None:
    kind, *parts = (part.strip() for part in _PART.findall(item) or ("",))
    kind = kind.lower()
    major, slash, minor = kind.partition("/")
    if not slash or not major or not minor or (major == "*" and minor != "*"):
        return None
    parameters = dict(_parameters(parts))
    weight = _weight(parameters.pop("q", "1"))
    return None if weight is None else MediaRange(kind, parameters, weight, place)


def _parameters(parts: Iterable[str]) -> Iterable[tuple[str, str]]:
    for part in parts:
        name, _, value = part.partition("=")
        text = value.strip()
        if len(text) > 1 and text[0] == text[-1] == '"':
            text = _QUOTED.sub(r"\1", text[1:-1])
        if name.strip():
            yield name.strip().lower(), text.lower()


def _weight(text: str) -> float | None:
    """Return a weight from 0 to 1, None where the text is none."""
    if not re.fullmatch(r"[01](?:\.\d{0,3})?", text):
        return None
    weight = float(text)
    return weight if weight <= 1.0 else None


_cached_wanted = lru_cache(CACHED_ACCEPTS)(_wanted)
