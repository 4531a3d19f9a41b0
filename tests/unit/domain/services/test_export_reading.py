"""What an export reads, in which order and in which bites."""

from collections.abc import AsyncIterator, Sequence
from contextlib import nullcontext
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import cast

import pytest

from adapters.memory.clock import FakeClock
from domain.model.bar import BarOrigin, PremiumBar
from domain.model.candle import Candle
from domain.model.error import StoreUnavailable
from domain.model.fx import PremiumBasis
from domain.model.interval import Interval
from domain.model.market import Exchange, MarketKey, Quality
from domain.model.page import Direction
from domain.model.snapshot import DailyPrices, DailySnapshot, opens_ms
from domain.ports.bar_history import BarHistory, BarQuery
from domain.ports.candle_archive import CandleArchive
from domain.ports.snapshot_store import SnapshotStore
from domain.ports.table_sink import TableRow
from domain.services import export_reading
from domain.services.export_reading import (
    MINUTES_PER_QUESTION,
    OPENINGS_PER_QUESTION,
    RETRIES,
    ExportReading,
)
from domain.services.export_table import (
    BAR_COLUMNS,
    CANDLE_COLUMNS,
    SNAPSHOT_COLUMNS,
)

DAY = date(2026, 3, 4)
START = opens_ms(DAY)
ONE = Decimal(1)
BAR = PremiumBar(
    symbol="BTC",
    basis=PremiumBasis.OFFICIAL_FX,
    interval=Interval.M1,
    opened_ms=START,
    open=ONE,
    high=ONE,
    low=ONE,
    close=ONE,
    domestic_close=ONE,
    global_close=ONE,
    fx_rate=ONE,
    samples=1,
    quality=Quality.LIVE,
    origin=BarOrigin.LIVE,
    minutes=1,
)
CANDLE = Candle("KRW-BTC", Interval.D1, START, ONE, ONE, ONE, ONE, ONE, ONE)


class HastyClock(FakeClock):
    """Counts the pauses and makes none."""

    pauses = 0

    async def sleep(self, seconds: float) -> None:
        self.pauses += 1


class Kept:
    """History, snapshots and candles in lists, with the questions that were asked."""

    def __init__(self) -> None:
        self.kept: list[PremiumBar] = []
        self.rows: list[DailySnapshot] = []
        self.told: list[tuple[Exchange, Candle]] = []
        self.asked: list[BarQuery] = []
        self.clock = HastyClock()
        self.failures = 0

    async def bars(self, query: BarQuery) -> Sequence[PremiumBar]:
        if self.failures:
            self.failures -= 1
            raise StoreUnavailable("no answer in time")
        self.asked.append(query)
        assert query.direction is Direction.ASC
        found = [
            bar
            for bar in self.kept
            if (bar.symbol, bar.basis) == (query.symbol, query.basis)
            and query.from_ms <= bar.opened_ms < query.to_ms
        ]
        assert len(found) <= query.limit
        return found

    async def of_day(
        self, day: date, limit: int, after_symbol: str | None = None
    ) -> Sequence[DailySnapshot]:
        of_day = [row for row in self.rows if row.day == day]
        return [row for row in of_day if row.symbol > (after_symbol or "")][:limit]

    async def stream(
        self, interval: Interval, from_ms: int, to_ms: int
    ) -> AsyncIterator[tuple[Exchange, Candle]]:
        for exchange, candle in self.told:
            yield exchange, candle


async def rows_of(batches: AsyncIterator[Sequence[TableRow]]) -> list[TableRow]:
    return [row async for batch in batches for row in batch]


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.fixture
def reading(kept: Kept) -> ExportReading:
    # An export asks each port one question; `Kept` answers these three.
    return ExportReading(
        cast(BarHistory, kept),
        cast(SnapshotStore, kept),
        cast(CandleArchive, kept),
        kept.clock,
    )


async def test_bars_come_by_symbol_opening_and_basis(
    kept: Kept, reading: ExportReading
) -> None:
    kept.kept = [
        replace(BAR, symbol=symbol, basis=basis, opened_ms=START + minute * 60_000)
        for symbol in ("ETH", "BTC")
        for basis in PremiumBasis
        for minute in (0, 1)
    ]
    bases = tuple(PremiumBasis)
    rows = await rows_of(
        reading.bars({"ETH", "BTC"}, bases, Interval.M1, START, START + 86_400_000)
    )
    keys = [tuple(row[:3]) for row in rows]
    assert keys == sorted(keys)
    assert len(keys) == 12
    assert all(len(row) == len(BAR_COLUMNS) for row in rows)


@pytest.mark.parametrize("interval", [i for i in Interval if i is not Interval.S1])
async def test_no_question_is_larger_than_can_be_answered_in_time(
    kept: Kept, reading: ExportReading, interval: Interval
) -> None:
    end = START + 400 * 86_400_000
    bases = (PremiumBasis.OFFICIAL_FX,)
    assert not await rows_of(reading.bars({"BTC"}, bases, interval, START, end))
    minutes = interval.length_ms // 60_000
    assert all(q.limit <= OPENINGS_PER_QUESTION for q in kept.asked)
    assert all(q.limit * minutes <= MINUTES_PER_QUESTION for q in kept.asked)
    spans = [(q.from_ms, q.to_ms) for q in kept.asked]
    assert spans[0][0] == START
    assert spans[-1][1] == end
    assert [each[1] for each in spans[:-1]] == [each[0] for each in spans[1:]]


async def test_snapshots_come_by_day_and_symbol_page_by_page(
    kept: Kept, reading: ExportReading, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_reading, "PAGE_ROWS", 2)
    days = [DAY, DAY + timedelta(days=1)]
    prices = DailyPrices(ONE, None, None, None)
    kept.rows = [
        DailySnapshot(day, symbol, prices)
        for day in days
        for symbol in ("A", "B", "C", "D")
    ]
    rows = await rows_of(reading.snapshots(None, DAY, days[1]))
    assert [row[:2] for row in rows] == [(r.day, r.symbol) for r in kept.rows]
    assert all(len(row) == len(SNAPSHOT_COLUMNS) for row in rows)
    kept.rows = kept.rows[:3]
    odd = await rows_of(reading.snapshots(None, DAY, days[1]))
    assert [row[1] for row in odd] == ["A", "B", "C"]
    some = await rows_of(reading.snapshots({"C"}, DAY, DAY))
    assert [row[:2] for row in some] == [(DAY, "C")]


async def test_candles_come_in_batches_of_the_markets_asked_for(
    kept: Kept, reading: ExportReading, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_reading, "BATCH_ROWS", 2)
    other = replace(CANDLE, market="BTCUSDT")
    kept.told = [(Exchange.BINANCE, other)] * 3 + [(Exchange.UPBIT, CANDLE)] * 2
    every = reading.candles(None, Interval.D1, START, START + 1)
    assert [len(batch) async for batch in every] == [2, 2, 1]
    wanted = {MarketKey(Exchange.UPBIT, "KRW-BTC")}
    rows = await rows_of(reading.candles(wanted, Interval.D1, START, START + 1))
    assert [row[:2] for row in rows] == [("UPBIT", "KRW-BTC")] * 2
    assert all(len(row) == len(CANDLE_COLUMNS) for row in rows)


@pytest.mark.parametrize(("failures", "told"), [(RETRIES, True), (RETRIES + 1, False)])
async def test_a_database_that_is_busy_gets_some_more_chances(
    kept: Kept, reading: ExportReading, failures: int, told: bool
) -> None:
    kept.kept, kept.failures = [BAR], failures
    bases = (PremiumBasis.OFFICIAL_FX,)
    batches = reading.bars({"BTC"}, bases, Interval.M1, START, START + 60_000)
    with nullcontext() if told else pytest.raises(StoreUnavailable):
        assert len(await rows_of(batches)) == 1
    assert kept.clock.pauses == RETRIES
