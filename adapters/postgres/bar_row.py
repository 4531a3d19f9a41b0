"""Bars as rows of `premium_minute` and `premium_bar`, and back."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from adapters.postgres.bar_span import MAX_OPENED_MS
from adapters.postgres.column import instant_of, is_storable, text_of, unix_ms_of
from adapters.postgres.history_table import BASIS_COLUMNS, PERCENTS
from domain.model.bar import Bar, BarOrigin, BasisBar
from domain.model.fx import PremiumBasis
from domain.model.interval import Interval
from domain.model.market import Quality

Row = tuple[Any, ...]

MINUTE_KEY = ("symbol", "opened_at")
BAR_KEY = ("symbol", "interval", "opened_at")
BASIS_NAMES = {
    basis: tuple(f"{basis.lower()}_{name}" for name in BASIS_COLUMNS)
    for basis in PremiumBasis
}
# The columns after the key, in the order of the rows made here.
VALUES = (
    *("domestic_close", "global_close", "origin", "fx_source", "fx_as_of"),
    *(name for names in BASIS_NAMES.values() for name in names),
)
_NOTHING = (None,) * len(BASIS_COLUMNS)


def minute_row(bar: Bar) -> Row:
    """Return a minute as `MINUTE_KEY` and `VALUES`."""
    return (text_of(bar.symbol), instant_of(bar.opened_ms), *_values(bar))


def bar_row(bar: Bar) -> Row:
    """Return a larger bar as `BAR_KEY` and `VALUES`."""
    key = (text_of(bar.symbol), str(bar.interval), instant_of(bar.opened_ms))
    return (*key, *_values(bar))


def is_datable(bar: Bar) -> bool:
    """Whether a bar and its rate are within a calendar that we can read back."""
    return 0 <= bar.opened_ms <= MAX_OPENED_MS and is_storable(bar.fx_as_of_ms)


def _values(bar: Bar) -> Row:
    as_of_ms, source = bar.fx_as_of_ms, bar.fx_source
    row: list[Any] = [
        bar.domestic_close,
        bar.global_close,
        str(bar.origin),
        None if source is None else text_of(source),
        None if as_of_ms is None else instant_of(as_of_ms),
    ]
    for basis in PremiumBasis:
        known = bar.bases.get(basis)
        row += _NOTHING if known is None else _basis_values(known)
    return tuple(row)


def _basis_values(basis: BasisBar) -> Row:
    percents = (basis.open, basis.high, basis.low, basis.close)
    return (*percents, basis.fx_rate, basis.samples, str(basis.quality))


def minute_columns(table: str) -> str:
    """Return what `bar_of` reads: numbers as text, which is decoded faster."""
    return ", ".join(f"{table}.{_as_text(name)}" for name in (*MINUTE_KEY, *VALUES))


def _as_text(name: str) -> str:
    is_number = name.endswith((*PERCENTS, "fx_rate"))
    return f"{name}::text" if is_number else name


def bar_of(row: Sequence[Any]) -> Bar:
    """Return the minute of a row of `minute_columns`."""
    symbol, opened_at, domestic, world, origin, source, as_of, *rest = row
    bases = {}
    width = len(BASIS_COLUMNS)
    for place, basis in enumerate(PremiumBasis):
        values = rest[place * width : (place + 1) * width]
        if values[0] is not None:
            bases[basis] = _basis_of(values)
    return Bar(
        symbol=symbol,
        interval=Interval.M1,
        opened_ms=unix_ms_of(opened_at),
        domestic_close=Decimal(domestic),
        global_close=Decimal(world),
        bases=bases,
        origin=BarOrigin(origin),
        fx_source=source,
        fx_as_of_ms=None if as_of is None else unix_ms_of(as_of),
    )


def _basis_of(values: Sequence[Any]) -> BasisBar:
    first, high, low, last, rate, samples, quality = values
    return BasisBar(
        open=Decimal(first),
        high=Decimal(high),
        low=Decimal(low),
        close=Decimal(last),
        fx_rate=Decimal(rate),
        samples=samples,
        quality=Quality(quality),
    )
