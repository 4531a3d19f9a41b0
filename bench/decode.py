"""CPU time per message of our decoding, next to `json` and orjson.

    .venv/bin/python -m bench.decode [--rounds 15]

Ours goes from bytes to `QuoteUpdate`s with exact Decimals and every guard of
semantics.md; `received` is the whole session step (batch and result included). The
peers only parse to dicts and floats, `json (Decimal)` at least without floats.
Candidates take turns within each round, the median over the rounds is told.
"""

import argparse
import json
import platform
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

import msgspec
import orjson

from adapters.binance import quote as binance_quote
from adapters.binance import wire as binance_wire
from adapters.binance.message import MiniTickers
from adapters.binance.session import BinanceSession
from adapters.resilience.session import StreamSession
from adapters.upbit import quote as upbit_quote
from adapters.upbit import wire as upbit_wire
from adapters.upbit.session import UpbitSession

ROUNDS = 15
ROUND_S = 0.02
ARRAY_ITEMS = 400
ARRAY_WATCHED = 150
RECEIVED_MS = 1_758_875_207_000

UPBIT_TICKER = (
    b'{"type":"ticker","code":"KRW-BTC","opening_price":158219000.00000000,'
    b'"high_price":159278000.00000000,"low_price":157588000.00000000,'
    b'"trade_price":158200000.00000000,"prev_closing_price":158200000.00000000,'
    b'"acc_trade_price":95088751392.9099200000000000,"change":"EVEN",'
    b'"change_price":0E-8,"signed_change_price":0E-8,"change_rate":0,'
    b'"signed_change_rate":0,"ask_bid":"ASK","trade_volume":0.00011188,'
    b'"acc_trade_volume":600.09226312,"trade_date":"20250926","trade_time":"082646",'
    b'"trade_timestamp":1758875206936,"acc_ask_volume":341.67996226,'
    b'"acc_bid_volume":258.41230086,"highest_52_week_price":169900000.00000000,'
    b'"highest_52_week_date":"2025-08-14","lowest_52_week_price":80635000.00000000,'
    b'"lowest_52_week_date":"2024-10-10","market_state":"ACTIVE",'
    b'"is_trading_suspended":false,"delisting_date":null,"market_warning":"NONE",'
    b'"timestamp":1758875206974,"acc_trade_price_24h":331188513477.17233,'
    b'"acc_trade_volume_24h":2083.83396972,"stream_type":"REALTIME"}'
)
SHORT_KEYS = {
    "type": "ty",
    "code": "cd",
    "opening_price": "op",
    "high_price": "hp",
    "low_price": "lp",
    "trade_price": "tp",
    "prev_closing_price": "pcp",
    "acc_trade_price": "atp",
    "change": "c",
    "change_price": "cp",
    "signed_change_price": "scp",
    "change_rate": "cr",
    "signed_change_rate": "scr",
    "ask_bid": "ab",
    "trade_volume": "tv",
    "acc_trade_volume": "atv",
    "trade_date": "tdt",
    "trade_time": "ttm",
    "trade_timestamp": "ttms",
    "acc_ask_volume": "aav",
    "acc_bid_volume": "abv",
    "highest_52_week_price": "h52wp",
    "highest_52_week_date": "h52wdt",
    "lowest_52_week_price": "l52wp",
    "lowest_52_week_date": "l52wdt",
    "market_state": "ms",
    "is_trading_suspended": "its",
    "delisting_date": "dd",
    "market_warning": "mw",
    "timestamp": "tms",
    "acc_trade_price_24h": "atp24h",
    "acc_trade_volume_24h": "atv24h",
    "stream_type": "st",
}
UPBIT_BOOK = (
    b'{"ty":"orderbook","cd":"KRW-BTC","tms":1758875206974,"tas":4.79158413,'
    b'"tbs":2.65609625,"obu":[{"ap":158200000.0,"bp":158190000.0,"as":0.10623869,'
    b'"bs":0.03656812}],"st":"REALTIME","lv":0}'
)
AGG_TRADE = (
    b'{"stream":"btcusdt@aggTrade","data":{"e":"aggTrade","E":1758875206974,'
    b'"s":"BTCUSDT","a":3512345678,"p":"114238.40000000","q":"0.00131000",'
    b'"f":5234567890,"l":5234567891,"T":1758875206973,"m":true,"M":true}}'
)
TRADE = (
    b'{"stream":"btcusdt@trade","data":{"e":"trade","E":1758875206974,"s":"BTCUSDT",'
    b'"t":5234567890,"p":"114238.40000000","q":"0.00131000","T":1758875206973,'
    b'"m":true,"M":true}}'
)
DAY_TICKER = (
    b'{"stream":"btcusdt@ticker","data":{"e":"24hrTicker","E":1758875206974,'
    b'"s":"BTCUSDT","p":"-1843.21000000","P":"-1.588","w":"114932.11000000",'
    b'"x":"116081.61000000","c":"114238.40000000","Q":"0.00131000",'
    b'"b":"114238.39000000","B":"3.22891000","a":"114238.40000000",'
    b'"A":"1.88124000","o":"116081.61000000","h":"116900.00000000",'
    b'"l":"113800.00000000","v":"18495.35066000","q":"2125706234.04210480",'
    b'"O":1758788806974,"C":1758875206974,"F":5231567890,"L":5234567890,"n":3000001}}'
)
BOOK_TICKER = (
    b'{"stream":"btcusdt@bookTicker","data":{"u":78123456789,"s":"BTCUSDT",'
    b'"b":"114238.39000000","B":"3.22891000","a":"114238.40000000","A":"1.88124000"}}'
)


@dataclass(frozen=True, slots=True)
class Case:
    """A frame, and what each candidate does with it."""

    name: str
    frame: bytes
    candidates: Mapping[str, Callable[[], object]]


def short_ticker() -> bytes:
    """Return the Upbit ticker in the SIMPLE format, with the same digits."""
    text = UPBIT_TICKER.decode()
    for long, short in SHORT_KEYS.items():
        text = text.replace(f'"{long}":', f'"{short}":')
    return text.encode()


def mini_tickers() -> bytes:
    """Return an array of 400 symbols, as once a second on a busy day."""
    items = ",".join(
        f'{{"e":"24hrMiniTicker","E":1758875206974,"s":"COIN{n}USDT",'
        f'"c":"{1000 + n}.40000000","o":"{1001 + n}.61000000",'
        f'"h":"{1100 + n}.00000000","l":"{900 + n}.00000000",'
        f'"v":"18495.35066000","q":"21257062{n:03}.04210480"}}'
        for n in range(ARRAY_ITEMS)
    )
    return f'{{"stream":"!miniTicker@arr","data":[{items}]}}'.encode()


def upbit_case(name: str, frame: bytes, format_: upbit_wire.Format) -> Case:
    """Make the case of one Upbit frame."""
    session = UpbitSession("bench", format_=format_)
    session.watch(frozenset({"KRW-BTC"}), 0.0)

    def quote() -> object:
        message = upbit_wire.decode(frame, format_)
        return upbit_quote.QUOTES[type(message)](message)

    return case_of(name, frame, quote, session)


def binance_case(name: str, frame: bytes) -> Case:
    """Make the case of one Binance frame."""
    session = BinanceSession()
    session.watch(frozenset({"BTCUSDT"}), 0.0)

    def quote() -> object:
        message = binance_wire.decode(frame)
        return binance_quote.QUOTES[type(message)](message)

    return case_of(name, frame, quote, session)


def array_case(watched: int) -> Case:
    """Make the case of the mini-ticker array with so many markets watched."""
    frame = mini_tickers()
    wanted = frozenset(f"COIN{n}USDT" for n in range(watched))
    session = BinanceSession()
    session.watch(wanted, 0.0)

    def quote() -> object:
        array = binance_wire.decode(frame)
        assert isinstance(array, MiniTickers)
        of = binance_quote.of_mini_ticker
        return [of(item) for item in array.items if item.symbol in wanted]

    name = f"Binance mini-ticker array of {ARRAY_ITEMS}, {watched} watched"
    return case_of(name, frame, quote, session)


def case_of(
    name: str, frame: bytes, quote: Callable[[], object], session: StreamSession
) -> Case:
    """Put ours and the peers side by side."""
    (batch,) = session.receive(frame, RECEIVED_MS, 1.0).batches
    assert batch.updates, name
    candidates: dict[str, Callable[[], object]] = {
        "ours: QuoteUpdate": quote,
        "ours: received": partial(session.receive, frame, RECEIVED_MS, 1.0),
        "json": partial(json.loads, frame),
        "json (Decimal)": partial(json.loads, frame, parse_float=Decimal),
        "orjson": partial(orjson.loads, frame),
        "msgspec, untyped": partial(msgspec.json.decode, frame),
    }
    return Case(name, frame, candidates)


def cases() -> list[Case]:
    """Return everything that is measured."""
    return [
        upbit_case("Upbit ticker, DEFAULT", UPBIT_TICKER, "DEFAULT"),
        upbit_case("Upbit ticker, SIMPLE", short_ticker(), "SIMPLE"),
        upbit_case("Upbit orderbook of one step, SIMPLE", UPBIT_BOOK, "SIMPLE"),
        binance_case("Binance aggTrade", AGG_TRADE),
        binance_case("Binance trade", TRADE),
        binance_case("Binance 24hrTicker", DAY_TICKER),
        binance_case("Binance bookTicker", BOOK_TICKER),
        array_case(ARRAY_WATCHED),
        array_case(ARRAY_ITEMS),
    ]


def calls_per_round(call: Callable[[], object]) -> int:
    """Return how often to call, so that a round takes about `ROUND_S`."""
    calls = 1
    while (spent := timed(call, calls)) < ROUND_S / 4:
        calls *= 2
    return max(1, round(calls * ROUND_S / spent))


def timed(call: Callable[[], object], calls: int) -> float:
    """Return the CPU seconds of so many calls."""
    turns = range(calls)
    start = time.process_time()
    for _ in turns:
        call()
    return time.process_time() - start


def measure(case: Case, rounds: int) -> dict[str, float]:
    """Return the median CPU µs per frame of each candidate."""
    counts = {name: calls_per_round(call) for name, call in case.candidates.items()}
    spent: dict[str, list[float]] = {name: [] for name in counts}
    for _ in range(rounds):
        for name, call in case.candidates.items():
            spent[name].append(timed(call, counts[name]) / counts[name] * 1e6)
    return {name: statistics.median(values) for name, values in spent.items()}


def main() -> None:
    """Measure and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    rounds = parser.parse_args().rounds
    print(
        f"CPU µs per frame, median of {rounds} alternating rounds; "
        f"Python {platform.python_version()}, msgspec {msgspec.__version__}, "
        f"orjson {orjson.__version__}, {sys.platform} {platform.machine()}\n"
    )
    for number, case in enumerate(cases()):
        result = measure(case, rounds)
        if number == 0:
            print("| frame | bytes | " + " | ".join(result) + " |")
            print("|---|---:" + "|---:" * len(result) + "|")
        cells = " | ".join(f"{value:.2f}" for value in result.values())
        print(f"| {case.name} | {len(case.frame):,} | {cells} |")


if __name__ == "__main__":
    main()
