"""Which coins a client wants to see, and in which order."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from operator import attrgetter

from domain.model.coin import Coin
from domain.model.hangul import fold, matches
from domain.model.market import Exchange, MarketWarning
from domain.model.page import Direction, Ordering

_SYMBOL: Callable[[Coin], str] = attrgetter("symbol")
_KOREAN_NAME: Callable[[Coin], str] = attrgetter("korean_name")


class CoinOrderField(StrEnum):
    """What coins are sorted by."""

    SYMBOL = "SYMBOL"
    KOREAN_NAME = "KOREAN_NAME"


@dataclass(frozen=True, slots=True)
class CoinFilter:
    """All conditions hold at once; None is no condition.

    `search` looks into symbol, Korean name (also by initial consonants) and English
    name; `exchange` and `warning` speak of open listings.
    """

    search: str | None = None
    symbols: frozenset[str] | None = None
    exchange: Exchange | None = None
    warning: MarketWarning | None = None

    @staticmethod
    def of(
        search: str | None = None,
        symbols: Iterable[str] | None = None,
        exchange: Exchange | None = None,
        warning: MarketWarning | None = None,
    ) -> "CoinFilter":
        """Return a filter; symbols are compared without regard to case."""
        folded = None if symbols is None else frozenset(s.upper() for s in symbols)
        return CoinFilter(search, folded, exchange, warning)

    def matches(self, coin: Coin) -> bool:
        """Whether this coin is wanted."""
        if self.symbols is not None and coin.symbol.upper() not in self.symbols:
            return False
        if self.exchange is not None and not any(
            item.is_open and item.exchange is self.exchange for item in coin.listings
        ):
            return False
        if self.warning is not None and self.warning not in coin.warnings:
            return False
        return self.search is None or self._found(coin, fold(self.search))

    @property
    def name(self) -> str:
        """The filter's canonical text; equal filters have equal names."""
        symbols = None if self.symbols is None else sorted(self.symbols)
        search = None if self.search is None else fold(self.search)
        return json.dumps([search, symbols, self.exchange, self.warning])

    @staticmethod
    def _found(coin: Coin, needle: str) -> bool:
        names = (coin.symbol, coin.korean_name, coin.english_name)
        return any(matches(name, needle) for name in names)


@dataclass(frozen=True, slots=True)
class CoinOrder:
    """What to sort by, and which way."""

    field: CoinOrderField = CoinOrderField.SYMBOL
    direction: Direction = Direction.ASC

    def ordering(self, wanted: CoinFilter) -> Ordering[Coin]:
        """Return the order of pages under a filter."""
        return Ordering(
            name=f"coins {self.field} {wanted.name}",
            direction=self.direction,
            key=_SYMBOL if self.field is CoinOrderField.SYMBOL else _KOREAN_NAME,
            symbol=_SYMBOL,
            numeric=False,
        )
