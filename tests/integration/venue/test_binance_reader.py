"""One-off reads from Binance over a real connection."""

import json
import time
from collections.abc import Callable, Collection
from decimal import Decimal
from typing import Any

import pytest
from aiohttp import web

from adapters.binance.reader import (
    INTERVALS,
    BinanceReader,
    depth_weight,
    ticker_weight,
)
from adapters.resilience.clock import SystemClock
from adapters.resilience.error import (
    RequestRejected,
    ServerFailed,
    UndecodableAnswer,
)
from adapters.resilience.http import UpstreamHttp
from adapters.resilience.monitor import UpstreamMonitor
from adapters.resilience.read_bound import MAX_CANDLES, MAX_MARKETS
from domain.model.candle import Candle
from domain.model.error import InvalidArgument, UnknownMarket
from domain.model.event import QuoteUpdate
from domain.model.interval import Interval
from domain.model.market import Channel, Exchange
from domain.model.order_book import BookLevel
from domain.model.trade import Side, Trade
from domain.ports.market_reader import MarketReader

MINUTE_MS = 60_000
# 2024-10-04 00:00 UTC, long over.
MIDNIGHT_MS = 20_000 * 86_400_000
INVALID = '{"code":-1121,"msg":"Invalid symbol."}'
ILLEGAL = "Illegal characters found in parameter '{}'; legal range is '^x$'."
MakeHttp = Callable[..., UpstreamHttp]


@pytest.fixture
def reader(make_http: MakeHttp, monitor: UpstreamMonitor) -> BinanceReader:
    return BinanceReader(make_http(), SystemClock(), monitor.rejected)


def day(symbol: str, **changed: Any) -> dict[str, Any]:
    row = {
        "symbol": symbol,
        "lastPrice": "1.50",
        "closeTime": 17,
        "bidPrice": "1.4",
        "askPrice": "1.6",
        "openPrice": "1.2",
        "volume": "3",
        "quoteVolume": "4.5",
    }
    return row | changed


def status(code: int, text: str = "{}") -> Any:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=code, text=text)

    return answer


def refuses(known: Collection[str]) -> Any:
    async def answer(request: web.Request) -> web.Response:
        if "symbols" not in request.query:
            return web.json_response([day(symbol) for symbol in known])
        symbols = json.loads(request.query["symbols"])
        if not set(symbols) <= set(known):
            return web.Response(status=400, text=INVALID)
        return web.json_response([day(symbol) for symbol in symbols])

    return answer


def kline(opened_ms: int, *changed: tuple[int, Any]) -> list[Any]:
    row = [opened_ms, "10", "12", "9", "11", "2", opened_ms + 59_999, "20.5", 3, "1"]
    for index, value in changed:
        row[index] = value
    return row


class KlineHistory:
    """Answers as the venue does: oldest first, an inclusive end, 1,000 at most."""

    def __init__(self, opened: Collection[int]) -> None:
        self.opened = sorted(opened)

    async def answer(self, request: web.Request) -> web.Response:
        query = request.query
        if query["symbol"] != "BTCUSDT":
            return web.Response(status=400, text=INVALID)
        end_ms = int(query.get("endTime", "9" * 15))
        opened = [each for each in self.opened if each <= end_ms]
        limit = min(1000, int(query.get("limit", "500")))
        return web.json_response([kline(each) for each in opened[-limit:]])


async def test_it_is_the_market_reader_of_its_channel(reader: BinanceReader) -> None:
    port: MarketReader = reader
    assert (port.exchange, port.channel) == (Exchange.BINANCE, Channel.REST)


async def test_tickers_are_asked_by_name(reader: BinanceReader, venue: Any) -> None:
    venue.bodies["/api/v3/ticker/24hr"] = json.dumps([day("BTCUSDT"), day("XUSDT")])
    assert await reader.tickers(["BTCUSDT", "ETHUSDT"]) == [
        QuoteUpdate(
            market="BTCUSDT",
            price=Decimal("1.50"),
            exchange_ms=17,
            bid=Decimal("1.4"),
            ask=Decimal("1.6"),
            base_volume_24h=Decimal(3),
            quote_volume_24h=Decimal("4.5"),
            open_24h=Decimal("1.2"),
        )
    ]
    assert venue.asked == [
        ("/api/v3/ticker/24hr", {"symbols": '["BTCUSDT","ETHUSDT"]'})
    ]


async def test_symbols_of_other_scripts_are_asked_as_they_are(
    reader: BinanceReader, venue: Any
) -> None:
    venue.bodies["/api/v3/ticker/24hr"] = refuses(["币安人生USDT"])
    (found,) = await reader.tickers(["币安人生USDT"])
    assert found.market == "币安人生USDT"


async def test_more_than_a_hundred_tickers_are_taken_from_the_whole_list(
    reader: BinanceReader, venue: Any
) -> None:
    symbols = [f"C{n}USDT" for n in range(150)]
    venue.bodies["/api/v3/ticker/24hr"] = refuses([*symbols, "OTHERUSDT"])
    found = await reader.tickers(symbols)
    assert {update.market for update in found} == set(symbols)
    assert venue.asked == [("/api/v3/ticker/24hr", {})]
    with pytest.raises(UnknownMarket, match="NOUSDT"):
        await reader.tickers([*symbols, "NOUSDT"])


async def test_a_bad_row_of_the_whole_list_makes_no_market_unknown(
    reader: BinanceReader, venue: Any, monitor: UpstreamMonitor
) -> None:
    symbols = [f"C{n}USDT" for n in range(101)]
    rows = [day(symbol) for symbol in symbols[:-1]] + [{"symbol": 7}]
    rows.append(day("OTHERUSDT", lastPrice="NaN"))
    venue.bodies["/api/v3/ticker/24hr"] = json.dumps(rows)
    assert len(await reader.tickers(symbols)) == 100
    assert monitor.rejects == {"row": 1}


async def test_a_bad_row_costs_itself_only_and_is_counted(
    reader: BinanceReader, venue: Any, monitor: UpstreamMonitor
) -> None:
    hours_ahead = round(time.time() * 1000) + 2 * 3_600_000
    venue.bodies["/api/v3/ticker/24hr"] = json.dumps(
        [
            day("A", lastPrice="-1"),
            day("B", lastPrice="1e999999999"),
            day("C", closeTime=hours_ahead),
            day("D"),
        ]
    )
    found = await reader.tickers(["A", "B", "C", "D"])
    assert [update.market for update in found] == ["D"]
    assert monitor.rejects == {"row": 3}


async def test_a_market_without_a_trade_has_no_ticker(
    reader: BinanceReader, venue: Any
) -> None:
    venue.bodies["/api/v3/ticker/24hr"] = json.dumps([day("A", lastPrice="0.00")])
    assert list(await reader.tickers(["A"])) == []


@pytest.mark.parametrize("body", ["<html>", "7", "[7]", '[{"symbol":"A"}]'])
async def test_garbage_is_no_answer(
    reader: BinanceReader, venue: Any, body: str
) -> None:
    venue.bodies["/api/v3/ticker/24hr"] = body
    with pytest.raises(UndecodableAnswer):
        await reader.tickers(["A"])


async def test_one_unknown_symbol_among_many_is_found_by_halving(
    reader: BinanceReader, venue: Any, monitor: UpstreamMonitor
) -> None:
    symbols = [f"C{n}USDT" for n in range(60)]
    venue.bodies["/api/v3/ticker/24hr"] = refuses(set(symbols) - {"C42USDT"})
    with pytest.raises(UnknownMarket, match="C42USDT"):
        await reader.tickers(symbols)
    assert len(venue.asked) <= 7
    # The venue is well: what was refused is our caller's.
    assert monitor.failures == 0


@pytest.mark.parametrize("symbol", ["", "A,B", 'A"', "A B", "A" * 51])
async def test_what_is_no_symbol_is_not_even_asked(
    reader: BinanceReader, venue: Any, symbol: str
) -> None:
    for question in (
        reader.tickers([symbol]),
        reader.order_books([symbol], 1),
        reader.candles(symbol, Interval.M1, 1),
        reader.trades(symbol, 1),
    ):
        with pytest.raises(UnknownMarket):
            await question
    assert venue.asked == []


@pytest.mark.parametrize(
    ("code", "body", "condition"),
    [
        (400, INVALID, UnknownMarket),
        (400, json.dumps({"code": -1100, "msg": ILLEGAL.format("symbol")}), 1),
        (400, f"{INVALID[:-1]},{' ' * 300}}}", UnknownMarket),
        (400, json.dumps({"code": -1100, "msg": ILLEGAL.format("limit")}), 0),
        (400, '{"code":-1003,"msg":"Too much"}', 0),
        (400, "<html>", 0),
        (404, INVALID, 0),
    ],
)
async def test_only_a_refused_symbol_is_an_unknown_market(
    reader: BinanceReader, venue: Any, code: int, body: str, condition: Any
) -> None:
    expected = UnknownMarket if condition else RequestRejected
    for path in ("ticker/24hr", "depth", "klines", "trades"):
        venue.bodies[f"/api/v3/{path}"] = status(code, body)
    for question in (
        reader.tickers(["A"]),
        reader.order_books(["A"], 1),
        reader.candles("A", Interval.M1, 1),
        reader.trades("A", 1),
    ):
        with pytest.raises(expected):
            await question


async def test_a_failing_venue_is_asked_once_and_is_unavailable(
    reader: BinanceReader, venue: Any
) -> None:
    venue.bodies["/api/v3/trades"] = status(503)
    with pytest.raises(ServerFailed):
        await reader.trades("BTCUSDT", 1)
    assert len(venue.asked) == 1


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
