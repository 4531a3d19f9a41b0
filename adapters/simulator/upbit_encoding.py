"""Upbit's stream messages, as bytes.

Numbers are spelled like the real ones: prices with eight decimals, `0E-8` for no
change, sixteen decimals for the value since midnight (exchanges.md A1).
"""

from collections.abc import Sequence
from typing import Literal

from adapters.simulator.bar import DAY_MS, Bar
from adapters.simulator.book import Level, grouped
from adapters.simulator.instrument import Instrument, Trade
from adapters.simulator.number_text import price, scaled, short, stamp
from adapters.simulator.price_tick import UNIT
from adapters.simulator.upbit_field import BOOK, CANDLE, PAIR, TICKER, TRADE, Format

Moment = Literal["SNAPSHOT", "REALTIME"]

KST_S = 9 * 3_600
_RATE_SCALE = 10
# Levels of the book that are summed to a grouped one at most: a hundred steps each.
_DEEPEST = 3_200


def change(traded: int, previous: int) -> str:
    """Return Upbit's word for the direction since the last day's close."""
    if traded == previous:
        return "EVEN"
    return "RISE" if traded > previous else "FALL"


def change_rate(difference: int, previous: int) -> str:
    """Return difference ÷ previous to ten decimals; a plain `0` where it is none."""
    unit = 10**_RATE_SCALE
    rate = (abs(difference) * unit * 2 + previous) // (2 * previous)
    if not rate:
        return "0"
    return scaled(-rate if difference < 0 else rate, _RATE_SCALE)


def market_warning(instrument: Instrument) -> str:
    """Return the old field that newer clients read from market_event instead."""
    return "CAUTION" if instrument.listing.coin.event == "WARNING" else "NONE"


def ticker(instrument: Instrument, now_ms: int, form: Format, moment: Moment) -> bytes:
    """Return the ticker of a market as it stands."""
    day, traded = instrument.day, instrument.price
    difference = traded - day.previous_close
    rate = change_rate(difference, day.previous_close)
    high, low = instrument.year()
    rolling = instrument.rolling()
    when = stamp(instrument.time_ms // 1_000)
    size = price(abs(difference))
    minus = "-" if difference < 0 else ""
    text = TICKER[form] % (
        instrument.listing.symbol,
        price(day.open),
        price(day.high),
        price(day.low),
        price(traded),
        price(day.previous_close),
        scaled(day.value, 16),
        change(traded, day.previous_close),
        size,
        minus + size,
        rate.removeprefix("-"),
        rate,
        instrument.side,
        price(instrument.volume),
        price(day.ask_volume + day.bid_volume),
        when.compact_date,
        when.compact_time,
        instrument.time_ms,
        price(day.ask_volume),
        price(day.bid_volume),
        price(high.price),
        stamp(high.time_ms // DAY_MS * (DAY_MS // 1_000)).date,
        price(low.price),
        stamp(low.time_ms // DAY_MS * (DAY_MS // 1_000)).date,
        market_warning(instrument),
        now_ms,
        price(rolling.value // UNIT),
        price(rolling.volume),
        moment,
    )
    return text.encode()


def trade(made: Trade, now_ms: int, form: Format, moment: Moment) -> bytes:
    """Return a trade; as a snapshot the last one."""
    instrument = made.instrument
    previous = instrument.day.previous_close
    when = stamp(made.time_ms // 1_000)
    top = instrument.top()
    text = TRADE[form] % (
        instrument.listing.symbol,
        now_ms,
        when.date,
        when.time,
        made.time_ms,
        short(made.price),
        price(made.volume),
        made.side,
        price(previous),
        change(made.price, previous),
        price(abs(made.price - previous)),
        sequential_id(made),
        short(top.ask.price),
        short(top.ask.size),
        short(top.bid.price),
        short(top.bid.size),
        moment,
    )
    return text.encode()


def sequential_id(made: Trade) -> int:
    """Return the number Upbit gives a trade."""
    return number_of(made.time_ms, made.number)


def number_of(time_ms: int, number: int) -> int:
    """Return a number that is unique in its market: the ms and four digits."""
    return time_ms * 10_000 + number % 10_000


def last_trade(instrument: Instrument) -> Trade:
    """Return a market's last trade."""
    return Trade(
        instrument,
        instrument.price,
        instrument.volume,
        instrument.side,
        instrument.time_ms,
        instrument.number,
    )


def orderbook(
    instrument: Instrument,
    now_ms: int,
    form: Format,
    moment: Moment,
    *,
    many: int,
    level: int = 0,
) -> bytes:
    """Return so many levels of the book, grouped to `level` (units of 10^-8)."""
    asks, bids = levels(instrument, many, level)
    ask_total, bid_total = totals(instrument, asks, bids, level)
    pair = PAIR[form]
    units = ",".join(
        pair % (short(ask.price), short(bid.price), short(ask.size), short(bid.size))
        for ask, bid in zip(asks, bids, strict=False)
    )
    text = BOOK[form] % (
        instrument.listing.symbol,
        now_ms,
        short(ask_total),
        short(bid_total),
        units,
        moment,
        short(level).removesuffix(".0"),
    )
    return text.encode()


def candle(channel: str, code: str, bar: Bar, form: Format, moment: Moment) -> bytes:
    """Return a candle as it stands; `channel` is its type, like candle.1m."""
    second = bar.open_ms // 1_000
    utc, kst = stamp(second), stamp(second + KST_S)
    text = CANDLE[form] % (
        channel,
        code,
        f"{utc.date}T{utc.time}",
        f"{kst.date}T{kst.time}",
        price(bar.open),
        price(bar.high),
        price(bar.low),
        price(bar.close),
        price(bar.volume),
        scaled(bar.value * UNIT, 16),
        bar.last_ms,
        moment,
    )
    return text.encode()


def levels(
    instrument: Instrument, many: int, level: int
) -> tuple[Sequence[Level], Sequence[Level]]:
    """Return asks and bids; with a level those of equal rounded price are summed."""
    if not level:
        return instrument.book(many)
    step = instrument.listing.tick.step(instrument.price)
    asks, bids = instrument.book(min((many + 1) * level // step, _DEEPEST))
    return (
        grouped(asks, level, upwards=True)[:many],
        grouped(bids, level, upwards=False)[:many],
    )


def totals(
    instrument: Instrument, asks: Sequence[Level], bids: Sequence[Level], level: int
) -> tuple[int, int]:
    """Return what waits on each side: of a grouped book what it shows."""
    if level:
        return sum(ask.size for ask in asks), sum(bid.size for bid in bids)
    top = instrument.top()
    return top.ask_total, top.bid_total


def supported_levels(instrument: Instrument) -> tuple[int, ...]:
    """Return the levels a book can be grouped to; only won markets have any."""
    if instrument.listing.quote != "KRW":
        return (0,)
    step = instrument.listing.tick.step(instrument.price)
    return (0, step * 10, step * 100)
