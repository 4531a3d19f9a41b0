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
from uvicorn.protocols.websockets.websockets_sansio_impl import (
    WebSocketsSansIOProtocol,
)
from uvicorn.server import ServerState
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Frame
from websockets.server import ServerProtocol

from api.endpoint import GraphQLEndpoint
from api.event_executor import EventExecutor
from app.socket_protocol import SocketProtocol

PROTOCOL_METHODS = {
    "connection_lost": ["self", "exc"],
    "handle_close": ["self", "event"],
    "handle_connect": ["self", "event"],
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


@pytest.mark.parametrize(
    "name",
    [
        "create_response",
        "decode_json",
        "encode_json",
        "get_context",
        "get_sub_response",
        "parse_http_body",
        "process_result",
        "render_graphql_ide",
        "should_render_graphql_ide",
        "stream_transport_classes_by_protocol",
    ],
)
def test_the_view_has_what_the_endpoint_overrides(name: str) -> None:
    assert name in vars(GraphQLEndpoint)
    assert any(name in vars(base) for base in GraphQL.__mro__)


def test_a_field_tells_its_resolver_and_its_metadata() -> None:
    field = StrawberryField(python_name="x", metadata={"kimp": True})
    assert field.base_resolver is None
    assert SimpleNamespace(**dict(field.metadata)).kimp
