"""The stream whose ups and downs are made by hand."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal

from adapters.memory.clock import FakeClock
from adapters.memory.market_stream import MemoryMarketStream
from domain.model.event import FeedBatch, FeedDown, FeedEvent, FeedUp, QuoteUpdate
from domain.model.market import Channel, Exchange

LIMIT_S = 10.0
BTC = QuoteUpdate("KRW-BTC", Decimal(5))
ETH = QuoteUpdate("KRW-ETH", Decimal(6))


def stream_of(clock: FakeClock) -> MemoryMarketStream:
    stream = MemoryMarketStream(Exchange.UPBIT, clock)
    stream.watch(["KRW-BTC"])
    return stream


@asynccontextmanager
async def running(
    stream: MemoryMarketStream, sink: Callable[[FeedEvent], None]
) -> AsyncIterator[None]:
    task = asyncio.create_task(stream.run(sink))
    async with asyncio.timeout(LIMIT_S):
        await stream.until_running()
        yield
        task.cancel()
        await asyncio.wait([task])


async def test_events_bear_the_clocks_times() -> None:
    clock, heard = FakeClock(), list[FeedEvent]()
    stream = stream_of(clock)
    async with running(stream, heard.append):
        await clock.advance(2)
        stream.send(BTC, ETH)
        await clock.advance(1)
        stream.renew()
        stream.cut("gone")
    at_s = clock.monotonic()
    upbit = (Exchange.UPBIT, Channel.WEBSOCKET)
    assert heard == [
        FeedUp(*upbit, at_s - 3),
        FeedBatch(*upbit, clock.now_ms() - 1_000, at_s - 1, (BTC,)),
        FeedUp(*upbit, at_s, renewed=True),
        FeedDown(*upbit, at_s, "gone"),
    ]


async def test_after_a_cut_nothing_arrives_before_it_is_connected_again() -> None:
    clock, heard = FakeClock(), list[FeedEvent]()
    stream = stream_of(clock)
    async with running(stream, heard.append):
        assert stream.is_up
        stream.cut()
        stream.cut()
        stream.renew()
        stream.send(BTC)
        stream.watch(["KRW-ETH"])
        assert not stream.is_up
        stream.connect()
        stream.connect()
    assert [type(event) for event in heard] == [FeedUp, FeedDown, FeedUp, FeedDown]


async def test_a_stream_that_was_cut_before_it_ran_waits() -> None:
    clock, heard = FakeClock(), list[FeedEvent]()
    stream = stream_of(clock)
    stream.cut()
    async with running(stream, heard.append):
        assert heard == []
        stream.connect()
        assert stream.is_up


async def test_a_message_of_what_nobody_watches_arrives_empty() -> None:
    clock, heard = FakeClock(), list[FeedEvent]()
    stream = stream_of(clock)
    async with running(stream, heard.append):
        stream.send(ETH)
    batch = heard[1]
    assert isinstance(batch, FeedBatch)
    assert batch.updates == ()
