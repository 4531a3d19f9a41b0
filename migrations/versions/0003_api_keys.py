"""API keys.

Revision: 0003, after: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

INSTANT = sa.TIMESTAMP(timezone=True)
CHECKS = {
    "digest_whole": "octet_length(digest) = 32",
    "rate_positive": "rate > 0 AND rate < 'Infinity'",
    "burst_positive": "burst > 0 AND burst < 'Infinity'",
    "sockets_countable": "sockets >= 0",
    "subscriptions_countable": "subscriptions >= 0",
}


def upgrade() -> None:
    """Expand the schema; the program before this revision goes on working with it."""
    op.create_table(
        "api_key",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("scopes", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("rate", sa.Numeric(), nullable=True),
        sa.Column("burst", sa.Numeric(), nullable=True),
        sa.Column("sockets", sa.Integer(), nullable=True),
        sa.Column("subscriptions", sa.Integer(), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=True),
        sa.Column("revoked_at", INSTANT, nullable=True),
        sa.Column("last_used_on", sa.Date(), nullable=True),
        *(
            sa.CheckConstraint(told, name=op.f(f"ck_api_key_{name}"))
            for name, told in CHECKS.items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key")),
    )
