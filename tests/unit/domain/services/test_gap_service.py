"""Gaps among minutes: found, healed from candles, remembered where they cannot be."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from adapters.memory.bar_store import MemoryBarStore
from adapters.memory.candle_archive import MemoryCandleArchive
from adapters.memory.clock import FakeClock
from adapters.memory.market_reader import MemoryMarketReader
from adapters.memory.store import MemoryStore
from domain.model.bar import Bar, BarOrigin, BasisBar, HoleReason
from domain.model.candle import Candle
from domain.model.coin import Coin, Listing
from domain.model.daily_rate import DailyRate
from domain.model.error import UpstreamUnavailable
from domain.model.fx import PremiumBasis
from domain.model.identity import IdentityTable
from domain.model.interval import Interval
from domain.model.market import Channel, Exchange, Quality
from domain.model.snapshot import utc_day
from domain.services.bar_filler import BarFiller, Filled
from domain.services.bar_maker import BarMaker, BarTask
from domain.services.gap_service import (
    FIRST_PAUSE_S,
    FULL_LOOK_MS,
    MAX_IN_A_ROW,
    MAX_PAUSE_S,
    GapService,
    GapView,
)
from domain.services.rate_book import GivenRates

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
# Noon and ten seconds; the newest minute that counts opened at 11:57.
NOW = round(datetime(2026, 11, 20, 12, 0, 10, tzinfo=UTC).timestamp() * 1000)
LAST = NOW - 10_000 - 3 * MINUTE
RATES = GivenRates([DailyRate(utc_day(NOW - 40 * DAY), Decimal(1300), "csv")])


def coin(symbol: str, **changes: datetime) -> Coin:
    return Coin(
        symbol,
        symbol,
        symbol,
        (
            Listing(Exchange.UPBIT, f"KRW-{symbol}", symbol, "KRW"),
            Listing(Exchange.BINANCE, f"{symbol}USDT", symbol, "USDT", **changes),
        ),
    )


def minute(symbol: str, opened_ms: int) -> Bar:
    told = BasisBar(*(Decimal(1),) * 5, 1, Quality.LIVE)
    return Bar(
        symbol,
        Interval.M1,
        opened_ms,
        Decimal(1),
        Decimal(1),
        {PremiumBasis.OFFICIAL_FX: told},
        BarOrigin.LIVE,
        "dunamu",
        opened_ms,
    )


class Filler:
    """The real filler, with every task remembered and failures on demand."""

    def __init__(self, filler: BarFiller) -> None:
        self._filler = filler
        self.tasks: list[BarTask] = []
        self.failing: set[str] = set()
        self.retry_at_ms: int | None = None

    async def fill(self, task: BarTask) -> Filled:
        self.tasks.append(task)
        if task.symbol in self.failing:
            error = UpstreamUnavailable("upbit.rest", "out of order")
            error.retry_at_ms = self.retry_at_ms
            raise error
        return await self._filler.fill(task)


class Kit:
    """A healer over memory; both venues have a candle of every minute asked for."""

    def __init__(self, heal_days: int = 2) -> None:
        self.clock = FakeClock(NOW)
        self.upbit = MemoryMarketReader(Exchange.UPBIT, Channel.REST, self.clock)
        self.binance = MemoryMarketReader(Exchange.BINANCE, Channel.REST, self.clock)
        self.store = MemoryStore()
        self.bars = MemoryBarStore(self.store)
        maker = BarMaker(self.upbit, self.binance)
        archive = MemoryCandleArchive(self.store)
        self.filler = Filler(BarFiller(maker, self.bars, archive, RATES))
        self.coins: list[Coin] = []
        self.unsure: set[str] = set()
        self.behind = False
        self.service = GapService(
            self.filler,
            self.bars,
            GapView(
                lambda: self.coins,
                IdentityTable([]),
                self.unsure.__contains__,
                lambda: self.behind,
            ),
            self.clock,
            heal_days=heal_days,
        )

    async def record(self, symbol: str, minutes: Iterable[int]) -> None:
        """Record minutes, counted back from the newest that counts (0)."""
        await self.bars.write_live(
            [minute(symbol, LAST - back * MINUTE) for back in minutes]
        )

    def trade(self, symbol: str, minutes: Iterable[int]) -> None:
        backs = list(minutes)
        for reader, market in (
            (self.upbit, f"KRW-{symbol}"),
            (self.binance, f"{symbol}USDT"),
        ):
            reader.list(market)
            reader.set_candles(
                Candle(
                    market,
                    Interval.M1,
                    LAST - back * MINUTE,
                    *(Decimal(1300 if reader is self.upbit else 1),) * 4,
                    Decimal(1),
                    Decimal(1),
                )
                for back in backs
            )

    async def look(self, step_s: float = 0.25) -> bool:
        """Look once, letting as much time pass as that takes, in steps."""
        looking = asyncio.create_task(self.service.look())
        async with asyncio.timeout(20):
            while not looking.done():
                await self.clock.advance(step_s)
        return await looking

    async def origins(self, symbol: str, backs: Sequence[int]) -> list[BarOrigin]:
        at = [LAST - back * MINUTE for back in backs]
        kept = self.store.bars.minutes.get(symbol, {})
        return [kept[each].origin for each in at if each in kept]


@pytest.fixture
def kit() -> Kit:
    return Kit()


async def test_a_gap_is_healed_from_candles(kit: Kit) -> None:
    kit.coins = [coin("ETH")]
    await kit.record("ETH", [9, 8, 7, 2, 1, 0])
    kit.trade("ETH", range(10))
    assert await kit.look()
    [task] = kit.filler.tasks
    assert (task.from_ms, task.to_ms) == (LAST - 6 * MINUTE, LAST - 2 * MINUTE)
    assert await kit.origins("ETH", [7, 6, 3, 2]) == [
        BarOrigin.LIVE,
        BarOrigin.BACKFILLED,
        BarOrigin.BACKFILLED,
        BarOrigin.LIVE,
    ]
    count = kit.service.count
    assert (count.found, count.healed, count.failures) == (1, 4, 0)
    assert count.open_minutes == 0


async def test_what_is_whole_asks_nobody(kit: Kit) -> None:
    kit.coins = [coin("ETH")]
    await kit.record("ETH", range(10))
    await kit.look()
    assert kit.filler.tasks == []
    assert kit.service.count.found == 0


async def test_minutes_that_have_only_just_ended_are_left_to_the_recorder(
    kit: Kit,
) -> None:
    kit.coins = [coin("ETH")]
    await kit.record("ETH", [1, 0])
    await kit.look()
    assert kit.filler.tasks == []


async def test_a_minute_that_is_impossible_is_asked_for_once(kit: Kit) -> None:
    kit.coins = [coin("ETH")]
    await kit.record("ETH", [4, 3, 1, 0])
    kit.upbit.list("KRW-ETH")
    kit.binance.list("ETHUSDT")
    await kit.look()
    await kit.look()
    assert len(kit.filler.tasks) == 1
    assert kit.service.count.impossible == 1
    [hole] = await kit.bars.holes("ETH", Interval.M1, LAST - HOUR, LAST)
    assert hole.reason is HoleReason.NO_DOMESTIC_CANDLE


async def test_the_newest_gap_comes_first(kit: Kit) -> None:
    kit.coins = [coin("ETH"), coin("BTC")]
    for symbol in ("ETH", "BTC"):
        await kit.record(symbol, [100, 98, 97, 95, 0])
        kit.trade(symbol, range(101))
    await kit.look()
    spans = [
        (task.symbol, (LAST - task.from_ms) // MINUTE) for task in kit.filler.tasks
    ]
    assert spans == [
        ("BTC", 94),
        ("ETH", 94),
        ("BTC", 96),
        ("ETH", 96),
        ("BTC", 99),
        ("ETH", 99),
    ]


async def test_a_long_gap_is_cut_into_spans_of_a_thousand_minutes() -> None:
    kit = Kit(heal_days=3)
    kit.coins = [coin("ETH")]
    await kit.record("ETH", [4_000, *range(-10, 1)])
    kit.trade("ETH", range(4_001))
    for _ in range(3):
        await kit.look()
        await kit.clock.advance(60)
    tasks = kit.filler.tasks
    assert all(task.to_ms - task.from_ms <= 1_000 * MINUTE for task in tasks)
    assert kit.service.count.healed == 3_999
    assert sum((t.to_ms - t.from_ms) // MINUTE for t in tasks) == 3_999
    starts = [task.from_ms for task in tasks]
    assert starts == sorted(starts, reverse=True)


async def test_only_the_days_asked_for_are_looked_at() -> None:
    kit = Kit(heal_days=1)
    kit.coins = [coin("ETH")]
    await kit.record("ETH", [5_000, *range(-10, 1)])
    kit.trade("ETH", range(5_001))
    for _ in range(3):
        await kit.look()
        await kit.clock.advance(60)
    assert kit.service.count.healed == DAY // MINUTE - 1


async def test_a_coin_in_doubt_waits_until_it_is_out_of_it(kit: Kit) -> None:
    kit.coins = [coin("ETH")]
    await kit.record("ETH", [9, 0])
    kit.trade("ETH", range(10))
    kit.unsure.add("ETH")
    await kit.look()
    assert kit.filler.tasks == []
    kit.unsure.clear()
    await kit.look()
    assert kit.service.count.healed == 8


async def test_a_coin_that_had_no_market_then_is_left_alone(kit: Kit) -> None:
    gone = datetime.fromtimestamp((LAST - 5 * MINUTE) / 1000, UTC)
    kit.coins = [coin("ETH", until=gone)]
    await kit.record("ETH", [9])
    kit.trade("ETH", range(10))
    await kit.look()
    [task] = kit.filler.tasks
    assert task.to_ms == LAST - 5 * MINUTE


async def test_coins_that_nobody_knows_are_left_alone(kit: Kit) -> None:
    kit.coins = [coin("BTC")]
    await kit.record("ETH", [9, 0])
    await kit.look()
    assert kit.filler.tasks == []


@pytest.mark.parametrize("state", ["behind", "no coins"])
async def test_it_is_too_early_while_the_recorder_is_behind_or_no_coin_known(
    kit: Kit, state: str
) -> None:
    await kit.record("ETH", [9, 0])
    kit.trade("ETH", range(10))
    if state == "behind":
        kit.coins, kit.behind = [coin("ETH")], True
    assert not await kit.look()
    assert kit.filler.tasks == []


# Failures


async def test_a_failure_is_tried_again_at_a_later_look(kit: Kit) -> None:
    kit.coins = [coin("ETH")]
    await kit.record("ETH", [9, 5, 0])
    kit.trade("ETH", range(10))
    kit.filler.failing.add("ETH")
    await kit.look()
    # One of its two gaps was tried, the other waits with it.
    assert len(kit.filler.tasks) == 1
    assert kit.service.count.failures == 1
    assert kit.service.count.open_minutes == 7
    kit.filler.failing.clear()
    await kit.look()
    assert kit.service.count.healed == 7


async def test_one_coin_that_fails_does_not_keep_others_waiting(kit: Kit) -> None:
    kit.coins = [coin("AAA"), coin("ETH")]
    for symbol in ("AAA", "ETH"):
        await kit.record(symbol, [9, 0])
        kit.trade(symbol, range(10))
    kit.filler.failing.add("AAA")
    await kit.look()
    await kit.look()
    assert [task.symbol for task in kit.filler.tasks] == ["AAA", "ETH", "AAA"]
    assert kit.service.count.healed == 8


async def test_failures_in_a_row_end_a_look_and_pauses_grow(kit: Kit) -> None:
    symbols = [f"C{number}" for number in range(9)]
    kit.coins = [coin(symbol) for symbol in symbols]
    for symbol in symbols:
        await kit.record(symbol, [9, *range(-5, 1)])
        kit.trade(symbol, range(10))
    kit.filler.failing.update(symbols)
    before = kit.clock.monotonic()
    await kit.look()
    assert len(kit.filler.tasks) == MAX_IN_A_ROW
    spent = kit.clock.monotonic() - before
    assert FIRST_PAUSE_S * 7 <= spent < FIRST_PAUSE_S * 7 + 2
    await kit.look()
    # While nothing goes well, one try per look.
    assert len(kit.filler.tasks) == MAX_IN_A_ROW + 1
    kit.filler.failing.clear()
    await kit.look()
    assert kit.service.count.healed == 8 * 9


async def test_nobody_is_asked_before_the_time_a_venue_told(kit: Kit) -> None:
    kit.coins = [coin("ETH")]
    await kit.record("ETH", [9, 0])
    kit.filler.failing.add("ETH")
    kit.filler.retry_at_ms = NOW + 100_000
    await kit.look(step_s=10)
    assert kit.clock.now_ms() >= NOW + 100_000


async def test_pauses_are_bounded(kit: Kit) -> None:
    kit.coins = [coin("ETH")]
    await kit.record("ETH", [9, 0])
    kit.filler.failing.add("ETH")
    kit.filler.retry_at_ms = NOW + 30 * DAY
    before = kit.clock.monotonic()
    await kit.look(step_s=20)
    assert kit.clock.monotonic() - before <= 620
    kit.filler.retry_at_ms = None
    for _ in range(6):
        before = kit.clock.monotonic()
        await kit.look(step_s=5)
        assert kit.clock.monotonic() - before <= MAX_PAUSE_S + 5


async def test_a_store_that_is_away_costs_a_pause(kit: Kit) -> None:
    kit.coins = [coin("ETH")]
    await kit.record("ETH", [9, 0])
    kit.trade("ETH", range(10))
    kit.store.down = "gone"
    await kit.look()
    assert kit.service.count.failures == 1
    kit.store.down = None
    await kit.look()
    assert kit.service.count.healed == 8


# Later looks


async def test_a_gap_that_opens_later_is_healed_by_the_running_worker(
    kit: Kit,
) -> None:
    kit.coins = [coin("ETH")]
    await kit.record("ETH", range(5))
    kit.trade("ETH", range(-30, 5))
    running = asyncio.create_task(kit.service.run())
    await kit.clock.advance(10 * 60)
    running.cancel()
    await asyncio.wait([running])
    # Nine or ten minutes on, the newest that counts are those.
    assert kit.service.count.healed in (9, 10)


async def test_days_that_were_whole_are_not_looked_at_each_time(kit: Kit) -> None:
    kit.coins = [coin("ETH")]
    await kit.record("ETH", range(10 * 60))
    await kit.look()
    del kit.store.bars.minutes["ETH"][LAST - 5 * 60 * MINUTE]
    kit.trade("ETH", range(10 * 60))
    await kit.clock.advance(60)
    await kit.look()
    assert LAST - 5 * 60 * MINUTE not in kit.store.bars.minutes["ETH"]
    await kit.clock.advance(FULL_LOOK_MS / 1000)
    await kit.record("ETH", range(-7 * 60, 0))
    await kit.look()
    assert LAST - 5 * 60 * MINUTE in kit.store.bars.minutes["ETH"]


async def test_after_a_long_sleep_what_lies_between_is_looked_at(kit: Kit) -> None:
    kit.coins = [coin("ETH")]
    await kit.record("ETH", range(10))
    await kit.look()
    # The machine slept: five hours, less than a full look.
    kit.trade("ETH", range(-5 * 60, 10))
    await kit.clock.advance(5 * 3600)
    for _ in range(3):
        await kit.look()
        await kit.clock.advance(60)
    assert kit.service.count.healed >= 5 * 60


async def test_seen_gaps_are_forgotten_at_the_cap(
    kit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("domain.services.gap_service.MAX_SEEN", 0)
    kit.coins = [coin("ETH")]
    await kit.record("ETH", [9, 0])
    kit.filler.failing.add("ETH")
    await kit.look()
    await kit.look()
    assert kit.service.count.found == 2
