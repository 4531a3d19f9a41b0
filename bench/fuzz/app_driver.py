"""Requests and sockets into the ASGI application, without any server before it."""

import asyncio
from collections import deque
from collections.abc import MutableMapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final
from urllib.parse import unquote

from bench.fuzz.address import address_of
from bench.fuzz.draw import Draw
from bench.fuzz.finding import place_of
from bench.fuzz.message import messages
from bench.fuzz.oracle import Answer, Oracle
from bench.fuzz.pace import Pace
from bench.fuzz.request import Request, request
from bench.fuzz.text import odd_text
from bench.fuzz.world import World

Message = MutableMapping[str, Any]

_LEFT: Final = {"http": "http.disconnect", "websocket": "websocket.disconnect"}


class Ends:
    """Both ends of an ASGI call: what is received, and what was sent."""

    def __init__(self, kind: str, said: list[Message]) -> None:
        self.sent: list[Message] = []
        self._left: Message = {"type": _LEFT[kind], "code": 1006}
        self._said = deque(said)
        self._gone = asyncio.Event()

    def leave(self) -> None:
        """Go away."""
        self._gone.set()

    async def receive(self) -> Message:
        """Return what comes next."""
        if not self._gone.is_set() and self._said:
            return self._said.popleft()
        await self._gone.wait()
        return self._left

    async def send(self, message: Message) -> None:
        """Take what is sent."""
        self.sent.append(message)

    @property
    def is_over(self) -> bool:
        """Whether the answer is whole, or all that was said is taken."""
        last = self.sent[-1] if self.sent else {}
        if last.get("type") == "http.response.body":
            return not last.get("more_body") or not self._said
        return False


@dataclass
class AppDriver:
    """Calls the application of one world."""

    world: World
    oracle: Oracle
    pace: Pace

    async def session(self, draw: Draw) -> int:
        """Send one request."""
        asked = request(draw)
        if self.world.name == "closed" and draw.hit(0.8):
            asked.headers.append(("Authorization", f"Bearer {self.world.token}"))
        self.oracle.findings.shown = asked
        ends = Ends("http", _body(draw, asked.body))
        await self._call(_scope(draw, asked), ends, lambda: ends.is_over)
        answer = _answer(ends.sent)
        if answer is not None:
            is_graphql = asked.target.split("?")[0] == "/graphql"
            plain = answer.header("content-type").startswith("text/plain")
            self.oracle.answer(
                answer,
                is_graphql=is_graphql and not plain,
                is_head=asked.method == "HEAD",
            )
        return 1

    async def socket_session(self, draw: Draw) -> int:
        """Open one socket and say something on it."""
        told = messages(draw)
        self.oracle.findings.shown = told
        said: list[Message] = [{"type": "websocket.connect"}]
        for message in told:
            text = message.decode("utf-8", "replace")
            said.append({"type": "websocket.receive", "text": text})
            if draw.hit(0.005):
                said.append({"type": "websocket.receive", "bytes": message})
        ends = Ends("websocket", said)
        scope = _scope(draw, Request("GET", "/graphql", [("Host", "here")]))
        scope["type"] = "websocket"
        scope["subprotocols"] = ["graphql-transport-ws"] if draw.hit(0.95) else ["x"]
        await self._call(scope, ends, lambda: False)
        for sent in ends.sent:
            if sent["type"] == "websocket.send":
                self.oracle.message(sent["text"].encode())
            elif sent["type"] == "websocket.close":
                self.oracle.close(sent.get("code", 1000), sent.get("reason") or "")
        return len(told)

    async def _call(self, scope: Message, ends: Ends, is_over: Any) -> None:
        call = self.world.app(scope, ends.receive, ends.send)
        running = asyncio.get_running_loop().create_task(_run(call))
        if not await self.pace.rest(lambda: running.done() or is_over()):
            await self.pace.turn()
        ends.leave()
        if not await self.pace.wait(running.done):
            self.oracle.findings.add("the application does not end")
            running.cancel()
        elif (exc := running.exception()) is not None:
            self.oracle.findings.add(
                f"the application raised {place_of(exc)}", str(exc)
            )


async def _run(call: Any) -> None:
    await call


def _answer(sent: list[Message]) -> Answer | None:
    """Return the answer in what was sent; None: none was begun."""
    if not sent or sent[0]["type"] != "http.response.start":
        return None
    headers = [
        (n.decode("latin-1"), v.decode("latin-1")) for n, v in sent[0]["headers"]
    ]
    body = b"".join(message.get("body", b"") for message in sent[1:])
    is_whole = not sent[-1].get("more_body", True)
    return Answer(sent[0]["status"], headers, body, is_whole)


def _body(draw: Draw, data: bytes) -> list[Message]:
    """Return a body in parts; a few clients go away before its end."""
    cuts = sorted(int(draw.random() * len(data)) for _ in range(draw.upto(3)))
    edges = [0, *cuts, len(data)]
    parts = [data[a:b] for a, b in pairwise(edges)]
    said: list[Message] = [
        {"type": "http.request", "body": part, "more_body": True} for part in parts
    ]
    said[-1]["more_body"] = False
    return said[:-1] if draw.hit(0.01) else said


def _scope(draw: Draw, asked: Request) -> Message:
    path, _, query = asked.target.partition("?")
    headers = [
        (name.lower().encode(), value.encode("utf-8", "replace"))
        for name, value in _spoiled_headers(draw, asked)
    ]
    address = address_of(draw)
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": asked.method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode("utf-8", "replace"),
        "root_path": "",
        "headers": headers,
        "client": (address, 5) if address else None,
        "server": ("127.0.0.1", 80),
        "state": {},
    }


def _spoiled_headers(draw: Draw, asked: Request) -> list[tuple[str, str]]:
    """Return the headers, now and then with any value that a parser lets through."""
    found = list(asked.headers)
    if found and draw.hit(0.1):
        place = int(draw.random() * len(found))
        text = odd_text(draw).encode("utf-8", "replace").decode("latin-1")
        kept = "".join(char for char in text if char >= " " and char != "\x7f")
        found[place] = (found[place][0], kept)
    return found
