"""Executes the events of one subscription without remembering each of them.

graphql-core 3.3.2 makes the executor of an event as a shallow copy of the operation's,
and the copies share one memo of collected sub-fields. Its keys are the identities of
lists that every event makes anew: it never hits across events, and grows for as long as
the subscription lives (several KB per event of a board).
"""

from typing import Any

from graphql.execution import Executor
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext


class EventExecutor(StrawberryGraphQLCoreExecutionContext):
    """The library's executor, with a memo per event."""

    def build_per_event_executor(self, payload: Any) -> Executor[Any]:  # noqa: ANN401 (the library's)
        """Return the executor of one event."""
        executor = super().build_per_event_executor(payload)
        executor._relevant_sub_fields = {}  # noqa: SLF001 - no public way to forget
        return executor
