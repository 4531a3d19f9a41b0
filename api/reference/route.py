"""The routes of the documents: read and made once, then answered with a validator."""

import re
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from api.answer import failure
from api.deps import ApiDeps
from api.limit import MAX_SEARCH
from api.reference.example import clients, examples
from api.reference.frame import HEADERS
from api.reference.guide import USUAL
from api.reference.guide_page import guide_page
from api.reference.llms import llms_text
from api.reference.page import reference_page
from api.text_answer import HTML, TEXT, text_answer

MARKDOWN: Final = "text/markdown; charset=utf-8"

MAX_HOST: Final = 255
"""Characters of a `Host` that is repeated in texts; a longer one is not."""

_HOST: Final = re.compile(r"[A-Za-z0-9._-]+(:\d{1,5})?|\[[0-9A-Fa-f:.]+\](:\d{1,5})?")


class Documents:
    """What people and language models read: guide, reference, llms.txt, examples."""

    def __init__(self, deps: ApiDeps) -> None:
        self._deps = deps

    def routes(self) -> list[BaseRoute]:
        """Return the routes."""
        return [
            Route("/docs", self.guide),
            Route("/docs/reference", self.reference),
            Route("/docs/example/{name}", self.example),
            Route("/llms.txt", self.llms),
        ]

    async def guide(self, request: Request) -> Response:
        """Return the guide."""
        text = await run_in_threadpool(
            guide_page,
            self._deps.limits,
            base_of(request),
            graphiql=self._deps.graphiql,
            key_needed=self._deps.access.required,
        )
        return text_answer(request, text, HTML, HEADERS)

    async def reference(self, request: Request) -> Response:
        """Return the reference, or what a search finds in it."""
        text = await run_in_threadpool(self._reference, request)
        return text_answer(request, text, HTML, HEADERS)

    def _reference(self, request: Request) -> str:
        query = request.query_params.get("q", "")[:MAX_SEARCH]
        graphiql = self._deps.graphiql
        return reference_page(query, graphiql=graphiql, examples=examples())

    async def llms(self, request: Request) -> Response:
        """Return the text for language models."""
        text = await run_in_threadpool(
            llms_text,
            self._deps.limits,
            base_of(request),
            key_needed=self._deps.access.required,
        )
        return text_answer(request, text, MARKDOWN)

    async def example(self, request: Request) -> Response:
        """Return a program to copy; 404 for what is none."""
        found = await run_in_threadpool(clients)
        text = found.get(request.path_params["name"])
        if text is None:
            message = "there is no example of this name"
            return failure(message, 404, self._deps.clock.now_ms())
        return text_answer(request, text, TEXT)


def base_of(request: Request) -> str:
    """Return the address that was asked, as its caller knows it; never what is odd."""
    host = request.headers.get("host", "")
    if len(host) > MAX_HOST or _HOST.fullmatch(host) is None:
        return USUAL
    prefix = str(request.scope.get("root_path", "")).rstrip("/")
    return f"{request.url.scheme}://{host}{prefix}"
