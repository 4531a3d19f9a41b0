"""Which premiums a client wants to see, and in which order."""

import json
from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from operator import attrgetter

from domain.model.fx import PremiumBasis
from domain.model.market import Quality
from domain.model.number import canonical
from domain.model.page import Direction, Ordering, SortKey
from domain.model.premium import Premium

_SYMBOL: Callable[[Premium], str] = attrgetter("coin.symbol")


class PremiumOrderField(StrEnum):
    """What premiums are sorted by.

    DOMESTIC_CHANGE is the change since 00:00 UTC (09:00 in Seoul), the one Korean
    venues show.
    """

    PERCENT = "PERCENT"
    ABSOLUTE_KRW = "ABSOLUTE_KRW"
    DOMESTIC_VOLUME = "DOMESTIC_VOLUME"
    DOMESTIC_CHANGE = "DOMESTIC_CHANGE"
    SYMBOL = "SYMBOL"


@dataclass(frozen=True, slots=True)
class PremiumFilter:
    """All conditions hold at once; None is no condition, an empty set matches nothing.

    Percents and quality are those of OFFICIAL_FX; bounds are inclusive.
    """

    symbols: frozenset[str] | None = None
    quality: frozenset[Quality] | None = None
    min_percent: Decimal | None = None
    max_percent: Decimal | None = None
    min_quote_volume_24h: Decimal | None = None

    @staticmethod
    def of(
        symbols: Iterable[str] | None = None,
        quality: Iterable[Quality] | None = None,
        min_percent: Decimal | None = None,
        max_percent: Decimal | None = None,
        min_quote_volume_24h: Decimal | None = None,
    ) -> "PremiumFilter":
        """Return a filter; symbols are compared without regard to case."""
        return PremiumFilter(
            None if symbols is None else frozenset(s.upper() for s in symbols),
            None if quality is None else frozenset(quality),
            min_percent,
            max_percent,
            min_quote_volume_24h,
        )

    def matches(self, premium: Premium) -> bool:
        """Whether this premium is wanted."""
        if self.symbols is not None and premium.symbol.upper() not in self.symbols:
            return False
        if self.quality is not None and premium.quality not in self.quality:
            return False
        return self._percent_fits(premium) and self._volume_fits(premium)

    def matcher(self) -> Callable[[Premium], bool]:
        """Return `matches`, or what answers the same faster where it asks for less."""
        bounds = (self.min_percent, self.max_percent, self.min_quote_volume_24h)
        if self.quality is not None or bounds != (None, None, None):
            return self.matches
        symbols = self.symbols
        if symbols is None:
            return _any
        return lambda premium: premium.symbol.upper() in symbols

    @property
    def name(self) -> str:
        """The filter's canonical text; equal filters have equal names."""
        return json.dumps(
            [
                None if self.symbols is None else sorted(self.symbols),
                None if self.quality is None else sorted(self.quality),
                *(
                    None if bound is None else canonical(bound)
                    for bound in (
                        self.min_percent,
                        self.max_percent,
                        self.min_quote_volume_24h,
                    )
                ),
            ]
        )

    def _percent_fits(self, premium: Premium) -> bool:
        if self.min_percent is None and self.max_percent is None:
            return True
        percent = premium.percent
        if percent is None:
            return False
        return (self.min_percent is None or percent >= self.min_percent) and (
            self.max_percent is None or percent <= self.max_percent
        )

    def _volume_fits(self, premium: Premium) -> bool:
        if self.min_quote_volume_24h is None:
            return True
        volume = _volume(premium)
        return volume is not None and volume >= self.min_quote_volume_24h


@dataclass(frozen=True, slots=True)
class PremiumOrder:
    """What to sort by, which way, and on which basis."""

    field: PremiumOrderField = PremiumOrderField.SYMBOL
    direction: Direction = Direction.ASC
    basis: PremiumBasis = PremiumBasis.OFFICIAL_FX

    def ordering(
        self, wanted: PremiumFilter, as_of_ms: int | None = None
    ) -> Ordering[Premium]:
        """Return the order of pages under a filter, at an instant in the past."""
        at = "" if as_of_ms is None else f" {as_of_ms}"
        return Ordering(
            name=f"premiums {self.field} {self.basis} {wanted.name}{at}",
            direction=self.direction,
            key=self._key(),
            symbol=_SYMBOL,
            numeric=self.field is not PremiumOrderField.SYMBOL,
        )

    def _key(self) -> Callable[[Premium], SortKey]:
        basis = self.basis
        keys: dict[PremiumOrderField, Callable[[Premium], SortKey]] = {
            PremiumOrderField.PERCENT: lambda p: p.basis(basis).percent,
            PremiumOrderField.ABSOLUTE_KRW: lambda p: p.basis(basis).absolute_krw,
            PremiumOrderField.DOMESTIC_VOLUME: _volume,
            PremiumOrderField.DOMESTIC_CHANGE: _change,
            PremiumOrderField.SYMBOL: _SYMBOL,
        }
        return keys[self.field]


class PremiumView:
    """What one subscriber has been told, so that nothing is lost or told twice.

    The fold of its events equals the filtered board: `snapshot` first, then `delta`
    as often as wished; changes between two deltas are merged by themselves.
    """

    def __init__(self, wanted: PremiumFilter) -> None:
        self._matches = wanted.matcher()
        self._wanted = wanted
        self._told: set[str] = set()
        self._tick = 0

    def snapshot(self, premiums: Iterable[Premium], tick: int) -> list[Premium]:
        """Return every matching premium, by symbol, and start over from here."""
        found = sorted(filter(self._matches, premiums), key=_SYMBOL)
        self._told = set(map(_SYMBOL, found))
        self._tick = tick
        return found

    @property
    def tick(self) -> int:
        """The tick up to which the subscriber knows everything."""
        return self._tick

    def copy(self) -> "PremiumView":
        """Return a view that was told the same, to go on by itself."""
        other = PremiumView(self._wanted)
        other._told = set(self._told)
        other._tick = self._tick
        return other

    def delta(
        self,
        changed: Iterable[Premium],
        on_board: Container[str],
        tick: int,
    ) -> tuple[Sequence[Premium], Sequence[str]]:
        """Return what to tell: matching changed premiums, and symbols to remove.

        `changed` are all premiums published after `self.tick`, `on_board` the symbols
        of the board now.
        """
        told, removed = [], []
        matches = self._matches
        for premium in changed:
            if matches(premium):
                told.append(premium)
            elif premium.symbol in self._told:
                removed.append(premium.symbol)
        removed += [symbol for symbol in self._told if symbol not in on_board]
        self._told.difference_update(removed)
        self._told.update(map(_SYMBOL, told))
        self._tick = tick
        told.sort(key=_SYMBOL)
        return told, sorted(removed)


def _any(_premium: Premium) -> bool:
    return True


def _volume(premium: Premium) -> Decimal | None:
    return None if premium.domestic is None else premium.domestic.quote_volume_24h


def _change(premium: Premium) -> Decimal | None:
    if premium.domestic is None:
        return None
    return premium.domestic.change_percent_since_utc_midnight
