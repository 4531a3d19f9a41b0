"""What we override or read of libraries, by name: an upgrade that moves it fails."""

import inspect
from types import SimpleNamespace
from typing import Any

import pytest
from graphql import GraphQLSchema, build_schema, parse
from graphql.execution import Executor, create_source_event_stream
from strawberry.asgi import GraphQL
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.types.field import StrawberryField
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import (
    HttpToolsProtocol,
    RequestResponseCycle,
)
from uvicorn.protocols.websockets.websockets_sansio_impl import (
    WebSocketsSansIOProtocol,
)
from uvicorn.server import ServerState
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Frame
from websockets.server import ServerProtocol

from api.endpoint import GraphQLEndpoint
from api.event_executor import EventExecutor
from api.view import GraphQLView
from app.http_bound import BoundedHttpProtocol
from app.http_protocol import HttpProtocol
from app.socket_protocol import SocketProtocol

PROTOCOL_METHODS = {
    "connection_lost": ["self", "exc"],
    "data_received": ["self", "data"],
    "handle_close": ["self", "event"],
    "handle_connect": ["self", "event"],
    "handle_events": ["self"],
    "handle_parser_exception": ["self"],
    "keepalive_timeout": ["self"],
    "pause_writing": ["self"],
    "resume_writing": ["self"],
    "schedule_ping": ["self"],
    "send_keepalive_ping": ["self"],
    "send_receive_event_to_app": ["self"],
    "shutdown": ["self"],
    "start_keepalive": ["self"],
    "stop_keepalive": ["self"],
}
HTTP_METHODS = {
    "_start_asgi_task": ["self", "cycle", "app"],
    "_unset_keepalive_if_required": ["self"],
    "_unsupported_upgrade_warning": ["self"],
    "connection_lost": ["self", "exc"],
    "connection_made": ["self", "transport"],
    "data_received": ["self", "data"],
    "handle_websocket_upgrade": ["self"],
    "on_header": ["self", "name", "value"],
    "on_headers_complete": ["self"],
    "on_message_begin": ["self"],
    "on_message_complete": ["self"],
    "pause_writing": ["self"],
    "resume_writing": ["self"],
    "send_400_response": ["self", "msg"],
    "timeout_keep_alive_handler": ["self"],
}
HTTP_STATE = (
    "client",
    "cycle",
    "flow",
    "headers",
    "loop",
    "pipeline",
    "server_state",
    "timeout_keep_alive",
    "timeout_keep_alive_task",
    "transport",
)
PROTOCOL_STATE = (
    "close_sent",
    "close_timer",
    "conn",
    "curr_msg_data_type",
    "disconnected",
    "frames",
    "handshake_complete",
    "handshake_initiated",
    "loop",
    "pending_ping_payload",
    "ping_timer",
    "pong_timer",
    "transport",
    "writable",
)


def arguments(function: Any) -> list[str]:
    return list(inspect.signature(function).parameters)


@pytest.mark.parametrize(("name", "expected"), sorted(PROTOCOL_METHODS.items()))
def test_uvicorns_protocol_has_the_method(name: str, expected: list[str]) -> None:
    assert arguments(getattr(WebSocketsSansIOProtocol, name)) == expected


@pytest.mark.parametrize(("name", "expected"), sorted(HTTP_METHODS.items()))
def test_uvicorns_http_protocol_has_the_method(name: str, expected: list[str]) -> None:
    assert arguments(getattr(HttpToolsProtocol, name)) == expected


def test_we_override_no_other_method_of_uvicorns_http_protocol() -> None:
    own = vars(HttpProtocol) | vars(BoundedHttpProtocol)
    ours = {name for name in own if not name.startswith("__")}
    theirs = {name for name in dir(HttpToolsProtocol) if name[:2] != "__"}
    assert ours & theirs <= HTTP_METHODS.keys()


def test_uvicorns_http_protocol_puts_the_newest_request_first() -> None:
    source = inspect.getsource(HttpToolsProtocol)
    assert "self.pipeline.appendleft((self.cycle, app))" in source
    assert "cycle, app = self.pipeline.pop()" in source


async def test_uvicorns_http_protocol_keeps_the_state_that_we_read() -> None:
    async def app(_scope: Any, _receive: Any, _send: Any) -> None:
        """Answer nobody."""

    config = Config(app, log_config=None)
    config.load()
    protocol = HttpToolsProtocol(config, ServerState(), {})
    missing = [name for name in HTTP_STATE if not hasattr(protocol, name)]
    assert missing == []
    assert protocol.server_state.default_headers == []
    assert protocol.server_state.total_requests == 0


def test_uvicorns_request_keeps_the_state_that_we_read_and_set() -> None:
    given: dict[str, Any] = dict.fromkeys(arguments(RequestResponseCycle)[:11])
    cycle = RequestResponseCycle(**{**given, "keep_alive": True})
    assert (cycle.more_body, cycle.response_started) == (True, False)
    assert (cycle.response_complete, cycle.disconnected) == (False, False)
    assert cycle.keep_alive


def test_we_override_no_other_method_of_uvicorns_protocol() -> None:
    ours = {name for name in vars(SocketProtocol) if not name.startswith("__")}
    theirs = {name for name in dir(WebSocketsSansIOProtocol) if name[:2] != "__"}
    assert ours & theirs <= PROTOCOL_METHODS.keys()


async def test_uvicorns_protocol_keeps_the_state_that_we_read() -> None:
    async def app(_scope: Any, _receive: Any, _send: Any) -> None:
        """Answer nobody."""

    config = Config(app, ws_per_message_deflate=False, log_config=None)
    config.load()
    protocol = WebSocketsSansIOProtocol(config, ServerState(), {})
    missing = [name for name in PROTOCOL_STATE if not hasattr(protocol, name)]
    assert missing == []
    assert isinstance(protocol.conn, ServerProtocol)
    assert protocol.conn.available_extensions == []


@pytest.mark.parametrize(
    "name",
    ["accept", "data_to_send", "extensions", "parser", "send_close", "send_response"],
)
def test_the_servers_side_of_websockets_has(name: str) -> None:
    server = ServerProtocol()
    assert hasattr(server, name)


def test_a_frame_tells_its_data_and_whether_it_is_the_last() -> None:
    assert {"data", "fin", "opcode"} <= set(Frame.__dataclass_fields__)


def test_an_agreed_window_can_be_read() -> None:
    deflate = PerMessageDeflate(True, True, 15, 9)
    assert deflate.local_max_window_bits == 9


def test_a_source_that_is_only_iterable_is_returned_as_it_is() -> None:
    class Source:
        def __aiter__(self) -> Any:
            raise AssertionError("nobody iterates it here")

    source = Source()
    schema: GraphQLSchema = build_schema(
        "type Query { a: Int } type Subscription { a: Int }"
    )
    field = schema.subscription_type
    assert field is not None
    field.fields["a"].subscribe = lambda *_: source
    executor = Executor.build(schema, parse("subscription { a }"))
    assert isinstance(executor, Executor)
    assert create_source_event_stream(executor) is source


@pytest.mark.parametrize(
    "name", ["build_per_event_executor", "complete_list_value", "execute_operation"]
)
def test_the_executor_has_what_events_are_executed_with(name: str) -> None:
    assert hasattr(StrawberryGraphQLCoreExecutionContext, name)
    assert issubclass(EventExecutor, StrawberryGraphQLCoreExecutionContext)


VIEW_METHODS = {
    "create_response": ["self", "response_data", "sub_response"],
    "get_context": ["self", "request", "response"],
    "get_sub_response": ["self", "request"],
    "parse_http_body": ["self", "request"],
    "process_result": ["self", "request", "result"],
    "should_render_graphql_ide": ["self", "request"],
}


@pytest.mark.parametrize(("name", "expected"), sorted(VIEW_METHODS.items()))
def test_the_view_has_what_the_endpoint_overrides(
    name: str, expected: list[str]
) -> None:
    assert name in vars(GraphQLView)
    assert arguments(getattr(GraphQL, name)) == expected


def test_we_override_nothing_else_of_the_view() -> None:
    ours = {
        name
        for made in (GraphQLView, GraphQLEndpoint)
        for name in vars(made)
        if not name.startswith("__")
    }
    ours -= {"_abc_impl", "_is_protocol"}
    theirs = set(dir(GraphQL))
    assert ours & theirs == {*VIEW_METHODS, "request_adapter_class"}


def test_the_view_runs_a_request_by_its_hooks() -> None:
    assert arguments(GraphQL.run) == ["self", "request", "context", "root_value"]


def test_a_field_tells_its_resolver_and_its_metadata() -> None:
    field = StrawberryField(python_name="x", metadata={"kimp": True})
    assert field.base_resolver is None
    assert SimpleNamespace(**dict(field.metadata)).kimp
