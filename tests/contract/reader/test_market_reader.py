"""What every `MarketReader` does."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from domain.model.error import UnknownMarket, UnsupportedRead, UpstreamUnavailable
from domain.model.interval import Interval
from domain.model.market import Channel, Exchange

if TYPE_CHECKING:
    from tests.contract.reader.conftest import Reading

LIMIT_S = 30.0


async def test_it_knows_its_venue_and_channel(
    reading: Reading, exchange: Exchange, channel: Channel
) -> None:
    assert (reading.reader.exchange, reading.reader.channel) == (exchange, channel)


async def test_tickers_are_of_the_markets_asked_for(reading: Reading) -> None:
    async with asyncio.timeout(LIMIT_S):
        found = await reading.reader.tickers([reading.btc, reading.other])
    assert sorted(update.market for update in found) == sorted(
        [reading.btc, reading.other]
    )
    assert all(update.price is not None and update.price > 0 for update in found)


async def test_of_no_market_there_is_nothing(reading: Reading) -> None:
    assert list(await reading.reader.tickers([])) == []
    assert list(await reading.reader.order_books([], 3)) == []


@pytest.mark.parametrize("depth", [1, 3])
async def test_books_have_their_best_steps_first(reading: Reading, depth: int) -> None:
    async with asyncio.timeout(LIMIT_S):
        found = await reading.reader.order_books([reading.btc, reading.other], depth)
    assert {book.market for book in found} == {reading.btc, reading.other}
    for book in found:
        assert 1 <= len(book.bids) <= depth
        assert 1 <= len(book.asks) <= depth
        assert all(better.price > worse.price for better, worse in pairwise(book.bids))
        assert all(better.price < worse.price for better, worse in pairwise(book.asks))
        assert book.bids[0].price < book.asks[0].price
        assert all(level.volume > 0 for level in (*book.bids, *book.asks))
        assert abs(book.at_ms - reading.clock.now_ms()) < 60_000


@pytest.mark.parametrize("interval", [Interval.M1, Interval.H4])
async def test_the_last_candle_is_the_one_that_runs(
    reading: Reading, interval: Interval
) -> None:
    earliest_ms = interval.opened_ms(reading.clock.now_ms())
    async with asyncio.timeout(LIMIT_S):
        (last,) = await reading.reader.candles(reading.btc, interval, 1)
    latest_ms = interval.opened_ms(reading.clock.now_ms())
    # Until something is traded in it, the last one is the one before.
    assert earliest_ms - interval.length_ms <= last.opened_ms <= latest_ms
    assert (last.market, last.interval) == (reading.btc, interval)
    assert last.low <= min(last.open, last.close)
    assert last.high >= max(last.open, last.close)
    assert last.base_volume >= 0
    assert last.quote_volume >= 0
    assert not (last.closed and last.opened_ms == latest_ms)


@pytest.mark.parametrize("interval", [Interval.M1, Interval.D1, Interval.W1])
async def test_candles_ascend_once_each_at_begins_of_their_interval(
    reading: Reading, channel: Channel, interval: Interval
) -> None:
    found = None
    async with asyncio.timeout(LIMIT_S):
        with suppress(UnsupportedRead):
            found = await reading.reader.candles(reading.btc, interval, 5)
    if found is None:
        assert channel is Channel.WEBSOCKET
        return
    opened = [candle.opened_ms for candle in found]
    assert len(opened) == 5
    assert opened == sorted(set(opened))
    assert all(interval.opened_ms(each) == each for each in opened)
    assert all(candle.closed for candle in found[:-1])


async def test_candles_before_an_instant_are_those_that_opened_earlier(
    reading: Reading, channel: Channel
) -> None:
    now_ms = reading.clock.now_ms()
    before_ms = Interval.M1.opened_ms(now_ms) - 2 * Interval.M1.length_ms
    found = None
    async with asyncio.timeout(LIMIT_S):
        with suppress(UnsupportedRead):
            found = await reading.reader.candles(reading.btc, Interval.M1, 3, before_ms)
    if found is None:
        assert channel is Channel.WEBSOCKET
        return
    assert len(found) == 3
    assert all(candle.opened_ms < before_ms for candle in found)
    assert all(candle.closed for candle in found)
    assert found[-1].opened_ms == before_ms - Interval.M1.length_ms


@pytest.mark.parametrize("interval", [Interval.M1, Interval.H1, Interval.D1])
async def test_candles_of_a_span_are_those_that_opened_in_it(
    reading: Reading, channel: Channel, interval: Interval
) -> None:
    length_ms = interval.length_ms
    to_ms = interval.opened_ms(reading.clock.now_ms()) - length_ms
    found = None
    async with asyncio.timeout(LIMIT_S):
        with suppress(UnsupportedRead):
            found = await reading.reader.past_candles(
                reading.btc, interval, to_ms - 4 * length_ms, to_ms
            )
    if found is None:
        assert channel is Channel.WEBSOCKET
        return
    opened = [candle.opened_ms for candle in found.candles]
    assert opened == [to_ms - back * length_ms for back in (4, 3, 2, 1)]
    assert all(candle.closed for candle in found.candles)
    assert {(c.market, c.interval) for c in found.candles} == {(reading.btc, interval)}
    assert found.irregular == 0
    if found.earlier is not None:
        assert found.earlier.opened_ms < opened[0]


async def test_a_span_before_the_venue_was_there_has_no_candles(
    reading: Reading, channel: Channel
) -> None:
    found = None
    async with asyncio.timeout(LIMIT_S):
        with suppress(UnsupportedRead):
            found = await reading.reader.past_candles(
                reading.btc, Interval.D1, 0, 3 * Interval.D1.length_ms
            )
    if found is None:
        assert channel is Channel.WEBSOCKET
        return
    assert found.candles == ()


@pytest.mark.parametrize("count", [1, 5])
async def test_trades_ascend_once_each(
    reading: Reading, channel: Channel, count: int
) -> None:
    found = None
    async with asyncio.timeout(LIMIT_S):
        with suppress(UnsupportedRead):
            found = await reading.reader.trades(reading.btc, count)
    if found is None:
        assert channel is Channel.WEBSOCKET
        return
    assert 1 <= len(found) <= count
    assert len({trade.id for trade in found}) == len(found)
    assert [trade.at_ms for trade in found] == sorted(trade.at_ms for trade in found)
    assert {trade.market for trade in found} == {reading.btc}
    assert all(trade.price > 0 and trade.volume > 0 for trade in found)


@pytest.mark.parametrize("stream_timeout_s", [0.5])
async def test_a_market_that_nobody_lists_is_not_answered(
    reading: Reading, channel: Channel
) -> None:
    # A stream cannot tell it from one that is silent.
    silent = (UpstreamUnavailable,) if channel is Channel.WEBSOCKET else ()
    async with asyncio.timeout(LIMIT_S):
        answers = await asyncio.gather(
            reading.reader.tickers([reading.btc, reading.nobody]),
            reading.reader.order_books([reading.nobody], 1),
            reading.reader.candles(reading.nobody, Interval.M1, 1),
            return_exceptions=True,
        )
    if channel is Channel.REST:
        with pytest.raises(UnknownMarket):
            await reading.reader.past_candles(
                reading.nobody, Interval.D1, 0, Interval.D1.length_ms
            )
    for answer in answers:
        assert isinstance(answer, (UnknownMarket, *silent)), answer


async def test_a_venue_that_fails_is_unavailable_and_comes_back(
    reading: Reading,
) -> None:
    await reading.reader.tickers([reading.btc])
    reading.fail()
    for question in (
        reading.reader.tickers([reading.btc]),
        reading.reader.order_books([reading.btc], 1),
        reading.reader.candles(reading.btc, Interval.M1, 1),
    ):
        with pytest.raises(UpstreamUnavailable):
            await question
    reading.mend()
    assert await reading.reader.tickers([reading.btc])


async def test_reads_at_once_are_all_answered(reading: Reading) -> None:
    reader = reading.reader
    async with asyncio.timeout(LIMIT_S):
        found = await asyncio.gather(
            *(reader.tickers([reading.btc]) for _ in range(5)),
            reader.order_books([reading.btc], 2),
            reader.order_books([reading.btc, reading.other], 5),
            reader.candles(reading.other, Interval.M1, 1),
        )
    assert all(found)


async def test_a_cancelled_read_disturbs_no_other(reading: Reading) -> None:
    left = asyncio.create_task(_ticker(reading, reading.other))
    kept = asyncio.create_task(_ticker(reading, reading.btc))
    await asyncio.sleep(0)  # both begin
    left.cancel()
    async with asyncio.timeout(LIMIT_S):
        assert await kept
    assert left.done()


async def _ticker(reading: Reading, market: str) -> object:
    return await reading.reader.tickers([market])
