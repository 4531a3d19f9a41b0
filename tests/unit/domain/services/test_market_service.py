"""A venue kept fed: watched markets, a seed for every session, REST in its place."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal

import pytest

from domain.model.event import FeedBatch, QuoteUpdate
from domain.model.market import Channel, Exchange, Quality
from domain.services.market_service import MAX_READING, MarketService, markets_of
from tests.unit.domain.services.conftest import World

UPBIT = Exchange.UPBIT


def _domestic(world: World, symbol: str) -> tuple[Quality, Channel]:
    quote = world.domestic(symbol)
    return quote.quality, quote.channel


@pytest.fixture
async def running(world: World) -> AsyncIterator[World]:
    """Upbit with both workers running and a quote of every coin by REST."""
    market = world.markets[UPBIT]
    world.board.set_coins(world.coins)
    market.set_coins(world.coins)
    _quote_by_rest(world, "52000000")
    tasks = [
        asyncio.create_task(market.run_stream()),
        asyncio.create_task(market.run_rest()),
    ]
    await world.clock.settle()
    yield world
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _quote_by_rest(world: World, price: str) -> None:
    for code in ("KRW-BTC", "KRW-ETH"):
        world.sources[UPBIT].set_quote(world.quote(code, price))


async def test_the_stream_watches_the_markets_of_the_coins_on_the_board(
    world: World,
) -> None:
    for market in world.markets.values():
        market.set_coins(world.coins)
    assert world.streams[UPBIT].watched == {"KRW-BTC", "KRW-ETH"}
    assert world.streams[Exchange.BINANCE].watched == {"BTCUSDT", "ETHUSDT"}
    assert markets_of(world.coins, Exchange.BINANCE) == ["BTCUSDT", "ETHUSDT"]


async def test_a_session_s_seed_makes_quiet_markets_live_again(running: World) -> None:
    world, stream = running, running.streams[UPBIT]
    stream.send(world.quote("KRW-BTC", "52000001"))
    assert _domestic(world, "ETH")[0] is Quality.LIVE
    stream.cut()
    assert _domestic(world, "ETH")[0] is Quality.STALE
    await world.clock.advance(0.5)
    stream.connect()
    await world.clock.settle()
    stream.send(world.quote("KRW-BTC", "52000002"))
    assert _domestic(world, "ETH")[0] is Quality.LIVE


async def test_a_failed_seed_is_tried_again(world: World) -> None:
    source = world.sources[UPBIT]
    source.down = "refused"
    _quote_by_rest(world, "52000000")
    market = world.markets[UPBIT]
    market.set_coins(world.coins)
    tasks = [
        asyncio.create_task(market.run_stream()),
        asyncio.create_task(market.run_rest()),
    ]
    await world.clock.settle()
    world.streams[UPBIT].send(world.quote("KRW-BTC", "1"))
    asked = len(source.asked)
    source.down = None
    await world.clock.advance(1.0)
    assert len(source.asked) == asked + 1
    await world.clock.advance(60)
    assert len(source.asked) == asked + 1
    for task in tasks:
        task.cancel()


async def test_an_unchanged_catalogue_asks_for_nothing(running: World) -> None:
    world, market = running, running.markets[UPBIT]
    world.streams[UPBIT].send(world.quote("KRW-BTC", "52000001"))
    await world.clock.settle()
    asked = len(world.sources[UPBIT].asked)
    market.set_coins(world.coins)
    market.set_coins(world.coins[:1])
    await world.clock.settle()
    assert len(world.sources[UPBIT].asked) == asked
    assert world.streams[UPBIT].watched == {"KRW-BTC"}


async def test_nothing_is_asked_while_no_market_is_watched(world: World) -> None:
    tasks = [
        asyncio.create_task(world.markets[UPBIT].run_stream()),
        asyncio.create_task(world.markets[UPBIT].run_rest()),
    ]
    await world.clock.advance(60)
    assert not world.sources[UPBIT].asked
    for task in tasks:
        task.cancel()


async def test_a_lost_stream_is_live_by_rest_within_two_seconds(running: World) -> None:
    world = running
    world.streams[UPBIT].send(world.quote("KRW-BTC", "52000001"))
    world.streams[UPBIT].cut("silence")
    assert _domestic(world, "BTC")[0] is Quality.STALE
    await world.clock.advance(1.5)
    _quote_by_rest(world, "52000002")
    assert _domestic(world, "BTC") == (Quality.LIVE, Channel.REST)
    await world.clock.advance(30)
    assert _domestic(world, "BTC") == (Quality.LIVE, Channel.REST)
    assert world.domestic("BTC").price == 52_000_002
    # At once for the first session, one second after the cut, then every five.
    assert world.markets[UPBIT].fallback.count.reads == 8


async def test_the_stream_takes_over_without_a_stale_moment(running: World) -> None:
    world, stream = running, running.streams[UPBIT]
    stream.send(world.quote("KRW-BTC", "52000001"))
    stream.cut()
    await world.clock.advance(7)
    _quote_by_rest(world, "52000009")
    await world.clock.advance(1)
    stream.connect()
    await world.clock.settle()
    assert world.markets[UPBIT].fallback.is_polling
    stream.send(world.quote("KRW-BTC", "52000010"))
    assert not world.markets[UPBIT].fallback.is_polling
    assert _domestic(world, "BTC") == (Quality.LIVE, Channel.WEBSOCKET)
    assert _domestic(world, "ETH") == (Quality.LIVE, Channel.REST)


async def test_no_price_goes_back_when_the_stream_takes_over(running: World) -> None:
    world, stream = running, running.streams[UPBIT]
    late = world.quote("KRW-BTC", "52000001")
    stream.send(late)
    stream.cut()
    await world.clock.advance(7)
    _quote_by_rest(world, "52000009")
    await world.clock.advance(5)
    stream.connect()
    await world.clock.settle()
    stream.send(late)
    assert world.markets[UPBIT].fallback.is_polling
    assert world.domestic("BTC").price == 52_000_009


async def test_a_book_or_an_empty_message_ends_no_polling(running: World) -> None:
    world, stream = running, running.streams[UPBIT]
    stream.cut()
    await world.clock.advance(3)
    stream.connect()
    await world.clock.settle()
    stream.send()
    assert world.markets[UPBIT].fallback.is_polling


async def test_a_venue_that_is_wholly_down_is_stale_and_comes_back(
    running: World,
) -> None:
    world = running
    world.streams[UPBIT].send(world.quote("KRW-BTC", "52000001"))
    world.streams[UPBIT].cut()
    await world.clock.advance(2)
    assert _domestic(world, "BTC")[0] is Quality.LIVE
    world.sources[UPBIT].down = "connection refused"
    await world.clock.advance(20)
    assert _domestic(world, "BTC")[0] is Quality.STALE
    assert not world.markets[UPBIT].fallback.is_polling
    world.sources[UPBIT].down = None
    await world.clock.advance(5)
    assert _domestic(world, "BTC") == (Quality.LIVE, Channel.REST)


async def test_a_hundred_silences_leave_no_task_behind(running: World) -> None:
    world, stream = running, running.streams[UPBIT]
    for _ in range(100):
        stream.send(world.quote("KRW-BTC", "52000001"))
        stream.cut("no data for 10 s")
        await world.clock.advance(3)
        _quote_by_rest(world, "52000001")
        stream.connect()
        await world.clock.advance(1)
        stream.send(world.quote("KRW-BTC", "52000001"))
    await world.clock.settle()
    ours = [task for task in asyncio.all_tasks() if task.get_name().startswith("upbit")]
    assert len(ours) <= 2
    assert world.markets[UPBIT].fallback.count.handovers == 100
    assert _domestic(world, "BTC") == (Quality.LIVE, Channel.WEBSOCKET)


async def test_an_answer_without_a_price_keeps_nothing_live(running: World) -> None:
    world = running
    world.streams[UPBIT].send(world.quote("KRW-BTC", "52000001"))
    world.streams[UPBIT].cut()
    await world.clock.advance(2)
    assert _domestic(world, "BTC")[0] is Quality.LIVE
    world.sources[UPBIT].forget_quotes()
    await world.clock.advance(12)
    assert _domestic(world, "BTC")[0] is Quality.STALE
    assert world.markets[UPBIT].fallback.count.failures > 0


class _HangingSource:
    """A venue that takes every question and answers none until it is let."""

    exchange = UPBIT

    def __init__(self) -> None:
        self.asked = 0
        self.let = asyncio.Event()

    async def quotes(self, markets: frozenset[str]) -> FeedBatch:
        self.asked += 1
        await self.let.wait()
        update = QuoteUpdate("KRW-BTC", Decimal(1), 1)
        return FeedBatch(UPBIT, Channel.REST, 1, 1.0, (update,))


@pytest.fixture
def hanging(world: World) -> _HangingSource:
    """Upbit's REST side as a black hole."""
    source = _HangingSource()
    world.markets[UPBIT] = MarketService(
        source,  # type: ignore[arg-type] # it is asked for quotes only
        world.streams[UPBIT],
        world.board,
        world.clock,
    )
    return source


async def test_hanging_questions_are_overtaken_and_bounded(
    world: World, hanging: _HangingSource
) -> None:
    market = world.markets[UPBIT]
    market.set_coins(world.coins)
    task = asyncio.create_task(market.run_rest())
    await world.clock.settle()
    assert hanging.asked == 1
    await world.clock.advance(4)
    assert hanging.asked == 2
    await world.clock.advance(60)
    assert hanging.asked == MAX_READING
    hanging.let.set()
    await world.clock.advance(1)
    assert market.fallback.count.failures == 0
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert not [t for t in asyncio.all_tasks() if t.get_name() == "upbit.read"]


async def test_a_question_held_by_a_breaker_is_asked_as_soon_as_it_may(
    running: World,
) -> None:
    world, source = running, running.sources[UPBIT]
    world.streams[UPBIT].cut()
    source.down, source.retry_in_s = "breaker open", 2.5
    await world.clock.advance(1.1)
    asked = len(source.asked)
    await world.clock.advance(5.0)
    assert len(source.asked) == asked + 2
    source.down = None
    world.markets[UPBIT].wake()
    await world.clock.settle()
    assert _domestic(world, "BTC")[0] is Quality.LIVE


async def test_health_hears_when_a_failing_venue_is_asked_next(running: World) -> None:
    world, source = running, running.sources[UPBIT]
    world.streams[UPBIT].cut()
    source.down = "refused"
    await world.clock.advance(1.0)
    assert source.next_ms == world.clock.now_ms() + 1_000


async def test_a_renewed_session_is_no_new_one(running: World) -> None:
    world = running
    world.streams[UPBIT].send(world.quote("KRW-BTC", "52000001"))
    asked = len(world.sources[UPBIT].asked)
    world.streams[UPBIT].renew()
    await world.clock.settle()
    assert len(world.sources[UPBIT].asked) == asked
    assert _domestic(world, "BTC")[0] is Quality.LIVE
