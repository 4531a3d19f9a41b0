"""Bytes of HTTP and WebSocket into the server's protocols, cut anywhere."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from api.direct.exchange import Begun, Exchange, Headers
from app.http_bound import BoundedHttpProtocol
from app.http_protocol import HttpProtocol, http_protocol
from app.socket_protocol import socket_protocol
from bench.fuzz.address import address_of
from bench.fuzz.connection import UNREAD, FakeTransport, NotHttp, answers_in
from bench.fuzz.draw import Draw
from bench.fuzz.finding import place_of
from bench.fuzz.frame import WebSocketReader, frames, handshake
from bench.fuzz.oracle import Answer, Oracle, comparable
from bench.fuzz.pace import Pace
from bench.fuzz.request import plain
from bench.fuzz.speech import Spoken, cut, spoken
from bench.fuzz.world import World

LEAVE_S: Final = 0.5
"""A task whose connection is lost has ended by then."""

_DATE: Final = [(b"date", b"Thu, 01 Jan 2026 00:00:00 GMT")]
_LIMITED: Final = b"RATE_LIMITED"


class Noting:
    """The application's `Exchange`; notes what it answers."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self.methods: list[str] = []
        self.answered = 0

    def begun(self, data: bytes) -> Begun | None:
        """See `Exchange`."""
        return self._exchange.begun(data)

    def answer(
        self, begun: Begun, data: bytes, peer: str, defaults: Headers
    ) -> bytes | None:
        """See `Exchange`."""
        found = self._exchange.answer(begun, data, peer, defaults)
        if found is not None:
            self.methods.append("POST")
            self.answered += 1
        return found

    def refused(self, status: int) -> None:
        """See `Exchange`."""
        self._exchange.refused(status)


@dataclass
class ByteDriver:
    """Feeds connections of one world; compares the direct way with the ordinary."""

    world: World
    oracle: Oracle
    pace: Pace
    compared: int = 0
    direct: int = 0
    _held: bool = False

    def __post_init__(self) -> None:
        """Make the protocols of this world."""
        graphql = self.world.graphql
        self._noting = Noting(graphql.exchange)
        self._ours = _noted(
            cast("type[HttpProtocol]", http_protocol(cast("Exchange", self._noting)))
        )
        self._ordinary = _noted(BoundedHttpProtocol)
        self._config = uvicorn.Config(
            self.world.app,
            lifespan="off",
            http=self._ours,
            ws=socket_protocol(graphql.converse, graphql.may_talk),
            ws_max_size=self.world.deps.limits.message_bytes,
            ws_per_message_deflate=False,
            log_config=None,
            access_log=False,
        )
        self._config.load()

    def dial(
        self,
        peer: str,
        kind: type[HttpToolsProtocol] | None = None,
        methods: list[str] | None = None,
    ) -> FakeTransport:
        """Open a connection; the methods of its requests are noted in a list."""
        state = ServerState()
        state.default_headers = _DATE
        protocol = (kind or self._ours)(
            self._config, state, {}, asyncio.get_running_loop()
        )
        noted = [] if methods is None else methods
        protocol.methods = self._noting.methods = noted  # type: ignore[attr-defined]  # of `_noted`
        transport = FakeTransport(peer)
        transport.protocol = protocol
        protocol.connection_made(transport)
        return transport

    async def session(self, draw: Draw) -> int:
        """Run one connection; return how many inputs it had."""
        return await self._heard(spoken(draw, self.world), draw)

    async def direct_session(self, draw: Draw) -> int:
        """Run one connection that asks a few plain questions again and again."""
        questions = [plain(draw) for _ in range(1 + draw.upto(4))]
        asked = questions * (2 + draw.upto(3))
        told = [one.written() for one in asked]
        chunks = cut(draw, told) if draw.hit(0.2) else told
        return await self._heard(Spoken(chunks, asked), draw)

    async def _heard(self, said: Spoken, draw: Draw) -> int:
        """Say something on a connection, and look at what comes."""
        self.oracle.findings.shown = said.chunks
        peer = address_of(draw)
        before = self._noting.answered
        answers = await self._run(self._ours, said, peer)
        was_direct = self._noting.answered - before
        self.direct += was_direct
        self._look(answers, said)
        if was_direct or draw.hit(0.15):
            await self._compare(answers, said, peer)
        return len(said.requests)

    async def socket_session(self, draw: Draw) -> int:
        """Run one WebSocket, from its handshake on."""
        parts = frames(draw)
        inputs, data = len(parts), b"".join(parts)
        if draw.hit(0.3):
            parts = cut(draw, [data]) if data else []
        said = Spoken([handshake(draw), *parts], [], is_http=False)
        self.oracle.findings.shown = said.chunks
        answers = await self._run(self._ours, said, address_of(draw))
        self._look(answers, said)
        return inputs

    async def _compare(self, answers: list[Answer], said: Spoken, peer: str) -> None:
        """Say the same to the protocol without the direct way: all must be the same."""
        plain_way = await self._run(self._ordinary, said, peer)
        self.compared += 1
        for place, (ours, theirs) in enumerate(zip(answers, plain_way, strict=False)):
            if UNREAD in (ours.body, theirs.body):
                return  # told at once, whatever is still being answered
            if is_cut_short(place, answers, plain_way):
                return  # the answer under way is the last: it says so
            if ours.status == 101 or _LIMITED in ours.body + theirs.body:
                continue  # what comes after it differs with the budget
            if not (ours.is_whole and theirs.is_whole):
                continue
            if "stream" in ours.header("content-type"):
                continue
            mine, other = comparable(ours), comparable(theirs)
            if mine != other:
                kind, detail = _difference(mine, other)
                told = [[one.status for one in all_] for all_ in (answers, plain_way)]
                self.oracle.findings.add(kind, f"{place} of {told}: {detail}")
                return
        if len(answers) < len(plain_way) and self._held:
            return  # of what is not whole only the ordinary way says something
        if len(answers) != len(plain_way):
            told = [[one.status for one in all_] for all_ in (answers, plain_way)]
            detail = f"{told}, the ordinary way last"
            self.oracle.findings.add("the direct way answers more or fewer", detail)

    async def _run(
        self, kind: type[HttpToolsProtocol], said: Spoken, peer: str
    ) -> list[Answer]:
        """Feed a connection until it rests; return what came out."""
        methods: list[str] = []
        transport = self.dial(peer, kind, methods)
        protocol = transport.protocol
        state = protocol.server_state
        await self._feed(transport, protocol, state, said)
        data = bytes(transport.out)
        if kind is self._ours:
            self._held = bool(protocol._held)  # noqa: SLF001 (nobody else has to look)
        transport.lose(None)
        await self._end(state)
        try:
            return answers_in(data, methods)
        except NotHttp as exc:
            self.oracle.findings.add("what came out is no HTTP", str(exc))
            return []

    async def _feed(
        self,
        transport: FakeTransport,
        protocol: HttpToolsProtocol,
        state: ServerState,
        said: Spoken,
    ) -> None:
        for chunk in said.chunks:
            if transport.closing:
                break
            try:
                self.pace.run(transport.feed, chunk)
            except Exception as exc:  # noqa: BLE001 (asyncio would log it and abort)
                kind = f"data_received raised {place_of(exc)}"
                self.oracle.findings.add(kind, str(exc))
                break
            await self.pace.rest(lambda: not state.tasks, 12)
        size = -1
        while size != len(transport.out):
            size = len(transport.out)
            if not await self.pace.wait(lambda: _is_at_rest(protocol, state)):
                self.oracle.findings.add("no answer in time")
                return
            # What has begun to be told may go on.
            await self.pace.rest(lambda: not state.tasks, 8)

    async def _end(self, state: ServerState) -> None:
        """Have the tasks of a lost connection end."""
        if await self.pace.wait(lambda: not state.tasks, LEAVE_S):
            return
        names = [task.get_coro() for task in state.tasks]
        self.oracle.findings.add("a task outlives its connection", repr(names))
        self.oracle.findings.is_deaf = True
        for task in state.tasks:
            task.cancel()
        await self.pace.rest(lambda: not state.tasks)
        self.oracle.findings.is_deaf = False

    def _look(self, answers: list[Answer], said: Spoken) -> None:
        plain = said.is_http and len(answers) == len(said.requests)
        for place, answer in enumerate(answers):
            if answer.status == 101:
                WebSocketReader(self.oracle).read(answer.body)
                continue
            asked = said.requests[place] if plain else None
            of_graphql = asked is not None and asked.target.split("?")[0] == "/graphql"
            media = answer.header("content-type")
            self.oracle.answer(
                answer,
                is_graphql=of_graphql and not media.startswith("text/plain"),
                is_head=asked is not None and asked.method == "HEAD",
            )


def is_cut_short(place: int, one: Sequence[Answer], other: Sequence[Answer]) -> bool:
    """Whether nonsense came while one way was answering, and the other was done."""
    if len(one) > len(other):
        one, other = other, one
    ends = place == len(one) - 1 and one[place].header("connection") == "close"
    return ends and len(other) > len(one) and other[place + 1].body == UNREAD


def _difference(mine: tuple[object, ...], other: tuple[object, ...]) -> tuple[str, str]:
    """Say what is not the same of two answers: its status, a header, or its body."""
    for name, one, two in zip(("status", "headers", "body"), mine, other, strict=True):
        if one != two:
            what = f"{name}: {one!r}, by the ordinary way {two!r}"
            if isinstance(one, tuple) and isinstance(two, tuple):
                odd = sorted({key for key, _ in set(one) ^ set(two)})
                name, what = f"headers {', '.join(odd)}", repr(set(one) ^ set(two))
            return f"the direct way answers otherwise: {name}", what
    return "the direct way answers otherwise", ""


def _is_at_rest(protocol: HttpToolsProtocol, state: ServerState) -> bool:
    """Whether nothing is on its way but streams, and requests that are not whole."""
    if not state.tasks:
        return True
    cycle: Any = protocol.running  # type: ignore[attr-defined]  # of `_noted`
    if cycle is None or protocol.transport.is_closing():
        return True
    return _lasts(cycle) or (cycle.more_body and not cycle.body)


def _lasts(cycle: Any) -> bool:
    """Whether a stream of events has begun, which lasts."""
    return bool(cycle.response_started and cycle.chunked_encoding)


def _noted(kind: type[HttpToolsProtocol]) -> type[HttpToolsProtocol]:
    """Return a protocol that notes the methods of what it parses."""

    class Noted(kind):  # type: ignore[misc, valid-type]  # the base is an argument
        methods: list[str]
        running: Any = None

        def _start_asgi_task(self, cycle: Any, app: Any) -> None:
            """Note what is answered now: `cycle` is what was read last."""
            self.running = cycle
            super()._start_asgi_task(cycle, app)

        def on_headers_complete(self) -> None:
            """Note the method."""
            self.methods.append(self.parser.get_method().decode("ascii"))
            super().on_headers_complete()

    return Noted
