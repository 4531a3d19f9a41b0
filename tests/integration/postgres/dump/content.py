"""Rows for every table there is, and what a database holds, as text to compare."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    ARRAY,
    Boolean,
    Column,
    Date,
    Integer,
    LargeBinary,
    Numeric,
    Table,
    insert,
    text,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres.column import Instant
from adapters.postgres.database import Database
from adapters.postgres.dump import TABLES
from adapters.postgres.table import Row

INSTANT = datetime(2026, 3, 4, 5, 6, tzinfo=UTC)
# A number of many digits, and text that COPY must escape.
NUMBER = Decimal("0.000000012345678901234567890123456789")
TEXT = 'BTC\t"한글" \\N \\.'
# What says how a table, an index, a constraint, a function or a trigger is made.
SCHEMA = """
    SELECT 'index', indexdef FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL
    SELECT 'constraint', concat_ws(' ', conrelid::regclass, conname,
        pg_get_constraintdef(oid))
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION ALL
    SELECT 'relation', concat_ws(' ', relname, relkind,
        pg_get_expr(relpartbound, oid), reloptions::text)
        FROM pg_class WHERE relnamespace = 'public'::regnamespace
    UNION ALL
    SELECT 'column', concat_ws(' ', attrelid::regclass, attname,
        format_type(atttypid, atttypmod), attnotnull, attidentity,
        pg_get_expr(adbin, adrelid))
        FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
        LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
        WHERE relnamespace = 'public'::regnamespace AND attnum > 0
    UNION ALL
    SELECT 'function', pg_get_functiondef(oid)
        FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    UNION ALL
    SELECT 'trigger', pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL
    SELECT 'type', typname::text FROM pg_type
        WHERE typnamespace = 'public'::regnamespace AND typtype IN ('e', 'd')
    ORDER BY 1, 2
"""


async def fill(database: Database) -> None:
    """Put one row into every table."""
    async with database.transaction() as connection:
        for table in Row.metadata.sorted_tables:
            partitioned = await is_partitioned(connection, table)
            if partitioned:
                await make_partition(connection, table)
            await connection.execute(insert(table), values_of(table))


async def is_partitioned(connection: AsyncConnection, table: Table) -> bool:
    question = text("SELECT relkind = 'p' FROM pg_class WHERE oid = to_regclass(:name)")
    found = await connection.execute(question, {"name": table.name})
    return bool(found.scalar_one())


async def make_partition(connection: AsyncConnection, table: Table) -> None:
    name = f"{table.name}_2026_03"
    await connection.execute(
        text(
            f"CREATE TABLE IF NOT EXISTS {name} PARTITION OF {table.name} "
            "FOR VALUES FROM ('2026-03-01 00:00Z') TO ('2026-04-01 00:00Z')"
        )
    )


def values_of(table: Table) -> dict[str, Any]:
    given = (column for column in table.columns if column.identity is None)
    return {column.name: value_of(column) for column in given}


def value_of(column: Column[Any]) -> Any:
    kind = column.type
    if isinstance(kind, Instant):
        return INSTANT + timedelta(days=30 * (column.name == "to_at"))
    if isinstance(kind, ARRAY):
        return [TEXT, "", "NULL"]
    if isinstance(kind, Date):
        return date(2026, 3, 4)
    for known, value in (
        (Boolean, True),
        (Integer, 1),
        (LargeBinary, (b"\x00\xff\n" * 11)[:32]),
        (Numeric, NUMBER),
    ):
        if isinstance(kind, known):
            return value
    return TEXT


async def contents(database: Database) -> dict[str, list[str]]:
    """Return every row of every table of ours as text, and the schema itself."""
    async with database.transaction() as connection:
        found = {}
        for name in TABLES:
            rows = await connection.execute(
                text(f"SELECT t::text FROM {name} t ORDER BY 1")
            )
            found[name] = [row for (row,) in rows]
        schema = await connection.execute(text(SCHEMA))
        return {**found, "schema": [f"{kind} {what}" for kind, what in schema]}
