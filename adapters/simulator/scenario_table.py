"""The scenarios there are. What each does to a venue's state: effect.py, action.py."""

from adapters.simulator.fault import VENUES, Venue
from adapters.simulator.garbage import KINDS
from adapters.simulator.scenario import Parameter, Scenario

_STREAMS: tuple[Venue, ...] = ("upbit", "binance")
_UPBIT: tuple[Venue, ...] = ("upbit",)
_BINANCE: tuple[Venue, ...] = ("binance",)
_FX: tuple[Venue, ...] = ("fx",)

MAX_WAIT_S = 3_600
"""The longest wait that a throttled answer may be told to ask for."""
BAN_S = 30.0
"""How long a ban lasts where nothing is said."""
FX_SOURCES = ("all", "dunamu", "frankfurter", "open_er_api")
THROTTLED_GROUPS = ("all", "market", "ticker", "candles", "orderbook", "crix-trades")

JUMPING: dict[Venue, str] = {"upbit": "KRW-BTC", "binance": "BTCUSDT"}
"""The market whose price jumps where none is named."""
ENDING: dict[Venue, str] = {"upbit": "KRW-XRP", "binance": "XRPUSDT"}
"""The market that is delisted where none is named."""

_SOCKETS = Parameter("sockets", False, "handshakes are answered so too")
_STATUS = Parameter("status", 503, "the status answered", low=500, high=599)
_SHARE_MEANING = "share of the data frames that it happens to"

SCENARIOS: tuple[Scenario, ...] = (
    Scenario(
        "silence",
        "sockets stay open and nothing comes any more: no data, no pings, no answers",
        _STREAMS,
        _UPBIT,
    ),
    Scenario(
        "heartbeat-only",
        "sockets answer pings and requests and send their beats, but no data",
        _STREAMS,
        _UPBIT,
    ),
    Scenario(
        "cut",
        "every connection is cut without a word; with a duration the venue cannot be "
        "reached at all until it is over",
        VENUES,
        _UPBIT,
        span="either",
    ),
    Scenario(
        "accept-then-close",
        "handshakes succeed and the socket is closed at once, those that are open too",
        _STREAMS,
        _UPBIT,
        (Parameter("code", 1000, "close code; 0 cuts without one", low=0, high=4999),),
    ),
    Scenario(
        "rate-limited",
        "REST answers 429 as the venue does: Binance and the rate sources with "
        "Retry-After, Upbit with Remaining-Req at sec=0",
        VENUES,
        _UPBIT,
        (
            Parameter(
                "retry_after_s",
                2,
                "wait that answers ask for; with a duration its rest is asked for",
                low=1,
                high=MAX_WAIT_S,
            ),
            Parameter(
                "group",
                "all",
                "only requests of this group of Upbit",
                choices=THROTTLED_GROUPS,
            ),
            _SOCKETS,
        ),
    ),
    Scenario(
        "banned",
        "REST answers 418 and says how long the address is blocked",
        _STREAMS,
        _BINANCE,
        (_SOCKETS,),
        lasts_s=BAN_S,
    ),
    Scenario(
        "server-error",
        "REST answers 5xx",
        VENUES,
        _UPBIT,
        (_STATUS, _SOCKETS),
    ),
    Scenario(
        "slow",
        "REST answers and handshakes are made at once and arrive late",
        VENUES,
        _UPBIT,
        (Parameter("ms", 3_000, "milliseconds late", low=1, high=600_000),),
    ),
    Scenario(
        "half-open",
        "TCP stays open but nothing is read or written any more; requests and "
        "handshakes are accepted and never answered; at the end all that is reset",
        VENUES,
        _UPBIT,
    ),
    Scenario(
        "garbage",
        "data frames are followed by broken twins: undecodable, NaN, negative, zero, "
        "crossed book, absurd numbers, wrong types, impossible stamps",
        VENUES,
        _UPBIT,
        (
            Parameter("share", 0.2, _SHARE_MEANING, low=0.0, high=1.0),
            Parameter(
                "kinds", ",".join(KINDS), "what is broken", choices=KINDS, listed=True
            ),
            Parameter("rest", False, "REST bodies are broken too, every one"),
        ),
    ),
    Scenario(
        "reordering",
        "a data frame is held until a newer one of its market has passed, at most "
        "until the end",
        _STREAMS,
        _UPBIT,
        (Parameter("share", 0.3, _SHARE_MEANING, low=0.0, high=1.0),),
    ),
    Scenario(
        "duplicates",
        "a data frame comes more than once",
        _STREAMS,
        _UPBIT,
        (
            Parameter("share", 0.5, _SHARE_MEANING, low=0.0, high=1.0),
            Parameter("times", 2, "how often it comes in all", low=2, high=100),
        ),
    ),
    Scenario(
        "price-jump",
        "a market trades at a multiple of its price and goes on from there; at the "
        "end back again",
        _STREAMS,
        _UPBIT,
        (
            Parameter("factor", 1.3, "multiple of the price", low=0.001, high=1_000),
            Parameter("symbol", "", 'the market; "" is KRW-BTC or BTCUSDT'),
        ),
    ),
    Scenario(
        "delisting",
        "a market ends: Upbit's leaves market/all and its tickers say DELISTED, "
        "Binance's goes to BREAK; at the end it is back",
        _STREAMS,
        _UPBIT,
        (Parameter("symbol", "", 'the market; "" is KRW-XRP or XRPUSDT'),),
    ),
    Scenario(
        "new-listing",
        "a coin that was nowhere gets a market: KRW-x at Upbit, xUSDT at Binance; at "
        "the end it is gone again",
        _STREAMS,
        _STREAMS,
        (
            Parameter("symbol", "NOVA", "the coin's ticker"),
            Parameter("usd", 1.25, "dollars per coin", low=0.00001, high=1_000_000),
        ),
    ),
    Scenario(
        "ticker-collision",
        "the venue lists a coin whose ticker is another coin's at the other venue, "
        "which lists that one where it has none of the name",
        _STREAMS,
        _UPBIT,
        (
            Parameter("symbol", "TWIN", "the ticker of both"),
            Parameter("factor", 37.0, "how often dearer here", low=0.001, high=1_000),
        ),
    ),
    Scenario(
        "fx-outage",
        "sources of USD/KRW answer 5xx",
        _FX,
        _FX,
        (
            Parameter("source", "all", "which source", choices=FX_SOURCES),
            _STATUS,
        ),
    ),
    Scenario(
        "fx-frozen",
        "sources of USD/KRW answer 200 with the rate of last Friday evening, which "
        "gets older and older, as over a weekend",
        _FX,
        _FX,
        (Parameter("weeks", 0, "so many Fridays earlier", low=0, high=52),),
    ),
    Scenario(
        "clock-skew",
        "every stamp of the venue and its Date header are wrong by a constant",
        _STREAMS,
        _UPBIT,
        (
            Parameter(
                "ms",
                5_000,
                "milliseconds the venue's clock is ahead; behind where negative",
                low=-86_400_000,
                high=86_400_000,
            ),
        ),
    ),
    Scenario(
        "24-hour-cut",
        "Binance closes every connection with a close frame, as after 24 hours",
        _BINANCE,
        _BINANCE,
        span="moment",
    ),
    Scenario(
        "server-shutdown",
        "Binance announces serverShutdown and cuts the connections that heard it",
        _BINANCE,
        _BINANCE,
        (
            Parameter(
                "after_s", 5.0, "seconds from notice to cut", low=0.0, high=3_600.0
            ),
        ),
    ),
    Scenario(
        "rest-dead",
        "REST dies while streams live",
        VENUES,
        _UPBIT,
        (
            Parameter(
                "how",
                "refuse",
                "connections are reset, or answers never come",
                choices=("refuse", "hang"),
            ),
        ),
    ),
    Scenario(
        "stream-dead",
        "sockets are cut and handshakes refused with 503 while REST lives",
        _STREAMS,
        _UPBIT,
    ),
)
