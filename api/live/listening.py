"""One operation whose results are streamed over plain HTTP.

A subscription that the engine can run joins its group, as those of sockets do; what it
cannot run has a task of its own.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import aclosing, contextmanager

import msgspec
from graphql import GraphQLError
from starlette.types import Receive, Scope, Send
from strawberry.types.execution import PreExecutionError

from api.access import OVER
from api.answer import event_json, has_run, shaped
from api.context import ApiContext
from api.error import ErrorCode
from api.limit import HEARTBEAT_S
from api.live.engine import LiveEngine
from api.live.listener import Listener
from api.live.question import Question
from api.live.seat import Seat, take_seat
from api.live.wire import MAX_PAUSE_S
from api.schema import ApiSchema, finished
from api.stream import Framing

_log = logging.getLogger(__name__)


class Listening:
    """Has an operation run and its results put before a listener."""

    def __init__(
        self,
        engine: LiveEngine,
        schema: ApiSchema,
        context: ApiContext,
        question: Question,
    ) -> None:
        board = context.deps.board
        self.listener = Listener(lambda: board.board.seq)
        self._engine = engine
        self._schema = schema
        self._context = context
        self._question = question
        self._seat: Seat | None = None

    @contextmanager
    def begun(self) -> Iterator[None]:
        """Let it run while the client listens; it ends with the caller's key."""
        refusal, running = self._question.refusal, None
        context = self._context
        forget_key = context.deps.access.watch(context.caller, self._key_ended)
        try:
            if refusal is not None:
                self._refuse(refusal)
            elif not self._is_seated():
                running = asyncio.create_task(
                    self._run_alone(), name="events.operation"
                )
            yield
        finally:
            if running is not None:
                running.cancel()
            forget_key()
            if self._seat is not None:
                self._seat.leave()

    def taken(self) -> None:
        """Hear that the client has the event."""
        self.listener.taken()
        if self._seat is not None:
            self._seat.resume()

    def _is_seated(self) -> bool:
        """Join a group, if one can run it."""
        self._seat = take_seat(
            self._engine, self.listener, "", self._question, self._context
        )
        return self._seat is not None

    async def _run_alone(self) -> None:
        """Run the operation the ordinary way."""
        asked, listener = self._question, self.listener
        try:
            results = await self._schema.stream(
                asked.query,
                variable_values=asked.variables,
                context_value=self._context,
                operation_name=asked.operation,
            )
            first = True
            async with aclosing(results):
                async for result in results:
                    if first and not has_run(result):
                        listener.finish(msgspec.json.encode(shaped(result)))
                        return
                    first = False
                    listener.put(event_json(result))
                    await listener.room()
        except Exception:  # noqa: BLE001 (our own fault, logged: others live on)
            _log.exception("events.operation_failed")
        listener.finish()

    def _key_ended(self) -> None:
        code = {"code": ErrorCode.UNAUTHENTICATED.value}
        self._refuse(GraphQLError(OVER, extensions=code))

    def _refuse(self, error: GraphQLError) -> None:
        result = finished(PreExecutionError(None, [error]), self._context)
        self.listener.finish(msgspec.json.encode(shaped(result)))


class EventResponse:
    """The ASGI answer that carries an operation's results, framed."""

    def __init__(
        self,
        listening: Listening,
        framing: Framing,
        cursor: int,
        on_end: Callable[[], None],
    ) -> None:
        """Compose; `cursor` is the board's tick now, `on_end` is called in any case."""
        self._listening = listening
        self._framing = framing
        self._begin = framing.begin(cursor)
        self._on_end = on_end

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Answer until the operation ends, or the client leaves."""
        leaving = asyncio.create_task(self._watch(receive), name="events.leaving")
        try:
            with self._listening.begun():
                await self._write(send)
        except TimeoutError:
            # Returning without an end closes the connection.
            _log.info("events.client_too_slow", extra={"waited_s": MAX_PAUSE_S})
        finally:
            leaving.cancel()
            self._on_end()

    async def _watch(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._listening.listener.leave()

    async def _write(self, send: Send) -> None:
        listener, framing = self._listening.listener, self._framing
        start = {"type": "http.response.start", "status": 200, "headers": self._head()}
        await send(start)
        if self._begin:
            await _send(send, self._begin)
        while not listener.is_done:
            event = await listener.next(HEARTBEAT_S)
            if event is not None:
                await _send(send, framing.event(event))
                self._listening.taken()
            elif not listener.is_done:
                await _send(send, framing.heartbeat())
        if not listener.is_left:
            await _send(send, framing.complete(), more=False)

    def _head(self) -> list[tuple[bytes, bytes]]:
        return [
            (name.lower().encode(), value.encode())
            for name, value in self._framing.headers.items()
        ]


async def _send(send: Send, chunk: bytes, *, more: bool = True) -> None:
    async with asyncio.timeout(MAX_PAUSE_S):
        await send({"type": "http.response.body", "body": chunk, "more_body": more})
