"""What outlives a restart of one coin, and what its next version is marked with."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from domain.model.coin import Coin
from domain.model.fx import PremiumBasis
from domain.model.market import Quality, Reason
from domain.model.premium import BasisPremium, Legs, Numbers, Premium


@dataclass(frozen=True, slots=True)
class KeptPremium:
    """A coin's count of versions and its last numbers from two fresh legs.

    `at_ms` is the instant of those numbers; without any it says nothing. A pair that
    the identity guard doubted has none: those before were of another coin, perhaps.
    """

    symbol: str
    seq: int
    at_ms: int = 0
    last_live_ms: int | None = None
    numbers: Mapping[PremiumBasis, Numbers] = field(default_factory=dict)
    is_doubted: bool = False

    def after(self, stored: "KeptPremium") -> "KeptPremium":
        """Return this one with a past that was read late: both counts were seen."""
        return KeptPremium(
            symbol=self.symbol,
            seq=stored.seq + self.seq,
            at_ms=self.at_ms if self.numbers else stored.at_ms,
            last_live_ms=self.last_live_ms or stored.last_live_ms,
            numbers={**stored.numbers, **self.numbers},
            is_doubted=stored.is_doubted or self.is_doubted,
        )

    def next_version(
        self,
        coin: Coin,
        legs: Legs,
        bases: tuple[BasisPremium, ...],
        before: Premium | None,
        now_ms: int,
        tick: int,
    ) -> Premium:
        """Return the version after this one; `before` is the one published last."""
        computed = legs.fresh and any(basis.numbers is not None for basis in bases)
        live = bases[0].quality is Quality.LIVE
        just_ended = before is not None and before.quality is Quality.LIVE
        return Premium(
            coin,
            legs.domestic,
            legs.global_,
            bases,
            self.at_ms if self.numbers and not computed else now_ms,
            now_ms if live or just_ended else self.last_live_ms,
            self.seq + 1,
            tick,
        )

    def then(self, premium: Premium) -> "KeptPremium":
        """Return what is kept after a version; numbers that it lacks stay.

        Not so where it is doubted: they would be shown again where the doubt is gone.
        """
        doubted = premium.reason is Reason.IDENTITY_UNSURE
        told = {b.basis: b.numbers for b in premium.bases if b.numbers is not None}
        return KeptPremium(
            self.symbol,
            premium.seq,
            premium.at_ms,
            premium.last_live_ms,
            {} if doubted else {**self.numbers, **told},
            doubted,
        )
