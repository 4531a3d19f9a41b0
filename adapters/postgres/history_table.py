"""The tables of the past: bars and what is derived from them, candles, snapshots.

A bar has every basis in one row; its columns are made in a loop and its tables have no
class. None of these has a foreign key to a coin: what is told of a coin outlives it.
"""

import re
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    Identity,
    Index,
    Integer,
    Numeric,
    Table,
    Text,
)
from sqlmodel import Field

from adapters.postgres.column import Instant, finite, positive
from adapters.postgres.row import NOW, ROOMY, Row

BASES = ("official_fx", "krw_usdt", "krw_usdc")
PERCENTS = ("open", "high", "low", "close")
# The columns of one basis, after its name and an underscore.
BASIS_COLUMNS = (*PERCENTS, "fx_rate", "samples", "quality")


def _key(*names: str) -> Iterator[Column[object]]:
    for name in names:
        yield Column(name, Text, primary_key=True)
    yield Column("opened_at", Instant, primary_key=True)


def _bar_columns() -> Iterator[Column[object] | CheckConstraint]:
    yield Column("domestic_close", Numeric, nullable=False)
    yield Column("global_close", Numeric, nullable=False)
    yield Column("origin", Text, nullable=False)
    yield Column("fx_source", Text)
    yield Column("fx_as_of", Instant)
    for basis in BASES:
        yield from _basis_columns(basis)
    yield positive("domestic_close")
    yield positive("global_close")


def _basis_columns(basis: str) -> Iterator[Column[object] | CheckConstraint]:
    for name in PERCENTS:
        yield Column(f"{basis}_{name}", Numeric)
        yield finite(f"{basis}_{name}")
    yield Column(f"{basis}_fx_rate", Numeric)
    yield positive(f"{basis}_fx_rate")
    yield Column(f"{basis}_samples", Integer)
    yield Column(f"{basis}_quality", Text)
    names = ", ".join(f"{basis}_{name}" for name in BASIS_COLUMNS)
    yield CheckConstraint(
        f"num_nulls({names}) IN (0, {len(BASIS_COLUMNS)})", name=f"{basis}_whole"
    )


# One row per coin and minute; a partition per UTC month, which `bar_partition` makes.
MINUTE = Table(
    "premium_minute",
    Row.metadata,
    *_key("symbol"),
    *_bar_columns(),
    postgresql_partition_by="RANGE (opened_at)",
)
# What the partition of a month is called: premium_minute_2026_11.
PARTITION = re.compile(r"premium_minute_(\d{4})_(\d\d)")

# Bars made from the venues' candles of their own interval.
BAR = Table("premium_bar", Row.metadata, *_key("symbol", "interval"), *_bar_columns())

# Hours and days derived from minutes, one row per basis. A row is there only while it
# is right: whoever writes a minute deletes those of its hour and its UTC day.
ROLLUP = Table(
    "premium_rollup",
    Row.metadata,
    *_key("symbol", "basis", "interval"),
    *(Column(name, Numeric, nullable=False) for name in PERCENTS),
    *(finite(name) for name in PERCENTS),
    Column("domestic_close", Numeric, nullable=False),
    Column("global_close", Numeric, nullable=False),
    Column("fx_rate", Numeric, nullable=False),
    *map(positive, ("domestic_close", "global_close", "fx_rate")),
    Column("samples", Integer, nullable=False),
    Column("quality", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("minutes", Integer, nullable=False),
)


class PremiumDueRow(Row, table=True):
    """A coin and UTC day with hours, or the day, to be derived at an instant."""

    __tablename__ = "premium_due"
    __table_args__ = (ROOMY,)

    symbol: str = Field(primary_key=True, sa_type=Text)
    day: date = Field(primary_key=True, sa_type=Date)
    due_at: datetime = Field(sa_type=Instant)


class PremiumHoleRow(Row, table=True):
    """Bars that are impossible: their openings from one instant to before another."""

    __tablename__ = "premium_hole"
    __table_args__ = (CheckConstraint("from_at < to_at", name="some_time"),)

    symbol: str = Field(primary_key=True, sa_type=Text)
    interval: str = Field(primary_key=True, sa_type=Text)
    from_at: datetime = Field(primary_key=True, sa_type=Instant)
    to_at: datetime = Field(sa_type=Instant)
    reason: str = Field(sa_type=Text)
    checked_at: datetime = Field(sa_type=Instant, sa_column_kwargs=NOW)


class CandleRow(Row, table=True):
    """A closed candle as a venue gave it; the volumes are of the base and the quote."""

    __tablename__ = "candle"
    __table_args__ = (
        *map(positive, PERCENTS),
        finite("base_volume"),
        finite("quote_volume"),
    )

    exchange: str = Field(primary_key=True, sa_type=Text)
    market: str = Field(primary_key=True, sa_type=Text)
    interval: str = Field(primary_key=True, sa_type=Text)
    opened_at: datetime = Field(primary_key=True, sa_type=Instant)
    open: Decimal = Field(sa_type=Numeric)
    high: Decimal = Field(sa_type=Numeric)
    low: Decimal = Field(sa_type=Numeric)
    close: Decimal = Field(sa_type=Numeric)
    base_volume: Decimal = Field(sa_type=Numeric)
    quote_volume: Decimal = Field(sa_type=Numeric)


class DailyRateRow(Row, table=True):
    """Won per US dollar, dated."""

    __tablename__ = "daily_rate"
    __table_args__ = (positive("rate"),)

    day: date = Field(primary_key=True, sa_type=Date)
    rate: Decimal = Field(sa_type=Numeric)
    source: str = Field(sa_type=Text)


class CurrentRowRow(Row, table=True):
    """What is known of a coin now: it becomes the snapshot when the date changes."""

    __tablename__ = "current_row"
    __table_args__ = (
        *map(positive, ("domestic_price", "global_price", "fx_rate")),
        finite("percent"),
        ROOMY,
    )

    symbol: str = Field(primary_key=True, sa_type=Text)
    korean_name: str = Field(sa_type=Text)
    english_name: str = Field(sa_type=Text)
    icon_url: str | None = Field(default=None, sa_type=Text)
    listed: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    warnings: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    domestic_price: Decimal | None = Field(default=None, sa_type=Numeric)
    global_price: Decimal | None = Field(default=None, sa_type=Numeric)
    fx_rate: Decimal | None = Field(default=None, sa_type=Numeric)
    fx_source: str | None = Field(default=None, sa_type=Text)
    comparable: bool
    percent: Decimal | None = Field(default=None, sa_type=Numeric)
    at: datetime | None = Field(default=None, sa_type=Instant)


class DailySnapshotRow(Row, table=True):
    """One coin at the end of one Seoul day."""

    __tablename__ = "daily_snapshot"
    __table_args__ = (
        *map(positive, ("domestic_price", "global_price", "fx_rate")),
        finite("percent"),
        CheckConstraint("revision > 0", name="revision_positive"),
        # One coin's days in order.
        Index(None, "symbol", "day"),
    )

    day: date = Field(primary_key=True, sa_type=Date)
    symbol: str = Field(primary_key=True, sa_type=Text)
    domestic_price: Decimal | None = Field(default=None, sa_type=Numeric)
    global_price: Decimal | None = Field(default=None, sa_type=Numeric)
    fx_rate: Decimal | None = Field(default=None, sa_type=Numeric)
    fx_source: str | None = Field(default=None, sa_type=Text)
    comparable: bool
    percent: Decimal | None = Field(default=None, sa_type=Numeric)
    revision: int = Field(sa_type=Integer)
    verified_at: datetime | None = Field(default=None, sa_type=Instant)


class SnapshotAuditRow(Row, table=True):
    """One field of a snapshot that was amended: from what, to what, and why."""

    __tablename__ = "snapshot_audit"
    __table_args__ = (Index(None, "day", "symbol"),)

    id: int = Field(sa_column=Column(BigInteger, Identity(), primary_key=True))
    day: date = Field(sa_type=Date)
    symbol: str = Field(sa_type=Text)
    revision: int = Field(sa_type=Integer)
    field: str = Field(sa_type=Text)
    was: str | None = Field(default=None, sa_type=Text)
    became: str | None = Field(default=None, sa_type=Text)
    reason: str = Field(sa_type=Text)
    at: datetime = Field(sa_type=Instant)
