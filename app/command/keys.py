"""`kimp keys create|list|revoke`: who may ask, where keys are shown or demanded."""

import argparse
import asyncio
import secrets
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import date, timedelta
from typing import Final

from adapters.postgres.key_repository import PostgresKeyRepository
from adapters.resilience.clock import SystemClock
from app.failure import CommandFailed, WrongUse
from app.log import configure_log
from app.settings import Settings
from app.store import CannotStart, open_store
from domain.model.access import (
    ID_BYTES,
    SECRET_BYTES,
    ApiKey,
    KeyLimits,
    id_of,
    new_key,
)
from domain.model.error import StoreUnavailable
from domain.model.snapshot import opens_ms, utc_day
from domain.ports.key_store import KeyRepository

MAX_KEYS: Final = 10_000
"""Keys that are not revoked; every server process holds all of them. More are refused,
with a word on revoking."""

_HEAD: Final = ("ID", "NAME", "SCOPES", "LIMITS", "CREATED", "EXPIRES", "LAST USED", "")


def run(settings: Settings, options: argparse.Namespace) -> int:
    """Do what is asked; a running server takes it over within a second."""
    configure_log("WARNING", settings.log.format)
    actions = {"create": _create, "list": _list, "revoke": _revoke}
    asyncio.run(actions[options.action](settings, options))
    return 0


async def _create(settings: Settings, options: argparse.Namespace) -> None:
    clock = SystemClock()
    last: date | None = options.expires
    expires_ms = None if last is None else _end_ms(last)
    if expires_ms is not None and expires_ms <= clock.now_ms():
        raise WrongUse(f"--expires {last} is past: the key would never work")
    made = new_key(secrets.token_bytes(ID_BYTES + SECRET_BYTES))
    key = ApiKey(
        made.id,
        options.name,
        made.digest,
        options.scopes,
        KeyLimits(options.rate, options.burst, options.sockets, options.subscriptions),
        clock.now_ms(),
        expires_ms,
    )
    async with _repository(settings) as keys:
        mark = await keys.mark()
        if mark.made - mark.revoked >= MAX_KEYS:
            raise CommandFailed(
                f"there are {MAX_KEYS} keys: revoke some that nobody uses any more"
            )
        await keys.add(key)
    # The key alone on standard output, so that a script can take it.
    print(made.token)
    print(
        f"kimp: this is the key {key.id} of {key.name}; it is shown now and never "
        "again. Send it as `Authorization: Bearer …` or `X-Api-Key: …`",
        file=sys.stderr,
    )


async def _list(settings: Settings, options: argparse.Namespace) -> None:
    now_ms = SystemClock().now_ms()
    async with _repository(settings) as keys:
        found = await keys.load(revoked=options.all)
    shown = [key for key in found if options.all or not key.is_over(now_ms)]
    if not shown:
        print("kimp: there are no keys; make one with `kimp keys create NAME`")
        return
    for line in table([_HEAD, *(_cells(key, now_ms) for key in shown)]):
        print(line)


async def _revoke(settings: Settings, options: argparse.Namespace) -> None:
    # Whoever has only the key itself at hand may give that.
    name = id_of(options.id) or options.id
    async with _repository(settings) as keys:
        known = await keys.revoke(name, SystemClock().now_ms())
    if not known:
        # What is longer than an ID may be most of a key: it is not repeated.
        shown = f"the ID {name}" if len(name) <= 2 * ID_BYTES else "this ID"
        raise CommandFailed(f"no key has {shown}; see `kimp keys list`")
    print(f"kimp: the key {name} is revoked")


@asynccontextmanager
async def _repository(settings: Settings) -> AsyncIterator[KeyRepository]:
    try:
        async with open_store(settings, SystemClock()) as store:
            yield PostgresKeyRepository(store.database)
    except (CannotStart, StoreUnavailable) as exc:
        raise CommandFailed(str(exc)) from exc


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return rows as lines, each column as wide as its widest cell."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in rows
    ]


def _cells(key: ApiKey, now_ms: int) -> tuple[str, ...]:
    state = ""
    if key.is_over(now_ms):
        state = "expired" if key.revoked_ms is None else "revoked"
    return (
        key.id,
        key.name,
        ",".join(sorted(key.scopes)),
        _limits(key.limits),
        _day(key.created_ms),
        "never" if key.expires_ms is None else _day(key.expires_ms - 1),
        "never" if key.last_used is None else key.last_used.isoformat(),
        state,
    )


def _limits(own: KeyLimits) -> str:
    told = {
        "rate": own.rate,
        "burst": own.burst,
        "sockets": own.sockets,
        "subscriptions": own.subscriptions,
    }
    named = (
        f"{name}={value:.12g}" for name, value in told.items() if value is not None
    )
    return " ".join(named) or "-"


def _end_ms(last: date) -> int:
    """Return the first instant after a UTC day."""
    return opens_ms(last + timedelta(days=1))


def _day(at_ms: int) -> str:
    return utc_day(at_ms).isoformat()
