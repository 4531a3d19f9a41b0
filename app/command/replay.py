"""`kimp replay`: a recorded session on the simulator's port, or only checked."""

import argparse
import asyncio
import itertools
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import uvloop

from adapters.recording.checksum import ChecksumMismatch, verify
from adapters.recording.event import (
    Answer,
    AnyEvent,
    Disconnected,
    Frame,
    Header,
)
from adapters.recording.reader import UnreadableRecording, in_order, read, read_all
from adapters.recording.writer import PART_SUFFIX
from adapters.simulator.replay import Replay, ReplayOptions
from adapters.simulator.replay_event import (
    RecordedAnswer,
    RecordedEnd,
    RecordedEvent,
    RecordedFrame,
    RecordedRun,
)
from adapters.simulator.server import AddressUnavailable
from app.command.simulate import venue_settings
from app.failure import CommandFailed
from app.log import configure_log
from app.recording_check import RecordingCheck
from app.settings import Settings
from app.signal import stop_on_signal

_STREAMED: Final = frozenset({"upbit", "binance"})
# Frames looked at to learn which venues a session has; a venue silent for so long is
# not waited for at the start.
SCANNED: Final = 5_000


def run(settings: Settings, options: argparse.Namespace) -> int:
    """Play the files in the order of their times, or check each of them."""
    configure_log("WARNING", settings.log.format)
    if options.check:
        outcomes = [_is_well(path) for path in options.files]
        return 0 if all(outcomes) else 1
    try:
        for path in options.files:
            verify(path)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_play(settings, options))
    except (UnreadableRecording, ChecksumMismatch) as exc:
        raise CommandFailed(str(exc)) from exc
    except OSError as exc:
        raise CommandFailed(f"{exc.filename}: {exc.strerror}") from exc
    return 0


# Checking


def _is_well(path: Path) -> bool:
    """Print what is in a file; False: something about it is wrong."""
    warnings: list[str] = []
    check = RecordingCheck()
    failure = ""
    try:
        summed = verify(path)
        for _, event in read(path, warnings.append):
            check.take(event)
    except (UnreadableRecording, ChecksumMismatch) as exc:
        failure, summed = str(exc), False
    except OSError as exc:
        failure, summed = f"{path}: {exc.strerror}", False
    told = "checksum well" if summed else "no checksum"
    if not failure:
        print(f"{path}: {told}")
    for line in warnings:
        print(f"  {line}")
    for venue, report in check.reports.items():
        print(f"  {venue}: {report.line}")
        for kind, detail in report.first.items():
            print(f"    first {kind}: {detail}")
    if failure:
        print(f"kimp: {failure}", file=sys.stderr)
    # What a killed recorder left is called unfinished, and is cut off by nature.
    whole = not warnings or path.suffix == PART_SUFFIX
    return not failure and whole and check.well


# Playing


def _warn(line: str) -> None:
    print(f"kimp: {line}", file=sys.stderr, flush=True)


async def _play(settings: Settings, options: argparse.Namespace) -> None:
    stop = asyncio.Event()
    with stop_on_signal(stop):
        paths = await asyncio.to_thread(in_order, options.files)
        told = await asyncio.to_thread(_options, settings, options, paths)
        replay = Replay(told)
        if not await replay.prepare(_events(paths)):
            raise CommandFailed("nothing to play: no frames were recorded")
        try:
            await replay.start()
            for name, value in venue_settings(replay.base_url).items():
                print(f"{name}={value}", flush=True)
            waits_for = " and ".join(sorted(told.venues)) or "nobody"
            _warn(f"the session begins with subscribers of {waits_for}")
            await _until_end(replay, paths, stop, loop=options.loop)
        except AddressUnavailable as exc:
            reason = f"cannot listen on {exc}; choose another --port"
            raise CommandFailed(reason) from exc
        finally:
            await replay.stop()
    print(_counts(replay, len(paths)))


async def _until_end(
    replay: Replay, paths: Sequence[Path], stop: asyncio.Event, *, loop: bool
) -> None:
    playing = asyncio.create_task(_rounds(replay, paths, loop=loop), name="replay.play")
    stopping = asyncio.create_task(stop.wait(), name="replay.stop")
    await asyncio.wait([playing, stopping], return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not playing.done():
        playing.cancel()
        with suppress(asyncio.CancelledError):
            await playing
    else:
        playing.result()


async def _rounds(replay: Replay, paths: Sequence[Path], *, loop: bool) -> None:
    await replay.play()
    while loop and await replay.prepare(_events(paths)):
        await replay.play()


def _options(
    settings: Settings, options: argparse.Namespace, paths: Sequence[Path]
) -> ReplayOptions:
    """Look at the files' frames: whose they are and, at speed 0, when the last came."""
    wanted = settings.simulator
    port = wanted.port if options.port is None else options.port
    venues: set[str] = set()
    newest_us = None
    frames = (e for e in read_all(paths, _silent) if isinstance(e, Frame))
    for frame in itertools.islice(frames, SCANNED if options.speed else None):
        venues.add(frame.venue)
        newest_us = frame.at
        if options.speed and venues >= _STREAMED:
            break
    return ReplayOptions(
        host=wanted.host,
        port=port,
        speed=options.speed,
        keep_stamps=options.keep_stamps,
        venues=frozenset(venues & _STREAMED),
        newest_us=None if options.speed else newest_us,
    )


def _silent(_: str) -> None:
    """The same warning comes again when the file is played."""


def _events(paths: Iterable[Path]) -> Iterator[RecordedEvent]:
    run = ""
    for event in read_all(paths, _warn):
        if isinstance(event, Header) and event.started_at != run:
            run = event.started_at
            yield RecordedRun(event.at)
        known = played(event)
        if known is not None:
            yield known


def played(event: AnyEvent) -> RecordedEvent | None:
    """Return an event as the player takes it, None: it is not played."""
    if isinstance(event, Frame):
        return RecordedFrame(event.at, event.venue, event.connection, event.payload)
    if isinstance(event, Answer):
        return RecordedAnswer(
            event.at, event.venue, event.path, event.text.encode(), event.query
        )
    if isinstance(event, Disconnected):
        return RecordedEnd(event.at, event.venue, event.connection)
    return None


def _counts(replay: Replay, files: int) -> str:
    frames = ", ".join(f"{venue} {n:,}" for venue, n in replay.count.frames.items())
    unanswered = sum(replay.routes.unanswered.values())
    return (
        f"kimp: replayed {files} files: frames {frames or 'none'}; "
        f"{replay.count.answers:,} answers; {replay.routes.sent:,} messages sent; "
        f"{unanswered:,} questions without a recorded answer"
    )
