"""What a client asks of Upbit's WebSocket, read and checked."""

import json
from dataclasses import dataclass
from typing import Literal, get_args

from adapters.simulator.book import DEPTH
from adapters.simulator.price_tick import units
from adapters.simulator.upbit_field import FORMATS, Format

Channel = Literal["ticker", "trade", "orderbook"]
CHANNELS: tuple[str, ...] = get_args(Channel)
BOOK_UNITS = (1, 5, 15, 30)


class RefusedRequest(Exception):
    """A request Upbit answers with an error frame of this name."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name
        self.message = message


@dataclass(frozen=True, slots=True)
class Topic:
    """One market on one channel; `many` and `level` (10^-8) shape order books."""

    channel: Channel
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
        raise RefusedRequest("NO_TICKET", "티켓이 존재하지 않습니다.")
    ticket = str(tickets[0])
    form = _form(parts)
    if any(part.get("method") == "LIST_SUBSCRIPTIONS" for part in parts):
        return Request(ticket, form, (), listing=True)
    demands = tuple(_demand(part) for part in parts if "type" in part)
    if not demands:
        raise RefusedRequest("NO_TYPE", "타입이 존재하지 않습니다.")
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
    return RefusedRequest("WRONG_FORMAT", "Format이 맞지 않습니다.")


def _form(parts: list[dict[str, object]]) -> Format:
    asked = [part["format"] for part in parts if "format" in part]
    if not asked:
        return "DEFAULT"
    for form in FORMATS:
        if asked[-1] == form:
            return form
    raise RefusedRequest("WRONG_FORMAT", f"format {asked[-1]} is unknown")


def _demand(part: dict[str, object]) -> Demand:
    channel = part["type"]
    if channel not in CHANNELS:
        raise RefusedRequest("INVALID_PARAM", f"type {channel} is unknown")
    codes = part.get("codes")
    if not isinstance(codes, list) or not codes:
        raise RefusedRequest("NO_CODES", "codes가 존재하지 않습니다.")
    written = tuple(str(code) for code in codes)
    level = _level(part.get("level", 0))
    return Demand(
        topics=tuple(_topic(channel, code, level) for code in written),
        snapshot=not _flag(part, "is_only_realtime", "isOnlyRealtime"),
        realtime=not _flag(part, "is_only_snapshot", "isOnlySnapshot"),
        codes=written,
    )


def _topic(channel: object, code: str, level: int) -> Topic:
    if channel == "ticker":
        return Topic("ticker", code)
    if channel == "trade":
        return Topic("trade", code)
    market, _, many = code.partition(".")
    if not many:
        return Topic("orderbook", market, DEPTH, level)
    if not many.isdecimal() or int(many) not in BOOK_UNITS:
        raise RefusedRequest("INVALID_PARAM", f"{code}: units are 1, 5, 15 or 30")
    return Topic("orderbook", market, int(many), level)


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
