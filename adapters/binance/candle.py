"""Binance's candles, whole and as prices at instants. Pure.

Source: exchanges.md A2, `klines`: oldest first, starts in ms.
"""

from collections.abc import Sequence
from decimal import Decimal

from adapters.binance.answer import KlineRow
from adapters.binance.message import KlineBody, Number
from adapters.binance.quote import exact, price, stamp
from adapters.binance.wire import UndecodableFrame
from domain.model.candle import Candle
from domain.model.interval import Interval
from domain.model.number import MalformedNumber
from domain.model.quote import MAX_AHEAD_MS


class BadCandle(ValueError):
    """A candle without a time or a price that could be one."""


def day_open(rows: Sequence[KlineRow], day_ms: int) -> Decimal | None:
    """Return the open of the day candle that starts at `day_ms` (Unix ms).

    None: the venue has no such candle (it answers with a later one then, or none).

    Raises:
        BadCandle: no price.
    """
    for row in rows:
        if row.open_ms == day_ms:
            return _price(row.open)
    return None


def candle(
    row: KlineRow | KlineBody, market: str, interval: Interval, now_ms: int
) -> Candle:
    """Return a candle as it stood at `now_ms` (Unix ms by the venue's clock).

    Raises:
        BadCandle: no time, not one of this interval's, or an hour ahead; no price or
            volume that could be one, or a price outside of low to high.
    """
    opened_ms = _opened_ms(row, interval, now_ms)
    first, last = _price(row.open), _price(row.close)
    high, low = _price(row.high), _price(row.low)
    if low > min(first, last) or high < max(first, last):
        raise BadCandle("a price outside of low to high")
    closed = opened_ms + interval.length_ms <= now_ms
    if isinstance(row, KlineBody) and row.closed is not None:
        closed = row.closed
    return Candle(
        market=market,
        interval=interval,
        opened_ms=opened_ms,
        open=first,
        high=high,
        low=low,
        close=last,
        base_volume=_volume(row.volume),
        quote_volume=_volume(row.quote_volume),
        closed=closed,
    )


def _opened_ms(row: KlineRow | KlineBody, interval: Interval, now_ms: int) -> int:
    try:
        opened_ms = stamp(row.open_ms)
    except UndecodableFrame as exc:
        raise BadCandle(f"no time: {exc}") from exc
    if opened_ms != interval.opened_ms(opened_ms):
        raise BadCandle(f"begins at {opened_ms} ms, within {interval}")
    if opened_ms > now_ms + MAX_AHEAD_MS:
        raise BadCandle(f"begins at {opened_ms} ms, ahead of its time")
    return opened_ms


def _price(value: Number) -> Decimal:
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
