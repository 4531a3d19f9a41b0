"""The fake venues with a diary of every request and socket, and faults by script."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler

from tests.e2e.semantics.venue import Raw, Venue
from tests.e2e.semantics.world import World, dunamu

LOOK_S: Final = 0.05

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]
Wrap = Callable[[web.Request, Handler], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Request:
    """A question by REST: when it came (monotonic and Unix s), and what was said."""

    at_s: float
    unix_s: float
    path: str
    status: int


@dataclass
class Socket:
    """One connection's life: when it was asked for, opened, and gone."""

    asked_s: float
    opened_s: float | None = None
    closed_s: float | None = None


@dataclass
class Script:
    """What one venue was asked, and what it does wrong.

    `rest` maps the end of a path to an answer in place of the true one ("": all);
    `wraps` does so with the truth at hand. `handshake` answers a dial;
    `hangs_up` opens it and closes it at once.
    """

    requests: list[Request] = field(default_factory=list)
    sockets: list[Socket] = field(default_factory=list)
    rest: dict[str, Answer] = field(default_factory=dict)
    wraps: dict[str, Wrap] = field(default_factory=dict)
    handshake: Answer | None = None
    hangs_up: bool = False

    def since(self, at_s: float, end: str = "") -> list[Request]:
        """Return the requests from an instant on whose path ends so."""
        found = [r for r in self.requests if r.at_s >= at_s]
        return [r for r in found if r.path.endswith(end)]

    def dials_since(self, at_s: float) -> list[float]:
        """Return when the venue was dialled, from an instant on."""
        return [s.asked_s for s in self.sockets if s.asked_s >= at_s]

    @property
    def open(self) -> list[Socket]:
        """The sockets that stand now."""
        lives = list(self.sockets)
        return [s for s in lives if s.opened_s is not None and s.closed_s is None]


class Stage(World):
    """Both venues with a diary each; BTC, ETH and DOGE, and the dollar coins."""

    def __init__(self) -> None:
        super().__init__()
        self.scripts = {"upbit": Script(), "binance": Script()}
        self.middlewares.append(self._play)
        for symbol, krw, usdt in (
            ("BTC", "52000000", "39000"),
            ("ETH", "3456000", "2600"),
            ("DOGE", "201.5", "0.1501"),
        ):
            self.coin(symbol, krw, usdt)
        self.upbit.add("USDT", "1320")
        self.coin("USDC", "1290", "1.0001")
        self.rates["main/v1/forex/recent"] = dunamu("1300")

    def venue(self, name: str) -> Venue:
        """Return a venue by its name in lower case."""
        return {"upbit": self.upbit, "binance": self.binance}[name]

    def push(self, name: str, symbol: str, price: str) -> None:
        """Let a venue's stream tell of a trade."""
        if name == "upbit":
            self.do(self.upbit.push(symbol, trade_price=Raw(price)))
        else:
            self.do(self.binance.push(symbol, lastPrice=price))

    def die(self, name: str) -> None:
        """Let a venue refuse everything from now on, and cut what stands."""
        venue = self.venue(name)
        venue.accepts, venue.rest_status = False, 503
        self.do(venue.cut())

    def revive(self, name: str) -> None:
        """Let a venue be well again."""
        venue = self.venue(name)
        venue.accepts, venue.rest_status = True, 200
        venue.mute, venue.beats, venue.passes = False, True, None
        script = self.scripts[name]
        script.rest.clear()
        script.wraps.clear()
        script.handshake, script.hangs_up = None, False

    @web.middleware
    async def _play(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        name = request.path.split("/")[1]
        script = self.scripts.get(name)
        if script is None:
            return await handler(request)
        if "Upgrade" in request.headers:
            return await self._dialled(script, request, handler)
        return await self._asked(script, request, handler)

    async def _dialled(
        self, script: Script, request: web.Request, handler: Handler
    ) -> web.StreamResponse:
        life = Socket(time.monotonic())
        script.sockets.append(life)
        if script.handshake is not None:
            return await script.handshake(request)
        if not self.venue(request.path.split("/")[1]).accepts:
            return await handler(request)
        life.opened_s = life.asked_s
        try:
            if script.hangs_up:
                socket = web.WebSocketResponse()
                await socket.prepare(request)
                await socket.close()
                return socket
            return await handler(request)
        finally:
            life.closed_s = time.monotonic()

    async def _asked(
        self, script: Script, request: web.Request, handler: Handler
    ) -> web.StreamResponse:
        at_s, unix_s, status = time.monotonic(), time.time(), 0
        try:
            answer = await self._chosen(script, request, handler)
            status = answer.status
            return answer
        except web.HTTPException as exc:
            status = exc.status
            raise
        finally:
            path = request.path_qs
            script.requests.append(Request(at_s, unix_s, path.split("?")[0], status))

    @staticmethod
    async def _chosen(
        script: Script, request: web.Request, handler: Handler
    ) -> web.StreamResponse:
        for end, scripted in script.rest.items():
            if request.path.endswith(end):
                return await scripted(request)
        for end, wrap in script.wraps.items():
            if request.path.endswith(end):
                return await wrap(request, handler)
        return await handler(request)


def saying(status: int, body: str | bytes = "", **headers: str) -> Answer:
    """Return an answer that is always the same; `_` in a header's name is a dash."""
    sent = {name.replace("_", "-"): text for name, text in headers.items()}
    raw = body.encode() if isinstance(body, str) else body

    async def answer(_: web.Request) -> web.Response:
        kind = "application/json"
        return web.Response(status=status, body=raw, headers=sent, content_type=kind)

    return answer


async def hanging(request: web.Request) -> web.StreamResponse:
    """Answer nothing until the asker goes."""
    gone = asyncio.Event()

    def look() -> None:
        # aiohttp tells a handler nothing of it.
        if request.transport is None or request.transport.is_closing():
            gone.set()
        else:
            loop.call_later(LOOK_S, look)

    loop = asyncio.get_running_loop()
    look()
    await gone.wait()
    return web.Response()


async def vanishing(request: web.Request) -> web.StreamResponse:
    """Drop the connection without a word."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
