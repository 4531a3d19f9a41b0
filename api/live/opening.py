"""Whether a subscription can be run for a group, and what it watches then."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, cast

from graphql import DocumentNode, GraphQLError, OperationType
from graphql.execution import ExecutionResult as CoreResult
from graphql.execution import Executor, create_source_event_stream
from strawberry.types import ExecutionResult

from api.access_scope import scope_refusal
from api.admission import can_pay, excess_of, pay
from api.answer import event_json
from api.compiled.selected import Uncompilable
from api.compiled.selection import CompiledEvent, SelectionCompiler
from api.context import ApiContext
from api.document import Prepared, asked, prepare
from api.event_executor import EventExecutor
from api.list_plan import Irregular
from api.live.payload import Payload
from api.live.source import LiveSource
from api.moment import Moment
from api.schema import ApiSchema, finished
from api.spent import Spent


class Ordinary(StrEnum):
    """Why an operation runs the ordinary way."""

    NOT_LIVE = "not_live"
    """A query, or a subscription that says nothing of what it watches."""
    WRONG = "wrong"
    """Not valid, or its arguments are not."""
    REFUSED = "refused"
    """Its caller's budget is used up."""
    UNCOMPILABLE = "uncompilable"
    """It selects what only graphql-core can answer."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A subscription that can be run for a group."""

    source: LiveSource[Any, Any]
    event: CompiledEvent
    executor: Executor[Any]
    context: ApiContext
    spent: Spent
    burden_s: int

    def greet(self, event: object) -> Payload:
        """Write somebody's first event, which tells the cost.

        Raises:
            Exception: ours; the ordinary way tells what is wrong.
        """
        return self._written(event, self.spent)

    def write(self, event: object) -> Payload:
        """Write an event; one that fails is told as an error, and others follow."""
        try:
            return self._written(event, None)
        except Exception as exc:  # noqa: BLE001 (masked and logged, as everywhere)
            return self._told(None, [GraphQLError(str(exc), original_error=exc)], None)

    def _written(self, event: object, spent: Spent | None) -> Payload:
        moment = self.context.moment()
        try:
            data = self.event.write(event, moment)
        except Irregular:
            return self._long_way(event, moment, spent)
        return Payload.of(data, moment.now_ms, spent)

    def _long_way(self, event: object, moment: Moment, spent: Spent | None) -> Payload:
        """Ask graphql-core, which tells what is wrong and where."""
        each = self.executor.build_per_event_executor(self.source.form(event, moment))
        # What can be compiled is plain: nothing in it is awaited.
        told = cast("CoreResult", each.execute_operation(False))
        return self._told(told.data, told.errors, spent)

    def _told(
        self,
        data: dict[str, Any] | None,
        errors: list[GraphQLError] | None,
        spent: Spent | None,
    ) -> Payload:
        context = replace(self.context, spent=spent)
        result = finished(ExecutionResult(data=data, errors=errors), context)
        return Payload(event_json(result) + b"}")


@dataclass(frozen=True, slots=True)
class _Price:
    """What a subscription costs, and what its events may cost a second."""

    cost: int
    burden_s: int


def _price(
    prepared: Prepared,
    operation: str | None,
    variables: Mapping[str, Any],
    context: ApiContext,
) -> _Price | Ordinary:
    """Return what its caller is to pay and can, or why it runs the ordinary way."""
    limits, guard = context.deps.limits, context.deps.guard
    plan = prepared.plan(operation)
    if plan is None or context.dry_run:
        return Ordinary.WRONG
    cost = plan.cost(variables)
    if excess_of(plan, cost, variables, limits) is not None:
        return Ordinary.WRONG
    burden_s = plan.burden_s(variables, limits.throttle_ms, cost)
    if not guard.may_hold(context.caller, burden_s):
        return Ordinary.REFUSED
    if not can_pay(prepared, cost, context):
        return Ordinary.REFUSED
    return _Price(cost, burden_s)


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
        core, limits = self._schema.core, context.deps.limits
        if asked(core, text, operation, limits).kind is not OperationType.SUBSCRIPTION:
            return Ordinary.NOT_LIVE
        prepared = prepare(core, text, limits)
        if prepared.document is None or prepared.errors:
            return Ordinary.WRONG
        if scope_refusal(context.caller, prepared.document, operation) is not None:
            return Ordinary.WRONG
        given = dict(variables or {})
        price = _price(prepared, operation, given, context)
        if isinstance(price, Ordinary):
            return price
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
            if pay(prepared, price.cost, context) is not None:
                return Ordinary.REFUSED
            spent = Spent(price.cost, limits.cost)
            return Opened(source, event, executor, context, spent, price.burden_s)
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
