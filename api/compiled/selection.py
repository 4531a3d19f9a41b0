"""Compiles what a subscription selects to a function that writes its events as JSON.

What is compiled is plain data only: attributes and pure functions. Its answers are
graphql-core's, `tests/property/api/test_compiled_selection.py` proves it; whatever
would be an error there is `Irregular` here, and the event goes through graphql-core.
"""

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any, Final
from weakref import WeakValueDictionary

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLObjectType,
    GraphQLSchema,
    OperationType,
)
from graphql.execution import Executor
from graphql.execution.collect_fields import FieldDetailsList, collect_fields

from api.compiled.body import body_of
from api.compiled.draft import Draft
from api.compiled.event_writer import VALUE, EventWriter, write_fragments
from api.compiled.fragment import Fragments
from api.compiled.leaf import Leaves
from api.compiled.selected import SelectedObject, Selecting, Uncompilable
from api.compiled.shape import MOMENT, view_parts
from api.list_plan import PLAIN, Irregular
from api.moment import Moment

KEPT_EVENTS: Final = 64
"""Compiled selections that are held though nobody is told of them, the last used."""


class CompiledEvent:
    """Writes the events of one root field under one selection.

    `field` is the root field's name; `moving` tells whether the answer to the same
    source differs with the time.
    """

    def __init__(
        self,
        field: str,
        moving: bool,
        write: Callable[[object, Moment], bytes],
        fragments: Iterable[Fragments[Any]],
    ) -> None:
        self.field = field
        self.moving = moving
        self._write = write
        self._fragments = tuple(fragments)

    def write(self, source: object, moment: Moment) -> bytes:
        """Return the JSON of `data` for a source, which is the domain's own event.

        Raises:
            Irregular: the event has to go through graphql-core.
        """
        try:
            return self._write(source, moment)
        except Irregular:
            raise
        except Exception as exc:  # a field's: graphql-core makes an error of it
            raise Irregular from exc

    def forget(self, symbols: Iterable[str]) -> None:
        """Drop what is kept of coins that have left."""
        gone = tuple(symbols)
        for fragments in self._fragments:
            fragments.forget(gone)


class SelectionCompiler:
    """Compiles selections; equal ones are one for as long as anybody holds it.

    One per process. Resolvers are read here, not when the first client subscribes.
    """

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self.leaves = Leaves()
        # Held a while: whoever comes and goes alone would have it made each time.
        self._used: deque[CompiledEvent] = deque(maxlen=KEPT_EVENTS)
        self._events: WeakValueDictionary[Hashable, CompiledEvent] = (
            WeakValueDictionary()
        )
        self._fragments: WeakValueDictionary[Hashable, Fragments[Any]] = (
            WeakValueDictionary()
        )
        for kind in schema.type_map.values():
            if isinstance(kind, GraphQLObjectType):
                for field in kind.fields.values():
                    if PLAIN in field.extensions:
                        body_of(field.extensions[PLAIN])

    def compile(
        self,
        document: DocumentNode,
        operation_name: str | None,
        variables: Mapping[str, Any] | None,
    ) -> CompiledEvent:
        """Return what writes the events of a valid document's subscription.

        Raises:
            Uncompilable: graphql-core has to answer.
            GraphQLError: no such operation, or variables that it does not take.
        """
        executor = executor_of(self._schema, document, operation_name, variables)
        try:
            response, field, selected = self._selected(executor)
            key = (response, field, selected.key)
            found = self._events.get(key)
            if found is None:
                found = self._events[key] = self._event(response, field, selected)
            self._used.append(found)
        except (GraphQLError, RecursionError, SyntaxError, MemoryError) as exc:
            # Beyond what the interpreter nests, or a directive that cannot be read.
            raise Uncompilable(str(exc)) from exc
        return found

    def _selected(self, executor: Executor[Any]) -> tuple[str, str, SelectedObject]:
        """Return the root field's response name, its name and its selection."""
        root = self._schema.subscription_type
        kind = executor.operation.operation
        if root is None or kind is not OperationType.SUBSCRIPTION:
            raise Uncompilable(kind.value)
        found = root_fields(executor, root)
        if len(found) != 1:
            raise Uncompilable(", ".join(found))
        ((response, details),) = found.items()
        name = details[0].node.name.value
        field = root.fields.get(name)
        if field is None:
            raise Uncompilable(name)
        selected = Selecting(executor).root(details, field.type)
        if not view_parts(selected.origin):
            raise Uncompilable(name)
        return response, name, selected

    def _event(
        self, response: str, field: str, selected: SelectedObject
    ) -> CompiledEvent:
        used: list[Fragments[Any]] = []

        def fragments(inner: SelectedObject) -> Fragments[Any]:
            used.append(self.fragments(inner))
            return used[-1]

        draft = Draft(VALUE, MOMENT)
        draft.line("out = []")
        EventWriter(draft, self.leaves, fragments).event(response, selected)
        draft.line("return b''.join(out)")
        return CompiledEvent(field, selected.moves, draft.compiled(), used)

    def fragments(self, selected: SelectedObject) -> Fragments[Any]:
        """Return the fragments of a selection of coins, one for all who select it."""
        found = self._fragments.get(selected.key)
        if found is None:
            found = write_fragments(selected, self.leaves)
            self._fragments[selected.key] = found
        return found


def executor_of(
    schema: GraphQLSchema,
    document: DocumentNode,
    operation_name: str | None,
    variables: Mapping[str, Any] | None,
) -> Executor[Any]:
    """Return what collects the fields of an operation.

    Raises:
        GraphQLError: no such operation, or variables that it does not take.
    """
    executor = Executor.build(
        schema,
        document,
        operation_name=operation_name,
        raw_variable_values=dict(variables or {}),
    )
    if isinstance(executor, list):
        raise executor[0]
    return executor


def root_fields(
    executor: Executor[Any], root: GraphQLObjectType
) -> Mapping[str, FieldDetailsList]:
    """Return the fields at the root by response name.

    Raises:
        Uncompilable: they may be answered in parts.
    """
    found = collect_fields(
        executor.schema,
        executor.fragments,
        executor.variable_values,
        root,
        executor.operation,
    )
    if found.new_defer_usages:
        raise Uncompilable(", ".join(found.grouped_field_set))
    return found.grouped_field_set
