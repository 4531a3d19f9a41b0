"""What resolvers are given: one value per operation, never per socket."""

from dataclasses import dataclass

from api.deps import ApiDeps
from api.moment import Moment
from domain.model.error import UpstreamUnavailable
from domain.model.market import Exchange
from domain.services.market_data_service import MarketDataService


@dataclass(frozen=True, slots=True)
class ApiContext:
    """The context value of GraphQL operations.

    `transport` is `http` or `websocket`; `parent` the caller's `traceparent`.
    """

    deps: ApiDeps
    transport: str = "http"
    parent: str | None = None

    def market_data(self) -> MarketDataService:
        """Return the entry point of one-off reads.

        Raises:
            UpstreamUnavailable: no venue can be read here.
        """
        if self.deps.market_data is None:
            raise UpstreamUnavailable("market data", "no venue can be read here")
        return self.deps.market_data

    def subscribed(self) -> None:
        """Tell the router of a live subscription; it stands on every venue's stream."""
        if self.deps.market_data is not None:
            for exchange in Exchange:
                self.deps.market_data.subscription(exchange)

    def moment(self) -> Moment:
        """Return the moment of an answer that is written now."""
        return Moment(self.deps.clock.now_ms(), self.deps.board.board)
