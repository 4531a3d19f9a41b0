"""Arguments as clients write them, turned into the domain's values.

Explicit null means the default, as an argument that is left out does. What is out of
range raises `InvalidArgument`, which names the argument and what is allowed.
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Final

from api.limit import MAX_SEARCH, MAX_SYMBOLS
from api.scalar import UnixMs
from api.type import filter as wire
from api.type import vocabulary
from api.type.vocabulary import ChannelChoice
from domain.model.coin_query import CoinFilter, CoinOrder, CoinOrderField
from domain.model.error import InvalidArgument
from domain.model.fx import PremiumBasis
from domain.model.history_query import BarsAsked, SnapshotsAsked
from domain.model.interval import Interval
from domain.model.market import Channel, Exchange, MarketWarning, Quality
from domain.model.pace import round_throttle_ms
from domain.model.page import Direction, PageRequest
from domain.model.premium_query import PremiumFilter, PremiumOrder, PremiumOrderField

DEFAULT_FIRST: Final = 100
DEFAULT_BARS: Final = 500
DEFAULT_DAY: Final = 500
DEFAULT_SPARKLINE: Final = 48
BOARD_THROTTLE_MS: Final = 500
COIN_THROTTLE_MS: Final = 100


def page_request(
    first: int | None, after: str | None, default: int = DEFAULT_FIRST
) -> PageRequest:
    """Return the page that is asked for."""
    size = default if first is None else first
    return PageRequest(size, after if isinstance(after, str) else None)


def throttle_ms(wanted: int | None, default: int, least_ms: int = 0) -> int:
    """Return a subscriber's pace in ms, a multiple of 100, at least `least_ms`."""
    try:
        pace = round_throttle_ms(default if wanted is None else wanted)
    except ValueError as exc:
        raise InvalidArgument("throttleMs", str(exc)) from exc
    return pace if pace >= least_ms else round_throttle_ms(least_ms)


def count_of(wanted: int | None, default: int) -> int:
    """Return how many are asked for."""
    return default if wanted is None else wanted


def instant(given: UnixMs | None) -> int | None:
    """Return an instant in Unix ms that may be left out."""
    return given if isinstance(given, int) else None


def bars_asked(
    symbol: str,
    interval: vocabulary.Interval,
    basis: vocabulary.PremiumBasis,
    span: tuple[UnixMs, UnixMs],
    direction: vocabulary.Direction,
    request: PageRequest,
) -> BarsAsked:
    """Return what is asked of a coin's bars."""
    return BarsAsked(
        symbol,
        PremiumBasis(basis.name),
        Interval(interval.name),
        *span,
        Direction(direction.name),
        request,
    )


def snapshots_asked(
    symbol: str,
    span: tuple[date | None, date | None],
    direction: vocabulary.Direction,
    request: PageRequest,
) -> SnapshotsAsked:
    """Return what is asked of a coin's snapshots."""
    first, last = (day if isinstance(day, date) else None for day in span)
    way = Direction(direction.name)
    return SnapshotsAsked(symbol, first, last, way, request)


def forced(choice: ChannelChoice) -> Channel | None:
    """Return the one channel that is asked for, None where any will do."""
    return None if choice is ChannelChoice.AUTO else Channel(choice.name)


def coin_filter(given: wire.CoinFilter | None) -> CoinFilter:
    """Return the filter on coins."""
    if not given:
        return CoinFilter()
    symbols = _symbols(given.symbols)
    return CoinFilter(
        search=_search(given.search),
        symbols=None if symbols is None else frozenset(s.upper() for s in symbols),
        exchange=Exchange(given.exchange.name) if given.exchange else None,
        warning=MarketWarning(given.warning.name) if given.warning else None,
    )


def coin_order(given: wire.CoinOrder | None) -> CoinOrder:
    """Return the order of coins."""
    if not given:
        return CoinOrder()
    return CoinOrder(CoinOrderField(given.field.name), Direction(given.direction.name))


def premium_filter(given: wire.PremiumFilter | None) -> PremiumFilter:
    """Return the filter on premiums."""
    if not given:
        return PremiumFilter()
    quality = given.quality if isinstance(given.quality, list) else None
    return PremiumFilter.of(
        symbols=_symbols(given.symbols),
        quality=None if quality is None else [Quality(item.name) for item in quality],
        min_percent=_bound(given.min_percent),
        max_percent=_bound(given.max_percent),
        min_quote_volume_24h=_bound(given.min_quote_volume_24h),
    )


def premium_order(given: wire.PremiumOrder | None) -> PremiumOrder:
    """Return the order of premiums."""
    if not given:
        return PremiumOrder()
    return PremiumOrder(
        PremiumOrderField(given.field.name),
        Direction(given.direction.name),
        PremiumBasis(given.basis.name),
    )


def _bound(given: Decimal | None) -> Decimal | None:
    return given if isinstance(given, Decimal) else None


def _symbols(given: Sequence[str] | None) -> Sequence[str] | None:
    if not isinstance(given, list):
        return None
    if len(given) > MAX_SYMBOLS:
        raise InvalidArgument("symbols", f"may hold 0 to {MAX_SYMBOLS} symbols")
    return given


def _search(given: str | None) -> str | None:
    if not isinstance(given, str):
        return None
    if len(given) > MAX_SEARCH:
        raise InvalidArgument("search", f"may have at most {MAX_SEARCH} characters")
    return given
