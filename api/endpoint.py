"""`/graphql`: one address for the page, queries, event streams and sockets.

The library's view runs operations, sockets and streams; what it has no setting for is
overridden here: negotiation, failures as JSON, bounds, and the page.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from cross_web import (
    AsyncHTTPRequestAdapter,
    HTTPException,
    StarletteRequestAdapter,
)
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.http import GraphQLHTTPResponse, GraphQLRequestData
from strawberry.subscriptions import GRAPHQL_SSE_PROTOCOL
from strawberry.types import ExecutionResult

from api.accept import Form, choose, prefers_page, ranked
from api.answer import failure, json_answer
from api.body import decode_json, read_request
from api.context import ApiContext
from api.deps import ApiDeps
from api.error import MASKED_MESSAGE, masked
from api.graphiql import PAGE_HEADERS, graphiql_page
from api.live.asgi import serve_socket
from api.live.conversation import Conversation, Sockets
from api.live.engine import LiveEngine
from api.live.wire import Wire
from api.measure import WEBSOCKET
from api.origin import is_allowed
from api.schema import ApiSchema, api_schema
from api.stream import EventStream

_NOT_ALLOWED = "pages of this origin may not call; see KIMP_HTTP__ALLOWED_ORIGINS"
_NO_STREAM = (
    "a subscription needs a stream: WebSocket (graphql-transport-ws), or "
    "Accept: text/event-stream"
)
_NO_FORM = (
    "Accept must allow application/graphql-response+json, application/json or "
    "text/event-stream"
)


class RequestAdapter(StarletteRequestAdapter):
    """The library's view of a request, with the request itself at hand."""

    def __init__(self, request: Request) -> None:
        super().__init__(request)
        self.request = request


class GraphQLEndpoint(GraphQL[ApiContext, None]):
    """The ASGI application behind `/graphql`."""

    schema: ApiSchema
    request_adapter_class = RequestAdapter
    stream_transport_classes_by_protocol = {GRAPHQL_SSE_PROTOCOL: EventStream}  # noqa: RUF012 (the library's class attribute)

    def __init__(self, deps: ApiDeps) -> None:
        super().__init__(
            api_schema(),
            subscription_protocols=(GRAPHQL_SSE_PROTOCOL,),
            allowed_origins=deps.allowed_origins,
        )
        self._deps = deps
        engine = LiveEngine(self.schema, deps.board, deps.clock, deps.traffic)
        deps.traffic.live = engine
        self.sockets = Sockets(self.schema, engine, ApiContext(deps, WEBSOCKET))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request or a socket."""
        if scope["type"] == "websocket":
            socket = WebSocket(scope, receive, send)
            if self.may_talk(socket.headers):
                await serve_socket(socket, self.sockets)
            else:
                await socket.close()
            return
        request = Request(scope, receive)
        response = await self._answer(request)
        await response(scope, receive, send)

    def may_talk(self, headers: Mapping[str, str]) -> bool:
        """Whether a handshake's Origin may open a socket; names in lower case."""
        return is_allowed(headers, self.allowed_origins)

    def converse(self, wire: Wire, parent: str | None) -> Conversation:
        """Begin the conversation of a socket; `parent` is its `traceparent`."""
        return Conversation(self.sockets, wire, parent)

    async def _answer(self, request: Request) -> Response:
        now_ms = self._deps.clock.now_ms()
        try:
            if not is_allowed(request.headers, self.allowed_origins):
                return failure(_NOT_ALLOWED, 403, now_ms)
            return await self.run(request)
        except HTTPException as exc:
            return failure(exc.reason, exc.status_code, now_ms)
        except ClientDisconnect:
            return Response(status_code=400)  # nobody reads it
        except Exception as exc:  # noqa: BLE001 (masked and logged, as everywhere)
            return failure(MASKED_MESSAGE, 500, now_ms, masked(exc, request.url.path))

    async def get_context(
        self, request: Request | WebSocket, response: Response | WebSocket
    ) -> ApiContext:
        """Return the context of operations; it holds nothing of its socket."""
        return ApiContext(self._deps, "http", request.headers.get("traceparent"))

    async def get_sub_response(self, request: Request | WebSocket) -> Response:
        """Return the carrier of the answer's media type."""
        carrier = await super().get_sub_response(request)
        form = choose(_wanted(request.headers), subscription=False)
        carrier.media_type = (form or Form.JSON).value
        return carrier

    async def parse_http_body(
        self, request: AsyncHTTPRequestAdapter
    ) -> GraphQLRequestData:
        """Return the operation, with the protocol of its answer."""
        if not isinstance(request, RequestAdapter):
            raise TypeError(type(request).__name__)
        sent = await read_request(request.request)
        streams = self.schema.is_subscription(sent.query or "", sent.operation_name)
        form = choose(_wanted(request.headers), subscription=streams)
        if form is None:
            raise HTTPException(406, _NO_STREAM if streams else _NO_FORM)
        if form is Form.EVENT_STREAM:
            sent.protocol = "sse"
        return sent

    async def process_result(
        self, request: Request, result: ExecutionResult
    ) -> GraphQLHTTPResponse:
        """Return an answer; one to a request that never ran has no `data`."""
        errors = result.errors or []
        answer: GraphQLHTTPResponse = {}
        if result.data is not None or any(error.path for error in errors):
            answer["data"] = result.data
        if errors:
            answer["errors"] = [error.formatted for error in errors]
        answer["extensions"] = result.extensions
        return answer

    def create_response(
        self,
        response_data: GraphQLHTTPResponse | list[GraphQLHTTPResponse],
        sub_response: Response,
    ) -> Response:
        """Write an answer in the form that was asked for."""
        media = sub_response.media_type or Form.JSON.value
        ran = "data" in response_data or media == Form.JSON.value
        return json_answer(
            response_data,
            200 if ran else 400,
            media,
            Cache_Control="no-store",
            Vary="Accept",
        )

    def decode_json(self, data: str | bytes) -> object:
        """Read a socket's message."""
        return decode_json(data)

    def encode_json(self, data: object) -> str:
        """Write a message or event; sockets carry text, not bytes."""
        return msgspec.json.encode(data).decode()

    def should_render_graphql_ide(self, request: Any) -> bool:  # noqa: ANN401 (the library's private protocol)
        """Whether a person asks."""
        if request.method != "GET" or not self._deps.graphiql:
            return False
        return prefers_page(_wanted(request.headers))

    async def render_graphql_ide(self, request: Request) -> Response:
        """Return GraphiQL."""
        return await page()


async def page() -> Response:
    """Return the GraphiQL page; its parts are read from files."""
    return HTMLResponse(await run_in_threadpool(graphiql_page), headers=PAGE_HEADERS)


def _wanted(headers: Mapping[str, str]) -> list[str]:
    return ranked(headers.get("accept", ""))
