"""`KeyRepository` in PostgreSQL."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import RowMapping, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from adapters.postgres.access_table import ApiKeyRow
from adapters.postgres.column import instant_of, text_of, unix_ms_of
from adapters.postgres.database import Database
from adapters.postgres.row import table_of
from domain.model.access import ApiKey, KeyLimits, Scope
from domain.ports.key_store import KeyExists, KeyMark

KEY = table_of(ApiKeyRow)

_SCOPES = frozenset(Scope)
_MARK = select(func.count(), func.count(KEY.c.revoked_at)).select_from(KEY)
_ALL = select(KEY).order_by(KEY.c.created_at, KEY.c.id)
_OPEN = _ALL.where(KEY.c.revoked_at.is_(None))


class PostgresKeyRepository:
    """API keys, one row each."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def mark(self) -> KeyMark:
        """Return how the keys stand.

        Raises:
            StoreUnavailable: the database cannot be reached.
        """
        async with self._database.transaction() as connection:
            made, revoked = (await connection.execute(_MARK)).one()
        return KeyMark(made, revoked)

    async def load(self, *, revoked: bool = False) -> Sequence[ApiKey]:
        """Return the keys that were not revoked, or all.

        Raises:
            StoreUnavailable: the database cannot be reached.
        """
        async with self._database.transaction() as connection:
            found = await connection.execute(_ALL if revoked else _OPEN)
            return [_key_of(row) for row in found.mappings()]

    async def add(self, key: ApiKey) -> None:
        """Keep a new key.

        Raises:
            KeyExists: there is one with its ID.
            StoreUnavailable: the database cannot be reached.
        """
        statement = (
            insert(KEY)
            .values(_row_of(key))
            .on_conflict_do_nothing(index_elements=[KEY.c.id])
            .returning(KEY.c.id)
        )
        async with self._database.transaction() as connection:
            if (await connection.execute(statement)).first() is None:
                raise KeyExists(key.id)

    async def revoke(self, key_id: str, now_ms: int) -> bool:
        """End a key for good; False: there is none.

        Raises:
            StoreUnavailable: the database cannot be reached.
        """
        ended = func.coalesce(KEY.c.revoked_at, instant_of(now_ms))
        statement = (
            update(KEY)
            .where(KEY.c.id == text_of(key_id))
            .values(revoked_at=ended)
            .returning(KEY.c.id)
        )
        async with self._database.transaction() as connection:
            return (await connection.execute(statement)).first() is not None

    async def used(self, key_ids: Collection[str], day: date) -> None:
        """Note that keys were used on a UTC day.

        Raises:
            StoreUnavailable: the database cannot be reached.
        """
        known = KEY.c.last_used_on
        statement = (
            update(KEY)
            .where(KEY.c.id.in_(sorted(map(text_of, key_ids))))
            .where(or_(known.is_(None), known < day))
            .values(last_used_on=day)
        )
        async with self._database.transaction() as connection:
            await connection.execute(statement)


def _row_of(key: ApiKey) -> Mapping[str, Any]:
    return {
        "id": text_of(key.id),
        "name": text_of(key.name),
        "digest": key.digest,
        "scopes": sorted(key.scopes),
        "rate": _decimal(key.limits.rate),
        "burst": _decimal(key.limits.burst),
        "sockets": key.limits.sockets,
        "subscriptions": key.limits.subscriptions,
        "created_at": instant_of(key.created_ms),
        "expires_at": _instant(key.expires_ms),
        "revoked_at": _instant(key.revoked_ms),
        "last_used_on": key.last_used,
    }


def _key_of(row: RowMapping) -> ApiKey:
    return ApiKey(
        id=row["id"],
        name=row["name"],
        digest=row["digest"],
        # A newer version may know more of them.
        scopes=frozenset(Scope(word) for word in row["scopes"] if word in _SCOPES),
        limits=KeyLimits(
            rate=_number(row["rate"]),
            burst=_number(row["burst"]),
            sockets=row["sockets"],
            subscriptions=row["subscriptions"],
        ),
        created_ms=unix_ms_of(row["created_at"]),
        expires_ms=_unix_ms(row["expires_at"]),
        revoked_ms=_unix_ms(row["revoked_at"]),
        last_used=row["last_used_on"],
    )


def _decimal(number: float | None) -> Decimal | None:
    """Return the shortest digits that mean the number: it comes back as it was."""
    return None if number is None else Decimal(repr(number))


def _number(kept: Decimal | None) -> float | None:
    return None if kept is None else float(kept)


def _instant(at_ms: int | None) -> datetime | None:
    return None if at_ms is None else instant_of(at_ms)


def _unix_ms(instant: datetime | None) -> int | None:
    return None if instant is None else unix_ms_of(instant)
