"""A venue kept fed: watched markets, and a seed for every session."""

import asyncio
from typing import Any

from domain.model.market import Exchange, Quality
from domain.services.market_service import SEED_RETRY_S, markets_of


def _premium(world: Any, symbol: str) -> Any:
    world.board.tick()
    return world.board.board.premium(symbol)


async def test_the_stream_watches_the_markets_of_the_coins_on_the_board(
    world: Any,
) -> None:
    for market in world.markets.values():
        market.set_coins(world.coins)
    assert world.streams[Exchange.UPBIT].watched == {"KRW-BTC", "KRW-ETH"}
    assert world.streams[Exchange.BINANCE].watched == {"BTCUSDT", "ETHUSDT"}
    assert markets_of(world.coins, Exchange.BINANCE) == ["BTCUSDT", "ETHUSDT"]


async def test_a_session_s_seed_makes_quiet_markets_live_again(world: Any) -> None:
    upbit = Exchange.UPBIT
    world.board.set_coins(world.coins)
    market, stream = world.markets[upbit], world.streams[upbit]
    market.set_coins(world.coins)
    world.sources[upbit].set_quote(world.quote("KRW-BTC", "52000000"))
    world.sources[upbit].set_quote(world.quote("KRW-ETH", "3000000"))
    tasks = [
        asyncio.create_task(market.run_stream()),
        asyncio.create_task(market.run_seed()),
    ]
    await world.clock.settle()
    stream.send(world.quote("KRW-BTC", "52000001"))
    assert _premium(world, "ETH").domestic.quality is Quality.LIVE
    stream.cut()
    assert _premium(world, "ETH").domestic.quality is Quality.STALE
    await world.clock.advance(1)
    stream.connect()
    await world.clock.settle()
    stream.send(world.quote("KRW-BTC", "52000002"))
    assert _premium(world, "ETH").domestic.quality is Quality.LIVE
    for task in tasks:
        task.cancel()


async def test_a_failed_seed_is_tried_again(world: Any) -> None:
    upbit = Exchange.UPBIT
    source = world.sources[upbit]
    source.down = "refused"
    world.markets[upbit].set_coins(world.coins)
    task = asyncio.create_task(world.markets[upbit].run_seed())
    await world.clock.settle()
    assert len(source.asked) == 1
    source.down = None
    await world.clock.advance(SEED_RETRY_S)
    assert len(source.asked) == 2
    await world.clock.advance(SEED_RETRY_S * 3)
    assert len(source.asked) == 2
    task.cancel()


async def test_an_unchanged_catalogue_asks_for_nothing(world: Any) -> None:
    upbit = Exchange.UPBIT
    world.markets[upbit].set_coins(world.coins)
    task = asyncio.create_task(world.markets[upbit].run_seed())
    await world.clock.settle()
    world.markets[upbit].set_coins(world.coins)
    world.markets[upbit].set_coins(world.coins[:1])
    await world.clock.settle()
    assert len(world.sources[upbit].asked) == 1
    assert world.streams[upbit].watched == {"KRW-BTC"}
    task.cancel()


async def test_a_session_without_watched_markets_asks_for_no_seed(world: Any) -> None:
    upbit = Exchange.UPBIT
    tasks = [
        asyncio.create_task(world.markets[upbit].run_stream()),
        asyncio.create_task(world.markets[upbit].run_seed()),
    ]
    await world.clock.settle()
    assert not world.sources[upbit].asked
    for task in tasks:
        task.cancel()
