"""Binance's REST answers, as bytes."""

import json
from collections.abc import Iterable, Sequence

from adapters.simulator.bar import DAY_MS, Bar, Deal
from adapters.simulator.binance_encoding import (
    TimeUnit,
    aggregate_id,
    average,
    percent,
    window,
)
from adapters.simulator.instrument import Instrument
from adapters.simulator.limit import BINANCE_WEIGHT_PER_MIN
from adapters.simulator.listing import TRADING
from adapters.simulator.number_text import fixed
from adapters.simulator.price_tick import UNIT

_PRECISION = 8
_MAX_PRICE = 1_000_000 * 10**_PRECISION
_MAX_QUANTITY = 90_000_000_000 * 10**_PRECISION


def error(code: int, message: str) -> bytes:
    """Return an error body."""
    return _dump({"code": code, "msg": message})


def exchange_info(
    chosen: Iterable[Instrument], now_ms: int, *, permissions: bool = True
) -> bytes:
    """Return the symbols with their rules; `now_ms` in the unit asked for."""
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
            "symbols": [_symbol(each, permissions=permissions) for each in chosen],
        }
    )


def full_ticker(instrument: Instrument, now_ms: int, unit: TimeUnit) -> str:
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
        f'"openTime":{now_ms - DAY_MS}{unit.tail},"closeTime":{now_ms}{unit.tail},'
        f'"firstId":{day.first_id},'
        f'"lastId":{day.last_id},"count":{day.trades}}}'
    )


def mini_ticker(instrument: Instrument, now_ms: int, unit: TimeUnit) -> str:
    """Return a ticker/24hr row of type MINI."""
    day = window(instrument, now_ms)
    return (
        f'{{"symbol":"{instrument.listing.symbol}","openPrice":"{fixed(day.open)}",'
        f'"highPrice":"{fixed(day.high)}","lowPrice":"{fixed(day.low)}",'
        f'"lastPrice":"{fixed(day.last)}","volume":"{fixed(day.volume)}",'
        f'"quoteVolume":"{fixed(day.quote_volume)}",'
        f'"openTime":{now_ms - DAY_MS}{unit.tail},"closeTime":{now_ms}{unit.tail},'
        f'"firstId":{day.first_id},"lastId":{day.last_id},"count":{day.trades}}}'
    )


def price_ticker(instrument: Instrument, now_ms: int, unit: TimeUnit) -> str:
    """Return a ticker/price row."""
    price = fixed(window(instrument, now_ms).last)
    return f'{{"symbol":"{instrument.listing.symbol}","price":"{price}"}}'


def book_ticker(instrument: Instrument, now_ms: int, unit: TimeUnit) -> str:
    """Return a ticker/bookTicker row."""
    return f'{{"symbol":"{instrument.listing.symbol}",{_book_fields(instrument)}}}'


def klines(bars: Sequence[tuple[Bar, int]], unit: TimeUnit) -> bytes:
    """Return candles oldest first; each comes with its end (exclusive)."""
    rows = (
        f'[{bar.open_ms}{unit.tail},"{fixed(bar.open)}","{fixed(bar.high)}",'
        f'"{fixed(bar.low)}","{fixed(bar.close)}","{fixed(bar.volume)}",'
        f'{end - 1}{unit.last},"{fixed(bar.value)}",{bar.trades},'
        f'"{fixed(bar.bought)}","{fixed(bar.bought_value)}","0"]'
        for bar, end in bars
    )
    return f"[{','.join(rows)}]".encode()


def trades(deals: Iterable[Deal], unit: TimeUnit) -> bytes:
    """Return trades in the order given."""
    rows = (
        f'{{"id":{deal.number},"price":"{fixed(deal.price)}",'
        f'"qty":"{fixed(deal.volume)}","quoteQty":"{fixed(deal.value)}",'
        f'"time":{deal.time_ms}{unit.tail},"isBuyerMaker":{_maker(deal)},'
        f'"isBestMatch":true}}'
        for deal in deals
    )
    return f"[{','.join(rows)}]".encode()


def aggregate_trades(deals: Iterable[Deal], unit: TimeUnit) -> bytes:
    """Return trades as aggregates of one each, in the order given."""
    rows = (
        f'{{"a":{aggregate_id(deal.number)},"p":"{fixed(deal.price)}",'
        f'"q":"{fixed(deal.volume)}","f":{deal.number},"l":{deal.number},'
        f'"T":{deal.time_ms}{unit.tail},"m":{_maker(deal)},"M":true}}'
        for deal in deals
    )
    return f"[{','.join(rows)}]".encode()


def average_price(
    instrument: Instrument, minutes: int, bar: Bar | None, unit: TimeUnit
) -> bytes:
    """Return the volume-weighted price of the last minutes, else the last price."""
    price = bar.value * UNIT // bar.volume if bar else instrument.price
    closed = f"{instrument.time_ms}{unit.tail}"
    return (
        f'{{"mins":{minutes},"price":"{fixed(price)}","closeTime":{closed}}}'.encode()
    )


def _maker(deal: Deal) -> str:
    return "true" if deal.side == "ASK" else "false"


def _book_fields(instrument: Instrument) -> str:
    top = instrument.top()
    (ask, asked), (bid, wanted) = top.ask, top.bid
    if instrument.listing.status != TRADING:
        ask = asked = bid = wanted = 0
    return (
        f'"bidPrice":"{fixed(bid)}","bidQty":"{fixed(wanted)}",'
        f'"askPrice":"{fixed(ask)}","askQty":"{fixed(asked)}"'
    )


def _symbol(instrument: Instrument, *, permissions: bool) -> dict[str, object]:
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
        "permissionSets": [["SPOT"]] if permissions else [],
        "defaultSelfTradePreventionMode": "EXPIRE_MAKER",
        "allowedSelfTradePreventionModes": ["EXPIRE_MAKER"],
    }


def _dump(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
