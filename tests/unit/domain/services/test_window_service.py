"""Both change windows: 00:00 UTC for Binance, 24 hours ago for Upbit."""

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest

from domain.model.market import Exchange
from domain.model.quote import DAY_MS
from domain.ports.market_source import PricePoint
from domain.services.window_service import WindowService
from tests.unit.domain.services.conftest import World, coin_of


@pytest.fixture
def windows(world: World) -> WindowService:
    service = WindowService(
        world.sources[Exchange.UPBIT],
        world.sources[Exchange.BINANCE],
        world.board,
        world.clock,
    )
    world.go_live()
    service.set_coins(world.coins)
    return service


def _asked(world: World, exchange: Exchange) -> list[tuple[str, str]]:
    return [ask for ask in world.sources[exchange].asked if ask[0] != "quotes"]


async def test_the_daily_open_is_asked_once_per_utc_day(
    world: World, windows: WindowService
) -> None:
    day = world.clock.now_ms() // DAY_MS
    source = world.sources[Exchange.BINANCE]
    source.set_utc_open("BTCUSDT", day, Decimal(32000))
    task = asyncio.create_task(windows.run_utc_open())
    await world.clock.advance(3600)
    assert _asked(world, Exchange.BINANCE) == [
        ("utc_open", "BTCUSDT"),
        ("utc_open", "ETHUSDT"),
    ]
    quote = world.premium().global_
    assert quote is not None
    assert quote.change_percent_since_utc_midnight == Decimal("25.000000")
    await world.clock.advance(DAY_MS / 1000)
    assert len(_asked(world, Exchange.BINANCE)) == 4
    task.cancel()


async def test_a_silent_venue_is_asked_again(
    world: World, windows: WindowService
) -> None:
    for source in world.sources.values():
        source.down = "refused"
    tasks = [
        asyncio.create_task(windows.run_utc_open()),
        asyncio.create_task(windows.run_price_points()),
    ]
    await world.clock.advance(60)
    for exchange in Exchange:
        asked = _asked(world, exchange)
        assert len(asked) > 2
        world.sources[exchange].down = None
    await world.clock.advance(60)
    counts = [len(_asked(world, exchange)) for exchange in Exchange]
    await world.clock.advance(600)
    assert counts == [len(_asked(world, exchange)) for exchange in Exchange]
    for task in tasks:
        task.cancel()


async def test_the_rolling_change_of_upbit_comes_from_ten_minute_candles(
    world: World, windows: WindowService
) -> None:
    now_ms = world.clock.now_ms()
    world.sources[Exchange.UPBIT].set_price_points(
        "KRW-BTC",
        [
            PricePoint(now_ms - DAY_MS - 600_000, Decimal(1)),
            PricePoint(now_ms - DAY_MS, Decimal(50_000_000)),
            PricePoint(now_ms - DAY_MS + 600_000, Decimal(51_000_000)),
        ],
    )
    task = asyncio.create_task(windows.run_price_points())
    await world.clock.advance(5)
    assert world.domestic().change_percent_rolling_24h == Decimal("4.000000")
    await world.clock.advance(600)
    windows.sample()
    changed = world.domestic().change_percent_rolling_24h
    assert changed == Decimal("1.960784")
    task.cancel()


async def test_our_own_prices_become_the_base_a_day_later(
    world: World, windows: WindowService
) -> None:
    task = asyncio.create_task(windows.run_sample())
    await world.clock.settle()
    assert world.domestic().change_percent_rolling_24h is None
    await world.clock.advance(DAY_MS / 1000 + 600)
    world.trade("KRW-BTC", "53040000")
    await world.clock.advance(60)
    assert world.domestic().change_percent_rolling_24h == Decimal("2.000000")
    task.cancel()


async def test_a_market_that_left_is_forgotten(
    world: World, windows: WindowService
) -> None:
    windows.sample()
    windows.set_coins(world.coins[:1])
    windows.sample()
    world.sources[Exchange.UPBIT].asked.clear()
    task = asyncio.create_task(windows.run_price_points())
    await world.clock.advance(10)
    assert _asked(world, Exchange.UPBIT) == [("price_points", "KRW-BTC")]
    task.cancel()


async def test_coins_that_become_known_later_are_asked_for_soon(
    world: World, windows: WindowService
) -> None:
    windows.set_coins([])
    task = asyncio.create_task(windows.run_price_points())
    await world.clock.advance(0.4)
    windows.set_coins(world.coins)
    await world.clock.advance(1)
    assert len(_asked(world, Exchange.UPBIT)) == 2
    task.cancel()


async def test_a_market_without_a_live_price_gives_no_sample(
    world: World, windows: WindowService
) -> None:
    stored = replace(world.domestic(), market="KRW-OLD")
    unheard, quiet, old = (coin_of(symbol, symbol) for symbol in ("NEW", "SHY", "OLD"))
    world.board.set_coins([world.coins[0], quiet, old])
    world.board.board.restore([stored], [], [], seq=1)
    assert world.domestic("OLD").price == stored.price
    windows.set_coins([world.coins[0], unheard, quiet, old])
    windows.sample()
    assert [key.market for key in windows._rolling] == ["KRW-BTC"]
