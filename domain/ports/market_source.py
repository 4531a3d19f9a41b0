"""A venue's REST side."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from domain.model.event import FeedBatch
from domain.model.market import Exchange, VenueMarket


@dataclass(frozen=True, slots=True)
class PricePoint:
    """The last trade price before an instant (Unix ms), per venue unit."""

    before_ms: int
    price: Decimal


class MarketSource(Protocol):
    """One-off questions to a venue.

    Every method raises `UpstreamUnavailable` when the venue gives no usable answer.
    """

    @property
    def exchange(self) -> Exchange:
        """The venue."""
        ...

    async def markets(self) -> Sequence[VenueMarket]:
        """Return every market that matters to us, tradable or not.

        For the catalogue's own loop: one try, made although a breaker may be open.
        """
        ...

    async def quotes(self, markets: Collection[str]) -> FeedBatch:
        """Return the latest quotes of the markets by REST.

        For a feed's own loop: one try, made although a breaker may be open.
        """
        ...

    async def utc_open(self, market: str, utc_day: int) -> Decimal | None:
        """Return the price at 00:00 UTC of a day (days since 1970), None: no trade."""
        ...

    async def price_points(self, market: str) -> Sequence[PricePoint]:
        """Return closing prices of ten-minute candles over at least 24 h, ascending."""
        ...

    def will_ask(self, at_ms: int) -> None:
        """Hear when the next question comes (Unix ms), for whoever looks at health."""
        ...
