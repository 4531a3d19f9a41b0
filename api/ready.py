"""What query roots read without waiting, for answers that are compiled.

Each function takes the context and the arguments of its resolver, and returns what
reads the domain's value now: the very same object while nothing in it has changed.
The resolvers in `api.query` are their models; where one would have to wait, or refuses
its arguments, an error says so, and the resolver is asked instead.
"""

from collections.abc import Callable

from strawberry import UNSET

from api.argument import (
    DEFAULT_FIRST,
    coin_filter,
    coin_order,
    instant,
    page_request,
    premium_filter,
    premium_order,
)
from api.context import ApiContext
from api.scalar import UnixMs
from api.type import filter as wire
from domain.model import coin as coin_model
from domain.model import premium as premium_model
from domain.model.page import Ordering, Page, PageRequest, paginate
from domain.model.premium_query import PremiumFilter
from domain.services.board_service import BoardService

Read = Callable[[], object]


class MustWait(Exception):
    """The value is not at hand: only the resolver can get it."""


class BoardPage:
    """A page of the board, made anew once the board has published something."""

    def __init__(
        self,
        service: BoardService,
        wanted: PremiumFilter,
        order: Ordering[premium_model.Premium],
        request: PageRequest,
    ) -> None:
        self._service = service
        self._matches = wanted.matcher()
        self._order = order
        self._request = request
        self._version: tuple[object, int] | None = None
        self._page: Page[premium_model.Premium] | None = None

    def __call__(self) -> Page[premium_model.Premium]:
        """Return the page as it is now."""
        board = self._service.board
        version = (board, board.seq)
        if self._page is None or self._version != version:
            rows = filter(self._matches, board.premiums())
            self._page = paginate(rows, self._order, self._request)
            self._version = version
        return self._page


def premium(
    context: ApiContext, symbol: str, as_of: UnixMs | None = UNSET
) -> Callable[[], premium_model.Premium | None]:
    """Read the premium of one coin."""
    _only_now(as_of)
    service, canonical = context.deps.board, symbol.upper()
    return lambda: service.board.premium(canonical)


def premiums(
    context: ApiContext,
    wanted: wire.PremiumFilter | None = UNSET,
    order_by: wire.PremiumOrder | None = UNSET,
    first: int | None = DEFAULT_FIRST,
    after: str | None = UNSET,
    as_of: UnixMs | None = UNSET,
) -> Callable[[], Page[premium_model.Premium]]:
    """Read a page of the board."""
    _only_now(as_of)
    condition = premium_filter(wanted)
    order = premium_order(order_by).ordering(condition)
    request = page_request(first, after)
    return BoardPage(context.deps.board, condition, order, request)


def coin(context: ApiContext, symbol: str) -> Callable[[], coin_model.Coin | None]:
    """Read one coin."""
    catalog = context.deps.catalog
    return lambda: catalog.coin(symbol)


def coins(
    context: ApiContext,
    wanted: wire.CoinFilter | None = UNSET,
    order_by: wire.CoinOrder | None = UNSET,
    first: int | None = DEFAULT_FIRST,
    after: str | None = UNSET,
) -> Callable[[], Page[coin_model.Coin]]:
    """Read a page of coins; the catalogue keeps them."""
    asked = coin_filter(wanted), coin_order(order_by), page_request(first, after)
    catalog = context.deps.catalog
    return lambda: catalog.page(*asked)


def _only_now(as_of: UnixMs | None) -> None:
    if instant(as_of) is not None:
        raise MustWait("asOf")
