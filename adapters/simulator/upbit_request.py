"""What a client asks of Upbit's WebSocket, read and checked."""

import json
from dataclasses import dataclass

from adapters.simulator.book import DEPTH
from adapters.simulator.candle import SECOND, Interval, minutes
from adapters.simulator.price_tick import units
from adapters.simulator.upbit_field import FORMATS, Format

TRADED = ("ticker", "trade", "orderbook")
"""Channels that tell every trade at once."""
CANDLES: dict[str, Interval] = {
    "candle.1s": SECOND,
    **{f"candle.{n}m": minutes(n) for n in (1, 3, 5, 10, 15, 30, 60, 240)},
}
"""Channels that tell once a second what trades have changed."""
PRIVATE = ("myOrder", "myAsset", "myTrade")
BOOK_UNITS = (1, 5, 15, 30)
"""Levels of a book that can be asked for; another number gets the last of these."""


class RefusedRequest(Exception):
    """A request Upbit answers with an error frame of this name."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name
        self.message = message


@dataclass(frozen=True, slots=True)
class Topic:
    """One market on one channel; `many` and `level` (10^-8) shape order books."""

    channel: str
    code: str
    many: int = DEPTH
    level: int = 0


@dataclass(frozen=True, slots=True)
class Demand:
    """One type object of a request."""

    topics: tuple[Topic, ...]
    snapshot: bool
    realtime: bool
    # As the client wrote it, for LIST_SUBSCRIPTIONS.
    codes: tuple[str, ...]
    level: object = None


@dataclass(frozen=True, slots=True)
class Request:
    """A whole message: it replaces what the connection had before.

    `listing` is true for LIST_SUBSCRIPTIONS, which replaces nothing but the format.
    """

    ticket: str
    form: Format
    demands: tuple[Demand, ...]
    listing: bool = False


def read_request(text: str) -> Request:
    """Read a client's message.

    Raises:
        RefusedRequest: what Upbit refuses, by its error name.
    """
    parts = _parts(text)
    tickets = [part["ticket"] for part in parts if "ticket" in part]
    if not tickets:
        raise RefusedRequest("NO_TICKET", "티켓이 존재하지 않거나, 유효하지 않습니다.")
    ticket = str(tickets[0])
    form = _form(parts)
    if any(part.get("method") == "LIST_SUBSCRIPTIONS" for part in parts):
        return Request(ticket, form, (), listing=True)
    demands = tuple(_demand(part) for part in parts if "type" in part)
    if not demands:
        raise RefusedRequest("NO_TYPE", "type 필드가 존재하지 않습니다.")
    return Request(ticket, form, demands)


def _parts(text: str) -> list[dict[str, object]]:
    try:
        parts = json.loads(text)
    except ValueError as exc:
        raise _wrong_format() from exc
    if not isinstance(parts, list) or not all(isinstance(p, dict) for p in parts):
        raise _wrong_format()
    return parts


def _wrong_format() -> RefusedRequest:
    return RefusedRequest("WRONG_FORMAT", "Format 이 맞지 않습니다.")


def _form(parts: list[dict[str, object]]) -> Format:
    asked = [part["format"] for part in parts if "format" in part]
    if not asked:
        return "DEFAULT"
    for form in FORMATS:
        if asked[-1] == form:
            return form
    message = f"{asked[-1]}은 지원하지 않는 포맷입니다."
    raise RefusedRequest("INVALID_PARAM", message)


def _demand(part: dict[str, object]) -> Demand:
    channel = part["type"]
    if channel in PRIVATE:
        raise RefusedRequest("INVALID_AUTH", "인증 정보가 올바르지 않습니다.")
    if not isinstance(channel, str) or not (channel in TRADED or channel in CANDLES):
        raise RefusedRequest("INVALID_PARAM", f"{channel}은 지원하지 않는 타입입니다.")
    codes = part.get("codes")
    if not isinstance(codes, list):
        raise RefusedRequest("NO_CODES", "codes 필드가 존재하지 않습니다.")
    if not codes:
        raise RefusedRequest("INVALID_PARAM", "codes 필드가 비어 있습니다.")
    written = tuple(str(code) for code in codes)
    level = _level(part.get("level", 0))
    return Demand(
        topics=tuple(_topic(channel, code, level) for code in written),
        snapshot=not _flag(part, "is_only_realtime", "isOnlyRealtime"),
        realtime=not _flag(part, "is_only_snapshot", "isOnlySnapshot"),
        codes=written,
        level=part.get("level"),
    )


def _topic(channel: str, code: str, level: int) -> Topic:
    if channel != "orderbook":
        return Topic(channel, code)
    market, _, text = code.partition(".")
    many = int(text) if text.isdecimal() else DEPTH
    return Topic(channel, market, many if many in BOOK_UNITS else DEPTH, level)


def _level(value: object) -> int:
    if value in (0, "0", "", None):
        return 0
    try:
        return units(str(value))
    except ValueError as exc:
        raise RefusedRequest("INVALID_PARAM", f"level {value} is no price") from exc


def _flag(part: dict[str, object], *names: str) -> bool:
    # Older clients still write them in camel case.
    return any(part.get(name) is True for name in names)
