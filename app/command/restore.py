"""`kimp restore FILE`: bring a backup back, all of it or nothing."""

import argparse
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from adapters.postgres.client import ClientFailed
from adapters.postgres.dump import (
    VERSION_TABLE,
    DatabaseDump,
    DumpFacts,
    Unrestorable,
)
from adapters.postgres.migration import REVISIONS
from app.database_access import client_programs, open_as_it_is
from app.failure import CommandFailed
from app.interruption import run_interruptibly
from app.log import configure_log
from app.settings import Settings
from app.store import CannotStart
from domain.model.error import StoreUnavailable


def run(settings: Settings, options: argparse.Namespace) -> int:
    """Restore and say how many rows each table had before and has now."""
    configure_log("WARNING", settings.log.format)
    file: Path = options.file.absolute()
    if not file.is_file():
        raise CommandFailed(f"{file}: there is no such file")
    programs, began_s = client_programs(), time.monotonic()
    before, after = run_interruptibly(
        lambda: _restore(settings, programs, file, options.force)
    )
    print(f"{'table':<20} {'before':>12} {'now':>12}")
    for name in sorted({*before, *after} - {VERSION_TABLE}):
        print(f"{name:<20} {before.get(name, 0):>12,} {after.get(name, 0):>12,}")
    print(f"kimp: restored {file} in {time.monotonic() - began_s:.1f} s")
    return 0


Counts = Mapping[str, int]


async def _restore(
    settings: Settings, programs: Path, file: Path, force: bool
) -> tuple[Counts, Counts]:
    try:
        async with open_as_it_is(settings) as database:
            dump = DatabaseDump(database, programs)
            facts = await dump.read(file)
            _tell(file, facts)
            await dump.check(facts)
            before = await _accept(dump, force)
            await dump.restore(file)
            await dump.analyze()
            return before, await dump.count_rows()
    except (CannotStart, ClientFailed, Unrestorable, StoreUnavailable) as exc:
        raise CommandFailed(str(exc)) from exc


async def _accept(dump: DatabaseDump, force: bool) -> Counts:
    """Return the rows that are about to be replaced, if that is meant."""
    if users := await dump.users():
        raise CommandFailed(
            f"a server or command of ours uses this database ({users} connections): "
            "stop `kimp serve` (SIGTERM, Ctrl+C or your service manager) and whatever "
            "else runs, then restore"
        )
    revision = await dump.revision()
    if revision is not None and revision not in REVISIONS:
        raise CommandFailed(
            f"the database was written by a newer version (schema {revision}): restore "
            "with that version, or into another database"
        )
    before = await dump.count_rows()
    # The row that says which schema it is is no data.
    full = [name for name, rows in before.items() if rows and name != VERSION_TABLE]
    if full and not force:
        raise CommandFailed(
            f"the database has data ({', '.join(full)}): --force replaces all of it; "
            "`kimp backup` keeps a copy first"
        )
    return before


def _tell(file: Path, facts: DumpFacts) -> None:
    print(
        f"kimp: {file}: made {facts.made}, schema {facts.revision}, "
        f"{len(facts.tables)} tables",
        file=sys.stderr,
    )
