"""Bars of a task and all that belongs to them, put where they are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from adapters.memory.bar_store import MemoryBarStore
from adapters.memory.candle_archive import MemoryCandleArchive
from adapters.memory.clock import FakeClock
from adapters.memory.market_reader import MemoryMarketReader
from adapters.memory.store import MemoryStore
from domain.model.bar import HoleReason
from domain.model.candle import Candle
from domain.model.coin import Listing
from domain.model.daily_rate import DailyRate
from domain.model.error import StoreUnavailable, UpstreamUnavailable
from domain.model.interval import Interval
from domain.model.market import Channel, Exchange
from domain.model.snapshot import opens_ms
from domain.services.bar_filler import BarFiller, Filled
from domain.services.bar_maker import BarMaker, BarTask
from domain.services.rate_book import GivenRates

START = opens_ms(date(2026, 10, 30))
DAY = Interval.D1.length_ms
RATES = GivenRates([DailyRate(date(2026, 10, 1), Decimal(1300), "csv")])
SPAN = (Interval.D1, START, START + 3 * DAY)


def candles(market: str, price: str, days: range) -> list[Candle]:
    value = Decimal(price)
    return [
        Candle(
            market,
            Interval.D1,
            START + day * DAY,
            *(value,) * 4,
            Decimal(1),
            value,
        )
        for day in days
    ]


def task(symbol: str = "ETH") -> BarTask:
    return BarTask(
        symbol,
        Listing(Exchange.UPBIT, f"KRW-{symbol}", symbol, "KRW", curated=True),
        Listing(Exchange.BINANCE, f"{symbol}USDT", symbol, "USDT", curated=True),
        Interval.D1,
        START,
        START + 3 * DAY,
    )


class CountingArchive(MemoryCandleArchive):
    """An archive that remembers how many candles it was sent."""

    def __init__(self, store: MemoryStore) -> None:
        super().__init__(store)
        self.sent: list[str] = []

    async def save(self, exchange: Exchange, candles: Sequence[Candle]) -> int:
        self.sent += [candle.market for candle in candles]
        return await super().save(exchange, candles)


class Kit:
    """A filler over memory, with two coins of three days at both venues."""

    def __init__(self) -> None:
        clock = FakeClock()
        self.upbit = MemoryMarketReader(Exchange.UPBIT, Channel.REST, clock)
        self.binance = MemoryMarketReader(Exchange.BINANCE, Channel.REST, clock)
        for symbol in ("ETH", "XRP"):
            self.upbit.set_candles(candles(f"KRW-{symbol}", "143000", range(3)))
            self.binance.set_candles(candles(f"{symbol}USDT", "100", range(3)))
        self.upbit.set_candles(candles("KRW-USDT", "1300", range(3)))
        self.store = MemoryStore()
        self.bars = MemoryBarStore(self.store)
        self.archive = CountingArchive(self.store)
        maker = BarMaker(self.upbit, self.binance)
        self.filler = BarFiller(maker, self.bars, self.archive, RATES)


@pytest.fixture
def kit() -> Kit:
    return Kit()


async def test_bars_and_candles_are_kept(kit: Kit) -> None:
    filled = await kit.filler.fill(task())
    assert filled == Filled(written=3, holes=0, bars=3, candles=9)
    assert len(await kit.bars.settled("ETH", *SPAN)) == 3
    kept = await kit.archive.load(Exchange.UPBIT, "KRW-ETH", *SPAN)
    assert list(kept) == candles("KRW-ETH", "143000", range(3))


async def test_again_changes_nothing(kit: Kit) -> None:
    await kit.filler.fill(task())
    again = await kit.filler.fill(task())
    assert (again.written, again.bars) == (0, 3)


async def test_candles_of_dollars_are_archived_once(kit: Kit) -> None:
    await kit.filler.fill(task())
    await kit.filler.fill(task("XRP"))
    assert kit.archive.sent.count("KRW-USDT") == 3
    assert kit.archive.sent.count("KRW-XRP") == 3


async def test_what_is_impossible_is_remembered(kit: Kit) -> None:
    later = replace(task(), to_ms=START + 5 * DAY)
    filled = await kit.filler.fill(later)
    assert (filled.bars, filled.holes) == (3, 2)
    [hole] = await kit.bars.holes("ETH", Interval.D1, START, later.to_ms)
    assert hole.reason is HoleReason.NO_DOMESTIC_CANDLE
    assert (hole.from_ms, hole.to_ms) == (START + 3 * DAY, later.to_ms)


async def test_a_coin_without_a_market_is_one_hole(kit: Kit) -> None:
    filled = await kit.filler.fill(task("NOBODY"))
    assert (filled.bars, filled.written, filled.holes) == (0, 0, 3)


async def test_a_bar_without_an_official_rate_is_a_hole_as_well(kit: Kit) -> None:
    maker = BarMaker(kit.upbit, kit.binance)
    filler = BarFiller(maker, kit.bars, kit.archive, GivenRates([]))
    filled = await filler.fill(task())
    assert (filled.bars, filled.holes) == (3, 3)
    [hole] = await kit.bars.holes("ETH", *SPAN)
    assert hole.reason is HoleReason.NO_RATE


async def test_a_venue_that_fails_leaves_nothing_behind(kit: Kit) -> None:
    kit.binance.down = "out of order"
    with pytest.raises(UpstreamUnavailable):
        await kit.filler.fill(task())
    assert kit.archive.sent == []
    assert await kit.bars.settled("ETH", *SPAN) == frozenset()


async def test_a_store_that_was_away_gets_all_of_it_later(kit: Kit) -> None:
    kit.store.down = "gone"
    with pytest.raises(StoreUnavailable):
        await kit.filler.fill(task())
    kit.store.down = None
    await kit.filler.fill(task())
    for market in ("KRW-ETH", "KRW-USDT"):
        assert await kit.archive.load(Exchange.UPBIT, market, *SPAN)


async def test_archived_runs_are_forgotten_at_the_cap(
    kit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("domain.services.bar_filler.MAX_ARCHIVED", 1)
    await kit.filler.fill(task())
    await kit.filler.fill(task("XRP"))
    assert kit.archive.sent.count("KRW-USDT") in (3, 6)
    assert kit.archive.sent.count("KRW-XRP") == 3
