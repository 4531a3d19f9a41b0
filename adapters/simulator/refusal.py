"""Requests a venue refuses, and the answer they get."""

from collections.abc import Callable

from aiohttp import web
from aiohttp.typedefs import Middleware

from adapters.simulator.answer import Handler, json_answer

BAD_REQUEST, NOT_FOUND = 400, 404
ErrorBody = Callable[[int, str], bytes]
"""Writes a venue's error code and words as it does."""


class RefusedQuery(Exception):
    """A request the venue refuses: its error code, its words, the HTTP status."""

    def __init__(self, code: int, message: str, status: int = BAD_REQUEST) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


def refusing(error: ErrorBody) -> Middleware:
    """Return a middleware that turns refusals into a venue's error body."""

    @web.middleware
    async def refuse(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except RefusedQuery as exc:
            return json_answer(error(exc.code, exc.message), exc.status)

    return refuse
