"""Dated rows are held to the minute that ended at their instant, to nothing else."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from domain.model.daily_rate import DailyRate
from domain.model.interval import Interval
from domain.model.market import Exchange
from domain.model.snapshot import AuditReason, DailyPrices, DailySnapshot
from domain.services.minute_evidence import MAX_PAUSE_S
from domain.services.snapshot_service import LOOK_INTERVAL_S
from domain.services.snapshot_witness import SETTLE_S
from tests.unit.domain.services.snapshot.conftest import (
    CHANGE,
    DAY,
    DAY_MS,
    HOUR_MS,
    MINUTE_MS,
    coin_of,
)

if TYPE_CHECKING:
    from tests.unit.domain.services.snapshot.conftest import Scene

RIGHT = DailyPrices(Decimal(52_000_000), Decimal(40_000), Decimal(1300), "dunamu")
SETTLED_MS = round(SETTLE_S * 1000)


async def put(scene: Scene, *symbols: str, prices: DailyPrices = RIGHT) -> None:
    """Store rows of all coins there are, and let the day be over and settled."""
    coins = scene.world.coins
    coins[:] = [coin for coin in coins if coin.symbol in symbols] or coins
    await scene.store.add([DailySnapshot(DAY, symbol, prices) for symbol in symbols])
    scene.set_now(SETTLED_MS)


async def test_a_right_row_stays_at_revision_one_although_the_market_moves(
    scene: Scene,
) -> None:
    await put(scene, "BTC", "ETH")
    scene.record("52000000", "40000")
    # From 00:00 to 09:00 KST it rises by a tenth; the venues' days close there.
    for minutes in range(1, 541):
        at_ms = CHANGE + minutes * MINUTE_MS
        scene.candle("KRW-BTC", str(52_000_000 + minutes * 10_000), at_ms)
        scene.candle("BTCUSDT", str(40_000 + minutes * 10), at_ms)
    for market, close in (("KRW-BTC", "57400000"), ("BTCUSDT", "45400")):
        scene.candle(market, close, CHANGE + 9 * HOUR_MS, Interval.D1)
        scene.candle(market, "1", CHANGE - 15 * HOUR_MS, Interval.D1)
    service = scene.serve()
    for from_change_ms in (SETTLED_MS, 9 * HOUR_MS, DAY_MS - 1):
        scene.set_now(from_change_ms)
        assert await scene.prove(service)
    row = await scene.row()
    assert (row.revision, row.prices) == (1, RIGHT)
    assert row.verified_ms is not None
    assert list(await scene.store.audit(DAY, "BTC")) == []
    assert (service.count.verified, service.count.amended) == (2, 0)
    # One question a market, for one candle.
    assert list(scene.readers[Exchange.UPBIT].asked) == [
        ("candles", "KRW-BTC", 1),
        ("candles", "KRW-ETH", 1),
    ]


async def test_a_wrong_row_is_amended_once_and_audited(scene: Scene) -> None:
    wrong = replace(RIGHT, domestic_price=Decimal(57_400_000), global_price=None)
    await put(scene, "BTC", prices=wrong)
    scene.record("52000000", "40000")
    service = scene.serve()
    for _ in range(3):
        assert await scene.prove(service)
    row = await scene.row()
    assert (row.revision, row.prices) == (2, RIGHT)
    assert row.verified_ms is not None
    told = [
        (e.revision, e.field, e.was, e.became, e.reason)
        for e in await scene.store.audit(DAY, "BTC")
    ]
    reason = AuditReason.MINUTE_EVIDENCE
    assert told == [
        (2, "domestic_price", "57400000", "52000000", reason),
        (2, "global_price", None, "40000", reason),
    ]
    assert (service.count.verified, service.count.amended) == (1, 1)
    assert scene.asked == 2


async def test_two_servers_amend_once(scene: Scene) -> None:
    await put(scene, "BTC", prices=replace(RIGHT, domestic_price=Decimal(1)))
    scene.record("52000000", "40000")
    first, second = scene.serve(), scene.serve()
    await asyncio.gather(scene.prove(first), scene.prove(second))
    assert (await scene.row()).revision == 2
    assert len(await scene.store.audit(DAY, "BTC")) == 1
    assert first.count.amended + second.count.amended == 1


async def test_the_last_candle_stands_however_old_it_is(scene: Scene) -> None:
    await put(scene, "BTC", prices=replace(RIGHT, domestic_price=Decimal(7)))
    scene.candle("KRW-BTC", "52000000", CHANGE - 3 * DAY_MS)
    scene.candle("BTCUSDT", "40000")
    service = scene.serve()
    await scene.prove(service)
    assert (await scene.row()).prices == RIGHT


async def test_nothing_is_asked_before_the_record_has_settled(scene: Scene) -> None:
    await put(scene, "BTC", "ETH")
    scene.record("1", "1")
    service = scene.serve()
    scene.set_now(SETTLED_MS - 1)
    await scene.prove(service)
    assert scene.asked == 0
    scene.set_now(SETTLED_MS)
    await scene.prove(service)
    assert scene.asked == 4


async def test_a_candle_that_is_still_open_proves_nothing(scene: Scene) -> None:
    await put(scene, "BTC")
    scene.candle("KRW-BTC", "1", closed=False)
    scene.candle("BTCUSDT", "40000")
    service = scene.serve()
    await scene.prove(service)
    row = await scene.row()
    assert (row.revision, row.verified_ms) == (1, None)


async def test_an_answer_that_shows_our_clock_ahead_proves_nothing(
    scene: Scene,
) -> None:
    await put(scene, "BTC")
    scene.record("1", "1")
    service = scene.serve()
    reader = scene.readers[Exchange.UPBIT]
    reader.latency_s = 1.0
    task = asyncio.create_task(service.prove())
    await scene.world.clock.advance(0.5)
    scene.skew_ms = 2 * HOUR_MS  # measured with this very answer
    await scene.world.clock.advance(60.0)
    assert await task
    row = await scene.row()
    assert (row.revision, row.verified_ms) == (1, None)


async def test_a_row_of_a_multiplied_market_is_compared_per_coin(scene: Scene) -> None:
    service = scene.serve()
    scene.set_coins(service, coin_of("SATS", multiplier=1000))
    prices = replace(
        RIGHT, domestic_price=Decimal("0.4"), global_price=Decimal("0.0000003")
    )
    await put(scene, "SATS", prices=prices)
    scene.candle("KRW-SATS", "0.40")
    scene.candle("1000SATSUSDT", "0.0003")
    await scene.prove(service)
    row = await scene.row("SATS")
    assert row.revision == 1
    assert row.verified_ms is not None


async def test_a_row_without_a_global_market_is_proven_by_the_other_leg(
    scene: Scene,
) -> None:
    service = scene.serve()
    scene.set_coins(service, coin_of("ALONE", has_global=False))
    await put(scene, "ALONE", prices=replace(RIGHT, global_price=None))
    scene.candle("KRW-ALONE", "52000000")
    await scene.prove(service)
    row = await scene.row("ALONE")
    assert row.verified_ms is not None
    assert row.revision == 1


async def test_without_a_global_market_no_rate_is_missed(scene: Scene) -> None:
    service = scene.serve()
    scene.set_coins(service, coin_of("ALONE", has_global=False))
    alone = DailyPrices(Decimal(5), None, None, None)
    await put(scene, "ALONE", prices=alone)
    scene.candle("KRW-ALONE", "5")
    scene.rates = [DailyRate(DAY, Decimal(1310), "frankfurter")]
    await scene.prove(service)
    row = await scene.row("ALONE")
    assert (row.revision, row.prices) == (1, alone)
    assert row.verified_ms is not None


async def test_a_market_that_is_gone_leaves_the_row_unverified(scene: Scene) -> None:
    wrong = replace(RIGHT, domestic_price=Decimal(1))
    await put(scene, "BTC", "ETH", prices=wrong)
    scene.candle("KRW-BTC", "52000000")
    scene.candle("ETHUSDT", "40000")
    service = scene.serve()
    for _ in range(3):
        await scene.prove(service)
    btc, eth = await scene.row("BTC"), await scene.row("ETH")
    # What is proven is put right, once.
    assert (btc.revision, btc.verified_ms, btc.prices) == (2, None, RIGHT)
    assert (eth.revision, eth.verified_ms, eth.prices) == (1, None, wrong)
    assert service.count.unverified == 2
    assert scene.asked == 3, "asked again only after a while"
    await scene.world.clock.advance(600.0)
    await scene.prove(service)
    assert scene.asked == 6


async def test_a_coin_that_nobody_knows_is_left_alone(scene: Scene) -> None:
    await put(scene, "GHOST")
    service = scene.serve()
    scene.set_coins(service, scene.world.coins[0])
    scene.record("52000000", "40000")
    await scene.prove(service)
    row = await scene.row("GHOST")
    assert (row.revision, row.verified_ms) == (1, None)


async def test_without_coins_nothing_can_be_proven(scene: Scene) -> None:
    await put(scene, "BTC")
    service = scene.serve()
    scene.set_coins(service)
    assert not await scene.prove(service)
    assert scene.asked == 0


async def test_a_venue_that_is_down_is_asked_seldom_and_then_heard(
    scene: Scene,
) -> None:
    symbols = [f"C{number:02}" for number in range(40)]
    service = scene.serve()
    scene.set_coins(service, *(coin_of(symbol) for symbol in symbols))
    await put(scene, *symbols)
    scene.record("52000000", "40000")
    upbit = scene.readers[Exchange.UPBIT]
    upbit.down = "503"
    clock = scene.world.clock
    task = asyncio.create_task(service.run_prove())
    await clock.advance(600.0)
    assert 3 <= scene.asked <= 15
    await clock.advance(9 * 3600.0)
    assert scene.asked <= 60
    upbit.down = None
    await clock.advance(MAX_PAUSE_S + LOOK_INTERVAL_S + 6 * 3600.0)
    assert service.count.verified == len(symbols)
    assert {row.revision for row in await scene.store.of_day(DAY, 99)} == {1}
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_venue_that_tells_when_to_come_back_is_asked_then(
    scene: Scene,
) -> None:
    await put(scene, "BTC", "ETH")
    scene.record("52000000", "40000")
    upbit, clock = scene.readers[Exchange.UPBIT], scene.world.clock
    upbit.down = "429"
    upbit.retry_at_ms = clock.now_ms() + 100_000
    task = asyncio.create_task(scene.serve().prove())
    await clock.advance(99.0)
    assert scene.asked == 1
    await clock.advance(2.0)
    assert scene.asked == 2
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_questions_are_put_one_at_a_time_and_spread(scene: Scene) -> None:
    symbols = [f"C{number:02}" for number in range(10)]
    service = scene.serve()
    scene.set_coins(service, *(coin_of(symbol) for symbol in symbols))
    await put(scene, *symbols)
    scene.record("52000000", "40000")
    task = asyncio.create_task(service.prove())
    clock = scene.world.clock
    for asked in range(1, 21):
        await clock.settle()
        assert scene.asked == asked
        await clock.advance(0.2)
    await task
    assert service.count.verified == 10


async def test_a_row_without_a_rate_gets_the_dated_one(scene: Scene) -> None:
    bare = replace(RIGHT, fx_rate=None, fx_source=None)
    await put(scene, "BTC", prices=bare)
    scene.record("52000000", "40000")
    scene.rates = [DailyRate(DAY, Decimal(1310), "frankfurter")]
    service = scene.serve()
    await scene.prove(service)
    row = await scene.row()
    rated = replace(bare, fx_rate=Decimal(1310), fx_source="frankfurter")
    assert (row.revision, row.prices) == (2, rated)
    assert {e.reason for e in await scene.store.audit(DAY, "BTC")} == {
        AuditReason.RATE_EVIDENCE
    }
    assert scene.rates_asked == [(DAY, DAY)]


@pytest.mark.parametrize("down", ["503", None])
async def test_without_a_dated_rate_the_row_waits_for_one(
    scene: Scene, down: str | None
) -> None:
    bare = replace(RIGHT, fx_rate=None, fx_source=None)
    await put(scene, "BTC", prices=bare)
    scene.record("52000000", "40000")
    scene.rates_down = down
    service = scene.serve()
    await scene.prove(service)
    assert (await scene.row()).verified_ms is None
    assert scene.asked == 0
    scene.rates_down = None
    scene.rates = [DailyRate(DAY, Decimal(1310), "frankfurter")]
    await scene.world.clock.advance(600.0)
    await scene.prove(service)
    assert (await scene.row()).verified_ms is not None


async def test_the_rate_of_a_live_row_is_never_asked_for(scene: Scene) -> None:
    await put(scene, "BTC")
    scene.record("52000000", "40000")
    scene.rates = [DailyRate(DAY, Decimal(999), "frankfurter")]
    await scene.prove(scene.serve())
    assert (await scene.row()).prices.fx_rate == 1300
    assert scene.rates_asked == []


async def test_a_lost_store_is_tried_again(scene: Scene) -> None:
    await put(scene, "BTC")
    scene.record("52000000", "40000")
    scene.store.store.down = "gone"
    service = scene.serve()
    assert not await scene.prove(service)
    clock = scene.world.clock
    task = asyncio.create_task(service.run_prove())
    await clock.advance(30.0)
    scene.store.store.down = None
    await clock.advance(30.0)
    assert (await scene.row()).verified_ms is not None
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_rows_of_long_ago_are_not_looked_at(scene: Scene) -> None:
    await put(scene, "BTC")
    scene.record("1", "1")
    scene.set_now(60 * DAY_MS + SETTLED_MS)
    service = scene.serve()
    scene.set_coins(service, coin_of("OTHER"))
    await scene.prove(service)
    assert (await scene.row()).verified_ms is None
    assert service.count.unverified == 0
