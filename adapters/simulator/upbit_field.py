"""Fields of Upbit's stream messages: order, long and short keys, spelling."""

from collections.abc import Sequence
from typing import Literal

Format = Literal["DEFAULT", "SIMPLE", "JSON_LIST", "SIMPLE_LIST"]
FORMATS: tuple[Format, ...] = ("DEFAULT", "SIMPLE", "JSON_LIST", "SIMPLE_LIST")

# Key, short key, and how the value stands: `"%s"` text, `%s` number or literal.
_TICKER = (
    ("type", "ty", '"ticker"'),
    ("code", "cd", '"%s"'),
    ("opening_price", "op", "%s"),
    ("high_price", "hp", "%s"),
    ("low_price", "lp", "%s"),
    ("trade_price", "tp", "%s"),
    ("prev_closing_price", "pcp", "%s"),
    ("acc_trade_price", "atp", "%s"),
    ("change", "c", '"%s"'),
    ("change_price", "cp", "%s"),
    ("signed_change_price", "scp", "%s"),
    ("change_rate", "cr", "%s"),
    ("signed_change_rate", "scr", "%s"),
    ("ask_bid", "ab", '"%s"'),
    ("trade_volume", "tv", "%s"),
    ("acc_trade_volume", "atv", "%s"),
    ("trade_date", "tdt", '"%s"'),
    ("trade_time", "ttm", '"%s"'),
    ("trade_timestamp", "ttms", "%s"),
    ("acc_ask_volume", "aav", "%s"),
    ("acc_bid_volume", "abv", "%s"),
    ("highest_52_week_price", "h52wp", "%s"),
    ("highest_52_week_date", "h52wdt", '"%s"'),
    ("lowest_52_week_price", "l52wp", "%s"),
    ("lowest_52_week_date", "l52wdt", '"%s"'),
    ("market_state", "ms", '"ACTIVE"'),
    ("is_trading_suspended", "its", "false"),
    ("delisting_date", "dd", "null"),
    ("market_warning", "mw", '"%s"'),
    ("timestamp", "tms", "%s"),
    ("acc_trade_price_24h", "atp24h", "%s"),
    ("acc_trade_volume_24h", "atv24h", "%s"),
    ("stream_type", "st", '"%s"'),
)
_TRADE = (
    ("type", "ty", '"trade"'),
    ("code", "cd", '"%s"'),
    ("timestamp", "tms", "%s"),
    ("trade_date", "td", '"%s"'),
    ("trade_time", "ttm", '"%s"'),
    ("trade_timestamp", "ttms", "%s"),
    ("trade_price", "tp", "%s"),
    ("trade_volume", "tv", "%s"),
    ("ask_bid", "ab", '"%s"'),
    ("prev_closing_price", "pcp", "%s"),
    ("change", "c", '"%s"'),
    ("change_price", "cp", "%s"),
    ("sequential_id", "sid", "%s"),
    ("best_ask_price", "bap", "%s"),
    ("best_ask_size", "bas", "%s"),
    ("best_bid_price", "bbp", "%s"),
    ("best_bid_size", "bbs", "%s"),
    ("stream_type", "st", '"%s"'),
)
_BOOK = (
    ("type", "ty", '"orderbook"'),
    ("code", "cd", '"%s"'),
    ("timestamp", "tms", "%s"),
    ("total_ask_size", "tas", "%s"),
    ("total_bid_size", "tbs", "%s"),
    ("orderbook_units", "obu", "[%s]"),
    ("stream_type", "st", '"%s"'),
    ("level", "lv", "%s"),
)
_PAIR = (
    ("ask_price", "ap", "%s"),
    ("bid_price", "bp", "%s"),
    ("ask_size", "as", "%s"),
    ("bid_size", "bs", "%s"),
)
_CANDLE = (
    ("type", "ty", '"%s"'),
    ("code", "cd", '"%s"'),
    ("candle_date_time_utc", "cdttmu", '"%s"'),
    ("candle_date_time_kst", "cdttmk", '"%s"'),
    ("opening_price", "op", "%s"),
    ("high_price", "hp", "%s"),
    ("low_price", "lp", "%s"),
    ("trade_price", "tp", "%s"),
    ("candle_acc_trade_volume", "catv", "%s"),
    ("candle_acc_trade_price", "catp", "%s"),
    ("timestamp", "tms", "%s"),
    ("stream_type", "st", '"%s"'),
)


def _templates(fields: Sequence[tuple[str, str, str]]) -> dict[Format, str]:
    full = ",".join(f'"{key}":{value}' for key, _, value in fields)
    brief = ",".join(f'"{key}":{value}' for _, key, value in fields)
    return {
        "DEFAULT": f"{{{full}}}",
        "SIMPLE": f"{{{brief}}}",
        "JSON_LIST": f"[{{{full}}}]",
        "SIMPLE_LIST": f"[{{{brief}}}]",
    }


TICKER, TRADE, BOOK = _templates(_TICKER), _templates(_TRADE), _templates(_BOOK)
CANDLE = _templates(_CANDLE)
PAIR = {
    form: text.removeprefix("[").removesuffix("]")
    for form, text in _templates(_PAIR).items()
}
"""One level of the book, to be joined by commas."""
