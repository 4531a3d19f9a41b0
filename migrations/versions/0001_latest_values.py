"""Coins and their listings, the latest of everything, icons.

Revision: 0001, after: nothing
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

INSTANT = sa.TIMESTAMP(timezone=True)
# Half of each page stays free for the next version of a row that changes every second.
ROOMY = {"fillfactor": 50}


def upgrade() -> None:
    """Expand the schema; the program before this revision goes on working with it."""
    _create_coins()
    _create_latest_values()
    _create_latest_premiums()
    op.create_table(
        "icon",
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("source_url", sa.Text(), nullable=False),
        sa.Column("fetched_at", INSTANT, server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("symbol", name=op.f("pk_icon")),
    )


def _create_coins() -> None:
    op.create_table(
        "coin",
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("korean_name", sa.Text(), nullable=False),
        sa.Column("english_name", sa.Text(), nullable=False),
        sa.Column("icon_url", sa.Text(), nullable=True),
        sa.Column("created_at", INSTANT, server_default=sa.func.now(), nullable=False),
        sa.Column("updated_at", INSTANT, server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("symbol", name=op.f("pk_coin")),
    )
    op.create_table(
        "listing",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("coin", sa.Text(), nullable=False),
        sa.Column("exchange", sa.Text(), nullable=False),
        sa.Column("market", sa.Text(), nullable=False),
        sa.Column("base_symbol", sa.Text(), nullable=False),
        sa.Column("quote", sa.Text(), nullable=False),
        sa.Column("multiplier", sa.Numeric(), nullable=False),
        sa.Column("tradable", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column(
            "warnings",
            sa.ARRAY(sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("since", INSTANT, nullable=True),
        sa.Column("until", INSTANT, nullable=True),
        sa.Column("curated", sa.Boolean(), server_default=sa.false(), nullable=False),
        _positive("listing", "multiplier"),
        sa.ForeignKeyConstraint(
            ["coin"], ["coin.symbol"], name=op.f("fk_listing_coin_coin")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_listing")),
        sa.UniqueConstraint(
            "coin",
            "exchange",
            "market",
            "since",
            name=op.f("uq_listing_coin_exchange_market_since"),
            postgresql_nulls_not_distinct=True,
        ),
    )


def _create_latest_values() -> None:
    op.create_table(
        "latest_quote",
        sa.Column("exchange", sa.Text(), nullable=False),
        sa.Column("market", sa.Text(), nullable=False),
        sa.Column("price", sa.Numeric(), nullable=False),
        sa.Column("bid", sa.Numeric(), nullable=True),
        sa.Column("ask", sa.Numeric(), nullable=True),
        sa.Column("base_volume_24h", sa.Numeric(), nullable=True),
        sa.Column("quote_volume_24h", sa.Numeric(), nullable=True),
        sa.Column("exchange_time", INSTANT, nullable=False),
        sa.Column("received_at", INSTANT, nullable=False),
        _positive("latest_quote", "price"),
        _positive("latest_quote", "bid"),
        _positive("latest_quote", "ask"),
        _finite("latest_quote", "base_volume_24h"),
        _finite("latest_quote", "quote_volume_24h"),
        sa.PrimaryKeyConstraint("exchange", "market", name=op.f("pk_latest_quote")),
        postgresql_with=ROOMY,
    )
    op.create_table(
        "latest_rate",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("rate", sa.Numeric(), nullable=False),
        sa.Column("as_of", INSTANT, nullable=False),
        _positive("latest_rate", "rate"),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_latest_rate")),
        postgresql_with=ROOMY,
    )
    op.create_table(
        "server_state",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("tick_seq", sa.BigInteger(), nullable=False),
        sa.Column("clean", sa.Boolean(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_server_state_only_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_server_state")),
    )


def _create_latest_premiums() -> None:
    pairs = [
        (f"{basis}_percent", f"{basis}_absolute_krw")
        for basis in ("official_fx", "krw_usdt", "krw_usdc")
    ]
    numbers = [name for pair in pairs for name in pair]
    op.create_table(
        "latest_premium",
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("last_live_at", INSTANT, nullable=True),
        *(sa.Column(name, sa.Numeric(), nullable=True) for name in numbers),
        *(_finite("latest_premium", name) for name in numbers),
        *(_whole(percent, absolute) for percent, absolute in pairs),
        sa.PrimaryKeyConstraint("symbol", name=op.f("pk_latest_premium")),
        postgresql_with=ROOMY,
    )


def _positive(table: str, name: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(
        f"{name} > 0 AND {name} < 'Infinity'", name=op.f(f"ck_{table}_{name}_positive")
    )


def _finite(table: str, name: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(
        f"{name} > '-Infinity' AND {name} < 'Infinity'",
        name=op.f(f"ck_{table}_{name}_finite"),
    )


def _whole(percent: str, absolute: str) -> sa.CheckConstraint:
    basis = percent.removesuffix("_percent")
    return sa.CheckConstraint(
        f"({percent} IS NULL) = ({absolute} IS NULL)",
        name=op.f(f"ck_latest_premium_{basis}_whole"),
    )
