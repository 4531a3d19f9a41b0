"""Books, candles and trades by Binance's REST side, and their bounds."""

import json
import time
from decimal import Decimal
from typing import Any

import pytest

from adapters.binance.reader import (
    INTERVALS,
    BinanceReader,
    depth_weight,
    ticker_weight,
)
from adapters.resilience.error import (
    UndecodableAnswer,
)
from adapters.resilience.monitor import UpstreamMonitor
from adapters.resilience.read_bound import MAX_CANDLES, MAX_MARKETS
from domain.model.candle import Candle
from domain.model.error import InvalidArgument
from domain.model.interval import Interval
from domain.model.order_book import BookLevel
from domain.model.trade import Side, Trade
from tests.integration.venue.binance_reader.conftest import (
    MIDNIGHT_MS,
    MINUTE_MS,
    KlineHistory,
    kline,
)


async def test_books_are_asked_one_by_one_and_cut_to_the_depth(
    reader: BinanceReader, venue: Any
) -> None:
    bids = [["9", "1"], ["10", "0.5"], ["8", "0.0"]]
    book = {"lastUpdateId": 1, "bids": bids, "asks": [["11", "2"], ["12", "3"]]}
    venue.bodies["/api/v3/depth"] = json.dumps(book)
    before_ms = round(time.time() * 1000)
    first, second = await reader.order_books(["A", "B"], 1)
    assert (first.market, second.market) == ("A", "B")
    assert first.bids == (BookLevel(Decimal(10), Decimal("0.5")),)
    assert first.asks == (BookLevel(Decimal(11), Decimal(2)),)
    assert before_ms <= first.at_ms <= time.time() * 1000
    asked = sorted(params["symbol"] for _, params in venue.asked)
    assert asked == ["A", "B"]
    assert {params["limit"] for _, params in venue.asked} == {"1"}
    assert len((await reader.order_books(["A"], 3))[0].bids) == 2


@pytest.mark.parametrize(
    "book",
    [
        [["10", "1"], ["9", "1"]],
        [["0", "1"], ["12", "1"]],
        [["9", "-1"], ["12", "1"]],
        [["9", "1"], ["NaN", "1"]],
    ],
)
async def test_a_book_that_cannot_be_is_no_answer(
    reader: BinanceReader, venue: Any, monitor: UpstreamMonitor, book: Any
) -> None:
    body = {"lastUpdateId": 1, "bids": [book[0]], "asks": [book[1]]}
    venue.bodies["/api/v3/depth"] = json.dumps(body)
    with pytest.raises(UndecodableAnswer):
        await reader.order_books(["A"], 1)
    assert monitor.rejects == {"row": 1}


async def test_an_empty_list_is_no_book(reader: BinanceReader, venue: Any) -> None:
    venue.bodies["/api/v3/depth"] = "[]"
    with pytest.raises(UndecodableAnswer, match="no book of A"):
        await reader.order_books(["A"], 1)


async def test_candles_ascend_and_end_before_the_instant(
    reader: BinanceReader, venue: Any
) -> None:
    opened = [MIDNIGHT_MS + n * MINUTE_MS for n in range(5)]
    venue.bodies["/api/v3/klines"] = KlineHistory(opened).answer
    found = await reader.candles("BTCUSDT", Interval.M1, 2, before_ms=opened[3])
    assert [each.opened_ms for each in found] == opened[1:3]
    assert found[0] == Candle(
        market="BTCUSDT",
        interval=Interval.M1,
        opened_ms=opened[1],
        open=Decimal(10),
        high=Decimal(12),
        low=Decimal(9),
        close=Decimal(11),
        base_volume=Decimal(2),
        quote_volume=Decimal("20.5"),
    )
    params = {"symbol": "BTCUSDT", "interval": "1m", "limit": "2"}
    params["endTime"] = str(opened[3] - 1)
    assert venue.asked == [("/api/v3/klines", params)]
    assert await reader.candles("BTCUSDT", Interval.M1, 2, before_ms=0) == ()


async def test_more_than_a_page_of_candles_comes_by_pages(
    reader: BinanceReader, venue: Any
) -> None:
    opened = [MIDNIGHT_MS + n * MINUTE_MS for n in range(2500)]
    venue.bodies["/api/v3/klines"] = KlineHistory(opened).answer
    found = await reader.candles("BTCUSDT", Interval.M1, 2300)
    assert [each.opened_ms for each in found] == opened[-2300:]
    assert [params["limit"] for _, params in venue.asked] == ["1000", "1000", "300"]


@pytest.mark.parametrize("interval", Interval)
async def test_every_interval_has_its_name(
    reader: BinanceReader, venue: Any, interval: Interval
) -> None:
    opened_ms = interval.opened_ms(MIDNIGHT_MS)
    venue.bodies["/api/v3/klines"] = KlineHistory([opened_ms]).answer
    (found,) = await reader.candles("BTCUSDT", interval, 1)
    assert (found.interval, found.opened_ms) == (interval, opened_ms)
    assert found.closed
    assert venue.asked[0][1]["interval"] == INTERVALS[interval]


async def test_the_candle_that_still_runs_is_not_closed(
    reader: BinanceReader, venue: Any
) -> None:
    opened_ms = Interval.W1.opened_ms(round(time.time() * 1000))
    before_ms = opened_ms - Interval.W1.length_ms
    venue.bodies["/api/v3/klines"] = KlineHistory([before_ms, opened_ms]).answer
    found = await reader.candles("BTCUSDT", Interval.W1, 2)
    assert [each.closed for each in found] == [True, False]


async def test_bad_candles_are_counted_and_left_out(
    reader: BinanceReader, venue: Any, monitor: UpstreamMonitor
) -> None:
    bad = [
        kline(MIDNIGHT_MS, (2, "10")),
        kline(MIDNIGHT_MS, (3, "10.5")),
        kline(MIDNIGHT_MS, (4, "NaN")),
        kline(MIDNIGHT_MS, (5, "-1")),
        kline(MIDNIGHT_MS, (7, None)),
        kline(MIDNIGHT_MS + 1),
        kline(-MINUTE_MS),
        kline(MINUTE_MS * 10**9),
        ["soon"],
    ]
    venue.bodies["/api/v3/klines"] = json.dumps([*bad, kline(MIDNIGHT_MS)])
    found = await reader.candles("BTCUSDT", Interval.M1, 100)
    assert [each.opened_ms for each in found] == [MIDNIGHT_MS]
    assert monitor.rejects == {"row": len(bad)}


async def test_trades_come_oldest_first_and_once(
    reader: BinanceReader, venue: Any, monitor: UpstreamMonitor
) -> None:
    def trade(id_: int, **changed: Any) -> dict[str, Any]:
        row = {
            "id": id_,
            "price": "10",
            "qty": "0.25",
            "time": 20,
            "isBuyerMaker": False,
        }
        return row | changed

    bad = [
        trade(1, isBuyerMaker=None),
        trade(2, time=0),
        trade(3, time=10**15),
        trade(4, qty="0"),
        trade(5, price="0"),
    ]
    rows = [*bad, trade(8, isBuyerMaker=True), trade(7), trade(7)]
    venue.bodies["/api/v3/trades"] = json.dumps(rows)
    quarter = Decimal("0.25")
    assert list(await reader.trades("BTCUSDT", 50)) == [
        Trade("BTCUSDT", "7", 20, Decimal(10), quarter, Side.BUY),
        Trade("BTCUSDT", "8", 20, Decimal(10), quarter, Side.SELL),
    ]
    assert venue.asked == [("/api/v3/trades", {"symbol": "BTCUSDT", "limit": "50"})]
    assert monitor.rejects == {"row": len(bad)}


async def test_what_is_outside_of_the_bounds_is_an_invalid_argument(
    reader: BinanceReader, venue: Any
) -> None:
    for question in (
        reader.tickers([f"C{n}" for n in range(MAX_MARKETS + 1)]),
        reader.order_books(["A"], 31),
        reader.candles("A", Interval.M1, MAX_CANDLES + 1),
        reader.trades("A", 501),
    ):
        with pytest.raises(InvalidArgument):
            await question
    assert venue.asked == []


async def test_of_nothing_there_is_nothing_to_ask(
    reader: BinanceReader, venue: Any
) -> None:
    assert await reader.tickers([]) == ()
    assert await reader.order_books([], 5) == []
    assert venue.asked == []


@pytest.mark.parametrize(
    ("limit", "weight"),
    [(1, 5), (100, 5), (101, 25), (500, 25), (1000, 50), (5000, 250)],
)
def test_a_book_costs_by_its_depth(limit: int, weight: int) -> None:
    assert depth_weight(limit) == weight


@pytest.mark.parametrize(
    ("symbols", "weight"), [(1, 2), (20, 2), (21, 40), (100, 40), (101, 80)]
)
def test_tickers_cost_by_their_number(symbols: int, weight: int) -> None:
    assert ticker_weight(symbols) == weight
