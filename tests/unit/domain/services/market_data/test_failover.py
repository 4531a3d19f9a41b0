"""A channel that fails, is slow or says nothing: who answers, and how soon."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from domain.model.error import InvalidArgument, UnknownMarket, UpstreamUnavailable
from domain.model.interval import Interval
from domain.model.market import Channel, Exchange, Quality
from domain.model.route import ReadKind, RoutePolicy
from domain.services.channel_race import Patience
from domain.services.channel_router import ChannelRouter
from domain.services.market_data_service import MarketDataService

REST, STREAM, CACHE = Channel.REST, Channel.WEBSOCKET, Channel.CACHE
UPBIT = Exchange.UPBIT
M1 = Interval.M1
BTC, ETH = "KRW-BTC", "KRW-ETH"
READ = {
    "tickers": lambda data: data.tickers(UPBIT, [BTC]),
    "order_book": lambda data: data.order_book(UPBIT, BTC, 5),
    "trades": lambda data: data.trades(UPBIT, BTC, 5),
    "candles": lambda data: data.candles(UPBIT, BTC, M1, 1),
}


def channel_of(answer: Any) -> Channel:
    """Return the channel that served an answer of any kind."""
    if isinstance(answer, list):
        return channel_of(answer[0])
    channels = getattr(answer, "channels", None)
    return channels[0] if channels else answer.channel


def count(reader: Any) -> int:
    """Return how many questions a channel was asked."""
    return len(reader.asked)


@pytest.mark.parametrize("read", READ.values(), ids=READ)
async def test_the_other_channel_answers_at_once_for_one_that_fails(
    world: Any, read: Any
) -> None:
    first = channel_of(await read(world.data))
    await world.clock.advance(90.0)
    failing, other = (world.rest, STREAM) if first is REST else (world.stream, REST)
    failing.down = "down"
    async with asyncio.timeout(5):
        assert channel_of(await read(world.data)) is other


@pytest.mark.parametrize("read", READ.values(), ids=READ)
async def test_both_failing_without_a_stored_value_is_an_error(
    world: Any, read: Any
) -> None:
    world.rest.down = world.stream.down = "down"
    with pytest.raises(UpstreamUnavailable) as caught:
        await read(world.data)
    assert caught.value.upstream in ("upbit.rest", "upbit.stream")
    assert sum(world.data.stats.unanswered.values()) == 1


@pytest.mark.parametrize("name", ["order_book", "trades"])
async def test_both_failing_is_answered_by_the_stored_value(
    world: Any, name: str
) -> None:
    before = await READ[name](world.data)
    await world.clock.advance(90.0)
    world.rest.down = world.stream.down = "down"
    found = await READ[name](world.data)
    assert (found.value, found.channel) == (before.value, CACHE)


async def test_a_ticker_is_answered_by_what_the_board_knows(world: Any) -> None:
    world.go_live(BTC=7)
    await world.clock.advance(30.0)
    world.rest.down = world.stream.down = "down"
    (found,) = await world.data.tickers(UPBIT, [BTC, ETH])
    assert (found.price, found.channel, found.quality) == (7, CACHE, Quality.STALE)


async def test_stored_candles_are_closed_ones_only(world: Any) -> None:
    await world.data.candles(UPBIT, BTC, M1, 200)
    await world.clock.advance(90.0)
    world.rest.down = world.stream.down = "down"
    found = await world.data.candles(UPBIT, BTC, M1, 200)
    assert (found.channels, found.quality) == ((CACHE,), Quality.STALE)
    assert all(candle.closed for candle in found.candles)
    assert len(found.candles) == 200


async def test_a_running_candle_that_cannot_be_had_is_left_out(world: Any) -> None:
    world.rest.only_now = False
    await world.data.candles(UPBIT, BTC, M1, 5)
    await world.clock.advance(10.0)
    # The closed ones are still good in the cache; nobody tells of the running one.
    world.rest.down = world.stream.down = "down"
    found = await world.data.candles(UPBIT, BTC, M1, 5)
    assert found.quality is Quality.STALE
    assert all(candle.closed for candle in found.candles)


async def test_a_silent_channel_is_not_waited_for_alone(world: Any) -> None:
    world.rest.silent = True
    (found,) = await world.after(0.5, world.data.tickers(UPBIT, [BTC]))
    assert found.channel is STREAM


async def test_a_slow_channel_still_wins_where_the_other_one_fails(world: Any) -> None:
    world.rest.latency_s = 8.0
    world.stream.down = "down"
    with pytest.raises(UpstreamUnavailable):
        # The stream failed 0.5 s after the question: 3 s later the time is over.
        await world.after(3.5, world.data.tickers(UPBIT, [BTC]))
    world.rest.latency_s = 3.4
    (found,) = await world.after(3.4, world.data.tickers(UPBIT, [BTC]))
    assert found.channel is REST


async def test_a_slow_channel_is_waited_for_where_the_other_one_cannot(
    world: Any,
) -> None:
    world.rest.latency_s = 11.0
    world.stream.unsupported = {"tickers"}
    (found,) = await world.after(11.0, world.data.tickers(UPBIT, [BTC]))
    assert found.channel is REST


async def test_the_longest_wait_ends_even_if_nothing_fails(world: Any) -> None:
    world.rest.silent = world.stream.silent = True
    with pytest.raises(UpstreamUnavailable, match="no answer in time"):
        await world.after(12.0, world.data.tickers(UPBIT, [BTC]))


async def test_silence_is_answered_by_the_stored_value_three_seconds_later(
    world: Any,
) -> None:
    world.go_live(BTC=7)
    await world.clock.advance(30.0)
    world.rest.silent = world.stream.silent = True
    (found,) = await world.after(3.5, world.data.tickers(UPBIT, [BTC]))
    assert found.channel is CACHE


async def test_a_try_that_was_overtaken_is_for_the_next_asker(world: Any) -> None:
    world.stream.latency_s = 2.0
    first = await world.after(0.5, world.data.order_book(UPBIT, BTC, 5))
    assert first.channel is REST
    await world.clock.advance(1.5)
    again = await world.data.order_book(UPBIT, BTC, 5)
    assert again.channel is STREAM
    assert count(world.stream) == 1


async def test_after_the_first_failure_a_question_is_answered_within_three_seconds(
    world: Any,
) -> None:
    world.rest.down = "down"
    world.stream.silent = True
    with pytest.raises(UpstreamUnavailable, match="down"):
        await world.after(3.0, world.data.trades(UPBIT, BTC, 5))


async def test_a_failed_question_is_tried_again_for_the_next_asker(world: Any) -> None:
    world.stream.down = "down"
    await world.data.order_book(UPBIT, BTC, 5)
    assert count(world.stream) == 1
    await world.clock.advance(2.0)
    assert count(world.stream) == 2
    world.stream.down = None
    await world.clock.advance(4.0)
    assert count(world.stream) == 3
    # Its answer is held: nobody has to ask.
    found = await world.data.order_book(UPBIT, BTC, 5)
    assert (found.channel, count(world.stream)) == (STREAM, 3)
    await world.clock.advance(60.0)
    assert count(world.stream) == 3


async def test_retries_end_after_three_and_run_once_at_a_time(world: Any) -> None:
    world.rest.down = "down"
    for _ in range(5):
        await world.data.trades(UPBIT, BTC, 5)
    # Passed over after its failure: the four others never came to it.
    assert count(world.rest) == 1
    await world.clock.advance(60.0)
    assert count(world.rest) == 4


async def test_a_retry_ends_where_the_market_is_gone(world: Any) -> None:
    world.rest.down = "down"
    await world.data.trades(UPBIT, BTC, 5)
    world.rest.down, world.rest._markets = None, set()
    await world.clock.advance(60.0)
    assert count(world.rest) == 2


async def test_a_broken_retry_is_logged(
    world: Any, caplog: pytest.LogCaptureFixture
) -> None:
    world.rest.down = "down"
    await world.data.trades(UPBIT, BTC, 5)
    world.rest.down, world.rest._trades = None, None
    await world.clock.advance(60.0)
    assert "route.retry_broken" in caplog.text


async def test_a_failure_just_now_ages_out(world: Any) -> None:
    world.rest.down = "down"
    await world.data.tickers(UPBIT, [BTC])
    world.rest.down = None
    (found,) = await world.data.tickers(UPBIT, [BTC])
    assert found.channel is STREAM
    await world.clock.advance(4.0)
    (found,) = await world.data.tickers(UPBIT, [BTC])
    assert found.channel is REST


async def test_a_refusal_that_tells_its_time_holds_that_kind_only(world: Any) -> None:
    world.rest.down = "too many requests"
    world.rest.retry_at_ms = world.clock.now_ms() + 30_000
    (found,) = await world.data.tickers(UPBIT, [BTC])
    assert found.channel is STREAM
    world.rest.down = None
    (held,) = await world.data.tickers(UPBIT, [BTC])
    trades = await world.data.trades(UPBIT, BTC, 1)
    assert (held.channel, trades.channel) == (STREAM, REST)
    stats = world.data.stats
    assert stats.refusals[UPBIT, REST] == 1
    assert stats.failures[UPBIT, REST] == 0
    # Nothing is sent again by itself before its time.
    await world.clock.advance(20.0)
    assert count(world.rest) == 2


async def test_a_refusal_of_both_tells_when_to_come_back(world: Any) -> None:
    at_ms = world.clock.now_ms() + 30_000
    for reader in (world.rest, world.stream):
        reader.down, reader.retry_at_ms = "too many requests", at_ms
    with pytest.raises(UpstreamUnavailable) as caught:
        await world.data.tickers(UPBIT, [BTC])
    assert caught.value.retry_at_ms == at_ms


async def fail_often(world: Any) -> None:
    """Give REST a record of three failures in five calls, the last one good."""
    world.rest.down = "down"
    for _ in range(3):
        with pytest.raises(UpstreamUnavailable):
            await world.data.trades(UPBIT, BTC, 1, REST)
    world.rest.down = None
    for _ in range(2):
        await world.data.trades(UPBIT, BTC, 1, REST)


async def test_a_channel_that_fails_often_is_passed_over_and_probed(
    world: Any,
) -> None:
    await fail_often(world)
    (over,) = await world.data.tickers(UPBIT, [BTC])
    assert over.channel is STREAM
    await world.clock.advance(4.0)
    (probe,) = await world.data.tickers(UPBIT, [BTC])
    assert probe.channel is REST


async def test_three_good_calls_in_a_row_give_it_a_new_record(
    world: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    await fail_often(world)
    await world.data.trades(UPBIT, BTC, 1, REST)
    assert "route.channel_recovered" in caplog.text
    (found,) = await world.data.tickers(UPBIT, [BTC])
    assert found.channel is REST


async def test_a_channel_that_is_slow_is_passed_over(world: Any) -> None:
    world.rest.latency_s = 5.001
    for _ in range(5):
        await world.after(6.0, world.data.trades(UPBIT, BTC, 1, REST))
    world.rest.latency_s = 0.0
    (found,) = await world.data.tickers(UPBIT, [BTC])
    assert found.channel is STREAM


async def test_an_unknown_market_is_no_failure_of_the_channel(world: Any) -> None:
    with pytest.raises(UnknownMarket):
        await world.data.trades(UPBIT, "KRW-NONE", 1)
    assert count(world.stream) == 0
    assert world.data.stats.failures[UPBIT, REST] == 0
    (found,) = await world.data.tickers(UPBIT, [BTC])
    assert found.channel is REST


async def test_a_market_that_the_venue_does_not_list_is_not_asked_for(
    world: Any,
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


async def test_codes_are_found_in_any_case(world: Any) -> None:
    world.listed = {BTC}
    (found,) = await world.data.tickers(UPBIT, ["krw-btc"])
    assert found.market == BTC


async def test_an_answer_without_the_book_asked_for_is_a_failure(world: Any) -> None:
    world.stream.list("KRW-NEW")
    world.rest.list("KRW-NEW")
    with pytest.raises(UpstreamUnavailable, match="KRW-NEW"):
        await world.data.order_book(UPBIT, "KRW-NEW", 1)
    assert world.data.stats.failures[UPBIT, STREAM] == 1


async def test_a_market_without_a_price_is_left_out(world: Any) -> None:
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
    world: Any, argument: str, question: Any
) -> None:
    with pytest.raises(InvalidArgument) as caught:
        await question(world.data)
    assert caught.value.argument == argument


async def test_what_no_channel_can_answer_is_unavailable(world: Any) -> None:
    world.rest.unsupported = world.stream.unsupported = {"trades", "candles"}
    for question in (
        world.data.trades(UPBIT, BTC, 1),
        world.data.candles(UPBIT, BTC, M1, 5, world.clock.now_ms() - 60_000),
    ):
        with pytest.raises(UpstreamUnavailable, match="no channel for such"):
            await question


async def test_a_venue_that_is_not_connected_says_so(world: Any) -> None:
    with pytest.raises(UpstreamUnavailable, match="not connected"):
        await world.data.trades(Exchange.BINANCE, "BTCUSDT", 1)
    with pytest.raises(UpstreamUnavailable, match=r"binance\.stream"):
        await world.data.trades(Exchange.BINANCE, "BTCUSDT", 1, STREAM)


async def test_a_venue_with_one_channel_works_by_that_alone(world: Any) -> None:
    router = ChannelRouter(
        [world.rest], world.clock, world.draw, RoutePolicy(), Patience()
    )
    data = MarketDataService(router, world.board, world.lists, world.clock)
    book = await data.order_book(UPBIT, BTC, 3)
    series = await data.candles(UPBIT, BTC, M1, 50)
    assert (book.channel, series.channels) == (REST, (REST,))
    assert len(series.candles) == 50
    await data.close()


async def test_at_the_cap_of_calls_under_way_no_more_are_asked(world: Any) -> None:
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


async def test_an_asker_who_leaves_takes_nobody_s_answer_away(world: Any) -> None:
    world.stream.latency_s = 0.4
    leaving = asyncio.create_task(world.data.order_book(UPBIT, BTC, 5))
    await world.clock.settle()
    leaving.cancel()
    await asyncio.wait([leaving])
    found = await world.after(0.4, world.data.order_book(UPBIT, BTC, 5))
    assert (found.channel, count(world.stream)) == (STREAM, 1)


async def test_closing_ends_what_is_under_way(world: Any) -> None:
    world.rest.silent = True
    asked = asyncio.create_task(world.data.tickers(UPBIT, [BTC]))
    await world.clock.settle()
    await world.data.close()
    asked.cancel()
    await asyncio.wait([asked])
    left = [task.get_name() for task in asyncio.all_tasks()]
    assert not [name for name in left if name.startswith("route.")]


async def test_a_bug_of_a_reader_reaches_the_asker(world: Any) -> None:
    world.rest._trades = None
    with pytest.raises(AttributeError):
        await world.data.trades(UPBIT, BTC, 1)
    assert world.data.stats.unanswered[UPBIT, ReadKind.TRADES] == 0


async def test_calls_and_failures_are_counted_by_channel(world: Any) -> None:
    world.rest.down = "down"
    await world.data.tickers(UPBIT, [BTC])
    stats = world.data.stats
    assert (stats.calls[UPBIT, REST], stats.failures[UPBIT, REST]) == (1, 1)
    assert (stats.calls[UPBIT, STREAM], stats.failures[UPBIT, STREAM]) == (1, 0)
    assert stats.answers[UPBIT, ReadKind.TICKER, STREAM] == 1
