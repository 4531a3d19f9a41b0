from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from adapters.recording.event import (
    AnyEvent,
    Connected,
    Disconnected,
    Frame,
    Refused,
    Sent,
)
from adapters.recording.tap import WireTap
from adapters.resilience.dial import Connection

URL = "wss://venue/stream"


class FakeConnection:
    """Gives what is in `frames`, then fails as a lost connection does."""

    def __init__(self, *frames: str | bytes) -> None:
        self.frames = list(frames)
        self.sent: list[str] = []
        self.closed = 0

    async def recv(self, decode: bool | None = None) -> str | bytes:
        if not self.frames:
            raise ConnectionResetError("gone")
        return self.frames.pop(0)

    async def send(self, message: str) -> None:
        self.sent.append(message)

    async def close(self) -> None:
        self.closed += 1


def tap_of(
    put: Callable[[AnyEvent], None], dial: Callable[..., Awaitable[Connection]]
) -> WireTap:
    stamps = iter(range(1, 100))
    return WireTap(put, lambda: next(stamps), dial)


async def test_everything_on_a_connection_is_told_and_passed_on() -> None:
    told: list[AnyEvent] = []
    inner = FakeConnection(b"\xff", "text")
    asked: dict[str, Any] = {}

    async def dial(url: str, **options: Any) -> FakeConnection:
        asked.update(options, url=url)
        return inner

    connection = await tap_of(told.append, dial).connect("upbit.stream")(
        URL, origin=None
    )
    await connection.send("PING")
    assert await connection.recv(decode=False) == b"\xff"
    assert await connection.recv() == "text"
    with pytest.raises(ConnectionResetError):
        await connection.recv()
    await connection.close()
    assert asked == {"origin": None, "url": URL}
    assert (inner.sent, inner.closed) == (["PING"], 1)
    reason = "ConnectionResetError gone"
    assert told == [
        Connected(at=1, venue="upbit", connection=1, url=URL),
        Sent(at=2, venue="upbit", connection=1, text="PING"),
        Frame(at=3, venue="upbit", connection=1, base64="/w=="),
        Frame(at=4, venue="upbit", connection=1, text="text"),
        Disconnected(at=5, venue="upbit", connection=1, reason=reason),
    ]


async def test_connections_are_counted_by_venue_and_our_own_end_is_one() -> None:
    told: list[AnyEvent] = []

    async def dial(url: str, **options: Any) -> FakeConnection:
        return FakeConnection()

    tap = tap_of(told.append, dial)
    for upstream in ("upbit.stream", "binance.stream", "upbit.stream"):
        connection = await tap.connect(upstream)(URL)
        await connection.close()
    assert [
        (each.venue, each.connection, each.reason)
        for each in told
        if isinstance(each, Disconnected)
    ] == [
        ("upbit", 1, "closed by us"),
        ("binance", 1, "closed by us"),
        ("upbit", 2, "closed by us"),
    ]


async def test_a_dial_in_vain_is_told_with_its_reason() -> None:
    told: list[AnyEvent] = []

    async def dial(url: str, **options: Any) -> FakeConnection:
        raise OSError("x" * 1_000)

    with pytest.raises(OSError, match="xxx"):
        await tap_of(told.append, dial).connect("upbit.stream")(URL)
    (refused,) = told
    assert isinstance(refused, Refused)
    assert refused.reason.startswith("OSError xxx")
    assert len(refused.reason) == 300
