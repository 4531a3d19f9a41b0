"""Many rows in one statement: one array per column, unnested by the server.

Next to `execute(statement, [dicts])` it takes the same rows in half the time, because
the server executes once and not once per row. Numbers travel as text and are cast
there: the driver writes that four times faster than its own NUMERIC, digits included.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import islice
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Numeric,
    Table,
    Text,
    bindparam,
    cast,
    func,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.base import ReadOnlyColumnCollection
from sqlalchemy.sql.elements import KeyedColumnElement
from sqlalchemy.types import TypeEngine

# The arrays of one statement are encoded in one go, about 3 ms for 500 rows; between
# two statements the event loop goes on. More rows make more statements.
ROWS_PER_STATEMENT = 500

# The row that was to be inserted, column by column.
New = ReadOnlyColumnCollection[str, KeyedColumnElement[Any]]
Condition = Callable[[Table, New], ColumnElement[bool]]
Assignment = Callable[[Table, New], Mapping[str, ColumnElement[Any]]]


class Upsert:
    """Inserts rows of a table, or updates them where they are there.

    `condition` says, of the stored row and the new one, when it is updated; `assign`
    what a column becomes where that is not simply the new value.
    """

    def __init__(
        self,
        table: Table,
        columns: Sequence[str],
        condition: Condition,
        assign: Assignment | None = None,
    ) -> None:
        self._columns = tuple((name, _is_number(table, name)) for name in columns)
        self._key_width = len(table.primary_key.columns)
        key, values = columns[: self._key_width], columns[self._key_width :]
        statement = _insert(table, columns)
        new = statement.excluded
        assigned: dict[str, ColumnElement[Any]] = {name: new[name] for name in values}
        if assign is not None:
            assigned.update(assign(table, new))
        self._statement = statement.on_conflict_do_update(
            index_elements=key, set_=assigned, where=condition(table, new)
        )
        self._returning = self._statement.returning(*(table.c[name] for name in key))

    async def run(
        self, connection: AsyncConnection, rows: Iterable[tuple[Any, ...]]
    ) -> int:
        """Write rows, tuples in the order of the columns, and return how many changed.

        The key comes first. They must be sorted by key, as every server sorts them: two
        that write the same rows wait for each other and do not deadlock. Of one key's
        rows the last counts.
        """
        changed = 0
        for parameters in self._batches(rows):
            result = await connection.execute(self._statement, parameters)
            changed += result.rowcount
        return changed

    async def run_telling(
        self, connection: AsyncConnection, rows: Iterable[tuple[Any, ...]]
    ) -> list[tuple[Any, ...]]:
        """Write rows as `run` does; return the keys of those that are new or other."""
        changed: list[tuple[Any, ...]] = []
        for parameters in self._batches(rows):
            result = await connection.execute(self._returning, parameters)
            changed += [tuple(row) for row in result]
        return changed

    def _batches(self, rows: Iterable[tuple[Any, ...]]) -> Iterator[dict[str, Any]]:
        unique = iter({row[: self._key_width]: row for row in rows}.values())
        while batch := list(islice(unique, ROWS_PER_STATEMENT)):
            arrays = zip(*batch, strict=True)
            yield {
                name: _written(array) if is_number else list(array)
                for (name, is_number), array in zip(self._columns, arrays, strict=True)
            }


def differs(table: Table, new: New, columns: Iterable[str]) -> ColumnElement[bool]:
    """Return the condition that any of the columns has another value, or one at all."""
    return or_(*(table.c[name].is_distinct_from(new[name]) for name in columns))


def _insert(table: Table, columns: Sequence[str]) -> Insert:
    arrays = (bindparam(name, type_=ARRAY(_sent_as(table, name))) for name in columns)
    rows = func.unnest(*arrays).table_valued(*columns).render_derived()
    values = (
        cast(rows.c[name], Numeric) if _is_number(table, name) else rows.c[name]
        for name in columns
    )
    return insert(table).from_select(list(columns), select(*values))


def _sent_as(table: Table, name: str) -> TypeEngine[Any]:
    return Text() if _is_number(table, name) else table.c[name].type


def _is_number(table: Table, name: str) -> bool:
    return isinstance(table.c[name].type, Numeric)


def _written(numbers: Iterable[Decimal | None]) -> list[str | None]:
    return [None if number is None else str(number) for number in numbers]
