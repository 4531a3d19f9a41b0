"""Coins with every spell they were listed on a market."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import RowMapping, and_, func, or_, select, update
from sqlalchemy.dialects.postgresql import Insert, insert

from adapters.postgres.column import text_of
from adapters.postgres.database import Database
from adapters.postgres.table import CoinRow, ListingRow, table_of
from adapters.postgres.upsert import differs
from domain.model.coin import Coin, Listing
from domain.model.market import Exchange, MarketWarning
from domain.ports.store import CoinMark

COIN = table_of(CoinRow)
LISTING = table_of(ListingRow)
_SPELL = ("coin", "exchange", "market", "since")
_STANDING = ("multiplier", "tradable", "warnings", "until", "curated")
_VALUES = ("base_symbol", "quote", *_STANDING)
_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
_EXCHANGES = {str(exchange) for exchange in Exchange}
_WARNINGS = {str(warning) for warning in MarketWarning}


def _upsert_coins() -> Insert:
    statement = insert(COIN)
    new = statement.excluded
    names = ("korean_name", "english_name")
    return statement.on_conflict_do_update(
        index_elements=["symbol"],
        set_={
            **{name: new[name] for name in names},
            "icon_url": func.coalesce(COIN.c.icon_url, new.icon_url),
            "updated_at": func.now(),
        },
        where=or_(
            differs(COIN, new, names),
            and_(COIN.c.icon_url.is_(None), new.icon_url.is_not(None)),
        ),
    )


def _upsert_listings() -> Insert:
    statement = insert(LISTING)
    new = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=list(_SPELL),
        set_={name: new[name] for name in _VALUES},
        where=differs(LISTING, new, _VALUES),
    )


_COINS, _LISTINGS = _upsert_coins(), _upsert_listings()
_MARK = select(
    select(func.count()).select_from(COIN).scalar_subquery(),
    select(func.count()).select_from(LISTING).scalar_subquery(),
    select(func.max(COIN.c.updated_at)).scalar_subquery(),
)


class PostgresCoinRepository:
    """`CoinRepository` over two tables; one transaction per save.

    A spell is a coin's, a market's and its beginning: the same market delisted and
    listed again, or taken by another coin, keeps its past.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self) -> Sequence[Coin]:
        """Return every coin ever known, by symbol, listings in the order first saved.

        Raises:
            StoreUnavailable: the database cannot be reached.
        """
        coins = select(COIN)
        spells = select(LISTING).order_by(LISTING.c.id)
        async with self._database.transaction() as connection:
            rows = (await connection.execute(coins)).mappings().all()
            told = (await connection.execute(spells)).mappings().all()
        listings: dict[str, list[Listing]] = {}
        for row in told:
            # A newer version of the program may know more venues than this one.
            if row["exchange"] in _EXCHANGES:
                listings.setdefault(row["coin"], []).append(_listing_of(row))
        found = [_coin_of(row, listings.get(row["symbol"], ())) for row in rows]
        return sorted(found, key=lambda coin: coin.symbol)

    async def save(self, coins: Collection[Coin]) -> None:
        """Store coins with their listings, only what differs; nothing is deleted.

        Raises:
            StoreUnavailable: the database cannot be reached; nothing was written.
            NaiveInstant: a listing's `since` or `until` has no offset.
        """
        # Sorted, as every server does: two that save the same coins wait for each
        # other, and a listing is written under the lock on its coin's row.
        unique = {text_of(coin.symbol): coin for coin in coins}
        ordered = [unique[symbol] for symbol in sorted(unique)]
        spells = [spell for coin in ordered for spell in _spells_of(coin)]
        async with self._database.transaction() as connection:
            if ordered:
                await connection.execute(_COINS, [_row_of(coin) for coin in ordered])
            if spells:
                await connection.execute(_LISTINGS, spells)

    async def mark(self) -> CoinMark:
        """Return how the coins stand.

        Raises:
            StoreUnavailable: the database cannot be reached.
        """
        async with self._database.transaction() as connection:
            row = (await connection.execute(_MARK)).one()
        coins, listings, updated = row
        # Whole microseconds: a float's milliseconds would round two instants together.
        updated_us = None if updated is None else (updated - _EPOCH) // _MICROSECOND
        return CoinMark(coins, listings, updated_us)

    async def set_icon_url(self, symbol: str, url: str) -> bool:
        """Store where a coin's icon is; False: no such coin.

        Raises:
            StoreUnavailable: the database cannot be reached.
        """
        statement = (
            update(COIN)
            .where(COIN.c.symbol == text_of(symbol))
            .values(icon_url=text_of(url), updated_at=func.now())
            .returning(COIN.c.symbol)
        )
        async with self._database.transaction() as connection:
            return (await connection.execute(statement)).first() is not None


def _row_of(coin: Coin) -> Mapping[str, Any]:
    return {
        "symbol": text_of(coin.symbol),
        "korean_name": text_of(coin.korean_name),
        "english_name": text_of(coin.english_name),
        "icon_url": None if coin.icon_url is None else text_of(coin.icon_url),
    }


def _spells_of(coin: Coin) -> Iterator[Mapping[str, Any]]:
    for listing in coin.listings:
        yield {
            "coin": text_of(coin.symbol),
            "exchange": str(listing.exchange),
            "market": text_of(listing.market),
            "base_symbol": text_of(listing.base_symbol),
            "quote": text_of(listing.quote),
            "multiplier": listing.multiplier,
            "tradable": listing.tradable,
            "warnings": [str(warning) for warning in listing.warnings],
            "since": listing.since,
            "until": listing.until,
            "curated": listing.curated,
        }


def _coin_of(row: RowMapping, listings: Sequence[Listing]) -> Coin:
    return Coin(
        symbol=row["symbol"],
        korean_name=row["korean_name"],
        english_name=row["english_name"],
        listings=tuple(listings),
        icon_url=row["icon_url"],
    )


def _listing_of(row: RowMapping) -> Listing:
    return Listing(
        exchange=Exchange(row["exchange"]),
        market=row["market"],
        base_symbol=row["base_symbol"],
        quote=row["quote"],
        multiplier=row["multiplier"],
        tradable=row["tradable"],
        warnings=tuple(
            MarketWarning(word) for word in row["warnings"] if word in _WARNINGS
        ),
        since=row["since"],
        until=row["until"],
        curated=row["curated"],
    )
