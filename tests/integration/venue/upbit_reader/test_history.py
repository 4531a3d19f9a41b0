"""Books, candles and trades by Upbit's REST side, and their bounds."""

import json
import time
from decimal import Decimal
from typing import Any

import pytest

from adapters.resilience.monitor import UpstreamMonitor
from adapters.resilience.read_bound import MAX_CANDLES, MAX_MARKETS
from adapters.upbit.reader import CANDLE_PATHS, UpbitReader
from domain.model.candle import Candle
from domain.model.error import InvalidArgument, UnknownMarket
from domain.model.interval import Interval
from domain.model.order_book import BookLevel, OrderBook
from domain.model.trade import Side, Trade
from tests.integration.venue.upbit_reader.conftest import (
    MIDNIGHT_MS,
    MINUTE_MS,
    CandleHistory,
    candle,
    refuses,
)


async def test_books_of_all_markets_come_in_one_request_cut_to_the_depth(
    reader: UpbitReader, venue: Any
) -> None:
    steps = [
        {"ask_price": 12 + n, "bid_price": 11 - n, "ask_size": 1, "bid_size": 0.5}
        for n in range(3)
    ]

    def book(code: str) -> dict[str, Any]:
        return {"market": code, "timestamp": 99, "orderbook_units": steps}

    venue.bodies["/v1/orderbook"] = refuses(["KRW-A", "KRW-B"], book)
    found = await reader.order_books(["KRW-A", "KRW-B"], 2)
    assert {book.market for book in found} == {"KRW-A", "KRW-B"}
    half, one = Decimal("0.5"), Decimal(1)
    assert found[0] == OrderBook(
        "KRW-A",
        99,
        bids=(BookLevel(Decimal(11), half), BookLevel(Decimal(10), half)),
        asks=(BookLevel(Decimal(12), one), BookLevel(Decimal(13), one)),
    )
    assert venue.asked == [("/v1/orderbook", {"markets": "KRW-A,KRW-B", "count": "2"})]
    with pytest.raises(UnknownMarket, match="KRW-C"):
        await reader.order_books(["KRW-A", "KRW-B", "KRW-C"], 2)


async def test_a_book_with_a_bid_above_an_ask_is_counted_and_left_out(
    reader: UpbitReader, venue: Any, monitor: UpstreamMonitor
) -> None:
    def book(code: str) -> dict[str, Any]:
        bid = 13 if code == "KRW-A" else 11
        step = {"ask_price": 12, "bid_price": bid, "ask_size": 1, "bid_size": 1}
        return {"market": code, "timestamp": 99, "orderbook_units": [step]}

    venue.bodies["/v1/orderbook"] = refuses(["KRW-A", "KRW-B"], book)
    found = await reader.order_books(["KRW-A", "KRW-B"], 2)
    assert [book.market for book in found] == ["KRW-B"]
    assert monitor.rejects == {"row": 1}


async def test_candles_ascend_and_holes_stay(reader: UpbitReader, venue: Any) -> None:
    opened = [MIDNIGHT_MS + n * MINUTE_MS for n in (0, 1, 4, 7)]
    venue.bodies["/v1/candles/minutes/1"] = CandleHistory(opened).answer
    found = await reader.candles("KRW-BTC", Interval.M1, 3)
    assert [each.opened_ms for each in found] == opened[1:]
    assert found[0] == Candle(
        market="KRW-BTC",
        interval=Interval.M1,
        opened_ms=opened[1],
        open=Decimal(10),
        high=Decimal(12),
        low=Decimal(9),
        close=Decimal(11),
        base_volume=Decimal(2),
        quote_volume=Decimal("20.5"),
    )
    assert venue.asked == [
        ("/v1/candles/minutes/1", {"market": "KRW-BTC", "count": "3"})
    ]


async def test_candles_before_an_instant_leave_it_out(
    reader: UpbitReader, venue: Any
) -> None:
    opened = [MIDNIGHT_MS + n * MINUTE_MS for n in range(5)]
    venue.bodies["/v1/candles/minutes/1"] = CandleHistory(opened).answer
    for before_ms, last in ((opened[3], 2), (opened[3] + 1, 3), (opened[3] - 1, 2)):
        found = await reader.candles("KRW-BTC", Interval.M1, 2, before_ms)
        assert [each.opened_ms for each in found] == opened[last - 1 : last + 1]


async def test_an_instant_ahead_of_us_is_now(reader: UpbitReader, venue: Any) -> None:
    venue.bodies["/v1/candles/minutes/1"] = CandleHistory([MIDNIGHT_MS]).answer
    found = await reader.candles("KRW-BTC", Interval.M1, 2, before_ms=10**17)
    assert [each.opened_ms for each in found] == [MIDNIGHT_MS]
    assert "to" not in venue.asked[0][1]


async def test_more_than_a_page_of_candles_comes_by_pages(
    reader: UpbitReader, venue: Any
) -> None:
    # Every third minute is a hole.
    opened = [MIDNIGHT_MS + n * MINUTE_MS for n in range(900) if n % 3]
    venue.bodies["/v1/candles/minutes/1"] = CandleHistory(opened).answer
    found = await reader.candles("KRW-BTC", Interval.M1, 450)
    assert [each.opened_ms for each in found] == opened[-450:]
    counts = [params["count"] for _, params in venue.asked]
    assert counts == ["200", "200", "50"]


async def test_the_end_of_the_history_ends_the_pages(
    reader: UpbitReader, venue: Any
) -> None:
    opened = [MIDNIGHT_MS + n * MINUTE_MS for n in range(230)]
    venue.bodies["/v1/candles/minutes/1"] = CandleHistory(opened).answer
    found = await reader.candles("KRW-BTC", Interval.M1, 1000)
    assert len(found) == 230
    assert len(venue.asked) == 2


@pytest.mark.parametrize("interval", Interval)
async def test_every_interval_has_its_path(
    reader: UpbitReader, venue: Any, interval: Interval
) -> None:
    opened_ms = interval.opened_ms(MIDNIGHT_MS)
    venue.bodies[CANDLE_PATHS[interval]] = CandleHistory([opened_ms]).answer
    (found,) = await reader.candles("KRW-BTC", interval, 1)
    assert (found.interval, found.opened_ms) == (interval, opened_ms)
    assert found.closed


async def test_the_candle_that_still_runs_is_not_closed(
    reader: UpbitReader, venue: Any
) -> None:
    now_ms = round(time.time() * 1000)
    opened_ms = Interval.W1.opened_ms(now_ms)
    before_ms = opened_ms - Interval.W1.length_ms
    venue.bodies["/v1/candles/weeks"] = CandleHistory([before_ms, opened_ms]).answer
    found = await reader.candles("KRW-BTC", Interval.W1, 2)
    assert [each.closed for each in found] == [True, False]


async def test_bad_candles_are_counted_and_left_out(
    reader: UpbitReader, venue: Any, monitor: UpstreamMonitor
) -> None:
    bad: list[dict[str, float | str | None]] = [
        {"high_price": 10},
        {"low_price": 10.5},
        {"trade_price": "NaN"},
        {"candle_acc_trade_volume": -1},
        {"candle_acc_trade_price": None},
        {"candle_date_time_utc": "2024-10-04T00:00:30"},
        {"candle_date_time_utc": "soon"},
        {"candle_date_time_utc": "2999-01-01T00:00:00"},
        {"market": "KRW-ETH"},
    ]
    rows = [candle(MIDNIGHT_MS, **changed) for changed in bad]
    rows.append(candle(MIDNIGHT_MS))
    rows.append(candle(MIDNIGHT_MS))
    venue.bodies["/v1/candles/minutes/1"] = json.dumps(rows)
    found = await reader.candles("KRW-BTC", Interval.M1, 100)
    assert [each.opened_ms for each in found] == [MIDNIGHT_MS]
    assert monitor.rejects == {"row": len(bad)}


async def test_candles_of_an_unknown_market_name_it(
    reader: UpbitReader, venue: Any
) -> None:
    venue.bodies["/v1/candles/minutes/1"] = CandleHistory([]).answer
    with pytest.raises(UnknownMarket, match="KRW-NO"):
        await reader.candles("KRW-NO", Interval.M1, 1)
    assert await reader.candles("KRW-BTC", Interval.M1, 1) == ()


async def test_trades_come_oldest_first_and_once(
    reader: UpbitReader, venue: Any, monitor: UpstreamMonitor
) -> None:
    def trade(id_: object, at_ms: int, **changed: Any) -> dict[str, Any]:
        row = {
            "market": "KRW-BTC",
            "timestamp": at_ms,
            "trade_price": 10,
            "trade_volume": 0.25,
            "sequential_id": id_,
            "ask_bid": "BID",
        }
        return row | changed

    rows = [
        trade(7, 30, ask_bid="ASK"),
        trade(5, 20),
        trade(6, 20),
        trade(5, 20),
        trade(None, 20),
        trade(8, 20, ask_bid="SELL"),
        trade(9, 0),
        trade(10, 10**15),
        trade(11, 20, trade_volume=0),
        trade(12, 20, trade_price=-1),
        trade(13, 20, market="KRW-ETH"),
    ]
    venue.bodies["/v1/trades/ticks"] = json.dumps(rows)
    found = await reader.trades("KRW-BTC", 50)
    quarter = Decimal("0.25")
    assert list(found) == [
        Trade("KRW-BTC", "5", 20, Decimal(10), quarter, Side.BUY),
        Trade("KRW-BTC", "6", 20, Decimal(10), quarter, Side.BUY),
        Trade("KRW-BTC", "7", 30, Decimal(10), quarter, Side.SELL),
    ]
    assert venue.asked == [("/v1/trades/ticks", {"market": "KRW-BTC", "count": "50"})]
    assert monitor.rejects == {"row": 7}


async def test_what_is_outside_of_the_bounds_is_an_invalid_argument(
    reader: UpbitReader, venue: Any
) -> None:
    for question in (
        reader.tickers([f"KRW-C{n}" for n in range(MAX_MARKETS + 1)]),
        reader.order_books(["KRW-BTC"], 0),
        reader.order_books(["KRW-BTC"], 31),
        reader.candles("KRW-BTC", Interval.M1, 0),
        reader.candles("KRW-BTC", Interval.M1, MAX_CANDLES + 1),
        reader.trades("KRW-BTC", 0),
        reader.trades("KRW-BTC", 501),
    ):
        with pytest.raises(InvalidArgument):
            await question
    assert venue.asked == []
