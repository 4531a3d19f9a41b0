"""Pairs that the identity guard doubts, over a restart.

Revision: 0004, after: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Expand the schema; the program before this revision goes on working with it."""
    op.add_column(
        "latest_premium",
        sa.Column(
            "is_doubted", sa.Boolean(), nullable=False, server_default=sa.false()
        ),
    )
