"""What every answer carries, whoever wrote it, and answers where a route failed.

Sources: WHATWG Fetch (nosniff, Cross-Origin-Resource-Policy), CSP 3, Referrer Policy,
Permissions Policy. No `Strict-Transport-Security`: TLS ends at a proxy before us, and
what it promises for its name is its own to say.
"""

from collections.abc import Mapping
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.answer import failure
from api.error import MASKED_MESSAGE, masked
from domain.ports.clock import Clock

POLICY: Final = "default-src 'none'; frame-ancestors 'none'"
"""For what is no page: opened in a browser it loads and runs nothing."""

SECURITY_HEADERS: Final[Mapping[str, str]] = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": POLICY,
    # Pages of sites that are allowed read by CORS, which this does not touch; no other
    # page may load an answer as a script or a picture.
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}
"""On every answer, where its route says nothing else of the same name."""

_RAW: Final = tuple(
    (name.lower().encode(), value.encode()) for name, value in SECURITY_HEADERS.items()
)


class Shield:
    """ASGI middleware: adds the headers that are missing."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand over."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def shielded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message.get("headers", ()))
                named = {name.lower() for name, _ in headers}
                headers += [pair for pair in _RAW if pair[0] not in named]
                message = {**message, "headers": headers}
            await send(message)

        await self._app(scope, receive, shielded)


class Masking:
    """ASGI middleware: a route that fails is answered here, so that what lies around it
    (CORS, the request's ID, the headers above) is on that answer as on any other.
    """

    def __init__(self, app: ASGIApp, clock: Clock) -> None:
        self._app = app
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand over."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = False

        async def noting(message: Message) -> None:
            nonlocal began
            began = began or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, noting)
        except Exception as exc:
            if began:
                raise  # half an answer is out: only closing the connection tells it
            more = masked(exc, scope["path"])
            answer = failure(MASKED_MESSAGE, 500, self._clock.now_ms(), more)
            await answer(scope, receive, send)
