"""What an operation selects, flattened: fragments spread, directives decided.

graphql-core's own collecting decides what is selected, as `api.list_plan` does. What
is left of names is what clients see: two selections are equal where their answers are,
whatever their fragments, variables and operations are called.
"""

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from graphql import (
    GraphQLError,
    GraphQLField,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    is_leaf_type,
)
from graphql.execution import Executor
from graphql.execution.collect_fields import FieldDetails, FieldDetailsList
from graphql.execution.values import get_argument_values
from strawberry.types.base import StrawberryObjectDefinition

from api.list_plan import PLAIN
from api.type.resolver import MOVING

TYPENAME: Final = "__typename"
_INCREMENTAL: Final = frozenset({"defer", "stream"})


class Uncompilable(Exception):
    """Names the field that graphql-core has to answer."""


@dataclass(frozen=True)
class SelectedField:
    """A field under its response name; `field` is None for `__typename`."""

    response: str
    name: str
    field: GraphQLField | None = None
    arguments: tuple[tuple[str, Any], ...] = ()
    inner: "SelectedObject | None" = None

    @cached_property
    def is_moving(self) -> bool:
        """Whether its own value differs with the time, its object being the same."""
        return self.field is not None and bool(self.field.extensions.get(MOVING))

    @cached_property
    def moves(self) -> bool:
        """Whether its answer differs with the time."""
        return self.is_moving or (self.inner is not None and self.inner.moves)

    @cached_property
    def key(self) -> Hashable:
        """Equal for fields with equal answers."""
        asked = tuple((name, _frozen(value)) for name, value in self.arguments)
        inner = None if self.inner is None else self.inner.key
        return self.response, self.name, asked, inner


@dataclass(frozen=True)
class SelectedObject:
    """What is selected of an object, in the order of the answer."""

    kind: GraphQLObjectType
    origin: type
    fields: tuple[SelectedField, ...]

    @cached_property
    def moves(self) -> bool:
        """Whether its answer differs with the time."""
        return any(field.moves for field in self.fields)

    @cached_property
    def key(self) -> Hashable:
        """Equal for selections with equal answers."""
        return self.kind.name, tuple(field.key for field in self.fields)


def size_of(selected: SelectedObject) -> int:
    """Return how many fields are selected, all levels together."""
    inner = (field.inner for field in selected.fields)
    return len(selected.fields) + sum(size_of(found) for found in inner if found)


class Selecting:
    """Flattens the selection of one operation."""

    def __init__(self, executor: Executor[Any]) -> None:
        self._executor = executor

    def root(
        self, details: FieldDetailsList, kind: GraphQLOutputType
    ) -> SelectedObject:
        """Return what is selected of the root field's object.

        Raises:
            Uncompilable: not plain.
        """
        name = _first(details).node.name.value
        found = self._inner(kind, details, name)
        if found is None or isinstance(_bare(kind), GraphQLList):
            raise Uncompilable(name)
        return found

    def _inner(
        self, kind: GraphQLOutputType, details: FieldDetailsList, place: str
    ) -> SelectedObject | None:
        """Return the selection of the object within a type; None: it is a leaf."""
        named: GraphQLOutputType = _bare(kind)
        while isinstance(named, GraphQLList):
            named = _bare(named.of_type)
        if is_leaf_type(named):
            return None
        if not isinstance(named, GraphQLObjectType):
            raise Uncompilable(place)
        definition = named.extensions.get("strawberry-definition")
        if not isinstance(definition, StrawberryObjectDefinition):
            raise Uncompilable(place)
        fields = tuple(self._fields(named, details, place))
        return SelectedObject(named, definition.origin, fields)

    def _fields(
        self, kind: GraphQLObjectType, details: FieldDetailsList, place: str
    ) -> Iterator[SelectedField]:
        collected = self._executor.collect_subfields(kind, details)
        if collected.new_defer_usages:
            raise Uncompilable(place)
        for response, inner in collected.grouped_field_set.items():
            yield self._field(kind, response, inner)

    def _field(
        self, kind: GraphQLObjectType, response: str, details: FieldDetailsList
    ) -> SelectedField:
        first = _first(details)
        name = first.node.name.value
        if name == TYPENAME:
            return SelectedField(response, name)
        field = kind.fields.get(name)
        place = f"{kind.name}.{name}"
        if field is None or PLAIN not in field.extensions:
            raise Uncompilable(place)
        arguments = self._arguments(field, first, place)
        inner = self._inner(field.type, details, place)
        return SelectedField(response, name, field, arguments, inner)

    def _arguments(
        self, field: GraphQLField, first: FieldDetails, place: str
    ) -> tuple[tuple[str, Any], ...]:
        if not field.args and not first.node.arguments:
            return ()
        variables = self._executor.variable_values
        inner = first.fragment_variable_values
        try:
            read = get_argument_values(field, first.node, variables, inner)
            found = tuple(sorted(read.items()))
            hash(tuple(_frozen(value) for _, value in found))
        except (GraphQLError, TypeError) as exc:
            raise Uncompilable(place) from exc
        return found


def _first(details: FieldDetailsList) -> FieldDetails:
    """Return the node that decides; none of them may be answered in parts."""
    for found in details:
        for directive in found.node.directives or ():
            if directive.name.value in _INCREMENTAL:
                raise Uncompilable(found.node.name.value)
    return details[0]


def _bare(kind: GraphQLOutputType) -> GraphQLOutputType:
    return kind.of_type if isinstance(kind, GraphQLNonNull) else kind


def _frozen(value: object) -> Hashable:
    """Return what is equal for equal arguments only: 1 is neither 1.0 nor true."""
    if isinstance(value, list):
        return tuple(_frozen(item) for item in value)
    return type(value), value, repr(value)
