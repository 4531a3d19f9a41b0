"""Gaps among minutes: found, healed from candles, remembered where they cannot be."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from domain.model.bar import BarOrigin, HoleReason
from domain.model.interval import Interval
from domain.services.gap_service import (
    FULL_LOOK_MS,
)
from tests.unit.domain.services.gap.conftest import (
    DAY,
    HOUR,
    LAST,
    MINUTE,
    Kit,
    coin,
)


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
