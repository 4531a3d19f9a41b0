"""The closed vocabularies of the contract, each word described.

Members have the same names as the domain's: `Quality(premium.quality)` translates.
"""

from enum import Enum

import strawberry
from strawberry import enum_value as word


@strawberry.enum(description="A venue whose prices are watched.")
class Exchange(Enum):
    """See the domain's `Exchange`."""

    UPBIT = word("UPBIT", description="Upbit, Seoul: prices in won.")
    BINANCE = word("BINANCE", description="Binance: prices in USDT.")


@strawberry.enum(description="How dollars become won.")
class PremiumBasis(Enum):
    """See the domain's `PremiumBasis`."""

    OFFICIAL_FX = word(
        "OFFICIAL_FX", description="The official US dollar rate, from `fxRates`."
    )
    KRW_USDT = word("KRW_USDT", description="The price of USDT in won on Upbit.")
    KRW_USDC = word(
        "KRW_USDC", description="The price of USDC in won on Upbit; takes USDT = USDC."
    )


@strawberry.enum(description="How far a number can be trusted right now.")
class Quality(Enum):
    """See the domain's `Quality`."""

    LIVE = word("LIVE", description="From feeds that are up and within their bounds.")
    STALE = word(
        "STALE", description="The last known value: a feed or rate is past its bound."
    )
    UNAVAILABLE = word("UNAVAILABLE", description="No number; `reason` says why.")


@strawberry.enum(description="The way a value reached us last.")
class Channel(Enum):
    """See the domain's `Channel`."""

    WEBSOCKET = word("WEBSOCKET", description="The venue's live stream.")
    REST = word("REST", description="A request to the venue.")
    CACHE = word(
        "CACHE",
        description=(
            "Kept from before: restored from our database after a start, or the last "
            "known answer while no channel answers."
        ),
    )


@strawberry.enum(description="Which channel of a venue is to answer.")
class ChannelChoice(Enum):
    """AUTO, or one of the domain's `Channel`s that can be asked."""

    AUTO = word("AUTO", description="The one that suits best, else the other one.")
    WEBSOCKET = word("WEBSOCKET", description="The stream, and nothing else.")
    REST = word("REST", description="A request, and nothing else.")


@strawberry.enum(
    description=(
        "How long a candle or bar lasts, in UTC: D1 begins at 00:00, W1 on Mondays."
    )
)
class Interval(Enum):
    """See the domain's `Interval`."""

    S1 = word("S1", description="1 second.")
    M1 = word("M1", description="1 minute.")
    M3 = word("M3", description="3 minutes.")
    M5 = word("M5", description="5 minutes.")
    M15 = word("M15", description="15 minutes.")
    M30 = word("M30", description="30 minutes.")
    H1 = word("H1", description="1 hour.")
    H4 = word("H4", description="4 hours.")
    D1 = word("D1", description="1 day, from 00:00 UTC.")
    W1 = word("W1", description="1 week, from Monday 00:00 UTC.")


@strawberry.enum(description="Where a bar comes from.")
class BarOrigin(Enum):
    """See the domain's `BarOrigin`."""

    LIVE = word("LIVE", description="Recorded as it happened.")
    BACKFILLED = word(
        "BACKFILLED",
        description=(
            "Made, at least in part, from the venues' candles and dated rates."
        ),
    )


@strawberry.enum(description="How far back statistics look.")
class StatsWindow(Enum):
    """See the domain's `StatsWindow`."""

    H24 = word("H24", description="24 hours, by the closes of minutes.")
    D7 = word("D7", description="7 days, by the closes of hours.")
    D30 = word("D30", description="30 days, by the closes of hours.")
    D90 = word("D90", description="90 days, by the closes of hours.")
    D365 = word("D365", description="365 days, by the closes of hours.")


@strawberry.enum(description="What the taker of a trade did.")
class TradeSide(Enum):
    """See the domain's `Side`."""

    BUY = word("BUY", description="Bought: took an ask.")
    SELL = word("SELL", description="Sold: took a bid.")


@strawberry.enum(
    description=(
        "Why a number is null or not live. Unknown is null with a reason, never 0. "
        "Where several hold, one is told: IDENTITY_UNSURE, then NO_GLOBAL_MARKET, "
        "DOMESTIC_MISSING, GLOBAL_MISSING, HALTED, FX_MISSING, DOMESTIC_STALE, "
        "GLOBAL_STALE, FX_STALE."
    )
)
class Reason(Enum):
    """See the domain's `Reason`."""

    NO_GLOBAL_MARKET = word(
        "NO_GLOBAL_MARKET", description="Binance has no USDT market of this coin."
    )
    DOMESTIC_MISSING = word(
        "DOMESTIC_MISSING", description="No price from Upbit was ever seen."
    )
    GLOBAL_MISSING = word(
        "GLOBAL_MISSING", description="No price from Binance was ever seen."
    )
    DOMESTIC_STALE = word(
        "DOMESTIC_STALE", description="The price from Upbit is the last known one."
    )
    GLOBAL_STALE = word(
        "GLOBAL_STALE", description="The price from Binance is the last known one."
    )
    FX_MISSING = word(
        "FX_MISSING", description="No source has a rate within its maximum age."
    )
    FX_STALE = word("FX_STALE", description="The rate is the last known one.")
    IDENTITY_UNSURE = word(
        "IDENTITY_UNSURE",
        description="Equal tickers, but the prices say these may be different assets.",
    )
    HALTED = word("HALTED", description="A venue has stopped trading in this market.")


@strawberry.enum(description="A venue's own warning about a market.")
class MarketWarning(Enum):
    """See the domain's `MarketWarning`."""

    INVESTMENT_WARNING = word(
        "INVESTMENT_WARNING", description="유의 종목: under review, may be delisted."
    )
    PRICE_FLUCTUATIONS = word(
        "PRICE_FLUCTUATIONS", description="가격 급등락: its price moves unusually."
    )
    TRADING_VOLUME_SOARING = word(
        "TRADING_VOLUME_SOARING", description="거래량 급등: its volume soars."
    )
    DEPOSIT_AMOUNT_SOARING = word(
        "DEPOSIT_AMOUNT_SOARING", description="입금량 급등: deposits soar."
    )
    GLOBAL_PRICE_DIFFERENCES = word(
        "GLOBAL_PRICE_DIFFERENCES",
        description="글로벌 시세 차이: its price is far from that of other venues.",
    )
    CONCENTRATION_OF_SMALL_ACCOUNTS = word(
        "CONCENTRATION_OF_SMALL_ACCOUNTS",
        description="소수 계정 집중: few accounts make most of its trades.",
    )
    DELISTING = word("DELISTING", description="거래지원 종료: it will be delisted.")


@strawberry.enum(description="What coins are sorted by.")
class CoinOrderField(Enum):
    """See the domain's `CoinOrderField`."""

    SYMBOL = word("SYMBOL", description="The canonical symbol.")
    KOREAN_NAME = word("KOREAN_NAME", description="The Korean name, by code point.")


@strawberry.enum(description="What premiums are sorted by.")
class PremiumOrderField(Enum):
    """See the domain's `PremiumOrderField`."""

    PERCENT = word("PERCENT", description="The premium in percent.")
    ABSOLUTE_KRW = word("ABSOLUTE_KRW", description="The premium in won per coin.")
    DOMESTIC_VOLUME = word(
        "DOMESTIC_VOLUME", description="Upbit's turnover of 24 hours in won."
    )
    DOMESTIC_CHANGE = word(
        "DOMESTIC_CHANGE", description="Upbit's change since 00:00 UTC (09:00 KST)."
    )
    SYMBOL = word("SYMBOL", description="The canonical symbol.")


@strawberry.enum(
    description="Sort direction. Nulls come last in both, ties go by symbol."
)
class Direction(Enum):
    """See the domain's `Direction`."""

    ASC = word("ASC", description="Smallest first.")
    DESC = word("DESC", description="Largest first.")


@strawberry.enum(description="Whether a part does its work.")
class ServiceStatus(Enum):
    """See the domain's `ServiceStatus`."""

    HEALTHY = word("HEALTHY", description="It does.")
    DEGRADED = word("DEGRADED", description="In part, or with older values.")
    UNAVAILABLE = word("UNAVAILABLE", description="It does not.")


@strawberry.enum(description="State of a circuit breaker.")
class BreakerState(Enum):
    """See the domain's `BreakerState`."""

    CLOSED = word("CLOSED", description="Requests go through.")
    OPEN = word("OPEN", description="Requests are held back until `retryAt`.")
    HALF_OPEN = word("HALF_OPEN", description="One probe is on its way.")
