"""What fails while gaps are healed is tried again, with patience."""

from __future__ import annotations

import asyncio

from domain.services.gap_service import (
    FIRST_PAUSE_S,
    LOOK_S,
    MAX_IN_A_ROW,
    MAX_PAUSE_S,
    SOON_S,
)
from tests.unit.domain.services.gap.conftest import (
    DAY,
    MINUTE,
    NOW,
    Kit,
    coin,
)


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


async def test_a_look_that_came_too_early_is_repeated_soon(kit: Kit) -> None:
    kit.coins = [coin("ETH")]
    await kit.record("ETH", [9, 0])
    kit.trade("ETH", range(10))
    kit.behind = True
    running = asyncio.create_task(kit.service.run())
    await kit.clock.advance(1)
    kit.behind = False
    assert not kit.filler.tasks
    await kit.clock.advance(SOON_S + 20)
    running.cancel()
    assert kit.service.count.healed == 8


async def test_old_days_get_a_minute_at_a_time(kit: Kit) -> None:
    symbols = ["AAA", "ETH", "XRP"]
    kit.coins = [coin(symbol) for symbol in symbols]
    old = DAY // MINUTE + 600
    for symbol in symbols:
        await kit.record(symbol, [old + 9, *range(old + 1)])
        kit.trade(symbol, range(old, old + 10))
    kit.filler.takes_s = LOOK_S - 1
    await kit.look(1.0)
    assert [task.symbol for task in kit.filler.tasks] == ["AAA", "ETH"]
    assert kit.service.count.healed == 2 * 8
    # What was not even tried is looked at next.
    kit.filler.takes_s = 0.0
    await kit.look(1.0)
    assert "XRP" in [task.symbol for task in kit.filler.tasks]
    assert len(await kit.origins("XRP", range(old, old + 10))) == 10
