"""The tables. Every NUMERIC is unconstrained, so a number is kept digit by digit.

Whoever imports this has all of them, those of `history_table` and `access_table` too.

Latest values have no foreign key to their coin: they are written every second, also
while the catalogue still waits to be saved.
"""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Column,
    Identity,
    LargeBinary,
    Numeric,
    SmallInteger,
    Text,
    UniqueConstraint,
    false,
    text,
    true,
)
from sqlmodel import Field

from adapters.postgres import access_table, history_table
from adapters.postgres.column import Instant, finite, positive
from adapters.postgres.history_table import BASES
from adapters.postgres.row import NOW, ROOMY, Row, table_of

__all__ = [
    "BASES",
    "CoinRow",
    "IconRow",
    "LatestPremiumRow",
    "LatestQuoteRow",
    "LatestRateRow",
    "ListingRow",
    "Row",
    "ServerStateRow",
    "access_table",
    "history_table",
    "table_of",
]


class CoinRow(Row, table=True):
    """One asset under its canonical symbol."""

    __tablename__ = "coin"

    symbol: str = Field(primary_key=True, sa_type=Text)
    korean_name: str = Field(sa_type=Text)
    english_name: str = Field(sa_type=Text)
    icon_url: str | None = Field(default=None, sa_type=Text)
    created_at: datetime = Field(sa_type=Instant, sa_column_kwargs=NOW)
    updated_at: datetime = Field(sa_type=Instant, sa_column_kwargs=NOW)


class ListingRow(Row, table=True):
    """One spell of a coin at a market: delisted and listed again makes two.

    `since` is null where the market stood there when we first looked.
    """

    __tablename__ = "listing"
    __table_args__ = (
        UniqueConstraint(
            "coin", "exchange", "market", "since", postgresql_nulls_not_distinct=True
        ),
        positive("multiplier"),
    )

    id: int = Field(sa_column=Column(BigInteger, Identity(), primary_key=True))
    coin: str = Field(foreign_key="coin.symbol", sa_type=Text)
    exchange: str = Field(sa_type=Text)
    market: str = Field(sa_type=Text)
    base_symbol: str = Field(sa_type=Text)
    quote: str = Field(sa_type=Text)
    multiplier: Decimal = Field(sa_type=Numeric)
    tradable: bool = Field(sa_column_kwargs={"server_default": true()})
    warnings: list[str] = Field(
        sa_column=Column(ARRAY(Text), nullable=False, server_default=text("'{}'"))
    )
    since: datetime | None = Field(default=None, sa_type=Instant)
    until: datetime | None = Field(default=None, sa_type=Instant)
    curated: bool = Field(sa_column_kwargs={"server_default": false()})


class LatestQuoteRow(Row, table=True):
    """The last quote of a market, per coin."""

    __tablename__ = "latest_quote"
    __table_args__ = (
        positive("price"),
        positive("bid"),
        positive("ask"),
        finite("base_volume_24h"),
        finite("quote_volume_24h"),
        ROOMY,
    )

    exchange: str = Field(primary_key=True, sa_type=Text)
    market: str = Field(primary_key=True, sa_type=Text)
    price: Decimal = Field(sa_type=Numeric)
    bid: Decimal | None = Field(default=None, sa_type=Numeric)
    ask: Decimal | None = Field(default=None, sa_type=Numeric)
    base_volume_24h: Decimal | None = Field(default=None, sa_type=Numeric)
    quote_volume_24h: Decimal | None = Field(default=None, sa_type=Numeric)
    exchange_time: datetime = Field(sa_type=Instant)
    received_at: datetime = Field(sa_type=Instant)


class LatestRateRow(Row, table=True):
    """The last words of a source: won per US dollar, and the instant they speak of."""

    __tablename__ = "latest_rate"
    __table_args__ = (positive("rate"), ROOMY)

    source: str = Field(primary_key=True, sa_type=Text)
    rate: Decimal = Field(sa_type=Numeric)
    as_of: datetime = Field(sa_type=Instant)


def _pair(basis: str) -> tuple[CheckConstraint, ...]:
    percent, absolute = f"{basis}_percent", f"{basis}_absolute_krw"
    return (
        finite(percent),
        finite(absolute),
        CheckConstraint(
            f"({percent} IS NULL) = ({absolute} IS NULL)", name=f"{basis}_whole"
        ),
    )


class LatestPremiumRow(Row, table=True):
    """The count and the last numbers of a coin's premium, on the three bases."""

    __tablename__ = "latest_premium"
    __table_args__ = (*(check for basis in BASES for check in _pair(basis)), ROOMY)

    symbol: str = Field(primary_key=True, sa_type=Text)
    seq: int = Field(sa_type=BigInteger)
    at: datetime = Field(sa_type=Instant)
    last_live_at: datetime | None = Field(default=None, sa_type=Instant)
    official_fx_percent: Decimal | None = Field(default=None, sa_type=Numeric)
    official_fx_absolute_krw: Decimal | None = Field(default=None, sa_type=Numeric)
    krw_usdt_percent: Decimal | None = Field(default=None, sa_type=Numeric)
    krw_usdt_absolute_krw: Decimal | None = Field(default=None, sa_type=Numeric)
    krw_usdc_percent: Decimal | None = Field(default=None, sa_type=Numeric)
    krw_usdc_absolute_krw: Decimal | None = Field(default=None, sa_type=Numeric)
    is_doubted: bool = Field(sa_column_kwargs={"server_default": false()})


class ServerStateRow(Row, table=True):
    """The one row about the board as a whole."""

    __tablename__ = "server_state"
    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)

    id: int = Field(
        sa_column=Column(SmallInteger, primary_key=True, autoincrement=False)
    )
    tick_seq: int = Field(sa_type=BigInteger)
    clean: bool


class IconRow(Row, table=True):
    """A coin's picture as it was fetched."""

    __tablename__ = "icon"

    symbol: str = Field(primary_key=True, sa_type=Text)
    content: bytes = Field(sa_type=LargeBinary)
    media_type: str = Field(sa_type=Text)
    source_url: str = Field(sa_type=Text)
    fetched_at: datetime = Field(sa_type=Instant, sa_column_kwargs=NOW)
