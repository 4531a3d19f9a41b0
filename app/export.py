"""What an export is: the plan of a command line, its rows, and its format."""

import argparse
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import BinaryIO, Final

from adapters.export.csv_sink import CsvSink
from app.failure import CommandFailed, WrongUse
from domain.model.coin import Coin
from domain.model.fx import PremiumBasis
from domain.model.interval import Interval
from domain.model.market import MarketKey
from domain.model.snapshot import opens_ms
from domain.ports.table_sink import Column, TableRow, TableSink
from domain.services.export_reading import ExportReading
from domain.services.export_table import (
    BAR_COLUMNS,
    CANDLE_COLUMNS,
    SNAPSHOT_COLUMNS,
)

COLUMNS: Final = {
    "bars": BAR_COLUMNS,
    "snapshots": SNAPSHOT_COLUMNS,
    "candles": CANDLE_COLUMNS,
}
# The intervals that a backfill and healing keep candles of.
CANDLE_INTERVALS: Final = (Interval.M1, Interval.H1, Interval.D1)
INSTALL: Final = (
    "Parquet needs pyarrow: pip install 'kimchi-premium[parquet]', or use --format csv"
)
Batches = AsyncIterator[Sequence[TableRow]]
SinkMaker = Callable[[BinaryIO, Sequence[Column]], TableSink]


@dataclass(frozen=True, slots=True)
class ExportPlan:
    """What is asked for; both days inclusive. `symbols` None: every coin."""

    what: str
    form: str
    interval: Interval
    interval_name: str
    bases: tuple[PremiumBasis, ...]
    from_day: date
    to_day: date
    symbols: frozenset[str] | None

    @property
    def from_ms(self) -> int:
        """The first opening."""
        return opens_ms(self.from_day)

    @property
    def to_ms(self) -> int:
        """Where the last day ends."""
        return opens_ms(self.to_day + timedelta(days=1))

    @property
    def columns(self) -> Sequence[Column]:
        """The table's columns."""
        return COLUMNS[self.what]

    @property
    def title(self) -> str:
        """What it is, in a few words for people and for the name of the file."""
        if self.what == "snapshots":
            return self.what
        return f"{self.interval_name}-{self.what}"

    @property
    def default_path(self) -> Path:
        """Where it goes when nothing else is said."""
        return Path(f"kimp-{self.title}-{self.from_day}-{self.to_day}.{self.form}")


def plan_export(options: argparse.Namespace) -> ExportPlan:
    """Return the plan of a command line.

    Raises:
        WrongUse: parts that make no sense together; names what is allowed.
    """
    if options.from_day > options.to_day:
        raise WrongUse(
            f"--from {options.from_day}: must not be after --to {options.to_day}"
        )
    interval, name = options.interval
    if options.what == "candles" and interval not in CANDLE_INTERVALS:
        raise WrongUse(f"--interval {name}: candles are kept of 1m, 1h and 1d")
    return ExportPlan(
        what=options.what,
        form=options.format,
        interval=interval,
        interval_name=name,
        bases=options.basis,
        from_day=options.from_day,
        to_day=options.to_day,
        symbols=None if options.symbols is None else frozenset(options.symbols),
    )


def sink_maker(form: str, *, decimals_as_text: bool) -> SinkMaker:
    """Return what makes a sink of a format.

    Raises:
        CommandFailed: Parquet without pyarrow; says how to install it.
    """
    if form == "csv":
        return CsvSink
    try:
        # An extra: it is 150 MB that nobody else needs.
        from adapters.export.parquet_sink import ParquetSink
    except ImportError as exc:
        raise CommandFailed(INSTALL) from exc
    return lambda output, columns: ParquetSink(
        output, columns, decimals_as_text=decimals_as_text
    )


def batches(plan: ExportPlan, reading: ExportReading, coins: Sequence[Coin]) -> Batches:
    """Return the batches of rows that a plan asks for."""
    if plan.what == "snapshots":
        return reading.snapshots(plan.symbols, plan.from_day, plan.to_day)
    if plan.what == "candles":
        markets = None if plan.symbols is None else _markets(plan.symbols, coins)
        return reading.candles(markets, plan.interval, plan.from_ms, plan.to_ms)
    known = {coin.symbol for coin in coins}
    wanted = known if plan.symbols is None else known & plan.symbols
    return reading.bars(wanted, plan.bases, plan.interval, plan.from_ms, plan.to_ms)


def unknown_symbols(plan: ExportPlan, coins: Sequence[Coin]) -> Sequence[str]:
    """Return the symbols asked for that no coin has: they match nothing."""
    return sorted((plan.symbols or frozenset()) - {coin.symbol for coin in coins})


def _markets(symbols: Collection[str], coins: Sequence[Coin]) -> frozenset[MarketKey]:
    return frozenset(
        listing.key
        for coin in coins
        if coin.symbol in symbols
        for listing in coin.listings
    )
