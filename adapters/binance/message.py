"""What Binance says on its streams, as types: one per event.

Source: exchanges.md A2 "WebSocket". Only fields with a use are read; a raw frame stands
above each.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from msgspec import Struct, field

# Text (`"0.35210000"`), a Decimal, an int or None; whatever else stands there is
# refused when it is read as a number.
Number = object


# {"e":"aggTrade","E":1672515782136,"s":"BNBBTC","a":12345,"p":"0.001","q":"100",
#  "f":100,"l":105,"T":1672515782136,"m":true,"M":true}
class AggTrade(Struct, tag_field="e", tag="aggTrade", gc=False):
    """All fills of one taker order at one price; `traded_ms` is the last one's."""

    symbol: str = field(name="s")
    price: Number = field(name="p")
    traded_ms: int = field(name="T")


# {"e":"trade","E":1672515782136,"s":"BNBBTC","t":12345,"p":"0.001","q":"100",
#  "T":1672515782136,"m":true,"M":true}
class Trade(Struct, tag_field="e", tag="trade", gc=False):
    """One fill."""

    symbol: str = field(name="s")
    price: Number = field(name="p")
    traded_ms: int = field(name="T")


# {"e":"24hrMiniTicker","E":1672515782136,"s":"BNBBTC","c":"0.0025","o":"0.0010",
#  "h":"0.0025","l":"0.0010","v":"10000","q":"18"}
class MiniTicker(Struct, tag_field="e", tag="24hrMiniTicker", gc=False):
    """Last price, the price 24 h ago and the sums since; once a second on change."""

    symbol: str = field(name="s")
    close: Number = field(name="c")
    event_ms: int = field(name="E")
    open: Number = field(name="o", default=None)
    volume: Number = field(name="v", default=None)
    quote_volume: Number = field(name="q", default=None)


# {"e":"24hrTicker","E":1672515782136,"s":"BNBBTC","p":"0.0015","P":"250.00",
#  "w":"0.0018","x":"0.0009","c":"0.0025","Q":"10","b":"0.0024","B":"10","a":"0.0026",
#  "A":"100","o":"0.0010","h":"0.0025","l":"0.0010","v":"10000","q":"18","O":0,
#  "C":86400000,"F":0,"L":18150,"n":18151}
class DayTicker(Struct, tag_field="e", tag="24hrTicker", gc=False):
    """As `MiniTicker`, with the top of the book; once a second."""

    symbol: str = field(name="s")
    close: Number = field(name="c")
    event_ms: int = field(name="E")
    open: Number = field(name="o", default=None)
    volume: Number = field(name="v", default=None)
    quote_volume: Number = field(name="q", default=None)
    bid: Number = field(name="b", default=None)
    ask: Number = field(name="a", default=None)


# {"u":400900217,"s":"BNBUSDT","b":"25.35190000","B":"31.21000000",
#  "a":"25.36520000","A":"40.66000000"}
class BookTicker(Struct, gc=False):
    """The top of the book, at every change of it; it has no `e` and no time."""

    update_id: int = field(name="u")
    symbol: str = field(name="s")
    bid: Number = field(name="b")
    ask: Number = field(name="a")
    bid_size: Number = field(name="B", default=None)
    ask_size: Number = field(name="A", default=None)


# {"t":1633998480000,"T":1633998539999,"s":"NKNUSDT","i":"1m","o":"0.35210000",
#  "c":…,"h":…,"l":…,"v":"1000","n":100,"x":false,"q":"1.0000",…}
class KlineBody(Struct, gc=False):
    """A candle; `closed` tells that it will not change again."""

    open_ms: int = field(name="t")
    open: Number = field(name="o", default=None)
    high: Number = field(name="h", default=None)
    low: Number = field(name="l", default=None)
    close: Number = field(name="c", default=None)
    volume: Number = field(name="v", default=None)
    quote_volume: Number = field(name="q", default=None)
    closed: bool | None = field(name="x", default=None)


# {"e":"kline","E":1672515782136,"s":"BNBBTC","k":{…}}
class Kline(Struct, tag_field="e", tag="kline"):
    """A forming candle, every two seconds."""

    symbol: str = field(name="s")
    event_ms: int = field(name="E")
    body: KlineBody = field(name="k")


# {"e":"depthUpdate","E":1633998512068,"s":"NKNUSDT","U":499869750,"u":499869752,
#  "b":[["0.35130000","6195.00000000"]],"a":[]}
class DepthUpdate(Struct, tag_field="e", tag="depthUpdate"):
    """Changes of a book: (price, new quantity) per side."""

    symbol: str = field(name="s")
    event_ms: int = field(name="E")
    first_id: int = field(name="U")
    last_id: int = field(name="u")
    bids: list[tuple[Number, Number]] = field(name="b")
    asks: list[tuple[Number, Number]] = field(name="a")


# {"lastUpdateId":160,"bids":[["0.0024","10"]],"asks":[["0.0026","100"]]}
class PartialBook(Struct):
    """The best steps of a book; the symbol stands in the stream's name only."""

    last_id: int = field(name="lastUpdateId")
    bids: list[tuple[Number, Number]]
    asks: list[tuple[Number, Number]]


# {"e":"1hTicker","E":1672515782136,"s":"BNBBTC","p":"0.0015","P":"250.00",
#  "o":"0.0010","h":…,"l":…,"c":"0.0025","w":…,"v":"10000","q":"18","O":0,"C":…,…}
class WindowTicker(Struct, gc=False):
    """A ticker over 1 h, 4 h or 1 d."""

    event: str = field(name="e")
    symbol: str = field(name="s")
    event_ms: int = field(name="E")
    close: Number = field(name="c")
    open: Number = field(name="o", default=None)
    volume: Number = field(name="v", default=None)
    quote_volume: Number = field(name="q", default=None)


# {"e":"serverShutdown","E":1779235200000}, combined under "!serverShutdown"
class ServerShutdown(Struct, tag_field="e", tag="serverShutdown"):
    """This server goes away soon: connect anew at once."""

    event_ms: int | None = field(name="E", default=None)


@dataclass(frozen=True, slots=True)
class Reply:
    """`{"result":null,"id":1}`: our request was taken."""

    id: object


@dataclass(frozen=True, slots=True)
class Refusal:
    """`{"code":2,"msg":"Invalid request: …","id":1}` or the same under `error`."""

    id: object
    reason: str


@dataclass(frozen=True, slots=True)
class BadItem:
    """An item of an array that could not be read, as it stood there."""

    detail: str
    body: bytes


@dataclass(frozen=True, slots=True)
class MiniTickers:
    """The array of `!miniTicker@arr`: every symbol that changed within the second."""

    items: Sequence[MiniTicker]
    bad: Sequence[BadItem] = ()


Event = AggTrade | Trade | MiniTicker | DayTicker | Kline | DepthUpdate | ServerShutdown
Message = (
    Event | BookTicker | PartialBook | WindowTicker | Reply | Refusal | MiniTickers
)
