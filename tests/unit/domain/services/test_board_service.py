"""The board's clockwork: ticks at once after a quiet spell, else every 100 ms."""

import asyncio
from decimal import Decimal

import pytest

from domain.model.board import Tick
from domain.model.fx import FxQuote, RateRefused
from domain.model.market import Exchange, MarketKey
from tests.unit.domain.services.conftest import World

LIMIT_S = 5.0


async def test_the_first_change_after_a_quiet_spell_goes_out_at_once(
    world: World,
) -> None:
    ticks: list[Tick] = []
    world.board.on_tick(ticks.append)
    task = asyncio.create_task(world.board.run())
    world.go_live()
    await world.clock.settle()
    assert [tick.at_s for tick in ticks] == [world.clock.monotonic()]
    assert {p.symbol for p in ticks[0].changed} == {"BTC", "ETH"}
    task.cancel()


async def test_changes_within_100_ms_wait_for_their_tick_and_are_merged(
    world: World,
) -> None:
    ticks: list[Tick] = []
    world.board.on_tick(ticks.append)
    task = asyncio.create_task(world.board.run())
    world.go_live()
    await world.clock.settle()
    for price in ("52000001", "52000002"):
        world.trade("KRW-BTC", price)
        await world.clock.advance(0.02)
    assert len(ticks) == 1
    await world.clock.advance(0.07)
    assert len(ticks) == 2
    assert ticks[1].at_s == pytest.approx(ticks[0].at_s + 0.1, abs=1e-5)
    [changed] = ticks[1].changed
    assert changed.domestic is not None
    assert changed.domestic.price == Decimal(52000002)
    task.cancel()


async def test_waiters_wake_after_the_listeners_were_told(world: World) -> None:
    order: list[str] = []

    async def wait() -> None:
        await world.board.wait_tick(0)
        order.append("waiter")

    world.board.on_tick(lambda _: order.append("listener"))
    task = asyncio.create_task(wait())
    await world.clock.settle()
    world.go_live()
    assert world.board.tick() is not None
    async with asyncio.timeout(LIMIT_S):
        await task
    assert order == ["listener", "waiter"]


async def test_a_tick_without_changes_is_none_and_wakes_nobody(world: World) -> None:
    assert world.board.tick() is None
    assert world.board.last_tick is None


async def test_without_events_quality_still_turns_when_its_bound_runs_out(
    world: World,
) -> None:
    world.go_live()
    world.board.tick()
    task = asyncio.create_task(world.board.run())
    await world.clock.advance(60.0)
    async with asyncio.timeout(LIMIT_S):
        await world.board.wait_tick(1)
    assert world.board.board.summary().stale == 2
    task.cancel()


async def test_a_rate_outside_its_bounds_is_refused_and_changes_nothing(
    world: World,
) -> None:
    world.go_live()
    world.board.tick()
    with pytest.raises(RateRefused):
        world.board.answer_rate(FxQuote("dunamu", Decimal(3001), world.clock.now_ms()))
    assert world.board.tick() is None


async def test_window_bases_and_skew_reach_the_quotes(world: World) -> None:
    world.go_live()
    key = MarketKey(Exchange.UPBIT, "KRW-BTC")
    world.board.set_open_24h(key, Decimal(50_000_000))
    world.board.set_open_utc(key, Decimal(40_000_000), world.clock.now_ms() // 86400000)
    world.board.set_skew(Exchange.UPBIT, 250)
    quote = world.domestic()
    assert quote.change_percent_rolling_24h == Decimal("4.000000")
    assert quote.change_percent_since_utc_midnight == Decimal("30.000000")
    assert quote.age_ms(world.clock.now_ms() + 1000) == 750


async def test_a_pair_that_is_doubted_is_logged_once_and_once_when_it_is_not(
    world: World, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    unsure: set[str] = set()
    monkeypatch.setattr(world.board.board.guard, "is_unsure", unsure.__contains__)
    world.go_live()
    world.board.tick()
    unsure.add("BTC")
    for price in ("52000001", "52000002"):
        world.trade("KRW-BTC", price)
        world.board.tick()
    unsure.clear()
    world.trade("KRW-BTC", "52000003")
    world.board.tick()
    told = [(record.message, vars(record)["symbol"]) for record in caplog.records]
    assert told == [("guard.entered", "BTC"), ("guard.left", "BTC")]
