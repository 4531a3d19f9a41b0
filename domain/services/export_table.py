"""What researchers get of bars, snapshots and candles: columns, and a row of each.

docs/RESEARCH.md tells the meaning and unit of every column.
"""

from typing import Final

from domain.model.bar import PremiumBar
from domain.model.candle import Candle
from domain.model.market import Exchange
from domain.model.snapshot import DailySnapshot
from domain.ports.table_sink import Column, ColumnKind, TableRow

_TEXT, _INTEGER, _FLAG = ColumnKind.TEXT, ColumnKind.INTEGER, ColumnKind.FLAG
_DAY, _INSTANT = ColumnKind.DAY, ColumnKind.INSTANT
_PERCENT, _AMOUNT = ColumnKind.PERCENT, ColumnKind.AMOUNT

BAR_COLUMNS: Final = (
    Column("symbol", _TEXT),
    Column("opened_at", _INSTANT),
    Column("basis", _TEXT),
    Column("interval", _TEXT),
    Column("open", _PERCENT),
    Column("high", _PERCENT),
    Column("low", _PERCENT),
    Column("close", _PERCENT),
    Column("domestic_close", _AMOUNT),
    Column("global_close", _AMOUNT),
    Column("fx_rate", _AMOUNT),
    Column("samples", _INTEGER),
    Column("minutes", _INTEGER),
    Column("quality", _TEXT),
    Column("origin", _TEXT),
)
SNAPSHOT_COLUMNS: Final = (
    Column("date", _DAY),
    Column("symbol", _TEXT),
    Column("taken_at", _INSTANT),
    Column("domestic_price", _AMOUNT),
    Column("global_price", _AMOUNT),
    Column("fx_rate", _AMOUNT),
    Column("fx_source", _TEXT),
    Column("percent", _PERCENT),
    Column("comparable", _FLAG),
    Column("revision", _INTEGER),
    Column("verified_at", _INSTANT),
)
CANDLE_COLUMNS: Final = (
    Column("exchange", _TEXT),
    Column("market", _TEXT),
    Column("interval", _TEXT),
    Column("opened_at", _INSTANT),
    Column("open", _AMOUNT),
    Column("high", _AMOUNT),
    Column("low", _AMOUNT),
    Column("close", _AMOUNT),
    Column("base_volume", _AMOUNT),
    Column("quote_volume", _AMOUNT),
)


def bar_row(bar: PremiumBar) -> TableRow:
    """Return a bar in the order of `BAR_COLUMNS`."""
    return (
        bar.symbol,
        bar.opened_ms,
        bar.basis.value,
        bar.interval.value,
        bar.open,
        bar.high,
        bar.low,
        bar.close,
        bar.domestic_close,
        bar.global_close,
        bar.fx_rate,
        bar.samples,
        bar.minutes,
        bar.quality.value,
        bar.origin.value,
    )


def snapshot_row(snapshot: DailySnapshot) -> TableRow:
    """Return a snapshot in the order of `SNAPSHOT_COLUMNS`."""
    prices = snapshot.prices
    return (
        snapshot.day,
        snapshot.symbol,
        snapshot.taken_at_ms,
        prices.domestic_price,
        prices.global_price,
        prices.fx_rate,
        prices.fx_source,
        prices.percent,
        prices.is_comparable,
        snapshot.revision,
        snapshot.verified_ms,
    )


def candle_row(exchange: Exchange, candle: Candle) -> TableRow:
    """Return a candle in the order of `CANDLE_COLUMNS`."""
    return (
        exchange.value,
        candle.market,
        candle.interval.value,
        candle.opened_ms,
        candle.open,
        candle.high,
        candle.low,
        candle.close,
        candle.base_volume,
        candle.quote_volume,
    )
