import asyncio
from contextlib import suppress
from typing import Any

from aiohttp import WSMsgType

from adapters.simulator.replay_client import HIGH_WATER, ReplayClient

LIMIT_S = 10.0


class FakeSocket:
    """Takes frames, or hangs, or is gone."""

    def __init__(self, *, hangs: bool = False, gone: bool = False) -> None:
        self.taken: list[tuple[bytes, WSMsgType]] = []
        self.closed: list[int] = []
        self._hangs, self._gone = hangs, gone

    async def send_frame(self, message: bytes, opcode: WSMsgType) -> None:
        if self._hangs:
            await asyncio.Event().wait()
        if self._gone:
            raise ConnectionResetError
        self.taken.append((message, opcode))

    async def close(self, *, code: int, message: bytes, drain: bool) -> None:
        self.closed.append(code)
        if self._gone:
            raise ConnectionResetError


def client_of(socket: FakeSocket, *, binary: bool = False) -> ReplayClient:
    fake: Any = socket
    return ReplayClient(fake, binary=binary)


async def end(writing: asyncio.Task[None]) -> None:
    writing.cancel()
    with suppress(asyncio.CancelledError):
        await writing


async def test_messages_leave_in_order_as_the_venue_sends_them() -> None:
    for binary, opcode in ((True, WSMsgType.BINARY), (False, WSMsgType.TEXT)):
        socket = FakeSocket()
        client = client_of(socket, binary=binary)
        writing = asyncio.create_task(client.write())
        for message in (b"1", b"2"):
            client.put(message)
        async with asyncio.timeout(LIMIT_S):
            await client.drained()
        assert socket.taken == [(b"1", opcode), (b"2", opcode)]
        assert client.sent == 2
        await end(writing)


async def test_a_client_that_takes_nothing_is_full_and_then_cut() -> None:
    socket = FakeSocket(hangs=True)
    client = client_of(socket)
    writing = asyncio.create_task(client.write())
    for _ in range(HIGH_WATER + 1):
        client.put(b"x")
    assert client.is_full
    async with asyncio.timeout(LIMIT_S):
        await client.drained(stall_s=0.0)
    assert socket.closed == [1008]
    assert not client.is_full
    client.put(b"too late")
    await client.drained()
    await end(writing)


async def test_a_client_that_is_gone_holds_nobody_up() -> None:
    client = client_of(FakeSocket(gone=True))
    client.put(b"x")
    async with asyncio.timeout(LIMIT_S):
        await client.write()
        await client.drained()
        await client.close(1001, "end")
    assert client.sent == 0
