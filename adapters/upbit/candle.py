"""Upbit's candles as prices at instants. Pure.

Source: exchanges.md A1 "Candles": newest first, none for a period without trades, the
start in UTC without a suffix. Order, doubles and gaps are all expected here.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from adapters.upbit.answer import CandleRow
from adapters.upbit.quote import price
from adapters.upbit.wire import UndecodableFrame
from domain.model.number import MalformedNumber
from domain.ports.market_source import PricePoint

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


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


def _started(row: CandleRow) -> datetime:
    try:
        found = datetime.fromisoformat(row.candle_date_time_utc)
    except ValueError as exc:
        raise BadCandle(f"no time: {row.candle_date_time_utc[:40]!r}") from exc
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found


def _price(value: object) -> Decimal:
    try:
        return price(value)
    except (MalformedNumber, UndecodableFrame) as exc:
        raise BadCandle(f"no price: {exc}") from exc
