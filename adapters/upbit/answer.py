"""Upbit REST bodies: bytes to typed rows. Pure.

Source: exchanges.md A1 "REST basics". Numbers as in `adapters.upbit.wire`.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Generic, TypeVar

import msgspec
from msgspec import DecodeError, Raw, Struct, ValidationError
from msgspec.json import Decoder

from adapters.upbit.message import Number
from adapters.upbit.wire import UndecodableFrame


# {"market":"KRW-BTC","korean_name":"비트코인","english_name":"Bitcoin",
#  "market_event":{"warning":false,"caution":{"PRICE_FLUCTUATIONS":false,…}}}
class MarketRow(Struct):
    """A listed market. Names and flags are judged singly: an odd one costs itself."""

    market: str
    korean_name: object = None
    english_name: object = None
    market_event: object = None
    market_warning: object = None
    delisting_date: object = None


# {"market":"KRW-BTC","trade_timestamp":1751606040365,
#  "trade_price":"148601000.00000000","prev_closing_price":"148737000.00000000",…,
#  "acc_trade_price_24h":178448329314.96686,"acc_trade_volume_24h":1198.26954807,…}
class TickerRow(Struct, gc=False):
    """The REST ticker: as the stream's, without the market's state."""

    market: str
    trade_price: Number
    trade_timestamp: int | None = None
    prev_closing_price: Number = None
    acc_trade_price_24h: Number = None
    acc_trade_volume_24h: Number = None


# {"market":"KRW-BTC","candle_date_time_utc":"2025-06-30T23:59:59",…,
#  "opening_price":145794000,"high_price":145794000,"low_price":145759000,
#  "trade_price":145759000,"timestamp":1751327999833,
#  "candle_acc_trade_price":185042,"candle_acc_trade_volume":0.0013}
class CandleRow(Struct, gc=False):
    """A candle by its start (UTC, no suffix); day candles carry the price before."""

    market: str
    candle_date_time_utc: str
    opening_price: Number
    high_price: Number
    low_price: Number
    trade_price: Number
    timestamp: int | None = None
    candle_acc_trade_price: Number = None
    candle_acc_trade_volume: Number = None
    prev_closing_price: Number = None


# {"ask_price":148520000,"bid_price":148490000,"ask_size":0.0134662,
#  "bid_size":0.04296774}
class BookStep(Struct, gc=False):
    """One step of both sides of a book."""

    ask_price: Number
    bid_price: Number
    ask_size: Number = None
    bid_size: Number = None


# {"market":"KRW-BTC","timestamp":1751606867762,"total_ask_size":10.37591054,
#  "total_bid_size":9.49577219,"orderbook_units":[…]}
class BookRow(Struct):
    """A book of up to 30 steps, best first."""

    market: str
    orderbook_units: list[BookStep]
    timestamp: int | None = None
    total_ask_size: Number = None
    total_bid_size: Number = None


# {"market":"KRW-BTC","quote_currency":"KRW","tick_size":1000,"supported_levels":["1"]}
class InstrumentRow(Struct):
    """The step of a market's prices and the groupings of its book."""

    market: str
    quote_currency: str
    tick_size: Number
    supported_levels: list[str]


# {"market":"KRW-BTC","trade_date_utc":"2025-06-27","trade_time_utc":"23:59:59",
#  "timestamp":1751068799336,"trade_price":147058000,"trade_volume":0.00006043,
#  "prev_closing_price":146852000,"change_price":206000,"ask_bid":"BID",
#  "sequential_id":17510687993360000}
class TradeRow(Struct, gc=False):
    """One past trade."""

    market: str
    timestamp: int
    trade_price: Number
    trade_volume: Number
    prev_closing_price: Number = None
    sequential_id: int | None = None
    ask_bid: object = None


Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Rows(Generic[Row]):
    """What an answer held: the rows that could be read, and why others could not."""

    good: list[Row]
    bad: list[tuple[str, bytes]] = dataclasses.field(default_factory=list)


class RowReader(Generic[Row]):
    """Reads a JSON array of one kind of row; a bad row costs itself only."""

    def __init__(self, kind: type[Row]) -> None:
        self.kind = kind
        self._all = Decoder(list[kind], float_hook=Decimal)  # type: ignore[valid-type]  # the class is a value here
        self._one = Decoder(kind, float_hook=Decimal)

    def read(self, body: bytes) -> Rows[Row]:
        """Return the rows of a body.

        Raises:
            UndecodableFrame: not JSON, or no array.
        """
        try:
            return Rows(self._all.decode(body))
        except (ValueError, ArithmeticError, RecursionError):
            return self._read_singly(body)

    def _read_singly(self, body: bytes) -> Rows[Row]:
        try:
            parts = _PARTS.decode(body)
        except ValidationError as exc:
            raise UndecodableFrame("shape", "the answer is no array") from exc
        except (ValueError, RecursionError) as exc:
            detail = str(exc) if isinstance(exc, DecodeError) else type(exc).__name__
            raise UndecodableFrame("malformed", detail) from exc
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


MARKETS: Final = RowReader(MarketRow)
TICKERS: Final = RowReader(TickerRow)
CANDLES: Final = RowReader(CandleRow)
BOOKS: Final = RowReader(BookRow)
TRADES: Final = RowReader(TradeRow)

# Every documented public answer, by the path that gives it; a path ending in a slash
# stands for all below it. All but the instruments are asked for.
READERS: Final[Mapping[str, RowReader[Any]]] = {
    "/v1/market/all": MARKETS,
    "/v1/ticker": TICKERS,
    "/v1/ticker/all": TICKERS,
    "/v1/candles/": CANDLES,
    "/v1/orderbook": BOOKS,
    "/v1/orderbook/instruments": RowReader(InstrumentRow),
    "/v1/trades/ticks": TRADES,
}
