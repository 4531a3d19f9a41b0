from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any, cast

import pytest

from adapters.resilience.stream_read import StreamReads
from adapters.upbit.stream_reader import UpbitStreamReader
from domain.model.error import InvalidArgument, UnknownMarket, UnsupportedRead
from domain.model.event import QuoteUpdate
from domain.model.interval import Interval
from domain.model.market import Channel, Exchange
from domain.model.order_book import BookLevel, OrderBook
from domain.ports.market_reader import MarketReader


class Reads:
    """Answers what it was given, and remembers what it was asked."""

    def __init__(self) -> None:
        self.known: dict[str, Any] = {}
        self.asked: list[list[str]] = []
        self.closed = False

    async def read(self, topics: Collection[str]) -> Mapping[str, Any]:
        self.asked.append(sorted(topics))
        return {word: self.known[word] for word in topics if word in self.known}

    async def close(self) -> None:
        self.closed = True


@pytest.fixture
def reads() -> Reads:
    return Reads()


@pytest.fixture
def reader(reads: Reads) -> UpbitStreamReader:
    return UpbitStreamReader(cast("StreamReads", reads))


def test_it_is_the_market_reader_of_its_channel(reader: UpbitStreamReader) -> None:
    port: MarketReader = reader
    assert (port.exchange, port.channel) == (Exchange.UPBIT, Channel.WEBSOCKET)


async def test_each_market_is_asked_once(
    reader: UpbitStreamReader, reads: Reads
) -> None:
    update = QuoteUpdate("KRW-BTC", Decimal(1))
    reads.known["ticker:KRW-BTC"] = update
    assert await reader.tickers(["KRW-BTC", "KRW-ETH", "KRW-BTC"]) == [update]
    assert reads.asked == [["ticker:KRW-BTC", "ticker:KRW-ETH"]]


async def test_books_are_cut_to_the_depth(
    reader: UpbitStreamReader, reads: Reads
) -> None:
    side = tuple(BookLevel(Decimal(n), Decimal(1)) for n in range(1, 4))
    reads.known["orderbook:KRW-BTC"] = OrderBook("KRW-BTC", 1, side, side)
    (book,) = await reader.order_books(["KRW-BTC"], 2)
    assert (book.bids, book.asks) == (side[:2], side[:2])


async def test_the_last_candle_and_the_last_trade_can_be_read(
    reader: UpbitStreamReader, reads: Reads
) -> None:
    reads.known = {"candle.60m:KRW-BTC": "a candle", "trade:KRW-BTC": "a trade"}
    assert await reader.candles("KRW-BTC", Interval.H1, 1) == ["a candle"]
    assert await reader.trades("KRW-BTC", 1) == ["a trade"]


async def test_the_past_cannot_be_read(reader: UpbitStreamReader, reads: Reads) -> None:
    for question in (
        reader.candles("KRW-BTC", Interval.M1, 2),
        reader.candles("KRW-BTC", Interval.M1, 1, before_ms=7),
        reader.candles("KRW-BTC", Interval.D1, 1),
        reader.candles("KRW-BTC", Interval.W1, 1),
        reader.trades("KRW-BTC", 2),
    ):
        with pytest.raises(UnsupportedRead, match="UPBIT"):
            await question
    assert reads.asked == []


@pytest.mark.parametrize("code", ["", "BTC", "krw-btc", "KRW-BTC.5"])
async def test_what_is_no_code_is_not_even_asked(
    reader: UpbitStreamReader, reads: Reads, code: str
) -> None:
    for question in (
        reader.tickers([code]),
        reader.order_books([code], 1),
        reader.candles(code, Interval.M1, 1),
        reader.trades(code, 1),
    ):
        with pytest.raises(UnknownMarket):
            await question
    assert reads.asked == []


async def test_what_is_outside_of_the_bounds_is_an_invalid_argument(
    reader: UpbitStreamReader,
) -> None:
    for question in (
        reader.order_books(["KRW-BTC"], 0),
        reader.candles("KRW-BTC", Interval.M1, 0),
        reader.trades("KRW-BTC", 0),
    ):
        with pytest.raises(InvalidArgument):
            await question


async def test_closing_closes_the_connection(
    reader: UpbitStreamReader, reads: Reads
) -> None:
    await reader.close()
    assert reads.closed
