"""Executes operations: long lists at once, events without remembering each of them.

graphql-core 3.3.2 makes the executor of an event as a shallow copy of the operation's,
and the copies share one memo of collected sub-fields. Its keys are the identities of
lists that every event makes anew: it never hits across events, and grows for as long as
the subscription lives (several KB per event of a board).
"""

from collections.abc import AsyncIterable, Iterable
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLList,
    GraphQLOutputType,
    GraphQLResolveInfo,
    GraphQLSchema,
)
from graphql.execution import Executor
from graphql.execution.collect_fields import FieldDetailsList
from graphql.pyutils import AwaitableOrValue, Path
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from api.context import ApiContext
from api.limit import Limits
from api.list_plan import ListPlan

_LIMITS = Limits()
PLANNED_FROM = 8
"""Items of a list from which a plan is worth making."""


class EventExecutor(StrawberryGraphQLCoreExecutionContext):
    """The library's executor, with plans for lists and a memo per event."""

    @classmethod
    def build(
        cls,
        schema: GraphQLSchema,
        document: DocumentNode,
        root_value: Any = None,  # noqa: ANN401 (the library's)
        context_value: Any = None,  # noqa: ANN401 (the library's)
        *given: Any,  # noqa: ANN401 (handed through)
        **more: Any,  # noqa: ANN401 (handed through)
    ) -> list[GraphQLError] | Executor[Any]:
        """Return an executor that suggests nothing but where it may."""
        limits = _LIMITS
        if isinstance(context_value, ApiContext):
            limits = context_value.deps.limits
        more["hide_suggestions"] = not limits.suggestions
        return super().build(
            schema, document, root_value, context_value, *given, **more
        )

    def complete_list_value(
        self,
        return_type: GraphQLList[GraphQLOutputType],
        field_details_list: FieldDetailsList,
        info: GraphQLResolveInfo[Any],
        path: Path,
        result: AsyncIterable[Any] | Iterable[Any],
        position_context: Any,  # noqa: ANN401 (the library's)
    ) -> AwaitableOrValue[list[Any]]:
        """Complete a list, by a plan where it is long and plain."""
        if isinstance(result, list) and len(result) >= PLANNED_FROM:
            finish = ListPlan(self).finisher(return_type, field_details_list)
            if finish is not None:
                try:
                    return finish(result)  # type: ignore[return-value]  # a list here
                except Exception:  # noqa: BLE001, S110 (the long way tells which)
                    pass
        return super().complete_list_value(
            return_type, field_details_list, info, path, result, position_context
        )

    def build_per_event_executor(self, payload: Any) -> Executor[Any]:  # noqa: ANN401 (the library's)
        """Return the executor of one event."""
        executor = super().build_per_event_executor(payload)
        executor._relevant_sub_fields = {}  # noqa: SLF001 - no public way to forget
        return executor
