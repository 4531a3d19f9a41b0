"""A channel that fails, is slow or says nothing: who answers, and how soon."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from domain.model.candle_series import CandleSeries
from domain.model.error import UpstreamUnavailable
from domain.model.interval import Interval
from domain.model.market import Channel, Exchange, Quality
from domain.model.order_book import OrderBook
from domain.model.quote import Quote
from domain.model.trade import Trade
from domain.services.channel_router import Served
from domain.services.market_data_service import MarketDataService
from tests.unit.domain.services.market_data.conftest import World, count

REST, STREAM, CACHE = Channel.REST, Channel.WEBSOCKET, Channel.CACHE
UPBIT = Exchange.UPBIT
M1 = Interval.M1
BTC, ETH = "KRW-BTC", "KRW-ETH"
Answer = list[Quote] | Served[OrderBook] | Served[tuple[Trade, ...]] | CandleSeries
Read = Callable[[MarketDataService], Awaitable[Answer]]
READ: dict[str, Read] = {
    "tickers": lambda data: data.tickers(UPBIT, [BTC]),
    "order_book": lambda data: data.order_book(UPBIT, BTC, 5),
    "trades": lambda data: data.trades(UPBIT, BTC, 5),
    "candles": lambda data: data.candles(UPBIT, BTC, M1, 1),
}


def channel_of(answer: Answer) -> Channel:
    """Return the channel that served an answer of any kind."""
    if isinstance(answer, CandleSeries):
        return answer.channels[0]
    return answer[0].channel if isinstance(answer, list) else answer.channel


@pytest.mark.parametrize("read", READ.values(), ids=READ)
async def test_the_other_channel_answers_at_once_for_one_that_fails(
    world: World, read: Read
) -> None:
    first = channel_of(await read(world.data))
    await world.clock.advance(90.0)
    failing, other = (world.rest, STREAM) if first is REST else (world.stream, REST)
    failing.down = "down"
    async with asyncio.timeout(5):
        assert channel_of(await read(world.data)) is other


@pytest.mark.parametrize("read", READ.values(), ids=READ)
async def test_both_failing_without_a_stored_value_is_an_error(
    world: World, read: Read
) -> None:
    world.rest.down = world.stream.down = "down"
    with pytest.raises(UpstreamUnavailable) as caught:
        await read(world.data)
    assert caught.value.upstream in ("upbit.rest", "upbit.stream")
    assert sum(world.data.stats.unanswered.values()) == 1


@pytest.mark.parametrize("name", ["order_book", "trades"])
async def test_both_failing_is_answered_by_the_stored_value(
    world: World, name: str
) -> None:
    before = await READ[name](world.data)
    await world.clock.advance(90.0)
    world.rest.down = world.stream.down = "down"
    found = await READ[name](world.data)
    assert isinstance(before, Served)
    assert isinstance(found, Served)
    assert (found.value, found.channel) == (before.value, CACHE)


async def test_a_ticker_is_answered_by_what_the_board_knows(world: World) -> None:
    world.go_live(BTC=7)
    await world.clock.advance(30.0)
    world.rest.down = world.stream.down = "down"
    (found,) = await world.data.tickers(UPBIT, [BTC, ETH])
    assert (found.price, found.channel, found.quality) == (7, CACHE, Quality.STALE)


async def test_stored_candles_are_closed_ones_only(world: World) -> None:
    await world.data.candles(UPBIT, BTC, M1, 200)
    await world.clock.advance(90.0)
    world.rest.down = world.stream.down = "down"
    found = await world.data.candles(UPBIT, BTC, M1, 200)
    assert (found.channels, found.quality) == ((CACHE,), Quality.STALE)
    assert all(candle.closed for candle in found.candles)
    assert len(found.candles) == 200


async def test_a_running_candle_that_cannot_be_had_is_left_out(world: World) -> None:
    world.rest.only_now = False
    await world.data.candles(UPBIT, BTC, M1, 5)
    await world.clock.advance(10.0)
    # The closed ones are still good in the cache; nobody tells of the running one.
    world.rest.down = world.stream.down = "down"
    found = await world.data.candles(UPBIT, BTC, M1, 5)
    assert found.quality is Quality.STALE
    assert all(candle.closed for candle in found.candles)


async def test_a_silent_channel_is_not_waited_for_alone(world: World) -> None:
    world.rest.silent = True
    (found,) = await world.after(0.5, world.data.tickers(UPBIT, [BTC]))
    assert found.channel is STREAM


async def test_a_slow_channel_still_wins_where_the_other_one_fails(
    world: World,
) -> None:
    world.rest.latency_s = 8.0
    world.stream.down = "down"
    with pytest.raises(UpstreamUnavailable):
        # The stream failed 0.5 s after the question: 3 s later the time is over.
        await world.after(3.5, world.data.tickers(UPBIT, [BTC]))
    world.rest.latency_s = 3.4
    (found,) = await world.after(3.4, world.data.tickers(UPBIT, [BTC]))
    assert found.channel is REST


async def test_a_slow_channel_is_waited_for_where_the_other_one_cannot(
    world: World,
) -> None:
    world.rest.latency_s = 11.0
    world.stream.unsupported = {"tickers"}
    (found,) = await world.after(11.0, world.data.tickers(UPBIT, [BTC]))
    assert found.channel is REST


async def test_the_longest_wait_ends_even_if_nothing_fails(world: World) -> None:
    world.rest.silent = world.stream.silent = True
    with pytest.raises(UpstreamUnavailable, match="no answer in time"):
        await world.after(12.0, world.data.tickers(UPBIT, [BTC]))


async def test_silence_is_answered_by_the_stored_value_three_seconds_later(
    world: World,
) -> None:
    world.go_live(BTC=7)
    await world.clock.advance(30.0)
    world.rest.silent = world.stream.silent = True
    (found,) = await world.after(3.5, world.data.tickers(UPBIT, [BTC]))
    assert found.channel is CACHE


async def test_a_try_that_was_overtaken_is_for_the_next_asker(world: World) -> None:
    world.stream.latency_s = 2.0
    first = await world.after(0.5, world.data.order_book(UPBIT, BTC, 5))
    assert first.channel is REST
    await world.clock.advance(1.5)
    again = await world.data.order_book(UPBIT, BTC, 5)
    assert again.channel is STREAM
    assert count(world.stream) == 1


async def test_after_the_first_failure_a_question_is_answered_within_three_seconds(
    world: World,
) -> None:
    world.rest.down = "down"
    world.stream.silent = True
    with pytest.raises(UpstreamUnavailable, match="down"):
        await world.after(3.0, world.data.trades(UPBIT, BTC, 5))


async def test_a_failed_question_is_tried_again_for_the_next_asker(
    world: World,
) -> None:
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


async def test_retries_end_after_three_and_run_once_at_a_time(world: World) -> None:
    world.rest.down = "down"
    for _ in range(5):
        await world.data.trades(UPBIT, BTC, 5)
    # Passed over after its failure: the four others never came to it.
    assert count(world.rest) == 1
    await world.clock.advance(60.0)
    assert count(world.rest) == 4


async def test_a_retry_ends_where_the_market_is_gone(world: World) -> None:
    world.rest.down = "down"
    await world.data.trades(UPBIT, BTC, 5)
    world.rest.down, world.rest._markets = None, set()
    await world.clock.advance(60.0)
    assert count(world.rest) == 2


async def test_a_broken_retry_is_logged(
    world: World, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.rest.down = "down"
    await world.data.trades(UPBIT, BTC, 5)
    world.rest.down = None
    monkeypatch.setattr(world.rest, "_trades", None)
    await world.clock.advance(60.0)
    assert "route.retry_broken" in caplog.text


async def test_a_failure_just_now_ages_out(world: World) -> None:
    world.rest.down = "down"
    await world.data.tickers(UPBIT, [BTC])
    world.rest.down = None
    (found,) = await world.data.tickers(UPBIT, [BTC])
    assert found.channel is STREAM
    await world.clock.advance(4.0)
    (found,) = await world.data.tickers(UPBIT, [BTC])
    assert found.channel is REST


async def test_a_refusal_that_tells_its_time_holds_that_kind_only(world: World) -> None:
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


async def test_a_refusal_of_both_tells_when_to_come_back(world: World) -> None:
    at_ms = world.clock.now_ms() + 30_000
    for reader in (world.rest, world.stream):
        reader.down, reader.retry_at_ms = "too many requests", at_ms
    with pytest.raises(UpstreamUnavailable) as caught:
        await world.data.tickers(UPBIT, [BTC])
    assert caught.value.retry_at_ms == at_ms


async def fail_often(world: World) -> None:
    """Give REST a record of three failures in five calls, the last one good."""
    world.rest.down = "down"
    for _ in range(3):
        with pytest.raises(UpstreamUnavailable):
            await world.data.trades(UPBIT, BTC, 1, REST)
    world.rest.down = None
    for _ in range(2):
        await world.data.trades(UPBIT, BTC, 1, REST)


async def test_a_channel_that_fails_often_is_passed_over_and_probed(
    world: World,
) -> None:
    await fail_often(world)
    (over,) = await world.data.tickers(UPBIT, [BTC])
    assert over.channel is STREAM
    await world.clock.advance(4.0)
    (probe,) = await world.data.tickers(UPBIT, [BTC])
    assert probe.channel is REST


async def test_three_good_calls_in_a_row_give_it_a_new_record(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    await fail_often(world)
    await world.data.trades(UPBIT, BTC, 1, REST)
    assert "route.channel_recovered" in caplog.text
    (found,) = await world.data.tickers(UPBIT, [BTC])
    assert found.channel is REST


async def test_a_channel_that_is_slow_is_passed_over(world: World) -> None:
    world.rest.latency_s = 5.001
    for _ in range(5):
        await world.after(6.0, world.data.trades(UPBIT, BTC, 1, REST))
    world.rest.latency_s = 0.0
    (found,) = await world.data.tickers(UPBIT, [BTC])
    assert found.channel is STREAM
