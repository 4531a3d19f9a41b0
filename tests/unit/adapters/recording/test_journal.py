import asyncio
import gzip
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import pytest

from adapters.memory.clock import FakeClock
from adapters.recording.event import (
    Answer,
    AnyEvent,
    Connected,
    Disconnected,
    Frame,
    decode,
)
from adapters.recording.journal import MAX_CARRIED, Journal
from adapters.recording.writer import RecordingStopped, RecordingWriter

Make = Callable[..., RecordingWriter]
MakeFrame = Callable[..., Frame]
LIMIT_S = 10.0


def events(path: Path) -> list[AnyEvent]:
    return [decode(line) for line in gzip.decompress(path.read_bytes()).splitlines()]


def texts(path: Path) -> list[str | None]:
    return [each.text for each in events(path) if isinstance(each, Frame)]


async def test_what_is_put_is_written_in_order_once_a_second(
    make_writer: Make, frame: MakeFrame
) -> None:
    clock, writer = FakeClock(), make_writer()
    journal = Journal(writer, sleep=clock.sleep)
    journal.put(frame("before"))
    running = asyncio.create_task(journal.run())
    async with asyncio.timeout(LIMIT_S):
        await clock.until_sleeping()
        journal.put(frame("after"))
        assert writer.lines == 0
        await clock.advance(1.0)
        await clock.until_sleeping()
        assert writer.lines == 2
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        journal.put(frame("last"))
        await journal.finish("signal")
    assert texts(writer.finished[0]) == ["before", "after", "last"]


async def test_a_full_file_is_followed_by_one_that_is_whole_by_itself(
    make_writer: Make, frame: MakeFrame, clock: SimpleNamespace
) -> None:
    writer = make_writer(rotate_s=60)
    journal = Journal(writer)
    path = "/v1/ticker/all"
    krw = {"quote_currencies": "KRW"}
    await asyncio.to_thread(writer.open)
    for text in ("old", "new"):
        journal.put(Answer(at=1, venue="upbit", path=path, query=krw, text=text))
    for number in (1, 2):
        journal.put(Connected(at=2, venue="upbit", connection=number, url="wss://x"))
    journal.put(Disconnected(at=3, venue="upbit", connection=1, reason="cut"))
    clock.us += 60_000_000
    async with asyncio.timeout(LIMIT_S):
        await journal.flush()
        await journal.finish("signal")
    first, second = writer.finished
    assert len(events(first)) == 7
    assert events(second)[1:-1] == [
        Answer(at=1, venue="upbit", path=path, query=krw, text="new", carried=True),
        Connected(at=2, venue="upbit", connection=2, url="wss://x", carried=True),
    ]


async def test_only_the_latest_answers_up_to_a_cap_are_carried(
    make_writer: Make, clock: SimpleNamespace
) -> None:
    writer = make_writer(rotate_s=60)
    journal = Journal(writer)
    await asyncio.to_thread(writer.open)
    for number in range(MAX_CARRIED + 5):
        journal.put(Answer(at=1, venue="upbit", path=f"/{number}", text="[]"))
    clock.us += 60_000_000
    async with asyncio.timeout(LIMIT_S):
        await journal.flush()
        await journal.finish("signal")
    carried = [e.path for e in events(writer.finished[1]) if isinstance(e, Answer)]
    assert carried == [f"/{number}" for number in range(5, MAX_CARRIED + 5)]


async def test_more_than_the_disk_takes_stops_the_recording(
    make_writer: Make, frame: MakeFrame
) -> None:
    writer = make_writer()
    journal = Journal(writer, max_pending_bytes=100)
    await asyncio.to_thread(writer.open)
    journal.put(frame("x" * 200))
    journal.put(frame("lost"))
    with pytest.raises(RecordingStopped, match="more than 100 bytes waited"):
        await journal.flush()
    await asyncio.to_thread(writer.close, "test")
    assert texts(writer.finished[0]) == ["x" * 200]


async def test_a_write_begun_before_the_end_is_waited_for(
    make_writer: Make, frame: MakeFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, writer = FakeClock(), make_writer()
    journal = Journal(writer, sleep=clock.sleep)
    started, go_on = threading.Event(), threading.Event()
    write = RecordingWriter.write

    def slow(self: RecordingWriter, lines: bytes, many: int) -> None:
        started.set()
        go_on.wait(LIMIT_S)
        write(self, lines, many)

    monkeypatch.setattr(RecordingWriter, "write", slow)
    running = asyncio.create_task(journal.run())
    async with asyncio.timeout(LIMIT_S):
        await clock.until_sleeping()
        journal.put(frame("slow"))
        await clock.advance(1.0)
        await asyncio.to_thread(started.wait)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        finishing = asyncio.create_task(journal.finish("signal"))
        await asyncio.sleep(0)  # the finish begins
        assert not finishing.done()
        go_on.set()
        await finishing
    assert texts(writer.finished[0]) == ["slow"]


async def test_a_failed_write_is_told_again_by_the_end(
    make_writer: Make, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    journal = Journal(make_writer(tmp_path / "file" / "x"))
    with pytest.raises(RecordingStopped):
        await journal.run()
    with pytest.raises(RecordingStopped):
        await journal.finish("failure")


async def test_an_end_before_the_beginning_is_harmless(make_writer: Make) -> None:
    await Journal(make_writer()).finish("signal")


async def test_a_journal_to_which_nothing_was_put_leaves_a_finished_file(
    make_writer: Make,
) -> None:
    clock, writer = FakeClock(), make_writer()
    journal = Journal(writer, sleep=clock.sleep)
    running = asyncio.create_task(journal.run())
    async with asyncio.timeout(LIMIT_S):
        await clock.until_sleeping()
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        await journal.finish("signal")
    assert len(writer.finished) == 1
