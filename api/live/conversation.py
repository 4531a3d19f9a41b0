"""The conversation of one socket: graphql-transport-ws as a state machine.

Source: PROTOCOL.md of graphql-ws. It reads no socket and waits for none: who drives it
gives it messages (`receive`), tells when the socket has room again (`resumed`) and when
it is gone (`close`). A mistake in the protocol closes the socket with its code; a
mistake in an operation is that operation's `error`, and the others live on.

| code | when the socket is closed with it                                  |
| ---- | ------------------------------------------------------------------ |
| 1011 | no answer to our `ping`                                            |
| 1013 | its key's sockets are all open, nobody knows the key now, or its   |
|      | client takes nothing (`wire.py`)                                   |
| 4400 | a message that is none of the protocol                             |
| 4401 | an operation before `connection_init` was acknowledged             |
| 4403 | its key is missing or wrong in `connection_init`, or over later    |
| 4406 | another sub-protocol (`asgi.py`)                                   |
| 4408 | no `connection_init` in time                                       |
| 4409 | an operation with the ID of one that runs                          |
| 4429 | a second `connection_init`                                         |
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from graphql import GraphQLError
from strawberry.types.execution import PreExecutionError

from api.access import OVER, AccessRefused, credential_in
from api.admission import too_many, unreadable
from api.body import decode_json
from api.context import ApiContext
from api.limit import Bound
from api.live.alone import Alone
from api.live.engine import LiveEngine
from api.live.guest import Guest
from api.live.message import ACK, message_of, pong_of, problem_of, reason_of
from api.live.pulse import Pulse
from api.live.question import Question
from api.live.seat import Seat, take_seat, too_many_subscriptions
from api.live.wire import Wire
from api.schema import ApiSchema, finished

TOO_MANY: Final = "too many WebSockets are open from this address"
"""What a handshake that is refused with 429 is told."""

_NO_PONG: Final = 1011
_TRY_LATER: Final = 1013


@dataclass(frozen=True, slots=True)
class Sockets:
    """What all conversations of a process share."""

    schema: ApiSchema
    engine: LiveEngine
    context: ApiContext

    def open(self, wire: Wire, guest: Guest) -> "Conversation | None":
        """Begin the conversation of a socket; None: its address has too many."""
        deps = self.context.deps
        if not deps.guard.open_socket(guest.caller):
            deps.traffic.refuse(Bound.SOCKETS)
            return None
        return Conversation(self, wire, guest)


class Conversation:
    """One socket's, from the handshake to its end."""

    __slots__ = (
        "_acknowledged",
        "_context",
        "_ended",
        "_forget_key",
        "_guest",
        "_operations",
        "_pulse",
        "_shared",
        "_timer",
        "wire",
    )

    def __init__(self, shared: Sockets, wire: Wire, guest: Guest) -> None:
        """Begin; the socket is counted already, as its guest's."""
        self._shared = shared
        self.wire = wire
        self._guest = guest
        # What is the same for every socket is shared by all.
        self._context = shared.context
        if guest.parent is not None or guest.caller.address:
            self._context = replace(
                shared.context, parent=guest.parent, caller=guest.caller
            )
        self._operations: dict[str, Seat | Alone] = {}
        self._pulse: Pulse | None = None
        self._acknowledged = False
        self._ended = False
        self._forget_key: Callable[[], None] = _nothing
        deps = shared.context.deps
        deps.traffic.socket_opened()
        self._timer: asyncio.TimerHandle | None = asyncio.get_running_loop().call_later(
            deps.limits.init_timeout_s, self._late
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
        problem = problem_of(message)
        if problem is not None:
            self.end(4400, problem)
            return
        assert isinstance(message, dict)  # noqa: S101 (`problem_of` says so)
        self._take(message)

    def resumed(self) -> None:
        """Hear that the socket has room again."""
        full = [s.member for s in self._operations.values() if isinstance(s, Seat)]
        if full:
            self._shared.engine.resume(full)

    def complete(self, name: str) -> None:
        """End an operation whose stream has ended."""
        seat = self._operations.pop(name, None)
        if isinstance(seat, Seat):
            self._release()
            seat.ended()
            self.wire.say(message_of(name, "complete"))

    def end(self, code: int, reason: str) -> None:
        """Close the socket with a code and a reason."""
        if self._ended:
            return
        self._shared.context.deps.traffic.closed(code)
        self.close()
        self.wire.end(code, reason_of(reason))

    def broken(self, code: int) -> None:
        """Hear that its frames break the rules, for which it is closed with a code."""
        self._shared.context.deps.traffic.closed(code)

    def close(self) -> None:
        """Drop everything: the socket is gone."""
        if self._ended:
            return
        self._ended = True
        deps = self._context.deps
        deps.traffic.socket_closed()
        deps.guard.close_socket(self._context.caller)
        self._forget_key()
        self._stop_timer()
        if self._pulse is not None:
            self._pulse.stop()
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
        if self._pulse is not None:
            self._pulse.heard()
        match message["type"]:
            case "connection_init":
                self._begin(message.get("payload"))
            case "ping":
                self.wire.say(pong_of(message.get("payload")))
            case "pong":
                pass
            case "subscribe":
                self._subscribe(message["id"], message["payload"])
            case "complete":
                self._drop(message["id"])
            case unknown:
                self.end(4400, f"Unknown message type: {unknown}")

    def _begin(self, payload: Mapping[str, object] | None) -> None:
        if self._acknowledged:
            self.end(4429, "Too many initialisation requests")
            return
        deps, guest = self._context.deps, self._guest
        try:
            shown = credential_in(payload) or guest.credential
            caller = deps.access.caller(shown, guest.caller.address)
        except AccessRefused as exc:
            self.end(exc.close_code, str(exc))
            return
        if caller.account != guest.caller.account:
            # A key has sockets of its own, whatever its address has.
            if not deps.guard.open_socket(caller):
                deps.traffic.refuse(Bound.SOCKETS)
                self.end(_TRY_LATER, "all sockets of this API key are open")
                return
            deps.guard.close_socket(guest.caller)
        self._context = replace(self._context, caller=caller)
        self._stop_timer()
        self._acknowledged = True
        self.wire.say(ACK)
        if deps.ping_interval_s:
            self._pulse = Pulse(self.wire, deps.ping_interval_s, self._silent)
            self._pulse.heard()
        self._forget_key = deps.access.watch(caller, self._key_ended)

    def _key_ended(self) -> None:
        self.end(4403, OVER)

    def _silent(self) -> None:
        self.end(_NO_PONG, "no answer to our ping")

    def _subscribe(self, name: str, payload: Mapping[str, Any]) -> None:
        if not self._acknowledged:
            self.end(4401, "Unauthorized")
            return
        if name in self._operations:
            self.end(4409, f"Subscriber for {name} already exists")
            return
        deps = self._context.deps
        if len(self._operations) >= deps.limits.operations:
            self._refuse(name, too_many(Bound.OPERATIONS, deps.limits.operations))
            return
        try:
            query = deps.persisted.text(
                payload.get("query"),
                payload.get("extensions"),
                payload.get("documentId"),
            )
        except GraphQLError as exc:
            self._refuse(name, exc)
            return
        question = Question(
            query, payload.get("variables"), payload.get("operationName")
        )
        self._start(name, question)

    def _start(self, name: str, question: Question) -> None:
        shared, context = self._shared, self._context.afresh()
        deps, asked = context.deps, (question.query, question.operation)
        unread = unreadable(shared.schema.core, question.query, context)
        if unread is not None:
            self._refuse(name, unread)
            return
        lasts = shared.schema.is_subscription(*asked, deps.limits)
        if lasts and not deps.guard.open_subscription(context.caller):
            self._refuse(name, too_many_subscriptions(context))
            return
        try:
            seat = take_seat(shared.engine, self, name, question, context)
        except BaseException:
            if lasts:
                self._release()
            raise
        if seat is not None:
            self._operations[name] = seat
            return
        alone = Alone(
            shared.schema, self.wire, self._context, name, self._finish, lasts=lasts
        )
        self._operations[name] = alone
        alone.start(question)

    def _refuse(self, name: str, error: GraphQLError) -> None:
        result = finished(PreExecutionError(None, [error]), self._context)
        errors = [error.formatted for error in result.errors or ()]
        self.wire.say(message_of(name, "error", errors))

    def _finish(self, alone: Alone, message: bytes) -> None:
        """Tell the end of an operation, unless the client has ended it already."""
        if self._operations.get(alone.name) is alone:
            del self._operations[alone.name]
            if alone.lasts:
                self._release()
            self.wire.say(message)

    def _release(self) -> None:
        """Count a subscription no longer among its caller's."""
        context = self._context
        context.deps.guard.close_subscription(context.caller)

    def _drop(self, name: str) -> None:
        running = self._operations.pop(name, None)
        if isinstance(running, Seat):
            self._release()
            running.leave()
        elif running is not None:
            if running.lasts:
                self._release()
            running.cancel()


def _nothing() -> None:
    """There is no key to be watched."""
