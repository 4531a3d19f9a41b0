"""Binance REST bodies: bytes to typed rows. Pure.

Source: exchanges.md A2 "REST". Numbers as in `adapters.binance.message`.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Generic, TypeVar

import msgspec
from msgspec import DecodeError, Raw, Struct, ValidationError, field
from msgspec.json import Decoder

from adapters.binance.message import Number
from adapters.binance.wire import UndecodableFrame


# {"symbol":"ETHBTC","status":"TRADING","baseAsset":"ETH","baseAssetPrecision":8,
#  "quoteAsset":"BTC",…,"filters":[…],"permissions":["SPOT"]}
class SymbolRow(Struct, rename="camel"):
    """A listed market; its state is judged by itself: an odd one is not tradable."""

    symbol: str
    base_asset: str
    quote_asset: str
    status: object = None


# {"symbol":"BNBBTC","priceChange":"-94.99999800",…,"lastPrice":"4.00000200",…,
#  "bidPrice":"4.00000000","bidQty":"100.00000000","askPrice":"4.00000200",…,
#  "openPrice":"99.00000000",…,"volume":"8913.30000000","quoteVolume":"15.30000000",
#  "openTime":1499783499040,"closeTime":1499869899040,…}
class DayRow(Struct, rename="camel", gc=False):
    """The last 24 hours of a market, to the moment of the answer."""

    symbol: str
    last_price: Number
    close_time: int
    bid_price: Number = None
    ask_price: Number = None
    open_price: Number = None
    volume: Number = None
    quote_volume: Number = None


# [1499040000000,"0.01634790","0.80000000","0.01575800","0.01577100","148976.11427815",
#  1499644799999,"2434.19055334",308,"1756.87402397","28.46694368","0"]
class KlineRow(Struct, array_like=True, gc=False):
    """A candle by its start in ms; the last of a list may still be forming."""

    open_ms: int
    open: Number
    high: Number
    low: Number
    close: Number
    volume: Number = None
    close_ms: int | None = None
    quote_volume: Number = None


# {"symbol":"LTCBTC","price":"4.00000200"}
class PriceRow(Struct, gc=False):
    """The last price of a market."""

    symbol: str
    price: Number


# {"symbol":"LTCBTC","bidPrice":"4.00000000","bidQty":"431.00000000",
#  "askPrice":"4.00000200","askQty":"9.00000000"}
class BookRow(Struct, rename="camel", gc=False):
    """The top of a market's book."""

    symbol: str
    bid_price: Number
    ask_price: Number
    bid_qty: Number = None
    ask_qty: Number = None


# {"symbol":"BTCUSDT",…,"openPrice":"26304.80000000",…,"lastPrice":"26221.67000000",
#  "volume":"18495.35066000","quoteVolume":"485217905.04210480",
#  "openTime":1695686400000,"closeTime":1695772799999,…}
class TradingDayRow(Struct, rename="camel", gc=False):
    """A market since the day's begin."""

    symbol: str
    last_price: Number
    open_price: Number
    open_time: int
    close_time: int
    volume: Number = None
    quote_volume: Number = None


# {"mins":5,"price":"9.35751834","closeTime":1694061154503}
class AveragePrice(Struct, rename="camel", gc=False):
    """A market's mean price over some minutes."""

    mins: int
    price: Number
    close_time: int | None = None


# {"id":28457,"price":"4.00000100","qty":"12.00000000","quoteQty":"48.000012",
#  "time":1499865549590,"isBuyerMaker":true,"isBestMatch":true}
class TradeRow(Struct, rename="camel", gc=False):
    """One past trade; where the buyer was the maker, the taker sold."""

    id: int
    price: Number
    qty: Number
    time: int
    is_buyer_maker: bool | None = None


# {"a":26129,"p":"0.01633102","q":"4.70443515","f":27781,"l":27781,
#  "T":1498793709153,"m":true,"M":true}
class AggTradeRow(Struct, gc=False):
    """Past fills of one taker order at one price."""

    id: int = field(name="a")
    price: Number = field(name="p")
    quantity: Number = field(name="q")
    traded_ms: int = field(name="T")


# {"lastUpdateId":499869752,"bids":[["0.35210000","672.00000000"]],"asks":[…]}
class Depth(Struct, rename="camel"):
    """A book: (price, quantity) per step, best first."""

    last_update_id: int
    bids: list[tuple[Number, Number]]
    asks: list[tuple[Number, Number]]


# {"delistTime":1686161202000,"symbols":["ADAUSDT","BNBUSDT"]}
class DelistRow(Struct, rename="camel"):
    """Markets that will be closed at an instant; asking for it takes a key."""

    delist_time: int
    symbols: list[str]


# {"timezone":"UTC","serverTime":1565246363776,"rateLimits":[…],"symbols":[…]}
class _ExchangeInfo(Struct):
    symbols: Raw


Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Rows(Generic[Row]):
    """What an answer held: the rows that could be read, and why others could not."""

    good: list[Row]
    bad: list[tuple[str, bytes]] = dataclasses.field(default_factory=list)


class RowReader(Generic[Row]):
    """Reads a JSON array of one kind of row, or one alone; a bad row costs itself.

    `in_symbols` is for the answer that carries the array as `symbols` of an object.
    """

    def __init__(self, kind: type[Row], *, in_symbols: bool = False) -> None:
        self.kind = kind
        self._all = Decoder(list[kind], float_hook=Decimal)  # type: ignore[valid-type]  # the class is a value here
        self._one = Decoder(kind, float_hook=Decimal)
        self._inside = Decoder(_ExchangeInfo) if in_symbols else None

    def read(self, body: bytes) -> Rows[Row]:
        """Return the rows of a body.

        Raises:
            UndecodableFrame: not JSON, or of another shape.
        """
        try:
            rows = body if self._inside is None else self._inside.decode(body).symbols
            if not isinstance(rows, Raw) and rows.lstrip()[:1] == b"{":
                return Rows([self._one.decode(rows)])
            return self._read_rows(rows)
        except ValidationError as exc:
            raise UndecodableFrame("shape", str(exc)) from exc
        except (ValueError, ArithmeticError, RecursionError) as exc:
            detail = str(exc) if isinstance(exc, DecodeError) else type(exc).__name__
            raise UndecodableFrame("malformed", detail) from exc

    def _read_rows(self, body: bytes | Raw) -> Rows[Row]:
        try:
            return Rows(self._all.decode(body))
        except (ValueError, ArithmeticError, RecursionError):
            parts = _PARTS.decode(body)
        rows: Rows[Row] = Rows([])
        for part in parts:
            try:
                rows.good.append(self._one.decode(part))
            except (ValueError, ArithmeticError, RecursionError) as exc:
                rows.bad.append((str(exc), bytes(part)))
        return rows


_PARTS = Decoder(list[Raw])


def row_text(row: Struct) -> bytes:
    """Write a row again, for inspection."""
    return msgspec.json.encode(row)


SYMBOLS: Final = RowReader(SymbolRow, in_symbols=True)
DAYS: Final = RowReader(DayRow)
KLINES: Final = RowReader(KlineRow)
TRADES: Final = RowReader(TradeRow)
DEPTHS: Final = RowReader(Depth)

# Every documented public answer, by the path that gives it. Asked for are those with
# a name above.
READERS: Final[Mapping[str, RowReader[Any]]] = {
    "/api/v3/exchangeInfo": SYMBOLS,
    "/api/v3/ticker/24hr": DAYS,
    "/api/v3/klines": KLINES,
    "/api/v3/uiKlines": KLINES,
    "/api/v3/ticker/price": RowReader(PriceRow),
    "/api/v3/ticker/bookTicker": RowReader(BookRow),
    "/api/v3/ticker/tradingDay": RowReader(TradingDayRow),
    "/api/v3/avgPrice": RowReader(AveragePrice),
    "/api/v3/trades": TRADES,
    "/api/v3/aggTrades": RowReader(AggTradeRow),
    "/api/v3/depth": DEPTHS,
    "/sapi/v1/spot/delist-schedule": RowReader(DelistRow),
}
