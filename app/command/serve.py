"""`kimp serve`: the server itself."""

import argparse
import asyncio
import os

import uvloop

from app.descriptor import raise_limit
from app.failure import CommandFailed, WrongUse
from app.log import configure_log
from app.process import CannotStart, serve
from app.settings import Settings
from app.sharing import Role
from app.worker_process import run_workers, siblings


def run(settings: Settings, options: argparse.Namespace) -> int:
    """Serve until a signal ends it."""
    # `kimp demo` has no options of its own: it serves everything in one process.
    role = Role(getattr(options, "role", Role.ALL))
    workers = getattr(options, "workers", None)
    _check(settings, role, workers)
    configure_log(settings.log.level, settings.log.format)
    raise_limit()
    try:
        if workers is not None:
            return run_workers(settings, workers)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve(settings, role, siblings(os.environ)))
    except CannotStart as exc:
        raise CommandFailed(str(exc)) from exc
    return 0


def _check(settings: Settings, role: Role, workers: int | None) -> None:
    """Refuse what cannot be meant, before anything is started.

    Raises:
        WrongUse: one line that says what is missing.
    """
    if workers is not None and role is not Role.API:
        raise WrongUse(
            "--workers N runs N API processes on one port: use it with --role api, and "
            "run kimp serve --role ingest beside it"
        )
    if role is not Role.ALL and not settings.bus.url:
        raise WrongUse(
            f"--role {role.value} shares one ingest with other processes: set "
            "KIMP_BUS__URL, such as nats://127.0.0.1:4222"
        )
