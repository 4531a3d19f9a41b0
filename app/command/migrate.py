"""`kimp migrate`: bring the database schema up to date, then end."""

import argparse
import asyncio

from adapters.resilience.clock import SystemClock
from app.failure import CommandFailed
from app.log import configure_log
from app.settings import Settings
from app.store import CannotStart, open_store


def run(settings: Settings, options: argparse.Namespace) -> int:
    """Migrate the configured database, or the embedded one."""
    configure_log(settings.log.level, settings.log.format)
    asyncio.run(_migrate(settings))
    print("kimp: the schema is up to date")
    return 0


async def _migrate(settings: Settings) -> None:
    try:
        async with open_store(settings, SystemClock()) as store:
            if not store.is_migrated:
                raise CommandFailed("the database cannot be reached; see the log above")
    except CannotStart as exc:
        raise CommandFailed(str(exc)) from exc
