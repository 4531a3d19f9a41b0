"""Upbit stream frames: bytes to typed messages, typed requests to text. Pure.

Source: exchanges.md A1 "WebSocket". Both object formats decode: DEFAULT (full keys)
and SIMPLE (short keys) give types with the same attributes. JSON numbers become
Decimal from their own digits, never through a float; a number that stands in quotes
stays text until `adapters.upbit.quote` has judged it. Only fields with a use are read.
"""

from collections.abc import Collection
from decimal import Decimal
from typing import Final, Literal

import msgspec
from msgspec import DecodeError, Struct, ValidationError
from msgspec.json import Decoder

from adapters.upbit.message import (
    Candle,
    ErrorReply,
    Message,
    Orderbook,
    ShortCandle,
    ShortOrderbook,
    ShortTicker,
    ShortTrade,
    Status,
    SubscriptionList,
    Ticker,
    Trade,
)

Frame = bytes | str
Format = Literal["DEFAULT", "SIMPLE"]
PING: Final = "PING"
CANDLE_PREFIX: Final = "candle."


class UndecodableFrame(Exception):
    """A frame that is no message we know; `kind` is one of a closed set of words.

    malformed: not JSON · shape: a known kind with a field missing or mistyped ·
    unknown: JSON of no known kind · number: a number or stamp outside the rules ·
    price: not positive.
    """

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(f"{kind}: {detail}")
        self.kind = kind
        self.detail = detail


class _Head(Struct):
    """Just enough of any object to tell its kind."""

    type: object = None
    ty: object = None
    status: object = None
    error: object = None
    method: object = None
    mthd: object = None


_DEFAULT: Decoder[Ticker | Trade | Orderbook] = Decoder(
    Ticker | Trade | Orderbook, float_hook=Decimal
)
_SIMPLE: Decoder[ShortTicker | ShortTrade | ShortOrderbook] = Decoder(
    ShortTicker | ShortTrade | ShortOrderbook, float_hook=Decimal
)
_DEFAULT_CANDLE = Decoder(Candle, float_hook=Decimal)
_SIMPLE_CANDLE = Decoder(ShortCandle, float_hook=Decimal)
_HEAD = Decoder(_Head)
_ERROR = Decoder(ErrorReply)
_DATA_KINDS = frozenset({"ticker", "trade", "orderbook"})


def decode(frame: Frame, expected: Format = "SIMPLE") -> Message:
    """Read one frame; `expected` is only tried first, both formats decode.

    Raises:
        UndecodableFrame: malformed, shape or unknown. Nothing else is ever raised.
    """
    try:
        if expected == "SIMPLE":
            return _SIMPLE.decode(frame)
        return _DEFAULT.decode(frame)
    except ValidationError:
        return _decode_other(frame)
    except (ValueError, ArithmeticError, RecursionError) as exc:
        return _decode_broken(frame, exc)


def subscription(
    ticket: str, markets: Collection[str], *, book: bool, format_: Format
) -> str:
    """Write the one message that replaces a connection's whole subscription.

    `[{"ticket":"…"},{"type":"ticker","codes":["KRW-BTC"]},
    {"type":"orderbook","codes":["KRW-BTC.1"]},{"format":"SIMPLE"}]`; the book is asked
    for its best step only (`.1`). Both flags absent: a snapshot first, then realtime.
    """
    codes = sorted(markets)
    parts: list[dict[str, object]] = [
        {"ticket": ticket},
        {"type": "ticker", "codes": codes},
    ]
    if book:
        parts.append({"type": "orderbook", "codes": [f"{code}.1" for code in codes]})
    parts.append({"format": format_})
    return msgspec.json.encode(parts).decode()


def _decode_other(frame: Frame) -> Message:
    """Read what is not data in the expected format: the other one, or a reply."""
    try:
        head = _HEAD.decode(frame)
        if head.error is not None:
            return _ERROR.decode(frame)
        kind = head.ty if head.type is None else head.type
        if isinstance(kind, str):
            return _decode_data(frame, kind, simple=head.type is None)
    except ValidationError as exc:
        raise UndecodableFrame("shape", str(exc)) from exc
    except (ValueError, ArithmeticError, RecursionError) as exc:
        raise _undecodable(exc) from exc
    if isinstance(head.status, str):
        return Status(head.status)
    method = head.mthd if head.method is None else head.method
    if isinstance(method, str):
        return SubscriptionList(method)
    raise UndecodableFrame("unknown", "an object that is no message of Upbit")


def _decode_data(frame: Frame, kind: str, *, simple: bool) -> Message:
    if kind in _DATA_KINDS:
        return _SIMPLE.decode(frame) if simple else _DEFAULT.decode(frame)
    if kind.startswith(CANDLE_PREFIX):
        if simple:
            return _SIMPLE_CANDLE.decode(frame)
        return _DEFAULT_CANDLE.decode(frame)
    raise UndecodableFrame("unknown", f"type {kind[:40]!r}")


def _decode_broken(frame: Frame, exc: Exception) -> Message:
    # Some gateways answer PING with the bare word instead of {"status":"UP"}.
    if frame in (b"UP", "UP"):
        return Status("UP")
    raise _undecodable(exc) from exc


def _undecodable(exc: Exception) -> UndecodableFrame:
    if isinstance(exc, ArithmeticError):
        return UndecodableFrame("number", "an exponent beyond any decimal")
    detail = str(exc) if isinstance(exc, DecodeError) else type(exc).__name__
    return UndecodableFrame("malformed", detail)
