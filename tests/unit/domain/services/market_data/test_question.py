"""What may be asked, of which channels there are, and who hears of surprises."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import replace
from decimal import Decimal

import pytest

from adapters.memory.clock import FakeClock
from domain.model.error import InvalidArgument, UnknownMarket, UpstreamUnavailable
from domain.model.interval import Interval
from domain.model.market import Channel, Exchange, MarketKey
from domain.model.order_book import OrderBook
from domain.model.route import ReadKind, RoutePolicy
from domain.services.channel_line import ChannelLine
from domain.services.channel_race import ChannelRace, Patience, _Heat
from domain.services.channel_router import ChannelRouter
from domain.services.market_data_service import MarketDataService
from tests.unit.domain.services.market_data.conftest import World, count

REST, STREAM, CACHE = Channel.REST, Channel.WEBSOCKET, Channel.CACHE
UPBIT = Exchange.UPBIT
M1 = Interval.M1
BTC, ETH = "KRW-BTC", "KRW-ETH"
Ask = Callable[[MarketDataService], Awaitable[object]]


async def test_an_unknown_market_is_no_failure_of_the_channel(world: World) -> None:
    with pytest.raises(UnknownMarket):
        await world.data.trades(UPBIT, "KRW-NONE", 1)
    assert count(world.stream) == 0
    assert world.data.stats.failures[UPBIT, REST] == 0
    (found,) = await world.data.tickers(UPBIT, [BTC])
    assert found.channel is REST


async def test_a_market_that_the_venue_does_not_list_is_not_asked_for(
    world: World,
) -> None:
    world.listed = {BTC}
    for question in (
        world.data.tickers(UPBIT, [BTC, ETH]),
        world.data.order_book(UPBIT, ETH, 1),
        world.data.candles(UPBIT, ETH, M1, 1),
        world.data.trades(UPBIT, ETH, 1),
    ):
        with pytest.raises(UnknownMarket, match=ETH):
            await question
    assert count(world.rest) == count(world.stream) == 0


async def test_codes_are_found_in_any_case(world: World) -> None:
    world.listed = {BTC}
    (found,) = await world.data.tickers(UPBIT, ["krw-btc"])
    assert found.market == BTC


async def test_an_answer_without_the_book_asked_for_is_a_failure(world: World) -> None:
    world.stream.list("KRW-NEW")
    world.rest.list("KRW-NEW")
    with pytest.raises(UpstreamUnavailable, match="KRW-NEW"):
        await world.data.order_book(UPBIT, "KRW-NEW", 1)
    assert world.data.stats.failures[UPBIT, STREAM] == 1


async def test_a_market_without_a_price_is_left_out(world: World) -> None:
    world.stream.list("KRW-NEW")
    found = await world.data.tickers(UPBIT, ["KRW-NEW", BTC])
    assert [quote.market for quote in found] == [BTC]
    assert await world.data.tickers(UPBIT, []) == []


@pytest.mark.parametrize(
    ("argument", "question"),
    [
        ("markets", lambda d: d.tickers(UPBIT, [f"KRW-{at}" for at in range(201)])),
        ("depth", lambda d: d.order_book(UPBIT, BTC, 0)),
        ("depth", lambda d: d.order_book(UPBIT, BTC, 31)),
        ("first", lambda d: d.candles(UPBIT, BTC, M1, 0)),
        ("first", lambda d: d.candles(UPBIT, BTC, M1, 1_001)),
        ("first", lambda d: d.trades(UPBIT, BTC, 501)),
    ],
)
async def test_what_is_out_of_range_is_named(
    world: World,
    argument: str,
    question: Callable[[MarketDataService], Awaitable[object]],
) -> None:
    with pytest.raises(InvalidArgument) as caught:
        await question(world.data)
    assert caught.value.argument == argument


async def test_what_no_channel_can_answer_is_unavailable(world: World) -> None:
    world.rest.unsupported = world.stream.unsupported = {"trades", "candles"}
    for question in (
        world.data.trades(UPBIT, BTC, 1),
        world.data.candles(UPBIT, BTC, M1, 5, world.clock.now_ms() - 60_000),
    ):
        with pytest.raises(UpstreamUnavailable, match="no channel for such"):
            await question


async def test_a_venue_that_is_not_connected_says_so(world: World) -> None:
    with pytest.raises(UpstreamUnavailable, match="not connected"):
        await world.data.trades(Exchange.BINANCE, "BTCUSDT", 1)
    with pytest.raises(UpstreamUnavailable, match=r"binance\.stream"):
        await world.data.trades(Exchange.BINANCE, "BTCUSDT", 1, STREAM)


async def test_a_venue_with_one_channel_works_by_that_alone(world: World) -> None:
    router = ChannelRouter(
        [world.rest], world.clock, world.draw, RoutePolicy(), Patience()
    )
    data = MarketDataService(router, world.board, world.lists, world.clock)
    book = await data.order_book(UPBIT, BTC, 3)
    series = await data.candles(UPBIT, BTC, M1, 50)
    assert (book.channel, series.channels) == (REST, (REST,))
    assert len(series.candles) == 50
    await data.close()


async def test_at_the_cap_of_calls_under_way_no_more_are_asked(world: World) -> None:
    patience = replace(Patience(), max_under_way=2)
    readers = [world.rest, world.stream]
    router = ChannelRouter(readers, world.clock, world.draw, RoutePolicy(), patience)
    data = MarketDataService(router, world.board, world.lists, world.clock)
    world.rest.silent = True
    waiting = asyncio.create_task(data.tickers(UPBIT, [BTC]))
    await world.clock.settle()
    with pytest.raises(UpstreamUnavailable, match="too many questions"):
        await data.trades(UPBIT, BTC, 1)
    waiting.cancel()
    await asyncio.wait([waiting])
    await data.close()
    assert count(world.rest) == 1


async def test_an_asker_who_leaves_takes_nobody_s_answer_away(world: World) -> None:
    world.stream.latency_s = 0.4
    leaving = asyncio.create_task(world.data.order_book(UPBIT, BTC, 5))
    await world.clock.settle()
    leaving.cancel()
    await asyncio.wait([leaving])
    found = await world.after(0.4, world.data.order_book(UPBIT, BTC, 5))
    assert (found.channel, count(world.stream)) == (STREAM, 1)


async def test_closing_ends_what_is_under_way(world: World) -> None:
    world.rest.silent = True
    asked = asyncio.create_task(world.data.tickers(UPBIT, [BTC]))
    await world.clock.settle()
    await world.data.close()
    asked.cancel()
    await asyncio.wait([asked])
    left = [task.get_name() for task in asyncio.all_tasks()]
    assert not [name for name in left if name.startswith("route.")]


async def test_a_bug_of_a_reader_reaches_the_asker(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world.rest, "_trades", None)
    with pytest.raises(AttributeError):
        await world.data.trades(UPBIT, BTC, 1)
    assert world.data.stats.unanswered[UPBIT, ReadKind.TRADES] == 0


async def test_calls_and_failures_are_counted_by_channel(world: World) -> None:
    world.rest.down = "down"
    await world.data.tickers(UPBIT, [BTC])
    stats = world.data.stats
    assert (stats.calls[UPBIT, REST], stats.failures[UPBIT, REST]) == (1, 1)
    assert (stats.calls[UPBIT, STREAM], stats.failures[UPBIT, STREAM]) == (1, 0)
    assert stats.answers[UPBIT, ReadKind.TICKER, STREAM] == 1


def _book(market: str) -> OrderBook:
    return OrderBook(market, 1, (), ())


async def test_a_heat_without_a_channel_left_starts_nothing() -> None:
    async def read(line: ChannelLine) -> None:
        return None

    patience = Patience()
    heat = _Heat(ChannelRace(FakeClock(), patience), [], read, 0.0, patience)
    heat.start_next()
    assert heat.running == {}


async def test_a_book_of_another_market_is_passed_over(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def books(markets: Collection[str], depth: int) -> list[OrderBook]:
        return [_book(ETH), _book(BTC)]

    monkeypatch.setattr(world.rest, "order_books", books)
    found = await world.data.order_book(UPBIT, BTC, 5, REST)
    assert found.value.market == BTC


async def test_a_market_without_a_price_has_no_stored_value(world: World) -> None:
    world.board.book.watch(MarketKey(UPBIT, BTC), Decimal(1))
    world.rest.down = world.stream.down = "down"
    with pytest.raises(UpstreamUnavailable):
        await world.after(15.0, world.data.tickers(UPBIT, [BTC]))
