"""Binance's REST answers, as bytes."""

import json
from collections.abc import Iterable, Sequence

from adapters.simulator.binance_encoding import average, percent, window
from adapters.simulator.history import DAY_MS, Bar
from adapters.simulator.instrument import Instrument
from adapters.simulator.limit import BINANCE_WEIGHT_PER_MIN
from adapters.simulator.listing import TRADING
from adapters.simulator.number_text import fixed

_PRECISION = 8
_MAX_PRICE = 1_000_000 * 10**_PRECISION
_MAX_QUANTITY = 90_000_000_000 * 10**_PRECISION


def error(code: int, message: str) -> bytes:
    """Return an error body."""
    return _dump({"code": code, "msg": message})


def exchange_info(chosen: Iterable[Instrument], now_ms: int) -> bytes:
    """Return the symbols with their rules."""
    limits = [
        {
            "rateLimitType": "REQUEST_WEIGHT",
            "interval": "MINUTE",
            "intervalNum": 1,
            "limit": BINANCE_WEIGHT_PER_MIN,
        },
        {
            "rateLimitType": "RAW_REQUESTS",
            "interval": "MINUTE",
            "intervalNum": 5,
            "limit": 61_000,
        },
    ]
    return _dump(
        {
            "timezone": "UTC",
            "serverTime": now_ms,
            "rateLimits": limits,
            "exchangeFilters": [],
            "symbols": [_symbol(instrument) for instrument in chosen],
        }
    )


def full_ticker(instrument: Instrument, now_ms: int) -> str:
    """Return a ticker/24hr row of type FULL."""
    day = window(instrument, now_ms)
    moved = day.last - day.open
    book = _book_fields(instrument)
    last = fixed(instrument.volume) if day.trades else fixed(0)
    return (
        f'{{"symbol":"{instrument.listing.symbol}","priceChange":"{fixed(moved)}",'
        f'"priceChangePercent":"{percent(moved, day.open)}",'
        f'"weightedAvgPrice":"{fixed(average(day))}",'
        f'"prevClosePrice":"{fixed(day.open)}","lastPrice":"{fixed(day.last)}",'
        f'"lastQty":"{last}",{book},"openPrice":"{fixed(day.open)}",'
        f'"highPrice":"{fixed(day.high)}","lowPrice":"{fixed(day.low)}",'
        f'"volume":"{fixed(day.volume)}","quoteVolume":"{fixed(day.quote_volume)}",'
        f'"openTime":{now_ms - DAY_MS},"closeTime":{now_ms},"firstId":{day.first_id},'
        f'"lastId":{day.last_id},"count":{day.trades}}}'
    )


def mini_ticker(instrument: Instrument, now_ms: int) -> str:
    """Return a ticker/24hr row of type MINI."""
    day = window(instrument, now_ms)
    return (
        f'{{"symbol":"{instrument.listing.symbol}","openPrice":"{fixed(day.open)}",'
        f'"highPrice":"{fixed(day.high)}","lowPrice":"{fixed(day.low)}",'
        f'"lastPrice":"{fixed(day.last)}","volume":"{fixed(day.volume)}",'
        f'"quoteVolume":"{fixed(day.quote_volume)}","openTime":{now_ms - DAY_MS},'
        f'"closeTime":{now_ms},"firstId":{day.first_id},"lastId":{day.last_id},'
        f'"count":{day.trades}}}'
    )


def price_ticker(instrument: Instrument, now_ms: int) -> str:
    """Return a ticker/price row."""
    price = fixed(window(instrument, now_ms).last)
    return f'{{"symbol":"{instrument.listing.symbol}","price":"{price}"}}'


def book_ticker(instrument: Instrument, now_ms: int) -> str:
    """Return a ticker/bookTicker row."""
    return f'{{"symbol":"{instrument.listing.symbol}",{_book_fields(instrument)}}}'


def klines(bars: Sequence[tuple[Bar, int]]) -> bytes:
    """Return candles oldest first; each comes with its end (exclusive)."""
    rows = (
        f'[{bar.open_ms},"{fixed(bar.open)}","{fixed(bar.high)}","{fixed(bar.low)}",'
        f'"{fixed(bar.close)}","{fixed(bar.volume)}",{end - 1},"{fixed(bar.value)}",'
        f'{bar.trades},"{fixed(bar.volume // 2)}","{fixed(bar.value // 2)}","0"]'
        for bar, end in bars
    )
    return f"[{','.join(rows)}]".encode()


def depth(instrument: Instrument, many: int) -> bytes:
    """Return the order book."""
    book = instrument.book(many)
    return _dump(
        {
            "lastUpdateId": instrument.number,
            "bids": [[fixed(price), fixed(size)] for price, size in book.bids],
            "asks": [[fixed(price), fixed(size)] for price, size in book.asks],
        }
    )


def _book_fields(instrument: Instrument) -> str:
    top = instrument.top()
    (ask, asked), (bid, wanted) = top.ask, top.bid
    if instrument.listing.status != TRADING:
        ask = asked = bid = wanted = 0
    return (
        f'"bidPrice":"{fixed(bid)}","bidQty":"{fixed(wanted)}",'
        f'"askPrice":"{fixed(ask)}","askQty":"{fixed(asked)}"'
    )


def _symbol(instrument: Instrument) -> dict[str, object]:
    listing = instrument.listing
    step, lot = listing.tick.step(instrument.price), listing.lot
    return {
        "symbol": listing.symbol,
        "status": listing.status,
        "baseAsset": listing.base,
        "baseAssetPrecision": _PRECISION,
        "quoteAsset": listing.quote,
        "quotePrecision": _PRECISION,
        "quoteAssetPrecision": _PRECISION,
        "baseCommissionPrecision": _PRECISION,
        "quoteCommissionPrecision": _PRECISION,
        "orderTypes": ["LIMIT", "LIMIT_MAKER", "MARKET"],
        "icebergAllowed": True,
        "ocoAllowed": True,
        "quoteOrderQtyMarketAllowed": True,
        "allowTrailingStop": True,
        "cancelReplaceAllowed": True,
        "isSpotTradingAllowed": listing.status == TRADING,
        "isMarginTradingAllowed": False,
        "filters": [
            {
                "filterType": "PRICE_FILTER",
                "minPrice": fixed(step),
                "maxPrice": fixed(_MAX_PRICE),
                "tickSize": fixed(step),
            },
            {
                "filterType": "LOT_SIZE",
                "minQty": fixed(lot),
                "maxQty": fixed(_MAX_QUANTITY),
                "stepSize": fixed(lot),
            },
        ],
        "permissions": [],
        "permissionSets": [["SPOT"]],
        "defaultSelfTradePreventionMode": "EXPIRE_MAKER",
        "allowedSelfTradePreventionModes": ["EXPIRE_MAKER"],
    }


def _dump(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
