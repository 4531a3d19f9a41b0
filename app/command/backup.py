"""`kimp backup [FILE]`: the whole database in one file, while the server runs."""

import argparse
import time
from datetime import UTC, datetime
from pathlib import Path

from adapters.postgres.client import ClientFailed
from adapters.postgres.dump import DatabaseDump, DumpFacts, Unrestorable
from adapters.postgres.embedded import has_cluster
from app.database_access import client_programs, open_as_it_is
from app.failure import CommandFailed
from app.interruption import run_interruptibly
from app.log import configure_log
from app.output_file import whole_file
from app.settings import Settings
from app.store import CannotStart
from domain.model.error import StoreUnavailable

UNITS = ((1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB"), (1, "B"))


def run(settings: Settings, options: argparse.Namespace) -> int:
    """Write the backup and say what is in it."""
    configure_log("WARNING", settings.log.format)
    path = (options.file or _default_name()).absolute()
    if not settings.database.url and not has_cluster(settings.data_dir):
        raise CommandFailed(
            f"there is no database in {settings.data_dir} (KIMP_DATA_DIR)"
        )
    programs, began_s = client_programs(), time.monotonic()
    with whole_file(path, force=options.force) as partial:
        facts = run_interruptibly(lambda: _back_up(settings, programs, partial))
        size = partial.stat().st_size
    print(
        f"kimp: {path}: {_size(size)}, {len(facts.tables)} tables, "
        f"schema {facts.revision}, {time.monotonic() - began_s:.1f} s"
    )
    return 0


async def _back_up(settings: Settings, programs: Path, file: Path) -> DumpFacts:
    try:
        async with open_as_it_is(settings) as database:
            return await DatabaseDump(database, programs).back_up(file)
    except (CannotStart, ClientFailed, Unrestorable, StoreUnavailable) as exc:
        raise CommandFailed(str(exc)) from exc


def _size(count: int) -> str:
    unit, name = next((each for each in UNITS if count >= each[0]), UNITS[-1])
    return f"{count / unit:.3g} {name}"


def _default_name() -> Path:
    return Path(f"kimp-{datetime.now(UTC):%Y%m%d-%H%M}.dump")
