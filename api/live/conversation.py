"""The conversation of one socket: graphql-transport-ws as a state machine.

Source: PROTOCOL.md of graphql-ws. It reads no socket and waits for none: who drives it
gives it messages (`receive`), tells when the socket has room again (`resumed`) and when
it is gone (`close`). A mistake in the protocol closes the socket with its code; a
mistake in an operation is that operation's `error`, and the others live on.
"""

import asyncio
import json
import logging
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from strawberry.types.execution import PreExecutionError

from api.answer import event_json
from api.body import decode_json
from api.context import ApiContext
from api.error import ErrorCode
from api.limit import (
    CONNECTION_INIT_TIMEOUT_S,
    MAX_OPERATION_ID,
    MAX_OPERATIONS_PER_SOCKET,
)
from api.live.engine import LiveEngine
from api.live.group import Member
from api.live.payload import head_of
from api.live.wire import Wire
from api.measure import WEBSOCKET, trace_joined
from api.request_id import bind_request_id
from api.schema import ApiSchema
from api.traffic import OK

PROTOCOL: Final = "graphql-transport-ws"

# A close frame carries 125 bytes, two of them the code (RFC 6455, section 5.5).
_MAX_REASON_BYTES: Final = 123
_ACK: Final = b'{"type":"connection_ack"}'
_PONG: Final = b'{"type":"pong"}'

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Sockets:
    """What all conversations of a process share."""

    schema: ApiSchema
    engine: LiveEngine
    context: ApiContext


class Conversation:
    """One socket's, from the handshake to its end."""

    __slots__ = (
        "_acknowledged",
        "_context",
        "_ended",
        "_operations",
        "_shared",
        "_timer",
        "wire",
    )

    def __init__(self, shared: Sockets, wire: Wire, parent: str | None = None) -> None:
        self._shared = shared
        self.wire = wire
        self._context = shared.context if parent is None else _child(shared, parent)
        self._operations: dict[str, Member | asyncio.Task[None]] = {}
        self._acknowledged = False
        self._ended = False
        shared.context.deps.traffic.socket_opened()
        self._timer: asyncio.TimerHandle | None = asyncio.get_running_loop().call_later(
            CONNECTION_INIT_TIMEOUT_S, self._late
        )

    @property
    def operations(self) -> int:
        """How many operations run."""
        return len(self._operations)

    def receive(self, text: str | bytes) -> None:
        """Take a message."""
        if self._ended:
            return
        try:
            message = decode_json(text)
        except json.JSONDecodeError:
            self.end(4400, "WebSocket message must be valid JSON")
            return
        problem = _problem(message)
        if problem is not None:
            self.end(4400, problem)
            return
        assert isinstance(message, dict)  # noqa: S101 (`_problem` says so)
        self._take(message)

    def resumed(self) -> None:
        """Hear that the socket has room again."""
        full = [m for m in self._operations.values() if isinstance(m, Member)]
        if full:
            self._shared.engine.resume(full)

    def complete(self, name: str) -> None:
        """End an operation whose stream has ended."""
        member = self._operations.pop(name, None)
        if isinstance(member, Member):
            self._count(member, -1)
            self.wire.say(_message(name, "complete"))

    def end(self, code: int, reason: str) -> None:
        """Close the socket with a code and a reason that fits its frame."""
        if self._ended:
            return
        cut = reason.encode()[:_MAX_REASON_BYTES].decode(errors="ignore")
        self._shared.context.deps.traffic.closes[str(code)] += 1
        self.close()
        self.wire.end(code, cut)

    def close(self) -> None:
        """Drop everything: the socket is gone."""
        if self._ended:
            return
        self._ended = True
        self._shared.context.deps.traffic.socket_closed()
        self._stop_timer()
        for name in list(self._operations):
            self._drop(name)

    def _late(self) -> None:
        self._timer = None
        self.end(4408, "Connection initialisation timeout")

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _take(self, message: Mapping[str, Any]) -> None:
        match message["type"]:
            case "connection_init":
                self._begin(message.get("payload"))
            case "ping":
                self.wire.say(_PONG)
            case "pong":
                pass
            case "subscribe":
                self._subscribe(message["id"], message["payload"])
            case "complete":
                self._drop(message["id"])
            case unknown:
                self.end(4400, f"Unknown message type: {unknown}")

    def _begin(self, payload: object) -> None:
        if not isinstance(payload, dict | None):
            self.end(4400, "Invalid connection init payload")
        elif self._timer is None:
            self.end(4429, "Too many initialisation requests")
        else:
            self._stop_timer()
            self._acknowledged = True
            self.wire.say(_ACK)

    def _subscribe(self, name: str, payload: Mapping[str, Any]) -> None:
        if not self._acknowledged:
            self.end(4401, "Unauthorized")
            return
        if name in self._operations:
            self.end(4409, f"Subscriber for {name} already exists")
            return
        if len(self._operations) >= MAX_OPERATIONS_PER_SOCKET:
            self._refuse(name)
            return
        query, operation = payload["query"], payload.get("operationName")
        variables = payload.get("variables")
        context = self._context.afresh()
        began_s = context.deps.clock.monotonic()
        member = self._shared.engine.join(
            self, name, query, variables, operation, context
        )
        if member is not None:
            self._operations[name] = member
            self._joined(member, context, began_s)
            return
        running = self._run(name, query, variables, operation)
        self._operations[name] = asyncio.get_running_loop().create_task(
            running, name="socket.operation"
        )

    def _joined(self, member: Member, context: ApiContext, began_s: float) -> None:
        """Count and trace a subscription that a group runs; its first event is out."""
        self._count(member, 1)
        context.subscribed()
        deps = context.deps
        seconds = deps.clock.monotonic() - began_s
        deps.traffic.operation("subscription", WEBSOCKET, OK, seconds)
        if deps.tracer.is_on:
            trace_joined(context, member.group.key.document, seconds)

    def _refuse(self, name: str) -> None:
        code = ErrorCode.RATE_LIMITED.value
        self._context.deps.traffic.errors[code] += 1
        text = f"at most {MAX_OPERATIONS_PER_SOCKET} operations run on one socket"
        error = {"message": text, "extensions": {"code": code}}
        self.wire.say(_message(name, "error", [error]))

    async def _run(
        self,
        name: str,
        query: str,
        variables: Mapping[str, Any] | None,
        operation: str | None,
    ) -> None:
        """Run an operation the ordinary way, in a task and under an ID of its own."""
        bind_request_id()
        try:
            results = await self._shared.schema.stream(
                query,
                variable_values=variables,
                context_value=self._context,
                operation_name=operation,
            )
            head, first = head_of(name), True
            async with aclosing(results):
                async for result in results:
                    if first and isinstance(result, PreExecutionError):
                        errors = [error.formatted for error in result.errors or ()]
                        self._finish(name, _message(name, "error", errors))
                        return
                    self.wire.say(head + event_json(result) + b"}")
                    first = False
                    # The next event is made when it can be sent: merged until then.
                    await self.wire.room()
            self._finish(name, _message(name, "complete"))
        except Exception:  # noqa: BLE001 (our own fault, logged: the socket lives on)
            _log.exception("socket.operation_failed")
            self._finish(name, _message(name, "complete"))

    def _finish(self, name: str, message: bytes) -> None:
        """Tell the end of an operation, unless the client has ended it already."""
        if self._operations.get(name) is asyncio.current_task():
            del self._operations[name]
            self.wire.say(message)

    def _drop(self, name: str) -> None:
        running = self._operations.pop(name, None)
        if isinstance(running, Member):
            self._shared.engine.leave(running)
            self._count(running, -1)
        elif running is not None:
            running.cancel()

    def _count(self, member: Member, step: int) -> None:
        """Count a member; ordinary operations are counted on their way."""
        subscriptions = self._context.deps.traffic.subscriptions
        subscriptions[member.group.field, WEBSOCKET] += step


def _child(shared: Sockets, parent: str) -> ApiContext:
    """Return the context of a socket whose caller traces."""
    return ApiContext(shared.context.deps, WEBSOCKET, parent)


def _message(name: str, kind: str, payload: object = None) -> bytes:
    message: dict[str, object] = {"id": name, "type": kind}
    if payload is not None:
        message["payload"] = payload
    return msgspec.json.encode(message)


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
