"""Binance stream frames: bytes to typed messages, typed requests to text. Pure.

Source: exchanges.md A2 "WebSocket". Combined (`{"stream":…,"data":…}`) and raw frames
decode. Prices and quantities are text on this venue and stay so until
`adapters.binance.quote` has judged them; a bare JSON number becomes a Decimal from its
own digits, never through a float. Only fields with a use are read.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final, Literal

import msgspec
from msgspec import (
    UNSET,
    DecodeError,
    Raw,
    Struct,
    UnsetType,
    ValidationError,
    field,
)
from msgspec.json import Decoder

from adapters.binance.message import (
    BadItem,
    BookTicker,
    Event,
    Message,
    MiniTicker,
    MiniTickers,
    PartialBook,
    Refusal,
    Reply,
    WindowTicker,
)

Frame = bytes | str
MINI_TICKERS: Final = "!miniTicker@arr"
MarketStreamName = Literal["aggTrade", "trade", "ticker", "miniTicker", "bookTicker"]


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


class _Combined(Struct, gc=False):
    data: Event | list[MiniTicker]


# Enough of any object to tell its kind.
class _Head(Struct):
    data: Raw | UnsetType = UNSET
    event: object = field(name="e", default=None)
    update_id: object = field(name="u", default=None)
    last_update_id: object = field(name="lastUpdateId", default=None)
    result: Raw | UnsetType = UNSET
    id: object = None
    error: object = None
    code: object = None
    msg: object = None


_COMBINED = Decoder(_Combined, float_hook=Decimal)
_EVENT: Decoder[Event] = Decoder(Event, float_hook=Decimal)
_ITEM = Decoder(MiniTicker, float_hook=Decimal)
_WINDOW = Decoder(WindowTicker, float_hook=Decimal)
_BOOK_TICKER = Decoder(BookTicker, float_hook=Decimal)
_PARTIAL_BOOK = Decoder(PartialBook, float_hook=Decimal)
_HEAD = Decoder(_Head, float_hook=Decimal)
_PARTS = Decoder(list[Raw])
_EVENTS = frozenset(
    {
        "aggTrade",
        "trade",
        "24hrMiniTicker",
        "24hrTicker",
        "kline",
        "depthUpdate",
        "serverShutdown",
    }
)
_WINDOW_EVENTS = frozenset({"1hTicker", "4hTicker", "1dTicker"})
_UNREADABLE = (ValueError, ArithmeticError, RecursionError)


def decode(frame: Frame) -> Message:
    """Read one frame, combined or raw.

    Raises:
        UndecodableFrame: malformed, shape, unknown or number. Nothing else, ever.
    """
    try:
        data = _COMBINED.decode(frame).data
    except _UNREADABLE:
        return _decode_other(frame)
    return MiniTickers(data) if isinstance(data, list) else data


def request(
    method: Literal["SUBSCRIBE", "UNSUBSCRIBE"], streams: Sequence[str], id_: int
) -> str:
    """Write `{"method":"SUBSCRIBE","params":["btcusdt@aggTrade"],"id":1}`."""
    body = {"method": method, "params": list(streams), "id": id_}
    return msgspec.json.encode(body).decode()


def stream_name(market: str, name: MarketStreamName) -> str:
    """Return a market's stream: names are lowercase, payload symbols uppercase."""
    return f"{market.lower()}@{name}"


def item_text(item: MiniTicker) -> bytes:
    """Write an item of an array again, for inspection."""
    return msgspec.json.encode(item)


def _decode_other(frame: Frame) -> Message:
    """Read what no hot path took: replies, rare kinds, arrays with a bad item."""
    try:
        if _is_array(frame):
            return _decode_items(frame)
        head = _HEAD.decode(frame)
        if isinstance(head.data, Raw):
            data = bytes(head.data)
            if _is_array(data):
                return _decode_items(data)
            return _decode_object(data, _HEAD.decode(data))
        return _decode_object(frame, head)
    except ValidationError as exc:
        raise UndecodableFrame("shape", str(exc)) from exc
    except ArithmeticError as exc:
        raise UndecodableFrame("number", "an exponent beyond any decimal") from exc
    except (ValueError, RecursionError) as exc:
        detail = str(exc) if isinstance(exc, DecodeError) else type(exc).__name__
        raise UndecodableFrame("malformed", detail) from exc


def _decode_object(frame: Frame, head: _Head) -> Message:
    if isinstance(head.event, str):
        return _decode_event(frame, head.event)
    if head.error is not None or head.code is not None:
        return _refusal(head)
    if head.result is not UNSET:
        return Reply(head.id)
    if head.last_update_id is not None:
        return _PARTIAL_BOOK.decode(frame)
    if head.update_id is not None:
        return _BOOK_TICKER.decode(frame)
    raise UndecodableFrame("unknown", "an object that is no message of Binance")


def _decode_event(frame: Frame, name: str) -> Message:
    if name in _EVENTS:
        return _EVENT.decode(frame)
    if name in _WINDOW_EVENTS:
        return _WINDOW.decode(frame)
    raise UndecodableFrame("unknown", f"event {name[:40]!r}")


def _decode_items(body: Frame) -> MiniTickers:
    good, bad = [], []
    for part in _PARTS.decode(body):
        try:
            good.append(_ITEM.decode(part))
        except _UNREADABLE as exc:
            bad.append(BadItem(str(exc), bytes(part)))
    return MiniTickers(good, tuple(bad))


def _refusal(head: _Head) -> Refusal:
    told = head.error if isinstance(head.error, dict) else {}
    code = told.get("code", head.code)
    text = told.get("msg", head.msg)
    if not told and isinstance(head.error, str):
        text = head.error
    return Refusal(head.id, f"{code}: {text}" if code is not None else str(text))


def _is_array(frame: Frame) -> bool:
    if isinstance(frame, str):
        return frame.lstrip()[:1] == "["
    return frame.lstrip()[:1] == b"["
