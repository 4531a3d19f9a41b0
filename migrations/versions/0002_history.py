"""Bars, holes, candles, dated rates, snapshots.

Revision: 0002, after: 0001
"""

from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

INSTANT = sa.TIMESTAMP(timezone=True)
ROOMY = {"fillfactor": 50}
PERCENTS = ("open", "high", "low", "close")
VOLUMES = ("base_volume", "quote_volume")
PRICES = ("domestic_price", "global_price", "fx_rate")


def upgrade() -> None:
    """Expand the schema; the program before this revision goes on working with it."""
    _create_bars()
    _create_rollups()
    _create_holes()
    _create_candles()
    _create_snapshots()
    _create_audit()


def _create_bars() -> None:
    # The partitions, one per UTC month, are made by the program.
    op.create_table(
        "premium_minute",
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("opened_at", INSTANT, nullable=False),
        *_bar("premium_minute"),
        sa.PrimaryKeyConstraint("symbol", "opened_at", name=op.f("pk_premium_minute")),
        postgresql_partition_by="RANGE (opened_at)",
    )
    op.create_table(
        "premium_bar",
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("interval", sa.Text(), nullable=False),
        sa.Column("opened_at", INSTANT, nullable=False),
        *_bar("premium_bar"),
        sa.PrimaryKeyConstraint(
            "symbol", "interval", "opened_at", name=op.f("pk_premium_bar")
        ),
    )


def _bar(table: str) -> Iterator[sa.Column[object] | sa.CheckConstraint]:
    yield sa.Column("domestic_close", sa.Numeric(), nullable=False)
    yield sa.Column("global_close", sa.Numeric(), nullable=False)
    yield sa.Column("origin", sa.Text(), nullable=False)
    yield sa.Column("fx_source", sa.Text(), nullable=True)
    yield sa.Column("fx_as_of", INSTANT, nullable=True)
    for basis in ("official_fx", "krw_usdt", "krw_usdc"):
        yield from _basis(table, basis)
    yield _positive(table, "domestic_close")
    yield _positive(table, "global_close")


def _basis(table: str, basis: str) -> Iterator[sa.Column[object] | sa.CheckConstraint]:
    for name in PERCENTS:
        yield sa.Column(f"{basis}_{name}", sa.Numeric(), nullable=True)
        yield _finite(table, f"{basis}_{name}")
    yield sa.Column(f"{basis}_fx_rate", sa.Numeric(), nullable=True)
    yield _positive(table, f"{basis}_fx_rate")
    yield sa.Column(f"{basis}_samples", sa.Integer(), nullable=True)
    yield sa.Column(f"{basis}_quality", sa.Text(), nullable=True)
    columns = (*PERCENTS, "fx_rate", "samples", "quality")
    names = ", ".join(f"{basis}_{name}" for name in columns)
    yield sa.CheckConstraint(
        f"num_nulls({names}) IN (0, 7)", name=op.f(f"ck_{table}_{basis}_whole")
    )


def _create_rollups() -> None:
    table = "premium_rollup"
    numbers = ("domestic_close", "global_close", "fx_rate")
    op.create_table(
        table,
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("interval", sa.Text(), nullable=False),
        sa.Column("opened_at", INSTANT, nullable=False),
        *_numbers(PERCENTS),
        *_numbers(numbers),
        sa.Column("samples", sa.Integer(), nullable=False),
        sa.Column("quality", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        *(_finite(table, name) for name in PERCENTS),
        *(_positive(table, name) for name in numbers),
        sa.PrimaryKeyConstraint(
            *("symbol", "basis", "interval", "opened_at"), name=op.f(f"pk_{table}")
        ),
    )
    op.create_table(
        "premium_due",
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("symbol", "day", name=op.f("pk_premium_due")),
        postgresql_with=ROOMY,
    )


def _create_holes() -> None:
    op.create_table(
        "premium_hole",
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("interval", sa.Text(), nullable=False),
        sa.Column("from_at", INSTANT, nullable=False),
        sa.Column("to_at", INSTANT, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("checked_at", INSTANT, server_default=sa.func.now(), nullable=False),
        sa.CheckConstraint("from_at < to_at", name=op.f("ck_premium_hole_some_time")),
        sa.PrimaryKeyConstraint(
            "symbol", "interval", "from_at", name=op.f("pk_premium_hole")
        ),
    )


def _create_candles() -> None:
    key = ("exchange", "market", "interval")
    op.create_table(
        "candle",
        *(sa.Column(name, sa.Text(), nullable=False) for name in key),
        sa.Column("opened_at", INSTANT, nullable=False),
        *_numbers(PERCENTS),
        *_numbers(VOLUMES),
        *(_positive("candle", name) for name in PERCENTS),
        *(_finite("candle", name) for name in VOLUMES),
        sa.PrimaryKeyConstraint(*key, "opened_at", name=op.f("pk_candle")),
    )
    op.create_table(
        "daily_rate",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("rate", sa.Numeric(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        _positive("daily_rate", "rate"),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_daily_rate")),
    )


def _create_snapshots() -> None:
    op.create_table(
        "current_row",
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("korean_name", sa.Text(), nullable=False),
        sa.Column("english_name", sa.Text(), nullable=False),
        sa.Column("icon_url", sa.Text(), nullable=True),
        sa.Column("listed", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("warnings", sa.ARRAY(sa.Text()), nullable=False),
        *_prices("current_row"),
        sa.Column("at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("symbol", name=op.f("pk_current_row")),
        postgresql_with=ROOMY,
    )
    op.create_table(
        "daily_snapshot",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        *_prices("daily_snapshot"),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("verified_at", INSTANT, nullable=True),
        sa.CheckConstraint(
            "revision > 0", name=op.f("ck_daily_snapshot_revision_positive")
        ),
        sa.PrimaryKeyConstraint("day", "symbol", name=op.f("pk_daily_snapshot")),
    )
    op.create_index(
        op.f("ix_daily_snapshot_symbol_day"), "daily_snapshot", ["symbol", "day"]
    )


def _prices(table: str) -> Iterator[sa.Column[object] | sa.CheckConstraint]:
    for name in PRICES:
        yield sa.Column(name, sa.Numeric(), nullable=True)
        yield _positive(table, name)
    yield sa.Column("fx_source", sa.Text(), nullable=True)
    yield sa.Column("comparable", sa.Boolean(), nullable=False)
    yield sa.Column("percent", sa.Numeric(), nullable=True)
    yield _finite(table, "percent")


def _create_audit() -> None:
    op.create_table(
        "snapshot_audit",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("was", sa.Text(), nullable=True),
        sa.Column("became", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_snapshot_audit")),
    )
    op.create_index(
        op.f("ix_snapshot_audit_day_symbol"), "snapshot_audit", ["day", "symbol"]
    )


def _numbers(names: tuple[str, ...]) -> Iterator[sa.Column[object]]:
    for name in names:
        yield sa.Column(name, sa.Numeric(), nullable=False)


def _positive(table: str, name: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(
        f"{name} > 0 AND {name} < 'Infinity'", name=op.f(f"ck_{table}_{name}_positive")
    )


def _finite(table: str, name: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(
        f"{name} > '-Infinity' AND {name} < 'Infinity'",
        name=op.f(f"ck_{table}_{name}_finite"),
    )
