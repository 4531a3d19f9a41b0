"""`kimp export`: history as a table for researchers, CSV or Parquet."""

import argparse
import asyncio
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from adapters.postgres.bar_history import PostgresBarHistory
from adapters.postgres.candle_archive import PostgresCandleArchive
from adapters.postgres.coin_repository import PostgresCoinRepository
from adapters.postgres.snapshot_store import PostgresSnapshotStore
from adapters.resilience.clock import SystemClock
from app.export import (
    ExportPlan,
    SinkMaker,
    batches,
    plan_export,
    sink_maker,
    unknown_symbols,
)
from app.failure import CommandFailed, WrongUse
from app.interruption import run_interruptibly
from app.log import configure_log
from app.output_file import whole_file
from app.settings import Settings
from app.store import CannotStart, Store, open_store
from domain.model.error import StoreUnavailable
from domain.ports.table_sink import SinkRefused, TableSink
from domain.services.export_reading import ExportReading

STANDARD_OUTPUT: Final = Path("-")


def run(settings: Settings, options: argparse.Namespace) -> int:
    """Write the table, and say on standard error what is in it."""
    configure_log("WARNING", settings.log.format)
    plan = plan_export(options)
    make_sink = sink_maker(plan.form, decimals_as_text=options.decimals == "text")
    path = options.output or plan.default_path
    began_s = time.monotonic()
    with _opened(path, plan, force=options.force) as output:
        rows = run_interruptibly(lambda: _export(settings, plan, make_sink, output))
    took_s = time.monotonic() - began_s
    where = "standard output" if path == STANDARD_OUTPUT else str(path)
    _tell(
        f"{rows:,} rows of {plan.title}, {plan.from_day} to {plan.to_day}, "
        f"in {took_s:.1f} s: {where}"
    )
    if not rows:
        _tell("nothing is kept of that: the table is empty")
    return 0


@contextmanager
def _opened(path: Path, plan: ExportPlan, *, force: bool) -> Iterator[BinaryIO]:
    if path != STANDARD_OUTPUT:
        with whole_file(path, force=force) as partial, partial.open("xb") as file:
            yield file
        return
    if plan.form == "parquet" and sys.stdout.isatty():
        raise WrongUse("Parquet is no text for a terminal: name a file in --output")
    yield sys.stdout.buffer


async def _export(
    settings: Settings, plan: ExportPlan, make_sink: SinkMaker, output: BinaryIO
) -> int:
    try:
        async with open_store(settings, SystemClock()) as store:
            if not store.is_migrated:
                raise CommandFailed("the database cannot be reached; see the log above")
            sink = await asyncio.to_thread(make_sink, output, plan.columns)
            try:
                return await _write(plan, store, sink)
            finally:
                sink.discard()
    except SinkRefused as exc:
        # What a closed pipe still holds cannot be written at the end either.
        if output is sys.stdout.buffer:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise CommandFailed(str(exc)) from exc
    except (CannotStart, StoreUnavailable) as exc:
        raise CommandFailed(str(exc)) from exc


async def _write(plan: ExportPlan, store: Store, sink: TableSink) -> int:
    database = store.database
    coins = await PostgresCoinRepository(database).load()
    for symbol in unknown_symbols(plan, coins):
        _tell(f"no coin is called {symbol}")
    reading = ExportReading(
        PostgresBarHistory(database),
        PostgresSnapshotStore(database),
        PostgresCandleArchive(database),
        SystemClock(),
    )
    count = 0
    async for rows in batches(plan, reading, coins):
        if rows:
            await asyncio.to_thread(sink.write, rows)
            count += len(rows)
    await asyncio.to_thread(sink.close)
    return count


def _tell(text: str) -> None:
    print(f"kimp: {text}", file=sys.stderr, flush=True)
