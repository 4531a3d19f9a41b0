"""Many sockets at once: what is held, and what counts as held."""

import asyncio
import resource
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from bench.fuzz import crowd
from bench.fuzz.command import main
from bench.fuzz.crowd import Crowd, Holder, table
from bench.fuzz.frame import CLOSE, PING, PONG, frame
from bench.fuzz.guest import Guest, first_frame
from bench.fuzz.siege import HANDSHAKE, INIT
from bench.process import ServerFailed

OPENED = b"HTTP/1.1 101 Switching Protocols\r\n\r\n"
REFUSED = b"HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n"
LIMIT_S = 10.0


def theirs(body: bytes, opcode: int = 1) -> bytes:
    return frame(body, opcode, mask=None)


ACK = theirs(b'{"type":"connection_ack"}')


class Line(asyncio.Transport):
    """What a guest wrote."""

    def __init__(self) -> None:
        super().__init__()
        self.out: list[bytes] = []
        self.ended: list[str] = []

    def write(self, data: Any) -> None:
        self.out.append(bytes(data))

    def close(self) -> None:
        self.ended.append("closed")


def seated() -> tuple[Guest, Line]:
    guest, line = Guest(), Line()
    guest.connection_made(line)
    return guest, line


@pytest.mark.parametrize("size", [0, 5, 125, 126, 65_535, 65_536])
def test_a_frame_is_read_once_it_is_whole(size: int) -> None:
    data = theirs(b"x" * size)
    assert first_frame(data[:-1]) is None
    assert first_frame(data + b"more") == (1, b"x" * size, b"more")


@pytest.mark.parametrize("length", [0, 1, 2, 3, 9])
def test_a_frames_length_may_be_on_its_way(length: int) -> None:
    assert first_frame(theirs(bytes(65_536))[:length]) is None


async def test_a_guest_is_seated_when_its_hello_is_acknowledged() -> None:
    guest, line = seated()
    assert line.out == [HANDSHAKE]
    for byte in OPENED:
        guest.data_received(bytes((byte,)))
    assert line.out == [HANDSHAKE, INIT]
    assert not guest.status.done()
    guest.data_received(ACK)
    assert await guest.status == 101


async def test_a_guest_that_is_refused_tells_the_status_and_goes() -> None:
    guest, line = seated()
    guest.data_received(REFUSED)
    assert await guest.status == 429
    assert line.ended == ["closed"]
    guest.connection_lost(None)
    assert guest.is_gone


async def test_a_guest_whose_connection_breaks_off_tells_nothing() -> None:
    guest, _ = seated()
    guest.connection_lost(ConnectionResetError())
    assert await guest.status == 0
    assert guest.heard.cancelled()


async def test_a_guest_stays_alive_and_hears_its_first_event() -> None:
    guest, line = seated()
    guest.data_received(OPENED + ACK + theirs(b"p", PING))
    assert line.out[2:] == [frame(b"p", PONG)]
    guest.data_received(theirs(b'{"type":"ping"}'))
    assert line.out[3:] == [frame(b'{"type":"pong"}')]
    guest.data_received(theirs(b'{"id":"1","type":"next","payload":1}'))
    guest.data_received(theirs(b'{"id":"1","type":"next","payload":2}'))
    assert await guest.heard == b'{"id":"1","type":"next","payload":1}'
    guest.data_received(theirs(b"\x03\xe8", CLOSE))
    assert line.ended == ["closed"]


async def test_a_holder_opens_what_is_let_in_counts_the_rest_and_subscribes() -> None:
    seats = 3
    doors: list[asyncio.StreamWriter] = []

    async def welcome(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await reader.readuntil(b"\r\n\r\n")
        doors.append(writer)
        writer.write(OPENED + ACK if len(doors) <= seats else REFUSED)
        await reader.readexactly(len(INIT) + 1)
        writer.write(theirs(b'{"id":"1","type":"next","payload":{}}'))

    async with (
        asyncio.timeout(LIMIT_S),
        await asyncio.start_server(welcome, "127.0.0.1", 0) as server,
    ):
        holder = Holder(*server.sockets[0].getsockname())
        assert await holder.open(5) == Counter({429: 2})
        assert holder.held() == seats
        assert await holder.subscribe() is not None
        assert await holder.dial() == 429
        for door in doors:
            door.close()


async def test_a_holder_of_a_server_that_is_gone_opens_nothing() -> None:
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    place = server.sockets[0].getsockname()
    server.close()
    await server.wait_closed()
    holder = Holder(*place)
    assert await holder.open(2) == Counter({0: 2})
    assert holder.held() == 0


def kept(bound: int | None = None, **more: Any) -> Crowd:
    given = {
        "opened": 9,
        "counted": 9,
        "told_s": 0.002,
        "next_status": None if bound is None else 429,
        **more,
    }
    return Crowd(bound, 9, **given)


def test_a_round_is_kept_when_all_are_held_one_is_told_and_one_more_refused() -> None:
    assert kept().is_kept
    assert kept(9).is_kept
    for broken in (
        {"opened": 8},
        {"counted": 8},
        {"told_s": None},
        {"left": 1},
    ):
        assert not kept(**broken).is_kept
    assert not kept(9, next_status=101).is_kept


def test_the_rounds_are_told() -> None:
    text = table([kept(seconds=2.5, refused=Counter({503: 2})), kept(9)])
    assert "| the default | 9 | 9 | 503 2 | 2.5 | 2 | not tried |" in text
    assert "| 9 | 9 | 9 | none | 0 | 2 | 429 |" in text


def rounds(*found: Crowd) -> Callable[..., Crowd]:
    left = list(found)
    return lambda *_: left.pop(0)


@pytest.mark.parametrize(
    ("wanted", "found", "code"),
    [
        (9, (kept(), kept(9)), 0),
        (9, (kept(), kept(9, next_status=101)), 1),
        (9, (kept(told_s=None), kept(9)), 1),
        (10, (kept(), kept(9)), 1),
    ],
)
def test_the_command_fails_where_fewer_than_wanted_are_held(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    wanted: int,
    found: tuple[Crowd, ...],
    code: int,
) -> None:
    monkeypatch.setattr(crowd, "_files", lambda _: 100)
    monkeypatch.setattr(crowd, "_round", rounds(*found))
    assert main(["--sockets", str(wanted)]) == code
    told = capsys.readouterr().err
    assert ("may have 100 files open" in told) == (wanted == 10)


def test_a_server_that_does_not_start_fails_the_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(*_: object) -> Crowd:
        raise ServerFailed("the server ended at its start")

    monkeypatch.setattr(crowd, "_files", lambda _: 100)
    monkeypatch.setattr(crowd, "_round", fails)
    assert main(["--sockets", "3"]) == 1
    assert "at its start" in capsys.readouterr().err


def test_as_many_files_as_may_be_are_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    may = 5_000
    limits = [(1_000, 4_000)]

    def set_limit(_what: int, wanted: tuple[int, int]) -> None:
        if wanted[1] > may:
            raise ValueError("not allowed to raise maximum limit")
        limits.append(wanted)

    monkeypatch.setattr(resource, "getrlimit", lambda _: limits[-1])
    monkeypatch.setattr(resource, "setrlimit", set_limit)
    assert crowd._files(9_000) == 4_000
    assert crowd._files(5_000) == 5_000
    assert limits[-1] == (5_000, 5_000)
