"""Each line of the table, put to a venue with two channels."""

import logging

import pytest

from adapters.memory.market_reader import MemoryMarketReader
from domain.model.error import InvalidArgument, UpstreamUnavailable
from domain.model.interval import Interval
from domain.model.market import Channel, Exchange, Quality
from domain.model.route import ReadKind, RouteReason
from tests.unit.domain.services.market_data.conftest import World

REST, STREAM = Channel.REST, Channel.WEBSOCKET
UPBIT = Exchange.UPBIT
M1 = Interval.M1
BTC, ETH = "KRW-BTC", "KRW-ETH"


def asked(reader: MemoryMarketReader) -> list[tuple[str, int]]:
    """Return the questions a channel was asked, and how much of each."""
    return [(question, many) for question, _, many in reader.asked]


async def test_one_ticker_comes_by_rest(world: World) -> None:
    (found,) = await world.data.tickers(UPBIT, [BTC])
    assert (found.price, found.channel, found.quality) == (1_000, REST, Quality.LIVE)
    assert asked(world.stream) == []


async def test_two_tickers_come_by_the_stream_in_the_order_asked(world: World) -> None:
    found = await world.data.tickers(UPBIT, [ETH, BTC, ETH])
    assert [quote.market for quote in found] == [ETH, BTC]
    assert {quote.channel for quote in found} == {STREAM}
    assert asked(world.rest) == []


async def test_what_is_live_on_the_open_stream_is_read_there(world: World) -> None:
    world.go_live(BTC=7)
    (found,) = await world.data.tickers(UPBIT, [BTC])
    assert (found.price, found.channel, found.quality) == (7, STREAM, Quality.LIVE)
    assert asked(world.rest) == asked(world.stream) == []
    key = (UPBIT, ReadKind.TICKER, STREAM, RouteReason.LIVE_ON_STREAM)
    assert world.data.stats.decisions[key] == 1
    assert world.data.stats.answers[UPBIT, ReadKind.TICKER, STREAM] == 1


async def test_only_what_is_not_live_is_asked_for(world: World) -> None:
    world.go_live(BTC=7)
    found = await world.data.tickers(UPBIT, [BTC, ETH])
    assert [(q.price, q.channel) for q in found] == [(7, STREAM), (1_000, REST)]


async def test_a_stream_past_its_bound_is_not_live(world: World) -> None:
    world.go_live(BTC=7)
    await world.clock.advance(10.5)
    (found,) = await world.data.tickers(UPBIT, [BTC])
    assert (found.price, found.channel) == (1_000, REST)


async def test_an_order_book_comes_by_the_stream_cut_to_its_depth(world: World) -> None:
    found = await world.data.order_book(UPBIT, BTC, 5)
    assert found.channel is STREAM
    assert (len(found.value.bids), len(found.value.asks)) == (5, 5)
    assert asked(world.stream) == [("order_books", 5)]


async def test_two_hundred_candles_come_by_rest(world: World) -> None:
    found = await world.data.candles(UPBIT, BTC, M1, 200)
    assert found.channels == (REST,)
    assert len(found.candles) == 200
    assert found.candles[-1].closed is False
    assert asked(world.stream) == []


async def test_fewer_candles_go_two_ways(world: World) -> None:
    found = await world.data.candles(UPBIT, BTC, M1, 199)
    assert found.channels == (REST, STREAM)
    assert len(found.candles) == 199
    assert {c.close for c in found.candles[:-1]} == {1_000}
    assert (found.candles[-1].close, found.candles[-1].closed) == (2_000, False)
    assert found.quality is Quality.LIVE


@pytest.mark.parametrize(("draw", "channel"), [(0.4, REST), (0.6, STREAM)])
async def test_candles_that_both_could_serve_are_drawn_for(
    world: World, draw: float, channel: Channel
) -> None:
    world.draws = [draw]
    found = await world.data.candles(UPBIT, BTC, M1, 1)
    assert found.channels == (channel,)
    assert [c.closed for c in found.candles] == [False]


async def test_trades_come_by_rest_and_by_the_stream_where_that_fails(
    world: World,
) -> None:
    found = await world.data.trades(UPBIT, BTC, 3)
    assert found.channel is REST
    assert [trade.id for trade in found.value] == ["7", "8", "9"]
    world.rest.down = "down"
    assert (await world.data.trades(UPBIT, BTC, 3)).channel is STREAM


async def test_a_subscription_goes_to_the_stream(world: World) -> None:
    decision = world.data.subscription(UPBIT)
    assert decision.channels == (STREAM, REST)
    assert decision.reason is RouteReason.SUBSCRIPTION


async def ask_all(world: World, forced: Channel) -> list[Channel]:
    """Ask every kind of question of one channel."""
    data = world.data
    tickers = await data.tickers(UPBIT, [BTC, ETH], forced)
    book = await data.order_book(UPBIT, BTC, 1, forced)
    candles = await data.candles(UPBIT, BTC, M1, 1, None, forced)
    trades = await data.trades(UPBIT, BTC, 1, forced)
    return [tickers[0].channel, book.channel, *candles.channels, trades.channel]


@pytest.mark.parametrize("forced", [REST, STREAM])
async def test_a_forced_channel_answers_alone(world: World, forced: Channel) -> None:
    assert await ask_all(world, forced) == [forced] * 4
    other = world.stream if forced is REST else world.rest
    assert asked(other) == []


@pytest.mark.parametrize("forced", [REST, STREAM])
async def test_a_forced_channel_that_is_down_is_an_error(
    world: World, forced: Channel
) -> None:
    for known in (REST, STREAM):
        await ask_all(world, known)
    await world.clock.advance(90.0)
    down = world.rest if forced is REST else world.stream
    down.down = "maintenance"
    data = world.data
    for question in (
        data.tickers(UPBIT, [BTC], forced),
        data.order_book(UPBIT, BTC, 1, forced),
        data.candles(UPBIT, BTC, M1, 1, None, forced),
        data.trades(UPBIT, BTC, 1, forced),
    ):
        with pytest.raises(UpstreamUnavailable, match="maintenance"):
            await question


async def test_a_forced_stream_is_honoured_by_what_it_has_told_already(
    world: World,
) -> None:
    world.go_live(BTC=7)
    (live,) = await world.data.tickers(UPBIT, [BTC], STREAM)
    (asked_for,) = await world.data.tickers(UPBIT, [BTC], REST)
    assert (live.price, asked_for.price) == (7, 1_000)
    key = (UPBIT, ReadKind.TICKER, STREAM, RouteReason.FORCED)
    assert world.data.stats.decisions[key] == 1


async def test_a_forced_channel_that_cannot_is_named_with_what_may(
    world: World,
) -> None:
    with pytest.raises(InvalidArgument, match="AUTO") as caught:
        await world.data.candles(UPBIT, BTC, M1, 50, None, STREAM)
    assert caught.value.argument == "channel"


async def test_a_decision_is_logged_with_its_reason_and_told_when_it_differs(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "domain.services.channel_router")

    def told() -> list[tuple[str, object, object, object]]:
        return [
            (
                record.levelname,
                record.__dict__["channels"],
                record.__dict__["reason"],
                record.__dict__.get("ailment"),
            )
            for record in caplog.records
            if record.message == "route.decided"
        ]

    await world.data.tickers(UPBIT, [BTC])
    await world.data.tickers(UPBIT, [BTC])
    world.rest.down = "down"
    await world.data.tickers(UPBIT, [BTC])
    await world.data.tickers(UPBIT, [BTC])
    assert told() == [
        ("INFO", ["REST", "WEBSOCKET"], "one_ticker", None),
        ("DEBUG", ["REST", "WEBSOCKET"], "one_ticker", None),
        ("DEBUG", ["REST", "WEBSOCKET"], "one_ticker", None),
        ("INFO", ["WEBSOCKET", "REST"], "one_ticker", "failed_just_now"),
    ]


async def test_a_draw_alone_is_no_other_decision(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "domain.services.channel_router")
    world.draws = [0.1, 0.9, 0.1]
    for _ in range(3):
        await world.data.candles(UPBIT, BTC, M1, 1)
    shares = [record.__dict__["rest_share"] for record in caplog.records]
    assert shares == [0.5]


async def test_shared_and_parted_candles_in_turn_are_no_other_decisions(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "domain.services.channel_router")
    for count in (1, 5, 1, 5):
        await world.data.candles(UPBIT, BTC, M1, count)
    assert len(caplog.records) == 2


async def test_both_ways_of_candles_are_told(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "domain.services.channel_router")
    await world.data.candles(UPBIT, BTC, M1, 5, world.clock.now_ms() - 60_000)
    (record,) = caplog.records
    assert record.__dict__["open_candle"] == ["WEBSOCKET", "REST"]
    decisions = world.data.stats.decisions
    for channel in (REST, STREAM):
        key = (UPBIT, ReadKind.CANDLES, channel, RouteReason.FEW_CANDLES)
        assert decisions[key] == 1
