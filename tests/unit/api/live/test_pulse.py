"""Whether a silent client is asked, and judged by its answer."""

import asyncio
from typing import Any

import pytest

from api.live.pulse import Pulse

LIMIT_S = 5.0


class Wire:
    """A socket that remembers what was said."""

    def __init__(self) -> None:
        self.paused = False
        self.said: asyncio.Queue[bytes] = asyncio.Queue()

    def say(self, message: bytes) -> None:
        self.said.put_nowait(message)


@pytest.fixture
def wire() -> Wire:
    """A socket."""
    return Wire()


async def soon(awaited: Any) -> Any:
    """Wait for something, within a limit."""
    async with asyncio.timeout(LIMIT_S):
        return await awaited


async def test_who_does_not_answer_is_silent(
    wire: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.live.pulse.PONG_TIMEOUT_S", 0.001)
    silent = asyncio.Event()
    Pulse(wire, 0.001, silent.set).heard()
    assert await soon(wire.said.get()) == b'{"type":"ping"}'
    await soon(silent.wait())


async def test_a_full_socket_is_asked_when_it_has_room(wire: Any) -> None:
    silent = asyncio.Event()
    wire.paused = True
    pulse = Pulse(wire, 0.001, silent.set)
    pulse.heard()
    await turns()
    assert wire.said.empty()
    wire.paused = False
    await soon(wire.said.get())
    pulse.stop()
    pulse.stop()
    assert not silent.is_set()


async def test_a_socket_that_fills_up_is_not_judged_by_silence(
    wire: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.live.pulse.PONG_TIMEOUT_S", 0.001)
    silent = asyncio.Event()
    pulse = Pulse(wire, 0.001, silent.set)
    pulse.heard()
    await soon(wire.said.get())
    wire.paused = True
    await turns()
    assert not silent.is_set()
    wire.paused = False
    await soon(wire.said.get())
    pulse.stop()


async def turns() -> None:
    """Let timers of a millisecond ring a few times."""
    rung: asyncio.Queue[None] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    for number in range(1, 6):
        loop.call_later(0.004 * number, rung.put_nowait, None)
    for _ in range(5):
        await soon(rung.get())
