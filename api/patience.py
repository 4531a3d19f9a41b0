"""How long an operation may take, and how much a subscription.

Only waiting can be cut short: what an operation computes itself is bounded by its cost,
and one event loop cannot interrupt it. What it waits for is a venue or the database, so
one that takes too long is told UPSTREAM_UNAVAILABLE, not that it is too complex: the
same operation may be answered at once when they are well.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Any, cast

from graphql import GraphQLError
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError

from api.admission import too_lively
from api.context import ApiContext
from api.error import ErrorCode
from api.limit import RETRY_MS, Bound

Results = AsyncGenerator[ExecutionResult, None]
Run = Callable[[], Awaitable[Any]]


def timed_out(context: ApiContext) -> ExecutionResult:
    """Return the result of an operation that took too long."""
    limit_s = context.deps.limits.timeout_s
    error = GraphQLError(
        f"the operation took longer than the {limit_s:g} s allowed: what it waits for "
        "does not answer",
        extensions={
            "code": ErrorCode.UPSTREAM_UNAVAILABLE.value,
            "limit": Bound.TIMEOUT_S.value,
            "maximum": limit_s,
            "retryAfterMs": RETRY_MS,
        },
    )
    return ExecutionResult(data=None, errors=[error])


async def begun(run: Run, context: ApiContext) -> Results:
    """Yield the results of an operation whose first one comes in time.

    Cut short, the operation is cancelled, and what it holds is let go.
    """
    try:
        async with asyncio.timeout(context.deps.limits.timeout_s):
            # No @defer or @stream in this schema: results are all there is.
            results = cast("Results", await run())
            first = await anext(results, None)
    except TimeoutError:
        late = timed_out(context)
        yield PreExecutionError(None, late.errors or [])
        return
    async with aclosing(results):
        if first is not None:
            yield first
        async for result in results:
            yield result


async def held(run: Run, context: ApiContext, burden_s: int) -> Results:
    """Yield the events of a subscription that takes a part of its caller's rate.

    `burden_s` is what they may cost a second. Those that the engine runs take theirs
    as members of a group.
    """
    hold = context.deps.guard.hold(context.caller, burden_s)
    if hold is None:
        yield PreExecutionError(None, [too_lively(burden_s, context)])
        return
    try:
        events = begun(run, context)
        async with aclosing(events):
            async for result in events:
                yield result
    finally:
        hold.release()
