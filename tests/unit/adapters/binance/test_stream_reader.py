from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any, cast

import pytest

from adapters.binance.stream_reader import BinanceStreamReader
from adapters.resilience.stream_read import StreamReads
from domain.model.candle import Candle
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
def reader(reads: Reads) -> BinanceStreamReader:
    return BinanceStreamReader(cast("StreamReads", reads))


def test_it_is_the_market_reader_of_its_channel(reader: BinanceStreamReader) -> None:
    port: MarketReader = reader
    assert (port.exchange, port.channel) == (Exchange.BINANCE, Channel.WEBSOCKET)


async def test_each_market_is_asked_once(
    reader: BinanceStreamReader, reads: Reads
) -> None:
    update = QuoteUpdate("BTCUSDT", Decimal(1))
    reads.known["btcusdt@ticker"] = update
    assert await reader.tickers(["BTCUSDT", "ETHUSDT", "BTCUSDT"]) == [update]
    assert reads.asked == [["btcusdt@ticker", "ethusdt@ticker"]]


async def test_books_are_cut_to_the_depth(
    reader: BinanceStreamReader, reads: Reads
) -> None:
    side = tuple(BookLevel(Decimal(n), Decimal(1)) for n in range(1, 4))
    reads.known["btcusdt@depth20@100ms"] = OrderBook("BTCUSDT", 1, side, side)
    (book,) = await reader.order_books(["BTCUSDT"], 2)
    assert (book.bids, book.asks) == (side[:2], side[:2])


async def test_the_last_candle_can_be_read(
    reader: BinanceStreamReader, reads: Reads
) -> None:
    one = Decimal(1)
    candle = Candle("btcusdt", Interval.D1, 0, *(one,) * 6)
    reads.known = {"btcusdt@kline_1d": candle}
    (found,) = await reader.candles("BTCUSDT", Interval.D1, 1)
    assert (found.market, found.interval) == ("BTCUSDT", Interval.D1)


async def test_a_market_keeps_its_own_letters(
    reader: BinanceStreamReader, reads: Reads
) -> None:
    # The small letter of this one has two capitals.
    reads.known["ǆusdt@ticker"] = QuoteUpdate("ǄUSDT", Decimal(1))
    (update,) = await reader.tickers(["ǅUSDT"])
    assert update.market == "ǅUSDT"


async def test_the_past_and_deeper_books_cannot_be_read(
    reader: BinanceStreamReader, reads: Reads
) -> None:
    for question in (
        reader.candles("BTCUSDT", Interval.M1, 2),
        reader.candles("BTCUSDT", Interval.M1, 1, before_ms=7),
        reader.trades("BTCUSDT", 1),
        reader.order_books(["BTCUSDT"], 21),
    ):
        with pytest.raises(UnsupportedRead, match="BINANCE"):
            await question
    assert reads.asked == []


@pytest.mark.parametrize("code", ["", "BTC@USDT", "BTC USDT", "BTC/USDT"])
async def test_what_is_no_code_is_not_even_asked(
    reader: BinanceStreamReader, reads: Reads, code: str
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
    reader: BinanceStreamReader,
) -> None:
    for question in (
        reader.order_books(["BTCUSDT"], 0),
        reader.candles("BTCUSDT", Interval.M1, 0),
        reader.trades("BTCUSDT", 0),
    ):
        with pytest.raises(InvalidArgument):
            await question


async def test_closing_closes_the_connection(
    reader: BinanceStreamReader, reads: Reads
) -> None:
    await reader.close()
    assert reads.closed
