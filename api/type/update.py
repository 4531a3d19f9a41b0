"""What subscribers to the board are told."""

from typing import Self

import strawberry

from api.moment import Moment
from api.scalar import UnixMs
from api.type.premium import Premium
from api.type.resolver import resolver
from domain.services import premium_watch as service


@strawberry.type(
    description=(
        "The first event is the whole board under the filter (`snapshot: true`); each "
        "later one holds only what changed. Put them together and you have what "
        "`Query.premiums` answers with the same filter."
    )
)
class PremiumsUpdate:
    """View of the domain's `PremiumsEvent`."""

    value: strawberry.Private[service.PremiumsEvent]
    moment: strawberry.Private[Moment]

    @classmethod
    def from_domain(cls, value: service.PremiumsEvent, moment: Moment) -> Self:
        """Return the view."""
        return cls(value=value, moment=moment)

    @resolver(
        "The published tick: one series for all subscribers, grows with gaps. A "
        "lower number than before: drop what you have, a snapshot follows."
    )
    def seq(self) -> int:
        """The published tick."""
        return self.value.seq

    @resolver("When that tick was published.")
    def at(self) -> UnixMs:
        """When it was published."""
        return UnixMs(self.value.at_ms)

    @resolver("Whether this is everything that matches.")
    def snapshot(self) -> bool:
        """Whether this is everything."""
        return self.value.snapshot

    @resolver("Coins that changed or came to match, each one complete.")
    def premiums(self) -> list[Premium]:
        """What changed."""
        return [Premium.from_domain(p, self.moment) for p in self.value.premiums]

    @resolver(
        "Symbols told of before that no longer match, were delisted, or whose "
        "percent became null under a filter on percent."
    )
    def removed(self) -> list[str]:
        """What no longer matches."""
        return list(self.value.removed)
