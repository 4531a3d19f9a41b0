"""A venue's REST side without a venue."""

from collections import deque
from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal

from domain.model.error import UpstreamUnavailable
from domain.model.event import FeedBatch, QuoteUpdate
from domain.model.market import Channel, Exchange, VenueMarket
from domain.ports.clock import Clock
from domain.ports.market_source import PricePoint

# The questions that are remembered; older ones are forgotten.
MAX_ASKED = 1_000


class MemoryMarketSource:
    """`MarketSource` that answers what it was given; all of it may change any time.

    While `down` holds a reason, every question raises `UpstreamUnavailable` with it,
    and with a time to come back where `retry_in_s` is set.
    `asked` are the last questions: the method's name and what it was asked for.
    """

    def __init__(
        self, exchange: Exchange, clock: Clock, markets: Iterable[VenueMarket] = ()
    ) -> None:
        self._exchange = exchange
        self._clock = clock
        self._markets = {market.market: market for market in markets}
        self._quotes: dict[str, QuoteUpdate] = {}
        self._utc_opens: dict[tuple[str, int], Decimal] = {}
        self._price_points: dict[str, Sequence[PricePoint]] = {}
        self.down: str | None = None
        self.retry_in_s: float | None = None
        self.next_ms: int | None = None
        self.asked: deque[tuple[str, str]] = deque(maxlen=MAX_ASKED)

    # What the venue has

    def open(self, market: VenueMarket) -> None:
        """List a market, in place of an earlier one of the same code."""
        self._markets[market.market] = market

    def close(self, market: str) -> None:
        """List a market no more."""
        self._markets.pop(market, None)

    def set_quote(self, update: QuoteUpdate) -> None:
        """Set the latest quote of a market."""
        self._quotes[update.market] = update

    def forget_quotes(self) -> None:
        """Answer with empty lists from now on."""
        self._quotes.clear()

    def set_utc_open(self, market: str, utc_day: int, price: Decimal) -> None:
        """Set the price at 00:00 UTC of a day (days since 1970)."""
        self._utc_opens[market, utc_day] = price

    def set_price_points(self, market: str, points: Iterable[PricePoint]) -> None:
        """Set the ten-minute closing prices of a market."""
        self._price_points[market] = sorted(points, key=lambda point: point.before_ms)

    # What it answers

    @property
    def exchange(self) -> Exchange:
        """The venue."""
        return self._exchange

    async def markets(self) -> Sequence[VenueMarket]:
        """Return every market that is listed, tradable or not."""
        self._ask("markets", "")
        return tuple(self._markets.values())

    async def quotes(self, markets: Collection[str]) -> FeedBatch:
        """Return the latest quotes of the markets it knows."""
        wanted = sorted(set(markets))
        self._ask("quotes", " ".join(wanted))
        return FeedBatch(
            exchange=self._exchange,
            channel=Channel.REST,
            received_ms=self._clock.now_ms(),
            received_s=self._clock.monotonic(),
            updates=tuple(
                self._quotes[code] for code in wanted if code in self._quotes
            ),
        )

    def will_ask(self, at_ms: int) -> None:
        """Remember when the next question comes, Unix ms."""
        self.next_ms = at_ms

    async def utc_open(self, market: str, utc_day: int) -> Decimal | None:
        """Return the price at 00:00 UTC of a day (days since 1970), None: no trade."""
        self._ask("utc_open", market)
        return self._utc_opens.get((market, utc_day))

    async def price_points(self, market: str) -> Sequence[PricePoint]:
        """Return the ten-minute closing prices, ascending."""
        self._ask("price_points", market)
        return tuple(self._price_points.get(market, ()))

    def _ask(self, question: str, about: str) -> None:
        self.asked.append((question, about))
        if self.down is not None:
            failure = UpstreamUnavailable(f"{self._exchange.lower()}.rest", self.down)
            if self.retry_in_s is not None:
                wait_ms = round(self.retry_in_s * 1000)
                failure.retry_at_ms = self._clock.now_ms() + wait_ms
            raise failure
