"""What Upbit says on its stream, as types: one per channel and format.

Source: exchanges.md A1 "WebSocket". DEFAULT (full keys) and SIMPLE (short keys) have
the same attributes. Only fields with a use are read; a raw frame stands above each.
"""

from msgspec import Struct

# A Decimal (`1.50`, `0E-8`), an int (`12`), quoted text (`"148737000.00000000"`) or
# None; whatever else stands there is refused when it is read as a number.
Number = object


# {"type":"ticker","code":"KRW-BTC","opening_price":158219000.00000000,…,
#  "trade_price":158200000.00000000,"prev_closing_price":158200000.00000000,
#  "acc_trade_price":95088751392.9099200000000000,"change":"EVEN","change_price":0E-8,…,
#  "trade_timestamp":1758875206936,…,"market_state":"ACTIVE",
#  "is_trading_suspended":false,"delisting_date":null,"market_warning":"NONE",
#  "timestamp":1758875206974,"acc_trade_price_24h":331188513477.17233,
#  "acc_trade_volume_24h":2083.83396972,"stream_type":"REALTIME"}
class Ticker(Struct, tag_field="type", tag="ticker", gc=False):
    """Last trade, its stamp in ms, the base of the UTC day, sums of 24 h, the state."""

    code: str
    trade_price: Number
    trade_timestamp: int | None = None
    prev_closing_price: Number = None
    acc_trade_price_24h: Number = None
    acc_trade_volume_24h: Number = None
    market_state: str | None = None
    is_trading_suspended: bool | None = None


# {"type":"trade","code":"KRW-ETH","timestamp":1696585056910,"trade_date":"2023-10-06",
#  "trade_time":"09:37:36","trade_timestamp":1696585056846,"trade_price":37625,
#  "trade_volume":8.428e-05,"ask_bid":"ASK","prev_closing_price":37296,…,
#  "sequential_id":1696585056846000,"best_ask_price":32293000,…}
class Trade(Struct, tag_field="type", tag="trade", gc=False):
    """One trade: price, volume in coins, stamp in ms. Ids may come out of order."""

    code: str
    trade_price: Number
    trade_timestamp: int | None = None
    trade_volume: Number = None
    prev_closing_price: Number = None
    sequential_id: int | None = None
    ask_bid: object = None


# {"ask_price":137002000,"bid_price":137001000,"ask_size":0.10623869,
#  "bid_size":0.03656812}
class BookUnit(Struct, gc=False):
    """One step of both sides of the book."""

    ask_price: Number
    bid_price: Number
    ask_size: Number = None
    bid_size: Number = None


# {"type":"orderbook","code":"KRW-ETH","timestamp":1746601573804,
#  "total_ask_size":4.79158413,"total_bid_size":2.65609625,"orderbook_units":[…]}
class Orderbook(Struct, tag_field="type", tag="orderbook"):
    """A full book, best step first; `timestamp` is the book's, not of a trade."""

    code: str
    orderbook_units: list[BookUnit]
    timestamp: int | None = None
    total_ask_size: Number = None
    total_bid_size: Number = None


# {"type":"candle.1m","code":"KRW-ETH","candle_date_time_utc":"2025-01-02T04:28:05",…,
#  "opening_price":142009000.00000000,"high_price":142009000.00000000,
#  "low_price":142009000.00000000,"trade_price":142009000.00000000,
#  "candle_acc_trade_volume":0.00606119,
#  "candle_acc_trade_price":860743.5307100000000000,"timestamp":1735792085824,…}
class Candle(Struct, gc=False):
    """A candle that is still forming; the same start is sent many times."""

    type: str
    code: str
    candle_date_time_utc: str | None = None
    opening_price: Number = None
    high_price: Number = None
    low_price: Number = None
    trade_price: Number = None
    candle_acc_trade_volume: Number = None
    candle_acc_trade_price: Number = None
    timestamp: int | None = None


# {"ty":"ticker","cd":"KRW-BTC","op":…,"tp":158200000.00000000,"pcp":…,"ttms":…,…}
class ShortTicker(
    Struct,
    tag_field="ty",
    tag="ticker",
    gc=False,
    rename={
        "code": "cd",
        "trade_price": "tp",
        "trade_timestamp": "ttms",
        "prev_closing_price": "pcp",
        "acc_trade_price_24h": "atp24h",
        "acc_trade_volume_24h": "atv24h",
        "market_state": "ms",
        "is_trading_suspended": "its",
    },
):
    """`Ticker` in the SIMPLE format."""

    code: str
    trade_price: Number
    trade_timestamp: int | None = None
    prev_closing_price: Number = None
    acc_trade_price_24h: Number = None
    acc_trade_volume_24h: Number = None
    market_state: str | None = None
    is_trading_suspended: bool | None = None


# {"ty":"trade","cd":"KRW-LAMB","tms":1618678262712,"td":"2021-04-17",
#  "ttm":"16:51:02","ttms":1618678262000,"tp":127.0,"tv":46.48838371,"ab":"BID",
#  "pcp":123.00000000,"c":"RISE","cp":4.00000000,"sid":1618678262000003,
#  "st":"REALTIME"}
class ShortTrade(
    Struct,
    tag_field="ty",
    tag="trade",
    gc=False,
    rename={
        "code": "cd",
        "trade_price": "tp",
        "trade_timestamp": "ttms",
        "trade_volume": "tv",
        "prev_closing_price": "pcp",
        "sequential_id": "sid",
        "ask_bid": "ab",
    },
):
    """`Trade` in the SIMPLE format."""

    code: str
    trade_price: Number
    trade_timestamp: int | None = None
    trade_volume: Number = None
    prev_closing_price: Number = None
    sequential_id: int | None = None
    ask_bid: object = None


# {"ap":127.0,"bp":126.0,"as":280460.37885666,"bs":688682.44561413}
class ShortBookUnit(
    Struct,
    gc=False,
    rename={"ask_price": "ap", "bid_price": "bp", "ask_size": "as", "bid_size": "bs"},
):
    """`BookUnit` in the SIMPLE format."""

    ask_price: Number
    bid_price: Number
    ask_size: Number = None
    bid_size: Number = None


# {"ty":"orderbook","cd":"KRW-LAMB","tms":1618678262640,"tas":25752275.55420627,
#  "tbs":14407925.20098682,"obu":[…]}
class ShortOrderbook(
    Struct,
    tag_field="ty",
    tag="orderbook",
    rename={
        "code": "cd",
        "orderbook_units": "obu",
        "timestamp": "tms",
        "total_ask_size": "tas",
        "total_bid_size": "tbs",
    },
):
    """`Orderbook` in the SIMPLE format."""

    code: str
    orderbook_units: list[ShortBookUnit]
    timestamp: int | None = None
    total_ask_size: Number = None
    total_bid_size: Number = None


# {"ty":"candle.1m","cd":"KRW-ETH","cdttmu":"2025-01-02T04:28:05","op":…,"hp":…,
#  "lp":…,"tp":…,"catv":0.00606119,"catp":860743.5307100000000000,"tms":…}
class ShortCandle(
    Struct,
    gc=False,
    rename={
        "type": "ty",
        "code": "cd",
        "candle_date_time_utc": "cdttmu",
        "opening_price": "op",
        "high_price": "hp",
        "low_price": "lp",
        "trade_price": "tp",
        "candle_acc_trade_volume": "catv",
        "candle_acc_trade_price": "catp",
        "timestamp": "tms",
    },
):
    """`Candle` in the SIMPLE format."""

    type: str
    code: str
    candle_date_time_utc: str | None = None
    opening_price: Number = None
    high_price: Number = None
    low_price: Number = None
    trade_price: Number = None
    candle_acc_trade_volume: Number = None
    candle_acc_trade_price: Number = None
    timestamp: int | None = None


# {"name":"WRONG_FORMAT","message":"…"}; on REST the name may be an int (404).
class ErrorBody(Struct):
    """Why the venue refuses."""

    name: str | int = ""
    message: str | None = ""


# {"error":{"name":"NO_CODES","message":"…"}}
class ErrorReply(Struct):
    """The venue refuses our last request; the connection stays."""

    error: ErrorBody


# {"status":"UP"}
class Status(Struct):
    """The answer to `PING`: alive, but no data."""

    status: str


# {"method":"LIST_SUBSCRIPTIONS","result":[{"type":"ticker","codes":["KRW-BTC"]}],
#  "ticket":"x"}, or with the keys mthd, rslt, tckt
class SubscriptionList(Struct):
    """The answer to LIST_SUBSCRIPTIONS; never asked for, known all the same."""

    method: str


TickerMessage = Ticker | ShortTicker
TradeMessage = Trade | ShortTrade
BookMessage = Orderbook | ShortOrderbook
CandleMessage = Candle | ShortCandle
Message = (
    TickerMessage
    | TradeMessage
    | BookMessage
    | CandleMessage
    | Status
    | ErrorReply
    | SubscriptionList
)
