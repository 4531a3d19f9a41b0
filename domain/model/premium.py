"""The kimchi premium of one coin on three bases.

`percent = (krw / (usdt · fx) − 1) · 100`, `absoluteKrw = krw − usdt · fx`.
Source: semantics.md "Premiums"; the formula is the one of Choi, Lehar and Stauffer,
"Bitcoin Microstructure and the Kimchi Premium".
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from domain.model.coin import Coin
from domain.model.fx import FxRate, PremiumBasis
from domain.model.market import Quality, Reason
from domain.model.number import multiply, percent_change, subtract
from domain.model.quote import Quote

_BASES = tuple(PremiumBasis)


@dataclass(frozen=True, slots=True)
class Numbers:
    """A premium's two figures: percent to six places and exact won per coin."""

    percent: Decimal
    absolute_krw: Decimal


@dataclass(frozen=True, slots=True)
class BasisPremium:
    """The premium on one basis; `numbers` is None where it is unavailable."""

    basis: PremiumBasis
    numbers: Numbers | None
    fx: FxRate | None
    quality: Quality
    reason: Reason | None

    @property
    def percent(self) -> Decimal | None:
        """The premium in percent, six places."""
        return None if self.numbers is None else self.numbers.percent

    @property
    def absolute_krw(self) -> Decimal | None:
        """The premium in won per coin, exact."""
        return None if self.numbers is None else self.numbers.absolute_krw


@dataclass(frozen=True, slots=True)
class Premium:
    """A published version of one coin's premium.

    `at_ms` is the instant of the last numbers from two fresh legs (of the version
    itself while there are none), `last_live_ms` the last instant the coin was LIVE,
    `seq` counts published versions, `tick` is the tick that published this one.
    """

    coin: Coin
    domestic: Quote | None
    global_: Quote | None
    bases: tuple[BasisPremium, ...]
    at_ms: int
    last_live_ms: int | None = None
    seq: int = 0
    tick: int = 0

    @property
    def symbol(self) -> str:
        """The coin's canonical symbol."""
        return self.coin.symbol

    def basis(self, basis: PremiumBasis) -> BasisPremium:
        """Return the premium on the given basis."""
        return next(item for item in self.bases if item.basis is basis)

    @property
    def official(self) -> BasisPremium:
        """The premium on official USD/KRW, of which `quality` and `reason` speak."""
        return self.bases[0]

    @property
    def quality(self) -> Quality:
        """The quality on OFFICIAL_FX."""
        return self.official.quality

    @property
    def reason(self) -> Reason | None:
        """The reason on OFFICIAL_FX."""
        return self.official.reason

    @property
    def percent(self) -> Decimal | None:
        """The percent on OFFICIAL_FX."""
        return self.official.percent

    @property
    def sign_conflict(self) -> bool:
        """Whether one basis is above and another below zero."""
        known = [item.percent for item in self.bases if item.percent is not None]
        return any(p > 0 for p in known) and any(p < 0 for p in known)

    def tells(self, coin: Coin, legs: "Legs", bases: tuple[BasisPremium, ...]) -> bool:
        """Whether this version already says all of that.

        Ages and `receivedAt` do not count, nor do the version's own marks.
        """
        return (
            self.bases == bases
            and _says_same(self.domestic, legs.domestic)
            and _says_same(self.global_, legs.global_)
            and self.coin == coin
        )


def _says_same(left: Quote | None, right: Quote | None) -> bool:
    if left is None or right is None:
        return left is right
    return left.says_same(right)


def compute(krw: Decimal, usdt: Decimal, fx: Decimal) -> Numbers:
    """Return the premium of a won price over a dollar price at a rate.

    Shapes: won per coin, dollars per coin, won per dollar; all > 0.
    """
    fair = multiply(usdt, fx)
    return Numbers(percent_change(krw, fair), subtract(krw, fair))


@dataclass(frozen=True, slots=True)
class Legs:
    """Both sides of a coin as they stand now, and what speaks against comparing them.

    `unsure` is the identity guard's word, `halted` that a venue has stopped matching.
    """

    domestic: Quote | None
    global_: Quote | None
    has_global_market: bool
    halted: bool = False
    unsure: bool = False

    @property
    def fresh(self) -> bool:
        """Whether both sides are LIVE."""
        return next(self.stales(), None) is None

    def blocks(self) -> Iterator[Reason]:
        """Yield the reasons why there is no number at all, in their fixed order."""
        if self.unsure:
            yield Reason.IDENTITY_UNSURE
        if not self.has_global_market:
            yield Reason.NO_GLOBAL_MARKET
        if self.domestic is None:
            yield Reason.DOMESTIC_MISSING
        if self.global_ is None:
            yield Reason.GLOBAL_MISSING
        if self.halted:
            yield Reason.HALTED

    def stales(self) -> Iterator[Reason]:
        """Yield the reasons why the number is not live, in their fixed order."""
        if self.domestic is None or self.domestic.quality is not Quality.LIVE:
            yield Reason.DOMESTIC_STALE
        if self.global_ is None or self.global_.quality is not Quality.LIVE:
            yield Reason.GLOBAL_STALE


def evaluate_basis(
    basis: PremiumBasis, legs: Legs, fx: FxRate | None, kept: Numbers | None
) -> BasisPremium:
    """Return one basis: fresh numbers, kept ones, or none, with quality and reason.

    `kept` are the last numbers from two fresh legs; they stay while a leg is stale.
    A coin without a global market has no rate either: a changed rate does not mark it.
    """
    blocked, stale = next(legs.blocks(), None), next(legs.stales(), None)
    return _on_basis(basis, legs, fx, kept, blocked, stale)


def _on_basis(
    basis: PremiumBasis,
    legs: Legs,
    fx: FxRate | None,
    kept: Numbers | None,
    blocked: Reason | None,
    stale: Reason | None,
) -> BasisPremium:
    if not legs.has_global_market:
        fx = None
    if blocked is None and fx is None:
        blocked = Reason.FX_MISSING
    if blocked is not None or fx is None:
        return BasisPremium(basis, None, fx, Quality.UNAVAILABLE, blocked)
    numbers = kept
    if stale is None and legs.domestic is not None and legs.global_ is not None:
        numbers = compute(legs.domestic.price, legs.global_.price, fx.rate)
        if fx.quality is not Quality.LIVE:
            stale = Reason.FX_STALE
    quality = Quality.LIVE if stale is None else Quality.STALE
    return BasisPremium(basis, numbers, fx, quality, stale)


def evaluate(
    legs: Legs,
    rates: Mapping[PremiumBasis, FxRate | None],
    kept: Mapping[PremiumBasis, Numbers],
) -> tuple[BasisPremium, ...]:
    """Return the three bases in the order of their vocabulary."""
    # What is wrong with the legs is wrong on every basis.
    blocked, stale = next(legs.blocks(), None), next(legs.stales(), None)
    return tuple(
        [
            _on_basis(basis, legs, rates.get(basis), kept.get(basis), blocked, stale)
            for basis in _BASES
        ]
    )


def guard_percent(
    legs: Legs, rates: Mapping[PremiumBasis, FxRate | None]
) -> Decimal | None:
    """Return the percent the identity guard looks at: as if the pair were sure.

    None where the premium would not be LIVE.
    """
    certain = replace(legs, unsure=False)
    basis = PremiumBasis.OFFICIAL_FX
    found = evaluate_basis(basis, certain, rates.get(basis), None)
    return found.percent if found.quality is Quality.LIVE else None
