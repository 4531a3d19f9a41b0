"""What can be asked."""

from datetime import date
from typing import Annotated

import strawberry
from strawberry import UNSET, Info

from api import ready
from api.argument import (
    DEFAULT_DAY,
    DEFAULT_FIRST,
    coin_filter,
    coin_order,
    instant,
    page_request,
    premium_filter,
    premium_order,
)
from api.context import ApiContext
from api.global_id import NodeType, read_id
from api.market_query import MarketQuery
from api.scalar import UnixMs
from api.type.connection import CoinConnection, PremiumConnection
from api.type.filter import CoinFilter, CoinOrder, PremiumFilter, PremiumOrder
from api.type.fx import FxRate
from api.type.health import Health
from api.type.node import Node
from api.type.premium import Coin, Premium
from api.type.resolver import resolver
from api.type.snapshot import DailySnapshotConnection
from domain.model.history_query import DayAsked
from domain.model.page import MAX_FIRST, MIN_FIRST, paginate

ContextInfo = Info[ApiContext, None]
Symbol = Annotated[
    str, strawberry.argument(description="The canonical symbol, in any case: `BTC`.")
]
First = Annotated[
    int | None,
    strawberry.argument(description=f"Rows per page, {MIN_FIRST} to {MAX_FIRST}."),
]
AsOf = Annotated[
    UnixMs | None,
    strawberry.argument(
        description=(
            "The board as it was at this instant: today's coins by their last minute "
            "bar that had ended, at most 5 minutes before; null: now. Ages count to it."
        )
    ),
]
After = Annotated[
    str | None,
    strawberry.argument(
        description="A cursor; rows after it, in the same order and filter."
    ),
]


@strawberry.type(description="What can be asked.")
class Query(MarketQuery):
    """The query root."""

    @resolver("The object with this global ID; null: none has it.")
    def node(
        self,
        info: ContextInfo,
        id: Annotated[strawberry.ID, strawberry.argument(description="A global ID.")],
    ) -> Node | None:
        """Find an object by its ID."""
        kind, symbol = read_id(id)
        found = _coin if kind is NodeType.COIN else _premium
        node = found(info.context, symbol)
        return node if node is not None and node.value.symbol == symbol else None

    @resolver("One coin; null: no coin has this symbol.", ready=ready.coin)
    def coin(self, info: ContextInfo, symbol: Symbol) -> Coin | None:
        """Find a coin by its symbol."""
        return _coin(info.context, symbol)

    @resolver(
        "Coins, listed now or formerly; by symbol where no order is given.",
        ready=ready.coins,
    )
    def coins(
        self,
        info: ContextInfo,
        wanted: Annotated[
            CoinFilter | None,
            strawberry.argument(
                name="filter", description="Conditions; all hold at once."
            ),
        ] = UNSET,
        order_by: Annotated[
            CoinOrder | None,
            strawberry.argument(description="The order; by symbol without one."),
        ] = UNSET,
        first: First = DEFAULT_FIRST,
        after: After = UNSET,
    ) -> CoinConnection:
        """Return a page of coins."""
        page = info.context.deps.catalog.page(
            coin_filter(wanted), coin_order(order_by), page_request(first, after)
        )
        return CoinConnection.from_domain(page, info.context.moment())

    @resolver(
        "The premium of one coin; null: it is not on the board.", ready=ready.premium
    )
    async def premium(
        self, info: ContextInfo, symbol: Symbol, as_of: AsOf = UNSET
    ) -> Premium | None:
        """Find a premium by its coin's symbol."""
        symbol = symbol.upper()
        moment = await info.context.moment_at(instant(as_of), symbol)
        found = moment.board.premium(symbol)
        return None if found is None else Premium.from_domain(found, moment)

    @resolver(
        "The board: every coin that trades in won on Upbit now.", ready=ready.premiums
    )
    async def premiums(
        self,
        info: ContextInfo,
        wanted: Annotated[
            PremiumFilter | None,
            strawberry.argument(
                name="filter", description="Conditions; all hold at once."
            ),
        ] = UNSET,
        order_by: Annotated[
            PremiumOrder | None,
            strawberry.argument(description="The order; by symbol without one."),
        ] = UNSET,
        first: First = DEFAULT_FIRST,
        after: After = UNSET,
        as_of: AsOf = UNSET,
    ) -> PremiumConnection:
        """Return a page of the board."""
        request, condition = page_request(first, after), premium_filter(wanted)
        moment = await info.context.moment_at(instant(as_of))
        rows = filter(condition.matches, moment.board.premiums())
        order = premium_order(order_by).ordering(condition, moment.as_of_ms)
        return PremiumConnection.from_domain(paginate(rows, order, request), moment)

    @resolver(
        "Every coin on one day in Seoul, by symbol; empty where there is no snapshot."
    )
    async def daily_snapshots(
        self,
        info: ContextInfo,
        day: Annotated[
            date,
            strawberry.argument(name="date", description="The day that has ended."),
        ],
        first: First = DEFAULT_DAY,
        after: After = UNSET,
    ) -> DailySnapshotConnection:
        """Return a page of a day."""
        asked = DayAsked(day, page_request(first, after, DEFAULT_DAY))
        info.context.allowance.take(asked.request.first)
        page = await info.context.past().snapshots_of_day(asked)
        return DailySnapshotConnection.from_domain(page)

    @resolver(
        "One rate per source that has one, the one in use first, then USDT and "
        "USDC in won on Upbit."
    )
    def fx_rates(self, info: ContextInfo) -> list[FxRate]:
        """Return every rate."""
        moment, deps = info.context.moment(), info.context.deps
        rates = deps.board.board.rates(moment.now_ms, deps.clock.monotonic())
        return [FxRate.from_domain(rate, moment) for rate in rates]

    @resolver("How the server and everything it depends on is.")
    def health(self, info: ContextInfo) -> Health:
        """Return the health."""
        return Health.from_domain(info.context.deps.health.now())


def _coin(context: ApiContext, symbol: str) -> Coin | None:
    found = context.deps.catalog.coin(symbol)
    return None if found is None else Coin.from_domain(found, context.moment())


def _premium(context: ApiContext, symbol: str) -> Premium | None:
    moment = context.moment()
    found = moment.board.premium(symbol.upper())
    return None if found is None else Premium.from_domain(found, moment)
