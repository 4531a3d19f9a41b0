"""Headers, frames and a clock for recordings made by hand."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from adapters.recording.event import AnyEvent, Frame, Header, encode
from adapters.recording.writer import RecordingWriter, WriterOptions

START_US = 1_795_248_301_000_000
"""2026-11-21 08:05:01 UTC."""


@pytest.fixture
def clock() -> SimpleNamespace:
    """The time; `clock.us` is set by the test."""
    return SimpleNamespace(us=START_US)


@pytest.fixture
def header() -> Header:
    return Header(at=0, software="test", started_at="now", part=0, venues={})


@pytest.fixture
def frame(clock: SimpleNamespace) -> Callable[..., Frame]:
    def make(text: str = "{}", venue: str = "upbit", connection: int = 1) -> Frame:
        return Frame.of(clock.us, venue, connection, text.encode())

    return make


@pytest.fixture
def make_writer(
    tmp_path: Path, clock: SimpleNamespace, header: Header
) -> Callable[..., RecordingWriter]:
    def make(folder: Path = tmp_path, **options: float) -> RecordingWriter:
        return RecordingWriter(
            folder,
            header,
            WriterOptions(**options),  # type: ignore[arg-type]  # numbers by name
            now_us=lambda: int(clock.us),
        )

    return make


@pytest.fixture
def put() -> Callable[..., None]:
    def write(writer: RecordingWriter, *events: AnyEvent) -> None:
        writer.write(b"".join(encode(event) for event in events), len(events))

    return write
