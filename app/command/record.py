"""`kimp record`: both venues' raw messages into files, until told to stop."""

import argparse
import asyncio
import sys
import time
from collections import Counter
from collections.abc import Awaitable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Final

import uvloop

from adapters.recording.event import (
    Answer,
    AnyEvent,
    Connected,
    Disconnected,
    Frame,
    Header,
)
from adapters.recording.journal import Journal
from adapters.recording.tap import WireTap
from adapters.recording.writer import (
    RecordingStopped,
    RecordingWriter,
    WriterOptions,
)
from adapters.resilience.clock import SystemClock
from app.failure import CommandFailed
from app.identity import identity_table
from app.log import configure_log
from app.recorder import Recorder
from app.settings import Settings
from app.signal import stop_on_signal
from app.upstream import UpstreamFactory
from domain.model.identity import IdentityTable

# A recorder is not the live feed: half of the venues' limits.
BUDGET_SHARE: Final = 0.5
PROGRESS_S: Final = 10.0
TTY_PROGRESS_S: Final = 1.0
MEGABYTE: Final = 1_000_000


def run(settings: Settings, options: argparse.Namespace) -> int:
    """Record until a signal, `--minutes`, or nothing more can be kept."""
    configure_log("WARNING", settings.log.format)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(runner.run(_record(settings, options, identity_table())))
    return 0


@dataclass(slots=True)
class _Tally:
    """What came so far, for the line that people see."""

    frames: Counter[str] = field(default_factory=Counter)
    open: Counter[str] = field(default_factory=Counter)
    answers: int = 0

    def note(self, event: AnyEvent) -> None:
        if isinstance(event, Frame):
            self.frames[event.venue] += 1
        elif isinstance(event, Answer):
            self.answers += 1
        elif isinstance(event, Connected):
            self.open[event.venue] += 1
        elif isinstance(event, Disconnected):
            self.open[event.venue] -= 1

    def text(self, venues: tuple[str, ...]) -> str:
        told = [
            f"{venue} {self.frames[venue]:,} frames"
            + ("" if self.open[venue] else " (not connected)")
            for venue in venues
        ]
        return f"{', '.join(told)}, {self.answers:,} answers"


async def _record(
    settings: Settings, options: argparse.Namespace, identity: IdentityTable
) -> str:
    folder = options.out or settings.data_dir / "recordings"
    writer = RecordingWriter(
        folder,
        _header(settings),
        WriterOptions(options.rotate_bytes, options.rotate_s, options.keep_bytes),
        now_us=_now_us,
    )
    journal, tally = Journal(writer), _Tally()

    def put(event: AnyEvent) -> None:
        tally.note(event)
        journal.put(event)

    recorder = _recorder(settings, options, identity, WireTap(put, _now_us))
    try:
        await _until_stopped(recorder, journal, writer, tally, options)
    except RecordingStopped as exc:
        raise CommandFailed(str(exc)) from exc
    frames = sum(tally.frames.values())
    return (
        f"kimp: recorded {frames:,} frames and {tally.answers:,} answers in "
        f"{len(writer.finished)} files, {writer.bytes_written / MEGABYTE:.1f} MB, "
        f"in {folder}"
    )


def _recorder(
    settings: Settings,
    options: argparse.Namespace,
    identity: IdentityTable,
    tap: WireTap,
) -> Recorder:
    clock = SystemClock()
    factory = UpstreamFactory(settings, clock, share=BUDGET_SHARE, tap=tap)
    makers = {"upbit": factory.upbit, "binance": factory.binance}
    return Recorder(
        [makers[venue]() for venue in options.venues],
        [factory.rate(name) for name in settings.fx.sources],
        identity,
        clock,
        options.markets,
    )


async def _until_stopped(
    recorder: Recorder,
    journal: Journal,
    writer: RecordingWriter,
    tally: _Tally,
    options: argparse.Namespace,
) -> None:
    stop = asyncio.Event()
    limit_s: float | None = options.limit_s
    with stop_on_signal(stop):
        working = [
            asyncio.create_task(recorder.run(), name="record.wire"),
            asyncio.create_task(journal.run(), name="record.journal"),
            asyncio.create_task(
                _progress(writer, tally, options.venues), name="record.progress"
            ),
        ]
        stopping = asyncio.create_task(stop.wait(), name="record.stop")
        await asyncio.wait(
            [*working, stopping], timeout=limit_s, return_when=asyncio.FIRST_COMPLETED
        )
        ended = [task for task in working if task.done()]
        for task in (*working, stopping):
            task.cancel()
            # In order: the wire tells of its closing before the journal ends.
            with suppress(asyncio.CancelledError, Exception):
                await task
        reason = "signal" if stop.is_set() else "time" if not ended else "failure"
        await _first_failure(ended, journal.finish(reason))


async def _first_failure(
    ended: list[asyncio.Task[None]], finishing: Awaitable[None]
) -> None:
    """Finish the files, then raise what ended the work, if that was by surprise."""
    failed = next((task for task in ended if task.exception()), None)
    try:
        await finishing
    finally:
        if failed is not None:
            failed.result()


async def _progress(
    writer: RecordingWriter, tally: _Tally, venues: tuple[str, ...]
) -> None:
    tty = sys.stderr.isatty()
    every_s = TTY_PROGRESS_S if tty else PROGRESS_S
    began_s = time.monotonic()
    while True:
        await asyncio.sleep(every_s)  # the pace of the display
        took = time.strftime("%H:%M:%S", time.gmtime(time.monotonic() - began_s))
        size = f"{writer.bytes_written / MEGABYTE:.1f} MB"
        line = f"kimp: {took} {tally.text(venues)}, {size}"
        print(f"\r{line}" if tty else line, end="" if tty else "\n", file=sys.stderr)
        sys.stderr.flush()


def _header(settings: Settings) -> Header:
    fx = settings.fx
    return Header(
        at=_now_us(),
        software=f"kimchi-premium {version('kimchi-premium')}",
        started_at=datetime.now(UTC).isoformat(timespec="milliseconds"),
        part=0,
        venues={
            "upbit": {"rest": settings.upbit.rest_url, "stream": settings.upbit.ws_url},
            "binance": {
                "rest": settings.binance.rest_url,
                "stream": settings.binance.ws_url,
            },
            "fx": {name: str(getattr(fx, f"{name}_url")) for name in fx.sources},
        },
    )


def _now_us() -> int:
    return time.time_ns() // 1_000
