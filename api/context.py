"""What resolvers are given: one value per operation, never per socket."""

from dataclasses import dataclass, field, replace

from api.allowance import Allowance
from api.deps import ApiDeps
from api.moment import Moment, kept
from domain.model.error import UpstreamUnavailable
from domain.model.market import Exchange
from domain.services.history_service import HistoryService
from domain.services.market_data_service import MarketDataService


@dataclass(frozen=True, slots=True)
class ApiContext:
    """The context value of GraphQL operations.

    `transport` is `http` or `websocket`; `parent` the caller's `traceparent`.
    `allowance` is one operation's; a socket's context is copied for each.
    """

    deps: ApiDeps
    transport: str = "http"
    parent: str | None = None
    allowance: Allowance = field(default_factory=Allowance)

    def afresh(self) -> "ApiContext":
        """Return the context of one more operation."""
        return replace(self, allowance=Allowance())

    def share_key(self) -> object:
        """Return whatever of the caller may make answers differ: nothing yet.

        Subscribers with equal keys are sent the same bytes. What tells callers apart
        (scopes, a language) belongs in here, or one would be told what is another's.
        """
        return ()

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
        return Moment(
            self.deps.clock.now_ms(),
            self.deps.board.board,
            self.deps.history,
            self.allowance,
        )

    def past(self) -> HistoryService:
        """Return the entry point of history.

        Raises:
            UpstreamUnavailable: nothing is kept here.
        """
        return kept(self.deps.history)

    async def moment_at(
        self, as_of_ms: int | None, symbol: str | None = None
    ) -> Moment:
        """Return the moment of an instant in the past (Unix ms); None: of now.

        With a symbol its board has that coin only.

        Raises:
            InvalidArgument: the instant is in the future.
            StoreUnavailable: the database cannot be reached.
            UpstreamUnavailable: nothing is kept here.
        """
        live = self.moment()
        if as_of_ms is None:
            return live
        known = live.board.premiums()
        coins = [p.coin for p in known if symbol in (None, p.symbol)]
        board = await self.past().board_at(coins, as_of_ms)
        return replace(live, now_ms=as_of_ms, board=board, today=live)
