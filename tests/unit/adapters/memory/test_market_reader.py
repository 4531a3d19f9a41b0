"""The twin of a venue's channel."""

import asyncio
from decimal import Decimal

import pytest

from adapters.memory.clock import FakeClock
from adapters.memory.market_reader import MemoryMarketReader
from domain.model.candle import Candle
from domain.model.error import UnknownMarket, UnsupportedRead, UpstreamUnavailable
from domain.model.event import QuoteUpdate
from domain.model.interval import Interval
from domain.model.market import Channel, Exchange
from domain.model.order_book import BookLevel, OrderBook
from domain.model.trade import Side, Trade
from domain.ports.market_reader import MarketReader

ONE = Decimal(1)
LEVELS = (BookLevel(ONE, ONE), BookLevel(ONE, ONE))


def candle(opened_ms: int) -> Candle:
    return Candle("BTCUSDT", Interval.M1, opened_ms, ONE, ONE, ONE, ONE, ONE, ONE)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def reader(clock: FakeClock) -> MemoryMarketReader:
    made = MemoryMarketReader(Exchange.BINANCE, Channel.REST, clock)
    made.set_ticker(QuoteUpdate("BTCUSDT", ONE, 1))
    made.set_order_book(OrderBook("BTCUSDT", 1, LEVELS, LEVELS))
    made.set_candles(candle(at) for at in (120_000, 0, 60_000, 60_000))
    made.set_trades(
        "BTCUSDT",
        [Trade("BTCUSDT", str(at), at, ONE, ONE, Side.SELL) for at in (3, 1, 2)],
    )
    return made


async def test_it_answers_what_it_was_given(reader: MemoryMarketReader) -> None:
    port: MarketReader = reader
    assert (port.exchange, port.channel) == (Exchange.BINANCE, Channel.REST)
    assert [t.price for t in await port.tickers(["BTCUSDT"])] == [ONE]
    (book,) = await port.order_books(["BTCUSDT"], 1)
    assert (len(book.bids), len(book.asks)) == (1, 1)
    assert [trade.id for trade in await port.trades("BTCUSDT", 2)] == ["2", "3"]
    assert list(reader.asked) == [
        ("tickers", "BTCUSDT", 1),
        ("order_books", "BTCUSDT", 1),
        ("trades", "BTCUSDT", 2),
    ]


async def test_candles_are_the_last_ones_before_an_instant(
    reader: MemoryMarketReader,
) -> None:
    async def opened(count: int, before_ms: int | None = None) -> list[int]:
        found = await reader.candles("BTCUSDT", Interval.M1, count, before_ms)
        return [candle.opened_ms for candle in found]

    assert await opened(2) == [60_000, 120_000]
    assert await opened(2, 120_000) == [0, 60_000]
    assert await opened(9, 60_001) == [0, 60_000]
    reader.max_candles, reader.only_now = 1, True
    assert await opened(1) == [120_000]
    with pytest.raises(UnsupportedRead):
        await opened(2)
    with pytest.raises(UnsupportedRead):
        await opened(1, 5)


async def test_a_listed_market_may_have_nothing_to_tell(
    reader: MemoryMarketReader,
) -> None:
    reader.list("NEWUSDT")
    assert await reader.tickers(["NEWUSDT"]) == []
    assert await reader.order_books(["NEWUSDT"], 1) == []
    assert await reader.candles("NEWUSDT", Interval.M1, 1) == []
    assert await reader.trades("NEWUSDT", 1) == ()


async def test_an_unlisted_market_is_unknown(reader: MemoryMarketReader) -> None:
    with pytest.raises(UnknownMarket, match="NONE"):
        await reader.tickers(["BTCUSDT", "NONE"])


async def test_it_is_down_with_a_reason_and_a_time(reader: MemoryMarketReader) -> None:
    reader.down, reader.retry_at_ms = "maintenance", 77
    with pytest.raises(UpstreamUnavailable, match=r"binance\.rest: maint") as caught:
        await reader.trades("BTCUSDT", 1)
    assert caught.value.retry_at_ms == 77


async def test_it_cannot_do_what_it_is_told_not_to(reader: MemoryMarketReader) -> None:
    reader.unsupported = {"trades"}
    with pytest.raises(UnsupportedRead):
        await reader.trades("BTCUSDT", 1)


async def test_answers_take_their_time(
    reader: MemoryMarketReader, clock: FakeClock
) -> None:
    reader.latency_s = 2.0
    asked = asyncio.create_task(reader.trades("BTCUSDT", 1))
    await clock.advance(1.9)
    assert not asked.done()
    await clock.advance(0.1)
    assert len(await asked) == 1


async def test_silence_has_no_end(reader: MemoryMarketReader, clock: FakeClock) -> None:
    reader.silent = True
    asked = asyncio.create_task(reader.trades("BTCUSDT", 1))
    await clock.advance(1_000.0)
    assert not asked.done()
    asked.cancel()
    await asyncio.wait([asked])
