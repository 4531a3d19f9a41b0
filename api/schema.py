"""The schema: Strawberry's, with every result finished for clients."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import replace
from functools import cache, partial
from operator import attrgetter
from typing import Any, cast

import msgspec
import strawberry
from graphql import (
    GraphQLArgument,
    GraphQLError,
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    OperationType,
    get_named_type,
    is_leaf_type,
)
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext, ExecutionResult
from strawberry.types.arguments import convert_arguments
from strawberry.types.execution import PreExecutionError
from strawberry.types.field import StrawberryField

from api.admission import Admission, admit
from api.context import ApiContext
from api.document import Asked, DocumentPreparation, asked, operation_type
from api.error import coded
from api.event_executor import EventExecutor
from api.limit import Limits
from api.list_plan import PLAIN
from api.measure import timed, watched
from api.patience import begun, held, timed_out
from api.query import Query
from api.scalar import SCALARS, instant_text
from api.spent import Spent
from api.subscription import Subscription
from api.type.resolver import MOVING, READY


class ApiSchema(strawberry.Schema):
    """Executes operations; every error has a code, every result the server's time.

    Each result with errors passes `finished`, on every transport, so nothing can
    leave unmasked: the library's `MaskErrors` does not see what its own steps raise.
    """

    def __init__(self) -> None:
        super().__init__(
            query=Query,
            subscription=Subscription,
            extensions=[DocumentPreparation],
            execution_context_class=EventExecutor,
            config=StrawberryConfig(scalar_map=SCALARS),
        )
        for found in self._schema.type_map.values():
            if isinstance(found, GraphQLObjectType):
                for field in found.fields.values():
                    _shorten(field)
                    self._make_ready(field)

    def _make_ready(self, field: GraphQLField) -> None:
        """Let what a root field reads at once take arguments as its resolver does."""
        definition = field.extensions.get("strawberry-definition")
        read = getattr(definition, "metadata", {}).get(READY)
        if read is None or not isinstance(definition, StrawberryField):
            return
        scalars, config = self.schema_converter.scalar_registry, self.config

        def ready(context: ApiContext, given: dict[str, Any]) -> object:
            python = convert_arguments(given, definition.arguments, scalars, config)
            return read(context, **python)

        field.extensions[READY] = ready

    @property
    def core(self) -> GraphQLSchema:
        """The schema as graphql-core has it."""
        return self._schema

    def is_subscription(
        self, query: str, operation_name: str | None, limits: Limits
    ) -> bool:
        """Whether the operation that would run is a subscription."""
        kind = operation_type(self._schema, query, operation_name, limits)
        return kind is OperationType.SUBSCRIPTION

    async def execute(  # type: ignore[override]  # what transports give, all named
        self,
        query: str,
        *,
        context_value: ApiContext,
        operation_name: str | None = None,
        **more: Any,  # noqa: ANN401 (handed through)
    ) -> ExecutionResult:
        """Execute a query and return its finished result."""
        context = context_value.afresh()
        running = self._executed(query, context, operation_name, more)
        what = self._asked(query, operation_name, context)
        return await timed(running, what, context)

    def _asked(self, query: str, name: str | None, context: ApiContext) -> Asked:
        return asked(self._schema, query, name, context.deps.limits)

    async def _executed(
        self,
        query: str,
        context: ApiContext,
        operation_name: str | None,
        more: Mapping[str, Any],
    ) -> ExecutionResult:
        given = more.get("variable_values")
        admitted = admit(self._schema, query, operation_name, given, context)
        context = admitted.context
        ready = _ready(admitted, query, operation_name, given)
        if ready is not None:
            return finished(ready, context)
        try:
            async with asyncio.timeout(context.deps.limits.timeout_s):
                result = await super().execute(
                    query, context_value=context, operation_name=operation_name, **more
                )
        except TimeoutError:
            result = timed_out(context)
        return finished(result, context)

    async def stream(  # type: ignore[override]  # what transports give, all named
        self,
        query: str,
        *,
        context_value: ApiContext,
        operation_name: str | None = None,
        **more: Any,  # noqa: ANN401 (handed through)
    ) -> AsyncGenerator[ExecutionResult, None]:
        """Execute any operation and return the stream of its finished results."""
        context = context_value.afresh()
        results = self._stream_finished(query, context, operation_name, more)
        return watched(results, self._asked(query, operation_name, context), context)

    async def _stream_finished(
        self,
        query: str,
        context: ApiContext,
        operation_name: str | None,
        more: Mapping[str, Any],
    ) -> AsyncGenerator[ExecutionResult, None]:
        try:
            given = more.get("variable_values")
            admitted = admit(self._schema, query, operation_name, given, context)
            context = admitted.context
            ready = _ready(admitted, query, operation_name, given)
            if ready is not None:
                yield finished(ready, context)
                return
            run = partial(
                super().stream,
                query,
                context_value=context,
                operation_name=operation_name,
                **more,
            )
            burden_s = admitted.burden_s
            events = held(run, context, burden_s) if burden_s else begun(run, context)
            async with aclosing(events):
                async for result in events:
                    yield finished(result, context)
                    # What it costs is told once.
                    context = replace(context, spent=None)
        except Exception as exc:  # noqa: BLE001 (transports would log and swallow it)
            error = GraphQLError(str(exc), original_error=exc)
            yield finished(PreExecutionError(None, [error]), context)

    def process_errors(
        self,
        errors: list[GraphQLError],
        execution_context: ExecutionContext | None = None,
    ) -> None:
        """Log nothing here: clients' mistakes are none of ours, `coded` logs those."""


@cache
def api_schema() -> ApiSchema:
    """Return the schema; it is made once."""
    return ApiSchema()


def schema_text() -> str:
    """Return the schema as SDL, ending with a newline."""
    return api_schema().as_str().rstrip() + "\n"


def _ready(
    admitted: Admission,
    query: str,
    operation_name: str | None,
    variables: Mapping[str, Any] | None,
) -> ExecutionResult | None:
    """Return what needs no execution: a refusal, a dry run, or a compiled answer."""
    context = admitted.context
    if admitted.refusal is not None:
        return admitted.refusal
    if context.dry_run:
        return ExecutionResult(data=None, errors=None)
    if context.answers is None:
        return None
    data = context.answers.data(query, operation_name, variables)
    if data is None:
        return None
    written: Any = msgspec.Raw(data)
    return ExecutionResult(data=written, errors=None)


def finished(result: ExecutionResult, context: ApiContext) -> ExecutionResult:
    """Give every error a code, and the result the server's time; counted."""
    if result.errors:
        now_ms = context.deps.clock.now_ms()
        result.errors = [coded(error, now_ms) for error in result.errors]
        for error in result.errors:
            context.deps.traffic.told(error.extensions or {})
    more = extensions_of(context.deps.clock.now_ms(), context.spent)
    result.extensions = {**(result.extensions or {}), **more}
    return result


def extensions_of(now_ms: int, spent: Spent | None) -> dict[str, object]:
    """Return `extensions` of every answer: our time (Unix ms), and what it cost."""
    more: dict[str, object] = {"serverTime": instant_text(now_ms)}
    if spent is not None:
        more["cost"] = spent.told()
    return more


def _shorten(field: GraphQLField) -> None:
    """Call a field that needs neither `info` nor conversions without the detour.

    Strawberry makes an `Info` and converts arguments for each call of a resolver,
    which is half of the time a board takes.
    """
    definition = field.extensions.get("strawberry-definition")
    if not isinstance(definition, StrawberryField) or definition.is_subscription:
        return
    field.extensions[MOVING] = MOVING in definition.metadata
    resolver = definition.base_resolver
    if resolver is None:
        field.extensions[PLAIN] = attrgetter(definition.python_name)
        return
    if resolver.is_async or resolver.info_parameter is not None:
        return
    if definition.extensions or not _are_plain(field.args):
        return
    function = cast("Callable[..., object]", resolver.wrapped_func)
    field.resolve = _plain(function, bool(field.args))
    field.extensions[PLAIN] = function


def _are_plain(arguments: Mapping[str, GraphQLArgument]) -> bool:
    """Whether arguments reach a resolver as graphql-core reads them: name and value."""
    return all(
        name.islower() and is_leaf_type(get_named_type(argument.type))
        for name, argument in arguments.items()
    )


def _plain(
    function: Callable[..., object], has_arguments: bool
) -> Callable[..., object]:
    if has_arguments:
        return lambda source, _info, **arguments: function(source, **arguments)
    return lambda source, _info: function(source)
