"""Reads history for an export: in order, in batches, never much of it at once."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from datetime import date, timedelta
from functools import partial
from operator import itemgetter
from typing import Final, TypeVar

from domain.model.error import StoreUnavailable
from domain.model.fx import PremiumBasis
from domain.model.interval import Interval
from domain.model.market import MarketKey
from domain.model.page import Direction
from domain.ports.bar_history import BarHistory, BarQuery
from domain.ports.candle_archive import CandleArchive
from domain.ports.clock import Clock
from domain.ports.snapshot_store import SnapshotStore
from domain.ports.table_sink import TableRow
from domain.services.export_table import bar_row, candle_row, snapshot_row

# Openings of one question, and minutes that a question for larger bars may have to be
# derived from: both are answered well within the time of a question (3 s).
OPENINGS_PER_QUESTION: Final = 5_000
MINUTES_PER_QUESTION: Final = 43_200
# Rows of a batch of candles and of a page of snapshots.
BATCH_ROWS: Final = 5_000
PAGE_ROWS: Final = 1_000
# A database that is busy, or is started again, gets so many more chances; the pause is
# longer than it refuses questions after one that failed.
RETRIES: Final = 3
RETRY_PAUSE_S: Final = 12.0
_BY_TIME_AND_BASIS = itemgetter(1, 2)

Answer = TypeVar("Answer")


class ExportReading:
    """Yields batches of rows, each table in its own order. A batch may be empty.

    Every method may raise `StoreUnavailable`. What is written meanwhile may be in it
    or not; the same data gives the same rows in the same order.
    """

    def __init__(
        self,
        history: BarHistory,
        snapshots: SnapshotStore,
        archive: CandleArchive,
        clock: Clock,
    ) -> None:
        self._history = history
        self._snapshots = snapshots
        self._archive = archive
        self._clock = clock

    async def bars(
        self,
        symbols: Collection[str],
        bases: Collection[PremiumBasis],
        interval: Interval,
        from_ms: int,
        to_ms: int,
    ) -> AsyncIterator[Sequence[TableRow]]:
        """Yield bars, `from_ms` ≤ opened < `to_ms`, by symbol, opening and basis."""
        step_ms = _openings(interval) * interval.length_ms
        for symbol in sorted(symbols):
            for begins_ms in range(from_ms, to_ms, step_ms):
                ends_ms = min(begins_ms + step_ms, to_ms)
                rows = [
                    row
                    for basis in bases
                    for row in await self._span(
                        symbol, basis, interval, begins_ms, ends_ms
                    )
                ]
                rows.sort(key=_BY_TIME_AND_BASIS)
                yield rows

    async def snapshots(
        self, symbols: Collection[str] | None, from_day: date, to_day: date
    ) -> AsyncIterator[Sequence[TableRow]]:
        """Yield snapshots of Seoul days, both inclusive, by day and symbol."""
        day = from_day
        while day <= to_day:
            after: str | None = None
            while page := await self._patiently(
                partial(self._snapshots.of_day, day, PAGE_ROWS, after)
            ):
                after = page[-1].symbol
                yield [
                    snapshot_row(snapshot)
                    for snapshot in page
                    if symbols is None or snapshot.symbol in symbols
                ]
                if len(page) < PAGE_ROWS:
                    break
            day += timedelta(days=1)

    async def candles(
        self,
        markets: Collection[MarketKey] | None,
        interval: Interval,
        from_ms: int,
        to_ms: int,
    ) -> AsyncIterator[Sequence[TableRow]]:
        """Yield candles, `from_ms` ≤ opened < `to_ms`, by venue, market, opening."""
        batch: list[TableRow] = []
        async for exchange, candle in self._archive.stream(interval, from_ms, to_ms):
            if markets is None or MarketKey(exchange, candle.market) in markets:
                batch.append(candle_row(exchange, candle))
            if len(batch) >= BATCH_ROWS:
                yield batch
                batch = []
        yield batch

    async def _span(
        self,
        symbol: str,
        basis: PremiumBasis,
        interval: Interval,
        from_ms: int,
        to_ms: int,
    ) -> Sequence[TableRow]:
        limit = _openings(interval)
        query = BarQuery(
            symbol, basis, interval, from_ms, to_ms, Direction.ASC, limit=limit
        )
        bars = await self._patiently(partial(self._history.bars, query))
        return [bar_row(bar) for bar in bars]

    async def _patiently(self, question: Callable[[], Awaitable[Answer]]) -> Answer:
        for _ in range(RETRIES):
            try:
                return await question()
            except StoreUnavailable:
                await self._clock.sleep(RETRY_PAUSE_S)
        return await question()


def _openings(interval: Interval) -> int:
    minutes = max(1, interval.length_ms // Interval.M1.length_ms)
    return max(1, min(OPENINGS_PER_QUESTION, MINUTES_PER_QUESTION // minutes))
