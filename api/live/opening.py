"""Whether a subscription can be run for a group, and what it watches then."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast

from graphql import DocumentNode, GraphQLError, OperationType
from graphql.execution import ExecutionResult as CoreResult
from graphql.execution import Executor, create_source_event_stream
from strawberry.types import ExecutionResult

from api.answer import event_json
from api.compiled.selection import (
    CompiledEvent,
    Irregular,
    SelectionCompiler,
    Uncompilable,
)
from api.context import ApiContext
from api.document import asked, prepare
from api.event_executor import EventExecutor
from api.live.payload import Payload
from api.live.source import LiveSource
from api.moment import Moment
from api.schema import ApiSchema, finished


class Ordinary(StrEnum):
    """Why an operation runs the ordinary way."""

    NOT_LIVE = "not_live"
    """A query, or a subscription that says nothing of what it watches."""
    WRONG = "wrong"
    """Not valid, or its arguments are not."""
    UNCOMPILABLE = "uncompilable"
    """It selects what only graphql-core can answer."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A subscription that can be run for a group."""

    source: LiveSource[Any, Any]
    event: CompiledEvent
    executor: Executor[Any]
    context: ApiContext

    def write(self, event: object, moment: Moment) -> bytes | Payload:
        """Return the `data` of an event, or all of an answer that has errors too."""
        try:
            return self.event.write(event, moment)
        except Irregular:
            return self._long_way(event, moment)

    def _long_way(self, event: object, moment: Moment) -> Payload:
        """Ask graphql-core, which tells what is wrong and where."""
        each = self.executor.build_per_event_executor(self.source.form(event, moment))
        # What can be compiled is plain: nothing in it is awaited.
        told = cast("CoreResult", each.execute_operation(False))
        result = finished(
            ExecutionResult(data=told.data, errors=told.errors), self.context
        )
        return Payload(event_json(result) + b"}")


class Opening:
    """Opens subscriptions for groups."""

    def __init__(self, schema: ApiSchema) -> None:
        self._schema = schema
        self._compiler = SelectionCompiler(schema.core)

    def open(
        self,
        text: str,
        variables: Mapping[str, Any] | None,
        operation: str | None,
        context: ApiContext,
    ) -> Opened | Ordinary:
        """Return what runs it for a group, or why nothing does."""
        core = self._schema.core
        if asked(core, text, operation).kind is not OperationType.SUBSCRIPTION:
            return Ordinary.NOT_LIVE
        prepared = prepare(core, text)
        if prepared.document is None or prepared.errors:
            return Ordinary.WRONG
        given = dict(variables or {})
        executor = EventExecutor.build(
            core,
            prepared.document,
            context_value=context,
            raw_variable_values=given,
            operation_name=operation,
        )
        if isinstance(executor, list):
            return Ordinary.WRONG
        source = create_source_event_stream(executor)
        if isinstance(source, LiveSource):
            event = self._compiled(prepared.document, operation, given)
            if isinstance(event, Ordinary):
                return event
            return Opened(source, event, executor, context)
        if hasattr(source, "close"):
            source.close()
        wrong = not hasattr(source, "__aiter__")
        return Ordinary.WRONG if wrong else Ordinary.NOT_LIVE

    def _compiled(
        self,
        document: DocumentNode,
        operation: str | None,
        variables: Mapping[str, Any],
    ) -> CompiledEvent | Ordinary:
        try:
            return self._compiler.compile(document, operation, variables)
        except Uncompilable:
            return Ordinary.UNCOMPILABLE
        except GraphQLError:
            return Ordinary.WRONG
