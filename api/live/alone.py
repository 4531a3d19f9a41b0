"""An operation on a socket that no group can run: the ordinary way, in a task."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import aclosing

from api.answer import event_json, has_run
from api.context import ApiContext
from api.live.message import message_of
from api.live.payload import head_of
from api.live.question import Question
from api.live.wire import Wire
from api.request_id import bind_request_id
from api.schema import ApiSchema

_log = logging.getLogger(__name__)


class Alone:
    """One operation, from its start to its last message.

    `lasts`: it subscribes. `on_end` is given that message, unless it is cancelled.
    """

    __slots__ = ("_context", "_on_end", "_schema", "_task", "_wire", "lasts", "name")

    def __init__(
        self,
        schema: ApiSchema,
        wire: Wire,
        context: ApiContext,
        name: str,
        on_end: "Callable[[Alone, bytes], None]",
        *,
        lasts: bool,
    ) -> None:
        self.name = name
        self.lasts = lasts
        self._schema = schema
        self._wire = wire
        self._context = context
        self._on_end = on_end
        self._task: asyncio.Task[None] | None = None

    def start(self, question: Question) -> None:
        """Let it run, under a request ID of its own."""
        loop = asyncio.get_running_loop()
        self._task = loop.create_task(self._run(question), name="socket.operation")

    def cancel(self) -> None:
        """End it; nothing more is said of it."""
        if self._task is not None:
            self._task.cancel()

    async def _run(self, question: Question) -> None:
        bind_request_id()
        end = message_of(self.name, "complete")
        try:
            end = await self._told(question) or end
        except Exception:  # noqa: BLE001 (our own fault, logged: the socket lives on)
            _log.exception("socket.operation_failed")
        self._on_end(self, end)

    async def _told(self, question: Question) -> bytes | None:
        """Send the results; return the error of one that never ran."""
        results = await self._schema.stream(
            question.query,
            variable_values=question.variables,
            context_value=self._context,
            operation_name=question.operation,
        )
        head, first = head_of(self.name), True
        async with aclosing(results):
            async for result in results:
                if first and not has_run(result):
                    errors = [error.formatted for error in result.errors or ()]
                    return message_of(self.name, "error", errors)
                first = False
                self._wire.say(head + event_json(result) + b"}")
                # The next event is made when it can be sent: merged until then.
                await self._wire.room()
        return None
