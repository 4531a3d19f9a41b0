"""What outlives a restart of one coin."""

from collections.abc import Mapping
from dataclasses import dataclass

from domain.model.fx import PremiumBasis
from domain.model.premium import Numbers


@dataclass(frozen=True, slots=True)
class KeptPremium:
    """A coin's count of versions and its last numbers from two fresh legs."""

    symbol: str
    seq: int
    at_ms: int
    last_live_ms: int | None
    numbers: Mapping[PremiumBasis, Numbers]

    def after(self, stored: "KeptPremium") -> "KeptPremium":
        """Return this one with a past that was read late: both counts were seen."""
        return KeptPremium(
            symbol=self.symbol,
            seq=stored.seq + self.seq,
            at_ms=self.at_ms if self.numbers else stored.at_ms,
            last_live_ms=self.last_live_ms or stored.last_live_ms,
            numbers={**stored.numbers, **self.numbers},
        )
