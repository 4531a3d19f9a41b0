"""Coins and where they are listed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from domain.model.market import Exchange, MarketKey, MarketWarning

DOMESTIC = (Exchange.UPBIT, "KRW")
GLOBAL = (Exchange.BINANCE, "USDT")
ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class Listing:
    """A coin's market on a venue; `until` is set when it was delisted.

    `since` is None where the market stood there when we first looked. `curated` tells
    that the identity table has a row for it, `tradable` that orders match now.
    """

    exchange: Exchange
    market: str
    base_symbol: str
    quote: str
    multiplier: Decimal = ONE
    tradable: bool = True
    warnings: tuple[MarketWarning, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    curated: bool = False

    @property
    def key(self) -> MarketKey:
        """The venue and its code of the market."""
        return MarketKey(self.exchange, self.market)

    @property
    def is_open(self) -> bool:
        """Whether the venue still lists the market."""
        return self.until is None


@dataclass(frozen=True, slots=True)
class Coin:
    """One asset under its canonical symbol, with every market we know of it."""

    symbol: str
    korean_name: str
    english_name: str
    listings: tuple[Listing, ...] = ()
    icon_url: str | None = None

    @property
    def domestic(self) -> Listing | None:
        """The open KRW market on Upbit: with it the coin is on the board."""
        return self._open(DOMESTIC)

    @property
    def global_(self) -> Listing | None:
        """The open USDT market on Binance."""
        return self._open(GLOBAL)

    @property
    def warnings(self) -> tuple[MarketWarning, ...]:
        """The warnings of all open listings, in the order of the vocabulary."""
        told = {w for item in self.listings if item.is_open for w in item.warnings}
        return tuple(warning for warning in MarketWarning if warning in told)

    @property
    def is_curated_pair(self) -> bool:
        """Whether both sides were checked by name, so that no guard watches them."""
        sides = (self.domestic, self.global_)
        return all(side is not None and side.curated for side in sides)

    def _open(self, side: tuple[Exchange, str]) -> Listing | None:
        return preferred(
            item
            for item in self.listings
            if item.is_open and (item.exchange, item.quote) == side
        )


def preferred(listings: Iterable[Listing]) -> Listing | None:
    """Return the listing to take where a venue has several of a coin.

    A tradable one before a halted one, a curated one before a guess, then the code's
    own order.
    """
    ranked = sorted(
        listings, key=lambda item: (not item.tradable, not item.curated, item.market)
    )
    return ranked[0] if ranked else None
