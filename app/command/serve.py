"""`kimp serve`: the server itself."""

import argparse
import asyncio

import uvloop

from app.failure import CommandFailed
from app.log import configure_log
from app.process import CannotStart, serve
from app.settings import Settings


def run(settings: Settings, options: argparse.Namespace) -> int:
    """Serve until a signal ends it."""
    configure_log(settings.log.level, settings.log.format)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve(settings))
    except CannotStart as exc:
        raise CommandFailed(str(exc)) from exc
    return 0
