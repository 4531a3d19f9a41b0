"""Which prices and markets count for a Seoul day. Pure.

Source: design.md "Snapshots": a day's price is the last trade before 24:00 KST (15:00
UTC) by exchange time; a trade at that instant belongs to the next day.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal

from domain.model.coin import DOMESTIC, GLOBAL, Coin, Listing, preferred
from domain.model.fx import FxRate
from domain.model.identity import IdentityTable
from domain.model.market import Exchange, MarketKey
from domain.model.snapshot import (
    CurrentRow,
    DailyPrices,
    DailySnapshot,
    taken_ms,
)


@dataclass(frozen=True, slots=True)
class Traded:
    """A price per coin and the exchange time of its trade, Unix ms."""

    price: Decimal
    at_ms: int


class ClosingPrices:
    """Per market the last price, and the last one traded before a boundary.

    Mutable; one entry per market that was ever told of.
    """

    def __init__(self, boundary_ms: int) -> None:
        self._boundary_ms = boundary_ms
        self._last: dict[MarketKey, Traded] = {}
        self._closing: dict[MarketKey, Traded] = {}

    def begin(self, boundary_ms: int) -> None:
        """Look at another boundary, later or earlier: what is known counts for it."""
        self._boundary_ms = boundary_ms
        known = self._closing | {
            key: traded
            for key, traded in self._last.items()
            if traded.at_ms < boundary_ms
        }
        self._closing = {
            key: traded for key, traded in known.items() if traded.at_ms < boundary_ms
        }

    def take(self, key: MarketKey, traded: Traded) -> None:
        """Take a trade; one older than what is known changes nothing."""
        _put(self._last, key, traded)
        self.take_late(key, traded)

    def take_late(self, key: MarketKey, traded: Traded) -> None:
        """Take a trade for the closing price alone, if it was before the boundary."""
        if traded.at_ms < self._boundary_ms:
            _put(self._closing, key, traded)

    def last(self, key: MarketKey) -> Traded | None:
        """Return the last trade of a market."""
        return self._last.get(key)

    def closing(self, key: MarketKey) -> Traded | None:
        """Return the last trade of a market before the boundary."""
        return self._closing.get(key)


def _put(known: dict[MarketKey, Traded], key: MarketKey, traded: Traded) -> None:
    before = known.get(key)
    # Of trades at one instant the one told last is the last one.
    if before is None or traded.at_ms >= before.at_ms:
        known[key] = traded


@dataclass(frozen=True, slots=True)
class Pair:
    """A coin's markets at an instant."""

    domestic: Listing
    global_: Listing | None

    @property
    def is_curated(self) -> bool:
        """Whether both sides were checked by name."""
        return all(side is not None and side.curated for side in self.sides)

    @property
    def sides(self) -> tuple[Listing, Listing | None]:
        """Both sides, the domestic one first."""
        return self.domestic, self.global_


def pair_at(coin: Coin, identity: IdentityTable, at_ms: int) -> Pair | None:
    """Return a coin's markets at an instant (Unix ms), None: it had no KRW market.

    A spell begins with its `since` and has ended at its `until`; a ticker that meant
    another asset then is no market of the coin.
    """
    at = datetime.fromtimestamp(at_ms / 1000, UTC)
    domestic, global_ = (
        preferred(_standing(coin, identity, side, at)) for side in (DOMESTIC, GLOBAL)
    )
    return None if domestic is None else Pair(domestic, global_)


def _standing(
    coin: Coin, identity: IdentityTable, side: tuple[Exchange, str], at: datetime
) -> Iterator[Listing]:
    for item in coin.listings:
        if (item.exchange, item.quote) != side:
            continue
        if item.since is not None and item.since > at:
            continue
        if item.until is not None and item.until <= at:
            continue
        meant = identity.resolve(item.exchange, item.base_symbol, at)
        if meant.asset == coin.symbol:
            yield replace(item, multiplier=meant.multiplier, curated=meant.curated)


@dataclass(frozen=True, slots=True)
class Known:
    """What stands at an instant: prices of all markets, and the official rate."""

    prices: ClosingPrices
    rate: FxRate | None


def closing_row(
    day: date,
    coin: Coin,
    identity: IdentityTable,
    known: Known,
    *,
    is_comparable: bool,
) -> DailySnapshot | None:
    """Return a coin's row of a day that has ended, None: it had no KRW market then."""
    pair = pair_at(coin, identity, taken_ms(day))
    if pair is None:
        return None
    domestic, global_ = (
        None if side is None else known.prices.closing(side.key) for side in pair.sides
    )
    prices = _prices(domestic, global_, known.rate, is_comparable)
    return DailySnapshot(day, coin.symbol, prices)


def current_row(coin: Coin, known: Known, *, is_comparable: bool) -> CurrentRow | None:
    """Return what is known of a coin now, None: it has no open KRW market."""
    if coin.domestic is None:
        return None
    legs = [
        None if side is None else known.prices.last(side.key)
        for side in (coin.domestic, coin.global_)
    ]
    stamps = [leg.at_ms for leg in legs if leg is not None]
    return CurrentRow(
        symbol=coin.symbol,
        korean_name=coin.korean_name,
        english_name=coin.english_name,
        icon_url=coin.icon_url,
        listed=_listed(coin.listings),
        warnings=coin.warnings,
        prices=_prices(legs[0], legs[1], known.rate, is_comparable),
        at_ms=max(stamps, default=None),
    )


def _listed(listings: Sequence[Listing]) -> tuple[str, ...]:
    opened = (item for item in listings if item.is_open)
    return tuple(sorted(f"{item.exchange}:{item.market}" for item in opened))


def _prices(
    domestic: Traded | None,
    global_: Traded | None,
    rate: FxRate | None,
    is_comparable: bool,
) -> DailyPrices:
    return DailyPrices(
        domestic_price=None if domestic is None else domestic.price,
        global_price=None if global_ is None else global_.price,
        fx_rate=None if rate is None else rate.rate,
        fx_source=None if rate is None else rate.source,
        is_comparable=is_comparable,
    )
