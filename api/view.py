"""The library's view, which executes plain operations, and what it is told otherwise.

What it has no setting for is overridden: an operation is read and negotiated before it
is asked for here, and answered with our statuses and headers.
"""

from collections.abc import Mapping
from typing import cast

from cross_web import AsyncHTTPRequestAdapter, StarletteRequestAdapter
from starlette.requests import Request
from starlette.responses import Response
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.http import GraphQLHTTPResponse, GraphQLRequestData
from strawberry.types import ExecutionResult

from api.answer import cacheable, reply, shaped, top_level
from api.asking import Ask
from api.caching import cache_control, is_settled
from api.context import ApiContext
from api.deps import ApiDeps
from api.direct.answering import Answering
from api.document import prepare
from api.measure import HTTP
from api.schema import ApiSchema, api_schema


class RequestAdapter(StarletteRequestAdapter):
    """The library's view of a request, with the request itself at hand."""

    def __init__(self, request: Request) -> None:
        super().__init__(request)
        self.request = request


class Carrier(Response):
    """The library's way from a request to its answer."""

    def __init__(self, request: Request | WebSocket) -> None:
        super().__init__()
        self.request = cast("Request", request)


class GraphQLView(GraphQL[ApiContext, None]):
    """Executes an operation that was read before, and writes its answer."""

    schema: ApiSchema
    request_adapter_class = RequestAdapter

    def __init__(self, deps: ApiDeps) -> None:
        super().__init__(
            api_schema(),
            # Sockets and streams are our own.
            subscription_protocols=(),
            allowed_origins=deps.allowed_origins,
        )
        self._deps = deps
        self.answers = Answering(deps, self.schema)

    async def execute(self, request: Request, asked: Ask) -> Response:
        """Return the answer to a plain operation."""
        request.state.ask = asked
        return await self.run(request)

    def context_of(self, request: Request, asked: Ask, transport: str) -> ApiContext:
        """Return the context of an operation; it holds nothing of its request."""
        return ApiContext(
            self._deps,
            transport,
            request.headers.get("traceparent"),
            caller=asked.caller,
            dry_run=asked.dry_run,
            answers=self.answers,
        )

    async def get_context(
        self, request: Request | WebSocket, response: Response | WebSocket
    ) -> ApiContext:
        """Return the context of the operation that was read."""
        plain = cast("Request", request)
        return self.context_of(plain, plain.state.ask, HTTP)

    async def get_sub_response(self, request: Request | WebSocket) -> Response:
        """Return what takes the request along to its answer."""
        return Carrier(request)

    async def parse_http_body(
        self, request: AsyncHTTPRequestAdapter
    ) -> GraphQLRequestData:
        """Return the operation, which was read before."""
        if not isinstance(request, RequestAdapter):
            raise TypeError(type(request).__name__)
        asked: Ask = request.request.state.ask
        sent = asked.sent
        return GraphQLRequestData(
            asked.query, sent.variables, sent.operation_name, sent.extensions
        )

    def should_render_graphql_ide(self, request: object) -> bool:
        """The page was sent before."""
        return False

    async def process_result(
        self, request: Request, result: ExecutionResult
    ) -> GraphQLHTTPResponse:
        """Return an answer; one to a request that never ran has no `data`."""
        return cast("GraphQLHTTPResponse", shaped(result))

    def create_response(
        self,
        response_data: GraphQLHTTPResponse | list[GraphQLHTTPResponse],
        sub_response: Response,
    ) -> Response:
        """Write an answer in the form that was asked for."""
        if not isinstance(sub_response, Carrier):
            raise TypeError(type(sub_response).__name__)
        request, answer = sub_response.request, cast("dict[str, object]", response_data)
        asked: Ask = request.state.ask
        profile = self._deps.status_profile
        found = reply(answer, asked.form, profile, parsed=asked.parsed)
        if request.method == "GET":
            known = request.headers.get("if-none-match")
            found = cacheable(found, answer, known, self._freshness(asked, answer))
        return found.response()

    def _freshness(self, asked: Ask, answer: Mapping[str, object]) -> str:
        """Return the Cache-Control of a good answer to GET."""
        deps, sent = self._deps, asked.sent
        data = top_level(answer.get("data"))
        document = prepare(self.schema.core, asked.query, deps.limits).document
        name, now_ms = sent.operation_name, deps.clock.now_ms()
        settled = is_settled(document, name, sent.variables, data, now_ms)
        private = asked.caller.key is not None or deps.access.required
        return cache_control(settled=settled, private=private)
