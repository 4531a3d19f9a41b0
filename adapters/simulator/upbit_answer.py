"""Upbit's REST answers, as bytes; numbers are shorter there than in the stream."""

import json
from collections.abc import Iterable, Sequence

from adapters.simulator.bar import DAY_MS, Bar, Deal
from adapters.simulator.coin import Coin
from adapters.simulator.instrument import Instrument
from adapters.simulator.number_text import short, stamp
from adapters.simulator.price_tick import UNIT
from adapters.simulator.upbit_encoding import (
    KST_S,
    change,
    change_rate,
    levels,
    number_of,
    supported_levels,
    totals,
)

CAUTIONS = (
    "PRICE_FLUCTUATIONS",
    "TRADING_VOLUME_SOARING",
    "DEPOSIT_AMOUNT_SOARING",
    "GLOBAL_PRICE_DIFFERENCES",
    "CONCENTRATION_OF_SMALL_ACCOUNTS",
)


def error(name: int | str, message: str) -> bytes:
    """Return an error body."""
    return _dump({"error": {"name": name, "message": message}})


def markets(instruments: Iterable[Instrument], *, details: bool) -> bytes:
    """Return the market list, with market_event where details are asked for."""
    rows = []
    for instrument in instruments:
        coin = instrument.listing.coin
        row: dict[str, object] = {
            "market": instrument.listing.symbol,
            "korean_name": coin.korean,
            "english_name": coin.english,
        }
        if details:
            row["market_event"] = _market_event(coin)
        rows.append(row)
    return _dump(rows)


def tickers(instruments: Iterable[Instrument], now_ms: int) -> bytes:
    """Return one ticker per market."""
    return _join(_ticker(instrument, now_ms) for instrument in instruments)


def orderbooks(
    instruments: Iterable[Instrument], now_ms: int, many: int, level: int
) -> bytes:
    """Return one book per market; a level it does not support gives none at all."""
    chosen = [each for each in instruments if level in supported_levels(each)]
    return _join(_orderbook(each, now_ms, many, level) for each in chosen)


def instruments(chosen: Iterable[Instrument]) -> bytes:
    """Return price step and levels per market."""
    return _dump(
        [
            {
                "market": each.listing.symbol,
                "quote_currency": each.listing.quote,
                "tick_size": _plain(each.listing.tick.step(each.price)),
                "supported_levels": [_plain(level) for level in supported_levels(each)],
            }
            for each in chosen
        ]
    )


def trades(market: str, deals: Iterable[Deal], previous: int) -> bytes:
    """Return trades in the order given; `previous` is the close of the day before."""
    return _join(_trade(market, deal, previous) for deal in deals)


def second_candles(market: str, bars: Sequence[Bar]) -> bytes:
    """Return candles of seconds, in the order given."""
    return _join(f"{{{_candle(market, bar)}}}" for bar in bars)


def minute_candles(market: str, bars: Sequence[Bar], unit: int) -> bytes:
    """Return candles of so many minutes, in the order given."""
    return _join(f'{{{_candle(market, bar)},"unit":{unit}}}' for bar in bars)


def day_candles(market: str, bars: Sequence[tuple[Bar, int]], won: int) -> bytes:
    """Return day candles; each bar comes with the close of the day before.

    `won` is the price of the quote currency in won for `converted_trade_price`,
    0 where that was not asked for.
    """
    return _join(
        f"{{{_candle(market, bar)},{_day_change(bar, previous, won)}}}"
        for bar, previous in bars
    )


def long_candles(market: str, bars: Sequence[Bar]) -> bytes:
    """Return candles of weeks, months or years."""
    return _join(
        f'{{{_candle(market, bar)},"first_day_of_period":"{_date(bar.open_ms)}"}}'
        for bar in bars
    )


def _ticker(instrument: Instrument, now_ms: int) -> str:
    day, traded = instrument.day, instrument.price
    previous = day.previous_close
    difference = traded - previous
    rate = _rate(difference, previous)
    high, low = instrument.year()
    rolling = instrument.rolling()
    second = instrument.time_ms // 1_000
    utc, kst = stamp(second), stamp(second + KST_S)
    return (
        f'{{"market":"{instrument.listing.symbol}",'
        f'"trade_date":"{utc.compact_date}","trade_time":"{utc.compact_time}",'
        f'"trade_date_kst":"{kst.compact_date}","trade_time_kst":"{kst.compact_time}",'
        f'"trade_timestamp":{instrument.time_ms},"opening_price":{short(day.open)},'
        f'"high_price":{short(day.high)},"low_price":{short(day.low)},'
        f'"trade_price":{short(traded)},"prev_closing_price":{short(previous)},'
        f'"change":"{change(traded, previous)}",'
        f'"change_price":{short(abs(difference))},'
        f'"change_rate":{rate.removeprefix("-")},'
        f'"signed_change_price":{short(difference)},"signed_change_rate":{rate},'
        f'"trade_volume":{short(instrument.volume)},'
        f'"acc_trade_price":{short(day.value // UNIT)},'
        f'"acc_trade_price_24h":{short(rolling.value // UNIT)},'
        f'"acc_trade_volume":{short(day.ask_volume + day.bid_volume)},'
        f'"acc_trade_volume_24h":{short(rolling.volume)},'
        f'"highest_52_week_price":{short(high.price)},'
        f'"highest_52_week_date":"{_date(high.time_ms)}",'
        f'"lowest_52_week_price":{short(low.price)},'
        f'"lowest_52_week_date":"{_date(low.time_ms)}","timestamp":{now_ms}}}'
    )


def _orderbook(instrument: Instrument, now_ms: int, many: int, level: int) -> str:
    asks, bids = levels(instrument, many, level)
    ask_total, bid_total = totals(instrument, asks, bids, level)
    pairs = ",".join(
        f'{{"ask_price":{short(ask.price)},"bid_price":{short(bid.price)},'
        f'"ask_size":{short(ask.size)},"bid_size":{short(bid.size)}}}'
        for ask, bid in zip(asks, bids, strict=False)
    )
    return (
        f'{{"market":"{instrument.listing.symbol}","timestamp":{now_ms},'
        f'"total_ask_size":{short(ask_total)},'
        f'"total_bid_size":{short(bid_total)},'
        f'"orderbook_units":[{pairs}],"level":{_plain(level)}}}'
    )


def _trade(market: str, deal: Deal, previous: int) -> str:
    utc = stamp(deal.time_ms // 1_000)
    return (
        f'{{"market":"{market}","trade_date_utc":"{utc.date}",'
        f'"trade_time_utc":"{utc.time}","timestamp":{deal.time_ms},'
        f'"trade_price":{short(deal.price)},"trade_volume":{short(deal.volume)},'
        f'"prev_closing_price":{short(previous)},'
        f'"change_price":{short(deal.price - previous)},"ask_bid":"{deal.side}",'
        f'"sequential_id":{number_of(deal.time_ms, deal.number)}}}'
    )


def _candle(market: str, bar: Bar) -> str:
    second = bar.open_ms // 1_000
    utc, kst = stamp(second), stamp(second + KST_S)
    return (
        f'"market":"{market}","candle_date_time_utc":"{utc.date}T{utc.time}",'
        f'"candle_date_time_kst":"{kst.date}T{kst.time}",'
        f'"opening_price":{short(bar.open)},"high_price":{short(bar.high)},'
        f'"low_price":{short(bar.low)},"trade_price":{short(bar.close)},'
        f'"timestamp":{bar.last_ms},"candle_acc_trade_price":{short(bar.value)},'
        f'"candle_acc_trade_volume":{short(bar.volume)}'
    )


def _day_change(bar: Bar, previous: int, won: int) -> str:
    difference = bar.close - previous
    value = short(bar.close * won // UNIT)
    converted = f',"converted_trade_price":{value}' if won else ""
    return (
        f'"prev_closing_price":{short(previous)},"change_price":{short(difference)},'
        f'"change_rate":{_rate(difference, previous)}{converted}'
    )


def _market_event(coin: Coin) -> dict[str, object]:
    return {
        "warning": coin.event == "WARNING",
        "caution": {caution: coin.event == caution for caution in CAUTIONS},
    }


def _rate(difference: int, previous: int) -> str:
    rate = change_rate(difference, previous)
    return rate if "E" in rate or rate == "0" else rate.rstrip("0")


def _plain(value: int) -> str:
    return short(value).removesuffix(".0")


def _date(t_ms: int) -> str:
    return stamp(t_ms // DAY_MS * (DAY_MS // 1_000)).date


def _join(rows: Iterable[str]) -> bytes:
    return f"[{','.join(rows)}]".encode()


def _dump(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
