"""Coins' pictures, as bytes."""

from collections.abc import Sequence

from sqlalchemy import collate, func, select
from sqlalchemy.dialects.postgresql import insert

from adapters.postgres.column import text_of
from adapters.postgres.database import Database
from adapters.postgres.table import IconRow, table_of
from domain.ports.store import Icon

ICON = table_of(IconRow)
_COLUMNS = ("symbol", "content", "media_type", "source_url")
_ALL = select(*(ICON.c[name] for name in _COLUMNS))


class PostgresIconRepository:
    """`IconRepository` over one table."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self, symbol: str) -> Icon | None:
        """Return the kept icon of a coin, by its exact symbol.

        Somebody waits for it: bounded by the prompt time-out.

        Raises:
            StoreUnavailable: the database cannot be reached.
        """
        wanted = _ALL.where(ICON.c.symbol == text_of(symbol))
        async with self._database.promptly() as connection:
            row = (await connection.execute(wanted)).mappings().one_or_none()
        return None if row is None else Icon(**row)

    async def load_all(self, limit: int) -> Sequence[Icon]:
        """Return the kept icons by symbol, the first so many.

        Raises:
            StoreUnavailable: the database cannot be reached.
        """
        wanted = _ALL.order_by(collate(ICON.c.symbol, "C")).limit(limit)
        async with self._database.transaction() as connection:
            rows = (await connection.execute(wanted)).mappings().all()
        return [Icon(**row) for row in rows]

    async def save(self, icon: Icon) -> None:
        """Keep an icon, in place of an earlier one.

        Somebody waits for it: bounded by the prompt time-out.

        Raises:
            StoreUnavailable: the database cannot be reached.
        """
        new = insert(ICON).values(
            symbol=text_of(icon.symbol),
            content=icon.content,
            media_type=text_of(icon.media_type),
            source_url=text_of(icon.source_url),
        )
        values = {name: new.excluded[name] for name in _COLUMNS[1:]}
        statement = new.on_conflict_do_update(
            index_elements=["symbol"], set_={**values, "fetched_at": func.now()}
        )
        async with self._database.promptly() as connection:
            await connection.execute(statement)
