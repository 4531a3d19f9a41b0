"""What the tables themselves refuse, whoever writes into them."""

import pytest
from sqlalchemy import Column, Numeric, Table, bindparam, insert, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import IntegrityError
from sqlalchemy.types import ARRAY, Boolean, Date, Integer, LargeBinary

from adapters.postgres.column import EPOCH, Instant
from adapters.postgres.database import Database
from adapters.postgres.table import Row

NUMBERS = [
    (table, column)
    for table in Row.metadata.sorted_tables
    for column in table.columns
    if isinstance(column.type, Numeric)
]
MONTH = (
    "CREATE TABLE premium_minute_1970_01 PARTITION OF premium_minute "
    "FOR VALUES FROM ('1970-01-01 00:00Z') TO ('1970-02-01 00:00Z')"
)
NAMES = [f"{table.name}.{column.name}" for table, column in NUMBERS]


def sample(column: Column[object]) -> object:
    """Some value that the column takes."""
    if isinstance(column.type, Instant):
        return EPOCH
    for kind, value in (
        (Numeric, 1),
        (Integer, 1),
        (Boolean, True),
        (ARRAY, []),
        (LargeBinary, bytes(32)),
        (Date, EPOCH.date()),
    ):
        if isinstance(column.type, kind):
            return value
    return "BTC"


async def write(database: Database, table: Table, name: str, value: str) -> None:
    row = {column.name: sample(column) for column in table.columns}
    number = text(f"'{value}'::numeric")
    async with database.transaction() as connection:
        if table.name == "listing":
            coin = Row.metadata.tables["coin"]
            coin_row = {column.name: sample(column) for column in coin.columns}
            await connection.execute(insert(coin).values(coin_row))
        if table.name == "premium_minute":
            await connection.execute(text(MONTH))
        await connection.execute(insert(table).values({**row, name: number}))


@pytest.mark.parametrize(("table", "column"), NUMBERS, ids=NAMES)
async def test_a_number_is_finite(
    database: Database, table: Table, column: Column[object]
) -> None:
    for value in ("NaN", "Infinity", "-Infinity"):
        with pytest.raises(IntegrityError, match="violates check constraint"):
            await write(database, table, column.name, value)
    await write(database, table, column.name, "0.00000000000000000001")


@pytest.mark.parametrize("name", ["price", "bid", "ask"])
@pytest.mark.parametrize("value", ["0", "-1"])
async def test_a_price_is_above_zero(database: Database, name: str, value: str) -> None:
    table = Row.metadata.tables["latest_quote"]
    with pytest.raises(IntegrityError, match=f"{name}_positive"):
        await write(database, table, name, value)


async def test_both_numbers_of_a_basis_are_there_or_none(database: Database) -> None:
    statement = text(
        "INSERT INTO latest_premium (symbol, seq, at, krw_usdt_percent) "
        "VALUES ('BTC', 1, now(), 1)"
    )
    with pytest.raises(IntegrityError, match="krw_usdt_whole"):
        async with database.transaction() as connection:
            await connection.execute(statement)


@pytest.mark.parametrize("table", ["premium_minute", "premium_bar"])
async def test_all_of_a_basis_in_a_bar_is_there_or_none(
    database: Database, table: str
) -> None:
    statement = text(
        f"INSERT INTO {table} SELECT (jsonb_populate_record(NULL::{table}, :row)).*"
    ).bindparams(bindparam("row", type_=JSONB))
    row = {
        "symbol": "BTC",
        "interval": "H1",
        "opened_at": EPOCH.isoformat(),
        "domestic_close": 1,
        "global_close": 1,
        "origin": "LIVE",
    }
    async with database.transaction() as connection:
        await connection.execute(text(MONTH))
    with pytest.raises(IntegrityError, match="krw_usdt_whole"):
        async with database.transaction() as connection:
            await connection.execute(statement, {"row": {**row, "krw_usdt_close": 1}})
    async with database.transaction() as connection:
        await connection.execute(statement, {"row": row})


async def test_the_state_of_the_server_is_one_row(database: Database) -> None:
    with pytest.raises(IntegrityError, match="only_one"):
        async with database.transaction() as connection:
            await connection.execute(
                text("INSERT INTO server_state VALUES (2, 1, true)")
            )


async def test_every_time_has_a_zone_and_no_number_a_limit(database: Database) -> None:
    statement = text(
        "SELECT table_name, column_name FROM information_schema.columns "
        "WHERE table_schema = 'public' AND (data_type LIKE '%without time zone' "
        "OR data_type IN ('real', 'double precision') "
        "OR data_type = 'numeric' AND numeric_precision IS NOT NULL)"
    )
    async with database.transaction() as connection:
        assert (await connection.execute(statement)).all() == []
