"""GraphQL over WebSocket: what the library's handler leaves open.

Source: PROTOCOL.md of graphql-ws (sub-protocol `graphql-transport-ws`). A message of
a wrong shape closes the socket with 4400; the library would die of it.
"""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, cast

from starlette.websockets import WebSocket
from strawberry.asgi import ASGIWebSocketAdapter
from strawberry.http.exceptions import WebSocketDisconnected
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import (
    BaseGraphQLTransportWSHandler,
    Operation,
)
from strawberry.subscriptions.protocols.graphql_transport_ws.types import (
    ConnectionInitMessage,
    Message,
    SubscribeMessage,
)

from api.context import ApiContext
from api.error import ErrorCode
from api.limit import MAX_OPERATION_ID, MAX_OPERATIONS_PER_SOCKET
from api.request_id import bind_request_id
from api.traffic import Traffic

# A close frame carries 125 bytes, two of them the code (RFC 6455, section 5.5).
_MAX_REASON_BYTES = 123


class SocketAdapter(ASGIWebSocketAdapter):
    """Closes at most once, and with a reason that fits its frame."""

    def __init__(
        self,
        view: Any,  # noqa: ANN401 (the library's views have no common type)
        request: WebSocket,
        response: WebSocket,
    ) -> None:
        super().__init__(view, request, response)
        self._traffic = cast("Traffic", view.traffic)

    async def close(self, code: int, reason: str) -> None:
        """Close; what has been closed stays so."""
        cut = reason.encode()[:_MAX_REASON_BYTES].decode(errors="ignore")
        # Raised where the other side, or another operation, was faster.
        with suppress(RuntimeError, WebSocketDisconnected):
            await super().close(code, cut)
            self._traffic.closes[str(code)] += 1


class SocketHandler(BaseGraphQLTransportWSHandler[ApiContext, None]):
    """One socket's conversation."""

    async def handle(self) -> None:
        """Converse until one of the two leaves."""
        with self.context.deps.traffic.socket():
            await super().handle()

    async def run_operation(self, operation: Operation[ApiContext, None]) -> None:
        """Run an operation, in the task that is its own, under an ID of its own."""
        bind_request_id()
        await super().run_operation(operation)

    async def handle_message(self, message: Message) -> None:
        """Take a message of the right shape."""
        problem = _problem(message)
        if problem is None:
            await super().handle_message(message)
        else:
            await self.handle_invalid_message(problem)

    async def handle_connection_init(self, message: ConnectionInitMessage) -> None:
        """Begin; a payload of null is none."""
        if message.get("payload") is None:
            message = {"type": "connection_init"}
        await super().handle_connection_init(message)

    async def handle_subscribe(self, message: SubscribeMessage) -> None:
        """Start an operation, unless too many run."""
        known = message["id"] in self.operations
        full = len(self.operations) >= MAX_OPERATIONS_PER_SOCKET
        if self.connection_acknowledged and full and not known:
            self.context.deps.traffic.errors[ErrorCode.RATE_LIMITED.value] += 1
            text = f"at most {MAX_OPERATIONS_PER_SOCKET} operations run on one socket"
            error = {
                "message": text,
                "extensions": {"code": ErrorCode.RATE_LIMITED.value},
            }
            await self.send_message(
                {"id": message["id"], "type": "error", "payload": [cast("Any", error)]}
            )
            return
        await super().handle_subscribe(message)


def _problem(message: object) -> str | None:
    """Say what is wrong with a message's shape."""
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        return "a message must be an object with a type"
    if message["type"] not in ("subscribe", "complete"):
        return None
    name = message.get("id")
    if not isinstance(name, str) or not 1 <= len(name) <= MAX_OPERATION_ID:
        return f"id must be a string of 1 to {MAX_OPERATION_ID} characters"
    if message["type"] == "subscribe":
        return _payload_problem(message.get("payload"))
    return None


def _payload_problem(payload: object) -> str | None:
    if not isinstance(payload, Mapping) or not isinstance(payload.get("query"), str):
        return "payload must be an object with a query"
    if not isinstance(payload.get("variables"), dict | None):
        return "variables must be an object"
    if not isinstance(payload.get("operationName"), str | None):
        return "operationName must be a string"
    return None
