"""Binance's stream messages, as texts; every price and quantity is a string."""

from typing import NamedTuple

from adapters.simulator.bar import DAY_MS, Bar
from adapters.simulator.instrument import Instrument, Trade
from adapters.simulator.listing import TRADING
from adapters.simulator.number_text import fixed
from adapters.simulator.price_tick import UNIT

# Aggregates are fewer than trades, so their numbers are smaller.
_AGGREGATES_BEHIND = 1_000_000_000
_STOPPED = "BREAK"


class TimeUnit(NamedTuple):
    """What follows the milliseconds of an instant, and of a last one (59.999…)."""

    tail: str
    last: str


MILLI, MICRO = TimeUnit("", ""), TimeUnit("000", "999")


class Window24(NamedTuple):
    """The rolling day of a market; prices and volumes in 10^-8."""

    open: int
    high: int
    low: int
    last: int
    volume: int
    quote_volume: int
    trades: int
    last_id: int

    @property
    def first_id(self) -> int:
        """Number of the window's first trade, −1 where there was none."""
        return self.last_id - self.trades + 1 if self.trades else -1


def window(instrument: Instrument, now_ms: int) -> Window24:
    """Return the last 24 hours; zeros for a market that has stopped for good."""
    status = instrument.listing.status
    if status == _STOPPED:
        return Window24(0, 0, 0, 0, 0, 0, 0, -1)
    last = instrument.price
    if status != TRADING:
        return Window24(last, last, last, last, 0, 0, 0, -1)
    opened = instrument.opened_24h(now_ms)
    rolling = instrument.rolling()
    return Window24(
        open=opened,
        high=max(rolling.high, opened),
        low=min(rolling.low, opened),
        last=last,
        volume=rolling.volume,
        quote_volume=rolling.value // UNIT,
        trades=rolling.trades,
        last_id=instrument.number,
    )


def percent(difference: int, base: int) -> str:
    """Return difference ÷ base in percent with three decimals."""
    if not base:
        return "0.000"
    thousandths = (abs(difference) * 200_000 + base) // (2 * base)
    minus = "-" if difference < 0 < thousandths else ""
    return f"{minus}{thousandths // 1_000}.{thousandths % 1_000:03d}"


def average(day: Window24) -> int:
    """Return the volume-weighted price in units, 0 where nothing traded."""
    return day.quote_volume * UNIT // day.volume if day.volume else 0


def mini_ticker(instrument: Instrument, now_ms: int, unit: TimeUnit = MILLI) -> str:
    """Return a 24hrMiniTicker."""
    day = window(instrument, now_ms)
    return (
        f'{{"e":"24hrMiniTicker","E":{now_ms}{unit.tail},"s":"{instrument.listing.symbol}",'
        f'"c":"{fixed(day.last)}","o":"{fixed(day.open)}","h":"{fixed(day.high)}",'
        f'"l":"{fixed(day.low)}","v":"{fixed(day.volume)}",'
        f'"q":"{fixed(day.quote_volume)}"}}'
    )


def ticker(instrument: Instrument, now_ms: int, unit: TimeUnit = MILLI) -> str:
    """Return a 24hrTicker."""
    day = window(instrument, now_ms)
    top = instrument.top()
    moved = day.last - day.open
    return (
        f'{{"e":"24hrTicker","E":{now_ms}{unit.tail},"s":"{instrument.listing.symbol}",'
        f'"p":"{fixed(moved)}","P":"{percent(moved, day.open)}",'
        f'"w":"{fixed(average(day))}","x":"{fixed(day.open)}","c":"{fixed(day.last)}",'
        f'"Q":"{fixed(instrument.volume)}","b":"{fixed(top.bid.price)}",'
        f'"B":"{fixed(top.bid.size)}","a":"{fixed(top.ask.price)}",'
        f'"A":"{fixed(top.ask.size)}","o":"{fixed(day.open)}","h":"{fixed(day.high)}",'
        f'"l":"{fixed(day.low)}","v":"{fixed(day.volume)}",'
        f'"q":"{fixed(day.quote_volume)}",'
        f'"O":{now_ms - DAY_MS}{unit.tail},"C":{now_ms}{unit.tail},'
        f'"F":{day.first_id},"L":{day.last_id},"n":{day.trades}}}'
    )


def trade(made: Trade, now_ms: int, unit: TimeUnit = MILLI) -> str:
    """Return a trade; `m` says that the buyer was the maker."""
    maker = "true" if made.side == "ASK" else "false"
    return (
        f'{{"e":"trade","E":{now_ms}{unit.tail},"s":"{made.instrument.listing.symbol}",'
        f'"t":{made.number},"p":"{fixed(made.price)}",'
        f'"q":"{fixed(made.volume)}","T":{made.time_ms}{unit.tail},"m":{maker},"M":true}}'
    )


def aggregate_trade(made: Trade, now_ms: int, unit: TimeUnit = MILLI) -> str:
    """Return an aggTrade of this one trade."""
    maker = "true" if made.side == "ASK" else "false"
    number = made.number
    return (
        f'{{"e":"aggTrade","E":{now_ms}{unit.tail},"s":"{made.instrument.listing.symbol}",'
        f'"a":{aggregate_id(number)},"p":"{fixed(made.price)}",'
        f'"q":"{fixed(made.volume)}","f":{number},"l":{number},"T":{made.time_ms}{unit.tail},'
        f'"m":{maker},"M":true}}'
    )


def book_ticker(instrument: Instrument) -> str:
    """Return best prices and sizes: no event time, no event name."""
    top = instrument.top()
    return (
        f'{{"u":{instrument.number},"s":"{instrument.listing.symbol}",'
        f'"b":"{fixed(top.bid.price)}","B":"{fixed(top.bid.size)}",'
        f'"a":"{fixed(top.ask.price)}","A":"{fixed(top.ask.size)}"}}'
    )


def aggregate_id(number: int) -> int:
    """Return the number of the aggregate that a trade is."""
    return number - _AGGREGATES_BEHIND


def trade_id(aggregate: int) -> int:
    """Return the number of the trade that an aggregate is."""
    return aggregate + _AGGREGATES_BEHIND


def kline(
    symbol: str,
    name: str,
    bar: Bar,
    end_ms: int,
    now_ms: int,
    unit: TimeUnit = MILLI,
) -> str:
    """Return a kline of the interval with this name; `end_ms` is exclusive."""
    last = bar.number if bar.trades else -1
    first = last - bar.trades + 1 if bar.trades else -1
    closed = "true" if now_ms >= end_ms else "false"
    return (
        f'{{"e":"kline","E":{now_ms}{unit.tail},"s":"{symbol}",'
        f'"k":{{"t":{bar.open_ms}{unit.tail},"T":{end_ms - 1}{unit.last},'
        f'"s":"{symbol}","i":"{name}","f":{first},"L":{last},'
        f'"o":"{fixed(bar.open)}","c":"{fixed(bar.close)}","h":"{fixed(bar.high)}",'
        f'"l":"{fixed(bar.low)}","v":"{fixed(bar.volume)}","n":{bar.trades},'
        f'"x":{closed},"q":"{fixed(bar.value)}","V":"{fixed(bar.bought)}",'
        f'"Q":"{fixed(bar.bought_value)}","B":"0"}}}}'
    )


def depth(instrument: Instrument, many: int) -> str:
    """Return so many levels of the order book, in a stream as in an answer."""
    book = instrument.book(many)
    bids = ",".join(f'["{fixed(price)}","{fixed(size)}"]' for price, size in book.bids)
    asks = ",".join(f'["{fixed(price)}","{fixed(size)}"]' for price, size in book.asks)
    return f'{{"lastUpdateId":{instrument.number},"bids":[{bids}],"asks":[{asks}]}}'


def server_shutdown(now_ms: int, unit: TimeUnit = MILLI) -> str:
    """Return the notice that the server goes away."""
    return f'{{"e":"serverShutdown","E":{now_ms}{unit.tail}}}'
