"""`/graphql`: one address for the page, queries, event streams and sockets.

It decides what is asked for, refuses what may not be asked, and hands plain operations
to the library's view (`api.view`), the others to streams and conversations of our own.
"""

from collections.abc import Mapping

from cross_web import HTTPException
from graphql import GraphQLError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, HTTPConnection, Request
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.types.execution import PreExecutionError

from api.accept import Form, wanted
from api.access import AccessRefused
from api.answer import METHODS, failure, reply, shaped
from api.asking import Ask, ask, caller_in, is_dry_run
from api.body import Malformed, TooLarge, read_request
from api.context import ApiContext
from api.deps import ApiDeps
from api.direct.exchange import Exchange
from api.error import MASKED_MESSAGE, masked
from api.graphiql import PAGE_HEADERS, graphiql_page
from api.live.asgi import serve_socket
from api.live.conversation import Conversation, Sockets
from api.live.engine import LiveEngine
from api.live.guest import Guest, guest_of
from api.live.listening import EventResponse, Listening
from api.live.question import Question
from api.live.seat import too_many_subscriptions
from api.live.wire import Wire
from api.measure import EVENT_STREAM, HTTP, MULTIPART, WEBSOCKET
from api.multipart import MultipartStream
from api.origin import is_allowed, is_forged
from api.schema import finished
from api.status import unprocessable
from api.stream import LAST_EVENT, EventStream, Framing, has_ended
from api.view import GraphQLView

_NOT_ALLOWED = "pages of this origin may not call; see KIMP_HTTP__ALLOWED_ORIGINS"
_FORGED = (
    "a GET with cookies needs the header GraphQL-Require-Preflight: without it another "
    "site's page could have sent it"
)
_NO_METHOD = "GraphQL is asked by GET or POST"


class GraphQLEndpoint(GraphQLView):
    """The ASGI application behind `/graphql`."""

    def __init__(self, deps: ApiDeps) -> None:
        super().__init__(deps)
        self.exchange = Exchange(deps, self.answers)
        self.engine = LiveEngine(self.schema, deps.board, deps.clock, deps.traffic)
        deps.traffic.live = self.engine
        context = ApiContext(deps, WEBSOCKET, answers=self.answers)
        self.sockets = Sockets(self.schema, self.engine, context)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request or a socket."""
        if scope["type"] == "websocket":
            socket = WebSocket(scope, receive, send)
            if self.may_talk(socket.headers):
                await serve_socket(socket, self.sockets, self._guest(socket))
            else:
                await socket.close()
            return
        request = Request(scope, receive)
        answer = await self._answer(request)
        await answer(scope, receive, send)

    def may_talk(self, headers: Mapping[str, str]) -> bool:
        """Whether a handshake's Origin may open a socket; names in lower case."""
        return is_allowed(headers, self.allowed_origins)

    def converse(
        self, wire: Wire, headers: Mapping[str, str], peer: str
    ) -> Conversation | None:
        """Begin the conversation of a socket; None: its address has too many.

        `headers` are the handshake's by lower-case name, lines of one name joined by
        commas; `peer` is the connection's address.
        """
        return self.sockets.open(wire, guest_of(headers, peer, self._deps))

    def _guest(self, socket: WebSocket) -> Guest:
        return guest_of(named(socket.headers), peer_of(socket), self._deps)

    async def _answer(self, request: Request) -> ASGIApp:
        try:
            return await self._served(request)
        except HTTPException as exc:
            status = exc.status_code
            if isinstance(exc, Malformed):
                status = unprocessable(self._deps.status_profile)
            told: dict[str, object] = {}
            if isinstance(exc, TooLarge):
                self._deps.traffic.refuse(exc.bound)
                told = {"limit": exc.bound.value, "maximum": exc.allowed}
            return self._failure(request, exc.reason, status, told)
        except AccessRefused as exc:
            more = {"code": exc.code.value}
            return self._failure(request, str(exc), exc.status, more, exc.headers)
        except ClientDisconnect:
            return Response(status_code=400)  # nobody reads it
        except Exception as exc:  # noqa: BLE001 (masked and logged, as everywhere)
            told = masked(exc, request.url.path)
            return self._failure(request, MASKED_MESSAGE, 500, told)

    async def _served(self, request: Request) -> ASGIApp:
        if not is_allowed(request.headers, self.allowed_origins):
            raise HTTPException(403, _NOT_ALLOWED)
        if request.method not in METHODS:
            raise HTTPException(405, _NO_METHOD)
        accepted = wanted(request.headers.get("accept"))
        if request.method == "GET":
            if self._deps.graphiql and accepted.page:
                return await page()
            if is_forged(request.headers):
                raise HTTPException(403, _FORGED)
            if has_ended(request.headers.get(LAST_EVENT)):
                return Response(status_code=204)
        caller = caller_in(named(request.headers), peer_of(request), self._deps)
        sent = await read_request(request, self._deps.limits)
        dry_run = is_dry_run(request.headers)
        asked = ask(
            self.schema.core, self._deps, caller, sent, accepted, dry_run=dry_run
        )
        if asked.form.streams:
            return self._events(request, asked)
        if asked.refusal is not None:
            context = self.context_of(request, asked, HTTP)
            return self._refused(request, asked.refusal, context)
        return await self.execute(request, asked)

    def _failure(
        self,
        request: Request,
        message: str,
        status: int,
        more: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        form = wanted(request.headers.get("accept")).failure
        now_ms = self._deps.clock.now_ms()
        return failure(message, status, now_ms, more, form, headers)

    def _events(self, request: Request, asked: Ask) -> ASGIApp:
        """Return the stream of an operation's results."""
        is_sse = asked.form is Form.EVENT_STREAM
        context = self.context_of(request, asked, EVENT_STREAM if is_sse else MULTIPART)
        guard, caller = self._deps.guard, asked.caller
        if asked.lasts and not guard.open_subscription(caller):
            return self._refused(request, too_many_subscriptions(context), context)

        def release() -> None:
            if asked.lasts:
                guard.close_subscription(caller)

        last = request.headers.get(LAST_EVENT)
        framing: Framing = EventStream(last) if is_sse else MultipartStream()
        sent = asked.sent
        question = Question(
            asked.query, sent.variables, sent.operation_name, asked.refusal
        )
        listening = Listening(self.engine, self.schema, context, question)
        seq = self._deps.board.board.seq
        return EventResponse(listening, framing, seq, release)

    def _refused(
        self, request: Request, error: GraphQLError, context: ApiContext
    ) -> Response:
        """Answer an operation that is not even begun."""
        form = wanted(request.headers.get("accept")).failure
        result = finished(PreExecutionError(None, [error]), context)
        return reply(shaped(result), form, self._deps.status_profile).response()


async def page() -> Response:
    """Return the GraphiQL page; its parts are read from files."""
    return HTMLResponse(await run_in_threadpool(graphiql_page), headers=PAGE_HEADERS)


def named(headers: Headers) -> Mapping[str, str]:
    """Return headers by lower-case name; several of one name are joined by commas."""
    found: dict[str, str] = {}
    for name, value in headers.items():
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found


def peer_of(connection: HTTPConnection) -> str:
    """Return a connection's address, empty where it has none."""
    return "" if connection.client is None else connection.client.host
