"""Upbit's candles, whole and as prices at instants. Pure.

Source: exchanges.md A1 "Candles": newest first, none for a period without trades, the
start in UTC without a suffix. Order, doubles and gaps are all expected here.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from adapters.upbit.answer import CandleRow
from adapters.upbit.message import CandleMessage, Number
from adapters.upbit.quote import exact, price
from adapters.upbit.wire import UndecodableFrame
from domain.model.candle import Candle
from domain.model.interval import Interval
from domain.model.number import MalformedNumber
from domain.model.quote import MAX_AHEAD_MS
from domain.ports.market_source import PricePoint

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)


class BadCandle(ValueError):
    """A candle without a time or a price that could be one."""


def day_open(rows: Sequence[CandleRow], utc_day: int) -> Decimal | None:
    """Return the last price before 00:00 UTC of a day from the newest candle up to it.

    A candle of that very day carries the price before it; one of an earlier day ends
    with it, because nothing was traded since. None: there is no candle.

    Raises:
        BadCandle: no time or no price.
    """
    if not rows:
        return None
    row = rows[0]
    if _started(row) < EPOCH + timedelta(days=utc_day):
        return _price(row.trade_price)
    before = row.prev_closing_price
    return _price(row.opening_price if before is None else before)


def closes(
    rows: Iterable[CandleRow],
    minutes: int,
    now_ms: int,
    on_bad: Callable[[CandleRow, BadCandle], None],
) -> tuple[PricePoint, ...]:
    """Return the closes of candles of so many minutes, ascending, one per instant.

    The one that is still forming at `now_ms` has no close yet and is left out.
    """
    found: dict[int, Decimal] = {}
    length_ms = minutes * 60_000
    for row in rows:
        try:
            started_ms = (_started(row) - EPOCH) // timedelta(milliseconds=1)
            found[started_ms + length_ms] = _price(row.trade_price)
        except BadCandle as exc:
            on_bad(row, exc)
    return tuple(
        PricePoint(before_ms, found[before_ms])
        for before_ms in sorted(found)
        if before_ms <= now_ms
    )


def candle(
    row: CandleRow | CandleMessage, market: str, interval: Interval, now_ms: int
) -> Candle:
    """Return a candle as it stood at `now_ms` (Unix ms by the venue's clock).

    Raises:
        BadCandle: no time, not one of this interval's, or an hour ahead; no price or
            volume that could be one, or a price outside of low to high.
    """
    opened_ms = (_started(row) - EPOCH) // _MS
    if opened_ms != interval.opened_ms(opened_ms):
        raise BadCandle(f"begins at {row.candle_date_time_utc}, within {interval}")
    if opened_ms > now_ms + MAX_AHEAD_MS:
        raise BadCandle(f"begins at {row.candle_date_time_utc}, ahead of its time")
    first, last = _price(row.opening_price), _price(row.trade_price)
    high, low = _price(row.high_price), _price(row.low_price)
    if low > min(first, last) or high < max(first, last):
        raise BadCandle("a price outside of low to high")
    return Candle(
        market=market,
        interval=interval,
        opened_ms=opened_ms,
        open=first,
        high=high,
        low=low,
        close=last,
        base_volume=_volume(row.candle_acc_trade_volume),
        quote_volume=_volume(row.candle_acc_trade_price),
        closed=opened_ms + interval.length_ms <= now_ms,
    )


def _started(row: CandleRow | CandleMessage) -> datetime:
    text = row.candle_date_time_utc or ""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as exc:
        raise BadCandle(f"no time: {text[:40]!r}") from exc
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found


def _price(value: object) -> Decimal:
    try:
        return price(value)
    except (MalformedNumber, UndecodableFrame) as exc:
        raise BadCandle(f"no price: {exc}") from exc


def _volume(value: Number) -> Decimal:
    try:
        found = exact(value)
    except MalformedNumber as exc:
        raise BadCandle(f"no volume: {exc}") from exc
    if found < 0:
        raise BadCandle("a volume below zero")
    return found
