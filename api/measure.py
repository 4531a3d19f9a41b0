"""Operations, counted and traced on their way to a transport."""

import hashlib
from collections.abc import AsyncGenerator, Awaitable, Mapping
from contextlib import aclosing
from typing import Final

from graphql import OperationType
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError

from api.context import ApiContext
from api.document import Asked
from api.traffic import OK
from domain.ports.tracer import Attribute

EVENT_STREAM: Final = "event_stream"
HTTP: Final = "http"
MULTIPART: Final = "multipart"
WEBSOCKET: Final = "websocket"
UNKNOWN: Final = "unknown"
"""The kind of what could not be read."""

# Whose events a tick causes: only for them is there a moment to count a lag from.
TICKED: Final = frozenset({"premiums", "premium"})
_HASH_DIGITS = 16


async def timed(
    running: Awaitable[ExecutionResult], asked: Asked, context: ApiContext
) -> ExecutionResult:
    """Await one result; count and trace it."""
    deps = context.deps
    began_s = deps.clock.monotonic()
    with deps.tracer.span(_name(asked), parent=context.parent) as span:
        result = await running
        code = outcome(result)
        if deps.tracer.is_on:
            for key, value in _attributes(asked, context.transport, code).items():
                span.set(key, value)
    seconds = deps.clock.monotonic() - began_s
    deps.traffic.operation(_kind(asked), context.transport, code, seconds)
    return result


async def watched(
    results: AsyncGenerator[ExecutionResult, None], asked: Asked, context: ApiContext
) -> AsyncGenerator[ExecutionResult, None]:
    """Yield what comes; count it, and how long the transport takes to take it."""
    deps = context.deps
    transport = EVENT_STREAM if context.transport == HTTP else context.transport
    began_s = deps.clock.monotonic()
    async with aclosing(results):
        first = await anext(results, None)
        if first is None:
            return
        seconds, code = deps.clock.monotonic() - began_s, outcome(first)
        deps.traffic.operation(_kind(asked), transport, code, seconds)
        if deps.tracer.is_on:
            more = _attributes(asked, transport, code)
            deps.tracer.record(_name(asked), seconds, more, parent=context.parent)
        lasting = asked.kind is OperationType.SUBSCRIPTION
        if isinstance(first, PreExecutionError) or not lasting:
            yield first
            return
        with deps.traffic.subscription(asked.field, transport):
            yield first
            deps.traffic.handed(asked.field, transport)
            async for result in results:
                board = deps.board
                seq, tick = board.board.seq, board.last_tick
                yield result
                deps.traffic.handed(asked.field, transport)
                if tick is not None and asked.field in TICKED:
                    lag_s = deps.clock.monotonic() - tick.at_s
                    merged = board.board.seq - seq - 1
                    deps.traffic.lagged(asked.field, lag_s, merged)


def joined(context: ApiContext, text: str, began_s: float) -> None:
    """Count and trace the first event of a subscription that a group runs.

    `began_s` is when it was asked for, monotonic seconds.
    """
    deps = context.deps
    seconds = deps.clock.monotonic() - began_s
    deps.traffic.operation("subscription", context.transport, OK, seconds)
    if deps.tracer.is_on:
        asked = Asked(text, OperationType.SUBSCRIPTION)
        more = _attributes(asked, context.transport, OK)
        deps.tracer.record(_name(asked), seconds, more, parent=context.parent)


def outcome(result: ExecutionResult) -> str:
    """Return the code of a finished result's first error, OK without one."""
    for error in result.errors or ():
        return str((error.extensions or {}).get("code", UNKNOWN))
    return OK


def _kind(asked: Asked) -> str:
    return UNKNOWN if asked.kind is None else asked.kind.value


def _name(asked: Asked) -> str:
    return f"graphql.{_kind(asked)}"


def _attributes(asked: Asked, transport: str, code: str) -> Mapping[str, Attribute]:
    """Say what was asked without its text: that may hold anything."""
    digest = hashlib.sha256(asked.text.encode("utf-8", "replace")).hexdigest()
    return {
        "graphql.operation.type": _kind(asked),
        "graphql.document.hash": digest[:_HASH_DIGITS],
        "kimp.transport": transport,
        "kimp.code": code,
    }
