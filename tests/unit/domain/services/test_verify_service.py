"""What is missing, and what the venues' record contradicts."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from random import Random

import pytest

from adapters.memory.bar_history import MemoryBarHistory
from adapters.memory.bar_store import MemoryBarStore
from adapters.memory.clock import FakeClock
from adapters.memory.market_reader import MemoryMarketReader
from adapters.memory.snapshot_store import MemorySnapshotStore
from adapters.memory.store import MemoryStore
from app.identity import identity_table
from domain.model.bar import Bar, BarOrigin, Hole, HoleReason
from domain.model.candle import Candle
from domain.model.coin import Coin, Listing
from domain.model.completeness import DayCompleteness
from domain.model.daily_rate import DailyRate, RateCalendar
from domain.model.interval import Interval
from domain.model.market import Channel, Exchange
from domain.model.snapshot import DailyPrices, DailySnapshot, opens_ms, taken_ms
from domain.services.bar_maker import BarMaker, BarTask
from domain.services.minute_evidence import MinuteEvidence
from domain.services.rate_book import GivenRates
from domain.services.verify_service import CoinDay, VerifyService, total

DAY = date(2026, 3, 4)
NEXT = DAY + timedelta(days=1)
START, END = opens_ms(DAY), opens_ms(NEXT)
MINUTE = 60_000
DOMESTIC = Listing(Exchange.UPBIT, "KRW-BTC", "BTC", "KRW", curated=True)
GLOBAL = Listing(Exchange.BINANCE, "BTCUSDT", "BTC", "USDT", curated=True)
BTC = Coin("BTC", "비트코인", "Bitcoin", (DOMESTIC, GLOBAL))
RATES = [DailyRate(DAY, Decimal(1_300), "frankfurter")]
IDENTITY = identity_table()


class HastyClock(FakeClock):
    """Time stands still, and nobody waits."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)  # lets others run


def candles(market: str, price: int) -> list[Candle]:
    """Return a day of minutes, each a little dearer than the one before."""
    return [
        Candle(
            market,
            Interval.M1,
            START + number * MINUTE,
            *(Decimal(price + number),) * 4,
            Decimal(1),
            Decimal(1),
        )
        for number in range(1_440)
    ]


class World:
    """Both venues with a day of minutes, a store, and who verifies it."""

    def __init__(self, now_ms: int = END + 86_400_000) -> None:
        self.clock = HastyClock(now_ms)
        self.upbit, self.binance = (
            MemoryMarketReader(exchange, Channel.REST, self.clock)
            for exchange in (Exchange.UPBIT, Exchange.BINANCE)
        )
        self.upbit.set_candles(candles("KRW-BTC", 52_000_000))
        self.upbit.list("KRW-USDT", "KRW-USDC")
        self.binance.set_candles(candles("BTCUSDT", 40_000))
        store = MemoryStore()
        self.bars = MemoryBarStore(store)
        self.snapshots = MemorySnapshotStore(store)
        self.maker = BarMaker(self.upbit, self.binance)
        self.service = VerifyService(
            self.bars,
            MemoryBarHistory(store),
            self.snapshots,
            self.maker,
            MinuteEvidence((self.upbit, self.binance), self.clock),
            GivenRates(RATES),
            IDENTITY,
            self.clock,
        )

    async def made(self) -> Sequence[Bar]:
        """Return the day's bars as its candles give them."""
        task = BarTask("BTC", DOMESTIC, GLOBAL, Interval.M1, START, END)
        return (await self.maker.make(task, RateCalendar(RATES))).bars

    async def keep(self, bars: Sequence[Bar]) -> None:
        await self.bars.make_room(START, END)
        await self.bars.write_backfilled(bars)

    async def keep_live(self, bars: Sequence[Bar]) -> None:
        await self.bars.make_room(START, END)
        live = [replace(bar, origin=BarOrigin.LIVE) for bar in bars]
        await self.bars.write_live(live)

    async def keep_snapshot(self, prices: DailyPrices) -> None:
        await self.snapshots.add([DailySnapshot(DAY, "BTC", prices)])

    async def day(self, *coins: Coin) -> DayCompleteness:
        [day] = await self.service.completeness(coins or [BTC], DAY, DAY)
        return day


@pytest.fixture
def world() -> World:
    return World()


async def test_a_day_with_every_minute_is_complete(world: World) -> None:
    await world.keep(await world.made())
    day = await world.day()
    assert (day.expected, day.backfilled, day.missing) == (1_440, 1_440, 0)


async def test_missing_and_impossible_minutes_are_told_apart(world: World) -> None:
    bars = await world.made()
    await world.keep([*bars[:100], *bars[110:1_430]])
    hole = Hole(
        "BTC", Interval.M1, START + 1_430 * MINUTE, END, HoleReason.NO_GLOBAL_CANDLE
    )
    await world.bars.write_holes([hole])
    day = await world.day()
    assert (day.expected, day.missing, day.impossible) == (1_440, 10, 10)


async def test_a_day_of_impossible_minutes_alone_is_complete(world: World) -> None:
    hole = Hole("BTC", Interval.M1, START, END, HoleReason.NO_GLOBAL_CANDLE)
    await world.bars.write_holes([hole])
    day = await world.day()
    assert (day.impossible, day.missing) == (1_440, 0)


async def test_a_coin_is_expected_from_its_first_minute_on(world: World) -> None:
    await world.keep((await world.made())[1_000:])
    day = await world.day()
    assert (day.expected, day.missing) == (440, 0)


async def test_up_to_its_last_minute_where_it_trades_no_more(world: World) -> None:
    await world.keep((await world.made())[:1_000])
    assert (await world.day()).missing == 440
    closed = replace(BTC, listings=(DOMESTIC,))
    assert (await world.day(closed)).missing == 0


async def test_the_newest_minutes_may_still_be_on_their_way() -> None:
    world = World(now_ms=START + 103 * MINUTE + 30_000)
    await world.keep((await world.made())[:100])
    assert (await world.day()).missing == 0
    world.clock.set_now_ms(START + 104 * MINUTE)
    assert (await world.day()).missing == 1


async def test_of_a_day_to_come_nothing_is_missing() -> None:
    world = World(now_ms=START - 1)
    assert await world.service.completeness([BTC], DAY, NEXT) == []


async def test_coins_that_were_not_asked_about_are_left_out(world: World) -> None:
    await world.keep(await world.made())
    other = Coin("ETH", "이더리움", "Ethereum")
    assert await world.service.completeness([other], DAY, DAY) == []


def test_a_seed_draws_the_same_days_again(world: World) -> None:
    days = [DayCompleteness(s, DAY, live=n) for n, s in enumerate("ABCDEFGH")]
    drawn = world.service.draw(days, 3, Random(7))
    assert drawn == world.service.draw(days, 3, Random(7))
    assert drawn == sorted(drawn, key=lambda each: each.symbol)
    everything = world.service.draw(days, 100, Random(7))
    # Without a minute there is nothing to compare.
    assert [each.symbol for each in everything] == list("BCDEFGH")


async def test_what_the_candles_give_again_is_right(world: World) -> None:
    await world.keep(await world.made())
    check = await world.service.recheck(BTC, DAY)
    assert check.coin_day == CoinDay("BTC", DAY)
    assert (check.minutes.backfilled, check.is_right) == (1_440, True)
    assert check.snapshot is None


async def test_a_backfilled_minute_that_was_touched_is_found(world: World) -> None:
    bars = list(await world.made())
    bars[7] = replace(bars[7], domestic_close=bars[7].domestic_close + 1)
    await world.keep(bars)
    check = await world.service.recheck(BTC, DAY)
    assert [fault.opened_ms for fault in check.minutes.faults] == [START + 7 * MINUTE]
    assert not check.is_right


async def test_live_minutes_are_measured(world: World) -> None:
    bars = list(await world.made())
    bars[7] = replace(bars[7], global_close=bars[7].global_close * Decimal("1.001"))
    await world.keep_live(bars)
    check = await world.service.recheck(BTC, DAY)
    minutes = check.minutes
    assert (minutes.live, minutes.live_equal) == (1_440, 1_439)
    assert minutes.max_distance == Decimal("0.1")
    assert check.is_right


async def test_of_a_day_without_both_markets_no_minute_is_right(world: World) -> None:
    await world.keep(await world.made())
    alone = replace(BTC, listings=(DOMESTIC,))
    check = await world.service.recheck(alone, DAY)
    assert len(check.minutes.faults) == 1_440


def closing() -> DailyPrices:
    """Return the prices of the last minute before 15:00 UTC."""
    number = (taken_ms(DAY) - START) // MINUTE - 1
    return DailyPrices(
        Decimal(52_000_000 + number), Decimal(40_000 + number), Decimal(1_300), "x"
    )


async def test_a_snapshot_that_the_last_minute_proves_is_right(world: World) -> None:
    await world.keep_snapshot(closing())
    check = await world.service.recheck(BTC, DAY)
    assert check.snapshot == ()
    assert check.is_right


async def test_a_snapshot_that_it_contradicts_is_told_and_not_amended(
    world: World,
) -> None:
    wrong = replace(closing(), domestic_price=Decimal(1))
    await world.keep_snapshot(wrong)
    check = await world.service.recheck(BTC, DAY)
    [entry] = check.snapshot or ()
    assert (entry.field, entry.was, entry.became) == ("domestic_price", "1", "52000899")
    assert not check.is_right
    [row] = await world.snapshots.of_day(DAY, 10)
    assert (row.prices, row.revision) == (wrong, 1)


async def test_of_a_snapshot_without_a_global_leg_one_side_is_compared(
    world: World,
) -> None:
    alone = replace(BTC, listings=(DOMESTIC,))
    await world.keep_snapshot(replace(closing(), global_price=None))
    check = await world.service.recheck(alone, DAY)
    assert check.snapshot == ()


async def test_a_snapshot_without_a_global_leg_needs_no_rate(world: World) -> None:
    alone = replace(BTC, listings=(DOMESTIC,))
    unrated = replace(closing(), global_price=None, fx_rate=None, fx_source=None)
    await world.keep_snapshot(unrated)
    check = await world.service.recheck(alone, DAY)
    assert check.snapshot == ()


async def test_a_venue_that_is_away_is_no_proof(world: World) -> None:
    await world.keep(await world.made())
    fresh = World()
    await fresh.keep(await world.made())
    fresh.upbit.down = "maintenance"
    check = await fresh.service.recheck(BTC, DAY)
    assert "maintenance" in (check.unavailable or "")
    assert not check.is_right


def test_days_add_up_by_coin() -> None:
    days = [
        DayCompleteness("A", DAY, live=1),
        DayCompleteness("A", NEXT, live=2, missing=1),
        DayCompleteness("B", DAY, backfilled=4),
    ]
    sums = total(days)
    assert {symbol: told.expected for symbol, told in sums.items()} == {"A": 4, "B": 4}
