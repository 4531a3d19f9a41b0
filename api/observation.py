"""The outermost layer: names each request, times it and counts how it ended."""

from typing import Final

from starlette.datastructures import Headers
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.request_id import HEADER, bind_request_id
from api.traffic import OTHER, Traffic
from domain.ports.clock import Clock

FAILED: Final = 500
CLIENT_LEFT: Final = 499
"""Counted where nobody waited for an answer; nginx's number for that."""

_STREAMS = (b"text/event-stream", b"multipart/mixed")


class Observation:
    """ASGI middleware. Sockets are named here and counted by their handler."""

    def __init__(self, app: ASGIApp, traffic: Traffic, clock: Clock) -> None:
        self._app = app
        self._traffic = traffic
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand over, and look on."""
        name = bind_request_id(Headers(scope=scope).get(HEADER))
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(send, name)
        began_s = self._clock.monotonic()
        try:
            await self._app(scope, receive, answer.send)
        except Exception:
            answer.status = answer.status or FAILED
            raise
        finally:
            seconds = self._clock.monotonic() - began_s
            self._traffic.request(
                scope["method"],
                route_of(scope.get("route")),
                answer.status or CLIENT_LEFT,
                None if answer.streams else seconds,
            )


class _Answer:
    """Passes an answer on, with its request's ID, and remembers its head."""

    __slots__ = ("_name", "_send", "status", "streams")

    def __init__(self, send: Send, name: str) -> None:
        self._send = send
        self._name = (HEADER.encode(), name.encode())
        self.status: int | None = None
        self.streams = False

    async def send(self, message: Message) -> None:
        """Pass a message on."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = list(message.get("headers", ()))
            self.streams = any(
                key == b"content-type" and value.startswith(_STREAMS)
                for key, value in headers
            )
            message = {**message, "headers": [*headers, self._name]}
        await self._send(message)


def route_of(route: BaseRoute | None) -> str:
    """Return the pattern that a path matched: as many labels as there are routes."""
    return route.path if isinstance(route, Route | Mount) else OTHER
