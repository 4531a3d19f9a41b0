"""Current rows, daily snapshots, and the audit of those that were amended.

Rows go in as one JSON document per statement, which the server unfolds: it takes lists
and nulls alike, compares them with what is stored, and counts what it wrote.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import (
    Column,
    Select,
    Table,
    Text,
    bindparam,
    cast,
    func,
    insert,
    select,
    update,
)
from sqlalchemy import column as named
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import JSONB

from adapters.postgres.column import text_of
from adapters.postgres.database import Database
from adapters.postgres.history_table import (
    CurrentRowRow,
    DailySnapshotRow,
    SnapshotAuditRow,
)
from adapters.postgres.row import table_of
from adapters.postgres.snapshot_row import (
    current_of,
    entry_of,
    instant_or_null,
    of_current,
    of_entry,
    of_snapshot,
    plain,
    prices_row,
    snapshot_of,
)
from adapters.postgres.upsert import differs
from domain.model.page import Direction
from domain.model.snapshot import (
    AuditEntry,
    Compared,
    CurrentRow,
    DailySnapshot,
)

CURRENT = table_of(CurrentRowRow)
SNAPSHOT = table_of(DailySnapshotRow)
AUDIT = table_of(SnapshotAuditRow)
_ROWS = "rows"


def _insert_from_json(table: Table) -> postgresql.Insert:
    columns: list[Column[Any]] = list(table.columns)
    document = cast(bindparam(_ROWS, type_=Text()), JSONB)
    rows = func.jsonb_to_recordset(document).table_valued(
        *(named(column.name, column.type) for column in columns)
    )
    typed = rows.render_derived(with_types=True)
    return postgresql.insert(table).from_select(
        [column.name for column in columns],
        select(*(typed.c[column.name] for column in columns)),
    )


def _upsert_current() -> postgresql.Insert:
    statement = _insert_from_json(CURRENT)
    new = statement.excluded
    names = [c.name for c in CURRENT.columns if c.name not in ("symbol", "at")]
    return statement.on_conflict_do_update(
        index_elements=["symbol"],
        set_={
            **{name: new[name] for name in names},
            "at": func.greatest(CURRENT.c.at, new["at"]),
        },
        where=differs(CURRENT, new, names),
    )


_SAVE_CURRENT = _upsert_current()
_ADD = _insert_from_json(SNAPSHOT).on_conflict_do_nothing()


class PostgresSnapshotStore:
    """`SnapshotStore` over three tables; one transaction per call."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save_current(self, rows: Collection[CurrentRow]) -> Compared:
        """Compare each row with the stored one and write it only where it differs.

        Raises:
            StoreUnavailable: the database cannot be reached; nothing was written.
        """
        unique = {text_of(row.symbol): row for row in rows}
        # Sorted, as every server does: two that write the same rows do not deadlock.
        told = [of_current(unique[symbol]) for symbol in sorted(unique)]
        updated = await self._write(_SAVE_CURRENT, told)
        return Compared(len(told), len(told) - updated, updated)

    async def load_current(self) -> Sequence[CurrentRow]:
        """Return every current row, by symbol.

        Raises:
            StoreUnavailable: the database cannot be reached.
        """
        async with self._database.transaction() as connection:
            found = (await connection.execute(select(CURRENT))).mappings().all()
        return sorted(map(current_of, found), key=lambda row: row.symbol)

    async def add(self, snapshots: Collection[DailySnapshot]) -> int:
        """Store dated rows where there is none yet; return how many were new.

        Raises:
            StoreUnavailable: the database cannot be reached; nothing was written.
        """
        ordered = sorted(snapshots, key=lambda row: (row.day, text_of(row.symbol)))
        return await self._write(_ADD, map(of_snapshot, ordered))

    async def amend(
        self, snapshot: DailySnapshot, entries: Sequence[AuditEntry]
    ) -> bool:
        """Replace the revision before with this one, and keep its audit entries.

        Raises:
            StoreUnavailable: the database cannot be reached; nothing was written.
        """
        symbol = text_of(snapshot.symbol)
        statement = (
            update(SNAPSHOT)
            .where(
                SNAPSHOT.c.day == snapshot.day,
                SNAPSHOT.c.symbol == symbol,
                SNAPSHOT.c.revision == snapshot.revision - 1,
            )
            .values(
                **prices_row(snapshot.prices),
                revision=snapshot.revision,
                verified_at=instant_or_null(snapshot.verified_ms),
            )
        )
        async with self._database.transaction() as connection:
            if not (await connection.execute(statement)).rowcount:
                return False
            if entries:
                audits = [of_entry(entry) for entry in entries]
                await connection.execute(insert(AUDIT), audits)
        return True

    async def confirm(
        self, day: date, symbols: Collection[str], verified_ms: int
    ) -> None:
        """Mark rows as compared with the venues' record and found right.

        Raises:
            StoreUnavailable: the database cannot be reached.
        """
        statement = (
            update(SNAPSHOT)
            .where(SNAPSHOT.c.day == day, SNAPSHOT.c.symbol.in_(map(text_of, symbols)))
            .values(verified_at=instant_or_null(verified_ms))
        )
        async with self._database.transaction() as connection:
            await connection.execute(statement)

    async def unverified(self, from_day: date) -> Sequence[DailySnapshot]:
        """Return the rows not yet verified since a day, by day and symbol.

        Raises:
            StoreUnavailable: the database cannot be reached.
        """
        statement = select(SNAPSHOT).where(
            SNAPSHOT.c.day >= from_day, SNAPSHOT.c.verified_at.is_(None)
        )
        async with self._database.transaction() as connection:
            found = (await connection.execute(statement)).mappings().all()
        rows = map(snapshot_of, found)
        return sorted(rows, key=lambda row: (row.day, row.symbol))

    async def first_day(self) -> date | None:
        """Return the oldest day with a snapshot, None without any.

        Raises:
            StoreUnavailable: the database cannot be reached.
        """
        return await self._day(select(func.min(SNAPSHOT.c.day)))

    async def last_day(self) -> date | None:
        """Return the newest day with a snapshot, None without any.

        Raises:
            StoreUnavailable: the database cannot be reached.
        """
        return await self._day(select(func.max(SNAPSHOT.c.day)))

    async def stored(
        self, from_day: date, to_day: date
    ) -> Mapping[date, Collection[str]]:
        """Return the symbols that have a row, by day, both ends inclusive.

        Raises:
            StoreUnavailable: the database cannot be reached.
        """
        statement = (
            select(SNAPSHOT.c.day, func.array_agg(SNAPSHOT.c.symbol))
            .where(SNAPSHOT.c.day.between(from_day, to_day))
            .group_by(SNAPSHOT.c.day)
        )
        async with self._database.transaction() as connection:
            found = (await connection.execute(statement)).all()
        return {day: frozenset(symbols) for day, symbols in found}

    async def of_day(
        self, day: date, limit: int, after_symbol: str | None = None
    ) -> Sequence[DailySnapshot]:
        """Return the rows of one day by symbol, at most `limit`, after a symbol.

        Raises:
            StoreUnavailable: the database cannot be reached.
        """
        # In the order of code points, as everywhere else, whatever the server's locale.
        symbol = SNAPSHOT.c.symbol.collate("C")
        statement = select(SNAPSHOT).where(SNAPSHOT.c.day == day)
        if after_symbol is not None:
            statement = statement.where(symbol > text_of(after_symbol))
        return await self._read(statement.order_by(symbol).limit(limit))

    async def of_coin(
        self,
        symbol: str,
        from_day: date | None,
        to_day: date | None,
        direction: Direction,
        limit: int,
        after_day: date | None = None,
    ) -> Sequence[DailySnapshot]:
        """Return the rows of one coin, both ends inclusive, in the direction given.

        Raises:
            StoreUnavailable: the database cannot be reached.
        """
        day, is_back = SNAPSHOT.c.day, direction is Direction.DESC
        statement = select(SNAPSHOT).where(SNAPSHOT.c.symbol == text_of(symbol))
        if from_day is not None:
            statement = statement.where(day >= from_day)
        if to_day is not None:
            statement = statement.where(day <= to_day)
        if after_day is not None:
            statement = statement.where(day < after_day if is_back else day > after_day)
        order = day.desc() if is_back else day
        return await self._read(statement.order_by(order).limit(limit))

    async def audit(self, day: date, symbol: str) -> Sequence[AuditEntry]:
        """Return what was amended, oldest first.

        Raises:
            StoreUnavailable: the database cannot be reached.
        """
        statement = (
            select(AUDIT)
            .where(AUDIT.c.day == day, AUDIT.c.symbol == text_of(symbol))
            .order_by(AUDIT.c.id)
        )
        async with self._database.promptly() as connection:
            found = (await connection.execute(statement)).mappings().all()
        return [entry_of(row) for row in found]

    async def _write(
        self, statement: postgresql.Insert, rows: Iterable[Mapping[str, Any]]
    ) -> int:
        told = list(rows)
        if not told:
            return 0
        async with self._database.transaction() as connection:
            done = await connection.execute(
                statement, {_ROWS: json.dumps(told, default=plain)}
            )
        return done.rowcount

    async def _day(self, statement: Select[Any]) -> date | None:
        async with self._database.transaction() as connection:
            found: date | None = (await connection.execute(statement)).scalar()
        return found

    async def _read(self, statement: Select[Any]) -> list[DailySnapshot]:
        async with self._database.promptly() as connection:
            found = (await connection.execute(statement)).mappings().all()
        return [snapshot_of(row) for row in found]
