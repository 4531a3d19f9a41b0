"""What a connection may hold, and for how long."""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

import app.http_bound as module
from app.http_bound import BoundedHttpProtocol
from app.log import UNREADABLE

BODY = b'{"query":"{ __typename }"}'
HEAD = (
    b"POST /graphql HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\n"
    b"Content-Length: %d\r\n" % len(BODY)
)
ORDINARY = b"X-Unheard-Of: 1\r\n"


@pytest.fixture
async def made(monkeypatch: pytest.MonkeyPatch) -> list[BoundedHttpProtocol]:
    """Return the connections in the order of their beginnings; time is short."""
    monkeypatch.setattr(module, "REQUEST_S", 0.5)
    monkeypatch.setattr(module, "STUCK_S", 0.5)
    found: list[BoundedHttpProtocol] = []
    begin = BoundedHttpProtocol.connection_made

    def connection_made(self: BoundedHttpProtocol, transport: Any) -> None:
        found.append(self)
        begin(self, transport)

    monkeypatch.setattr(BoundedHttpProtocol, "connection_made", connection_made)
    return found


@pytest.fixture
async def line(
    site: Any, made: list[BoundedHttpProtocol]
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    address = urlsplit(site.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    yield reader, writer
    writer.close()


async def ended(reader: asyncio.StreamReader) -> bytes:
    """Return what came until the connection was ended, however that was done."""
    told = b""
    try:
        async with asyncio.timeout(10):
            while more := await reader.read(65_536):
                told += more
    except ConnectionError:
        pass
    return told


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"\r\n",
        b"POST /graphql HT",
        HEAD,
        HEAD + b"\r\n" + BODY[:-1],
        HEAD + ORDINARY + b"\r\n" + BODY[:-1],
        HEAD + ORDINARY + b"\r\n",
    ],
)
async def test_a_request_that_does_not_become_whole_is_given_up(
    line: Any, sent: bytes
) -> None:
    reader, writer = line
    writer.write(sent)
    assert await ended(reader) == b""


async def test_a_request_that_becomes_whole_in_time_is_answered(line: Any) -> None:
    reader, writer = line
    for _ in range(3):
        for part in (HEAD[:20], HEAD[20:] + b"\r\n", BODY[:5], BODY[5:]):
            writer.write(part)
            await writer.drain()
        assert (await reader.readuntil(b"\r\n")).startswith(b"HTTP/1.1 200")
        await reader.readuntil(b"}}}")


async def test_a_client_that_takes_nothing_is_let_go(
    line: Any, made: list[BoundedHttpProtocol]
) -> None:
    reader, writer = line
    writer.write(HEAD + b"\r\n" + BODY)
    await reader.readuntil(b"\r\n")
    made[-1].pause_writing()
    await ended(reader)
    assert made[-1].transport.is_closing()


async def test_a_client_that_takes_again_stays(
    line: Any, made: list[BoundedHttpProtocol]
) -> None:
    reader, writer = line
    writer.write(HEAD + b"\r\n" + BODY)
    await reader.readuntil(b"}}}")
    made[-1].pause_writing()
    made[-1].pause_writing()
    made[-1].resume_writing()
    assert made[-1]._stuck is None
    writer.write(HEAD + b"\r\n" + BODY)
    assert (await reader.readuntil(b"\r\n")).endswith(b"\r\n")


@pytest.mark.parametrize(
    "head",
    [
        HEAD + b"X-Long: " + b"a" * module.MAX_HEAD_BYTES,
        HEAD + b"X-A: 1\r\n" * (module.MAX_HEADERS + 1) + b"\r\n" + BODY,
    ],
)
async def test_a_head_without_measure_is_refused(
    line: Any, world: Any, head: bytes
) -> None:
    reader, writer = line
    writer.write(head)
    assert (await ended(reader)).startswith(b"HTTP/1.1 431 ")
    assert world.deps.traffic.requests["other", "other", "431"] == 1


async def test_what_is_no_request_is_refused_and_counted(
    line: Any,
    world: Any,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(logging.getLogger("uvicorn.error"), "filters", [])
    reader, writer = line
    writer.write(b"nonsense\r\n\r\n")
    assert (await ended(reader)).startswith(b"HTTP/1.1 400 ")
    assert world.deps.traffic.requests["other", "other", "400"] == 1
    assert caplog.messages == [UNREADABLE]


@pytest.mark.parametrize("cut", [None, 60_000])
async def test_a_head_with_two_faults_is_told_of_one(
    line: Any, world: Any, cut: int | None
) -> None:
    reader, writer = line
    head = b"GET /" + b"a" * module.MAX_HEAD_BYTES + b" HTTP/1.1\r\nbad\x00: 1\r\n\r\n"
    for part in (head[:cut], head[cut:] if cut else b""):
        writer.write(part)
        await writer.drain()
    assert (await ended(reader)).count(b"HTTP/1.1 4") == 1
    assert sum(world.deps.traffic.requests.values()) == 1


async def test_a_body_that_breaks_off_in_nonsense_is_one_request(
    line: Any, world: Any
) -> None:
    reader, writer = line
    chunked = HEAD.partition(b"Content-Length")[0] + b"Transfer-Encoding: chunked\r\n"
    writer.write(chunked + b"\r\nnonsense\r\n")
    assert (await ended(reader)).count(b"HTTP/1.1 400") == 1
    async with asyncio.timeout(5):
        while not world.deps.traffic.requests:  # noqa: ASYNC110 (nobody is told)
            await asyncio.sleep(0)  # the next look
    (route,) = world.deps.traffic.requests
    assert route[:2] == ("POST", "/graphql")


async def test_nonsense_gets_into_no_answer_before_it(line: Any, world: Any) -> None:
    reader, writer = line
    writer.write(HEAD + ORDINARY + b"\r\n" + BODY + b"nonsense\r\n\r\n")
    told = await ended(reader)
    assert told.startswith(b"HTTP/1.1 200")
    assert told.endswith(b"}")
    assert told.count(b"HTTP/1.1") == 1
    assert list(world.deps.traffic.requests) == [("POST", "/graphql", "200")]


async def test_all_that_came_whole_before_nonsense_is_answered(
    line: Any, world: Any
) -> None:
    reader, writer = line
    whole = HEAD + ORDINARY + b"\r\n" + BODY
    chunked = HEAD.partition(b"Content-Length")[0] + b"Transfer-Encoding: chunked\r\n"
    writer.write(whole + whole + chunked + b"\r\nnonsense\r\n")
    told = await ended(reader)
    assert told.count(b"HTTP/1.1 200") == told.count(b"HTTP/1.1") == 2
    assert dict(world.deps.traffic.requests) == {("POST", "/graphql", "200"): 2}


async def test_nonsense_gets_into_no_stream_before_it(line: Any, world: Any) -> None:
    body = b'{"query":"subscription { premiums(throttleMs: 100) { seq } }"}'
    reader, writer = line
    writer.write(
        b"POST /graphql HTTP/1.1\r\nHost: here\r\nAccept: text/event-stream\r\n"
        b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
    )
    writer.write(body)
    await reader.readuntil(b"event: next")
    writer.write(b"nonsense\r\n\r\n")
    await writer.drain()
    world.publish(BTC="52300000")
    await world.clock.advance(1)
    assert b"HTTP/1.1" not in await reader.readuntil(b"event: next")


async def test_another_upgrade_is_ignored_where_it_can_be(line: Any) -> None:
    reader, writer = line
    upgrade = b"Connection: Upgrade\r\nUpgrade: h2c\r\n"
    writer.write(HEAD + upgrade + b"\r\n" + BODY)
    assert (await reader.readuntil(b"\r\n")).startswith(b"HTTP/1.1 200")
    await reader.readuntil(b"}}}")
    writer.write(HEAD + upgrade[:30])
    await writer.drain()
    await asyncio.sleep(0)  # the pieces are read apart
    writer.write(upgrade[30:] + b"\r\n")
    told = await ended(reader)
    assert told.count(b"HTTP/1.1 ") <= 1


@pytest.mark.parametrize("query", ["", "?x=1"])
async def test_a_socket_outlives_the_time_for_a_request(
    site: Any, made: list[BoundedHttpProtocol], query: str
) -> None:
    url = site.url.replace("http", "ws", 1) + "/graphql" + query
    spoken = Subprotocol("graphql-transport-ws")
    async with connect(url, subprotocols=[spoken]) as socket:
        assert made[-1]._deadline is None
        loop = asyncio.get_running_loop()
        until_s = loop.time() + 2 * module.REQUEST_S
        while loop.time() < until_s:  # nothing may happen: nothing to wait for
            await asyncio.wait_for(await socket.ping(), 10)
            await asyncio.sleep(0.05)  # the pace of the pings
        assert made[-1]._deadline is None
