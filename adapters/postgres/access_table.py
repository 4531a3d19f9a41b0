"""The table of API keys."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    Column,
    Date,
    Integer,
    LargeBinary,
    Numeric,
    Text,
)
from sqlmodel import Field

from adapters.postgres.column import Instant, positive
from adapters.postgres.row import Row
from domain.model.access import DIGEST_BYTES


class ApiKeyRow(Row, table=True):
    """One API key, without its secret; never deleted, and changed only by its end."""

    __tablename__ = "api_key"
    __table_args__ = (
        CheckConstraint(f"octet_length(digest) = {DIGEST_BYTES}", name="digest_whole"),
        positive("rate"),
        positive("burst"),
        CheckConstraint("sockets >= 0", name="sockets_countable"),
        CheckConstraint("subscriptions >= 0", name="subscriptions_countable"),
    )

    id: str = Field(primary_key=True, sa_type=Text)
    name: str = Field(sa_type=Text)
    digest: bytes = Field(sa_type=LargeBinary)
    scopes: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    rate: Decimal | None = Field(default=None, sa_type=Numeric)
    burst: Decimal | None = Field(default=None, sa_type=Numeric)
    sockets: int | None = Field(default=None, sa_type=Integer)
    subscriptions: int | None = Field(default=None, sa_type=Integer)
    created_at: datetime = Field(sa_type=Instant)
    expires_at: datetime | None = Field(default=None, sa_type=Instant)
    revoked_at: datetime | None = Field(default=None, sa_type=Instant)
    last_used_on: date | None = Field(default=None, sa_type=Date)
