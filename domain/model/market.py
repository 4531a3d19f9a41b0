"""Venues, markets and the closed vocabularies of the contract."""

from dataclasses import dataclass
from enum import StrEnum


class Exchange(StrEnum):
    """A venue whose prices are watched."""

    UPBIT = "UPBIT"
    BINANCE = "BINANCE"


class Channel(StrEnum):
    """The way a value reached us last."""

    WEBSOCKET = "WEBSOCKET"
    REST = "REST"
    CACHE = "CACHE"


class Quality(StrEnum):
    """How far a number can be trusted right now."""

    LIVE = "LIVE"
    STALE = "STALE"
    UNAVAILABLE = "UNAVAILABLE"


class Reason(StrEnum):
    """Why a number is null or not live, in the order in which they are told."""

    IDENTITY_UNSURE = "IDENTITY_UNSURE"
    NO_GLOBAL_MARKET = "NO_GLOBAL_MARKET"
    DOMESTIC_MISSING = "DOMESTIC_MISSING"
    GLOBAL_MISSING = "GLOBAL_MISSING"
    HALTED = "HALTED"
    FX_MISSING = "FX_MISSING"
    DOMESTIC_STALE = "DOMESTIC_STALE"
    GLOBAL_STALE = "GLOBAL_STALE"
    FX_STALE = "FX_STALE"


class MarketWarning(StrEnum):
    """A venue's own warning about a market (Upbit `market_event`)."""

    INVESTMENT_WARNING = "INVESTMENT_WARNING"
    PRICE_FLUCTUATIONS = "PRICE_FLUCTUATIONS"
    TRADING_VOLUME_SOARING = "TRADING_VOLUME_SOARING"
    DEPOSIT_AMOUNT_SOARING = "DEPOSIT_AMOUNT_SOARING"
    GLOBAL_PRICE_DIFFERENCES = "GLOBAL_PRICE_DIFFERENCES"
    CONCENTRATION_OF_SMALL_ACCOUNTS = "CONCENTRATION_OF_SMALL_ACCOUNTS"
    DELISTING = "DELISTING"


@dataclass(frozen=True, slots=True)
class MarketKey:
    """One market of one venue, by the venue's own code (`KRW-BTC`, `BTCUSDT`)."""

    exchange: Exchange
    market: str


@dataclass(frozen=True, slots=True)
class VenueMarket:
    """A market as its venue lists it, before anyone decided which coin it is.

    `korean_name` and `english_name` are empty where the venue has none.
    """

    exchange: Exchange
    market: str
    base_symbol: str
    quote: str
    tradable: bool
    korean_name: str = ""
    english_name: str = ""
    warnings: tuple[MarketWarning, ...] = ()

    @property
    def key(self) -> MarketKey:
        """The venue and its code of the market."""
        return MarketKey(self.exchange, self.market)
