"""What resolvers are given: one value per operation, never per socket."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from api.access_scope import scopes_of
from api.allowance import Allowance
from api.caller import Caller
from api.deps import ApiDeps
from api.moment import Moment, kept
from api.spent import Spent
from domain.model.error import UpstreamUnavailable
from domain.model.market import Exchange
from domain.services.history_service import HistoryService
from domain.services.market_data_service import MarketDataService


class Answers(Protocol):
    """Queries that are compiled."""

    def data(
        self, text: str, name: str | None, variables: Mapping[str, Any] | None
    ) -> bytes | None:
        """Return the JSON of `data` of an admitted query; None: it is not compiled."""
        ...


@dataclass(frozen=True, slots=True)
class ApiContext:
    """The context value of GraphQL operations.

    `transport` is one of `api.measure`; `parent` the caller's `traceparent`.
    `allowance` is one operation's; a socket's context is copied for each. `caller` is
    who asks; `dry_run`: only the cost is asked for; `spent` is what it comes to, where
    the answer is to tell. `answers` has what is compiled; without it graphql-core
    answers all.
    """

    deps: ApiDeps
    transport: str = "http"
    parent: str | None = None
    allowance: Allowance = field(default_factory=Allowance)
    caller: Caller = field(default_factory=Caller)
    dry_run: bool = False
    spent: Spent | None = None
    answers: Answers | None = None

    def afresh(self) -> "ApiContext":
        """Return the context of one more operation."""
        return replace(self, allowance=Allowance(self.deps.limits.history_rows))

    def share_key(self) -> object:
        """Return whatever of the caller may make answers differ: what it may do.

        Subscribers with equal keys are sent the same bytes. What tells callers apart
        (scopes, a language) belongs in here, or one would be told what is another's.
        A group is opened for scopes that suffice, and only who has the same joins it.
        """
        return scopes_of(self.caller)

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
