"""What an operation costs, computed from the schema before anything of it runs.

An object costs 2, a scalar or enum 1, a list its entries. Everything selected counts:
what a fragment selects wherever it is spread, what `@skip` may leave out, and fields
that are written twice. A list in an object that says how many (`first` of a connection)
has so many entries; `api.cost_size` has the other sizes. What cannot be told from the
answer's size is added once: a question to the database, to a venue, and the past board.

A plan is made once for a document. Its cost depends on the variables that say how many,
and on nothing else.
"""

import math
from collections.abc import Mapping
from typing import Final, cast

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    get_named_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    value_from_ast_untyped,
)
from graphql.type import SchemaMetaFieldDef, TypeMetaFieldDef

from api.complexity import AS_OF, fragments_of
from api.cost_size import ASSUMED, Reader, Variables, is_given, pace_ms, rows

OBJECT: Final = 2
SCALAR: Final = 1

VENUE_READ: Final = 500
"""Added for each read of a venue: it may be a request that others then cannot make."""

PAST_BOARD: Final = 1_000
"""Added for `asOf`: the board of an instant is read from the database."""

QUESTION: Final = 100
"""Added for each question to history: pages, and statistics of a whole list at once."""

FIXED: Final[Mapping[str, int]] = {
    "Query.tickers": VENUE_READ,
    "Query.orderBook": VENUE_READ,
    "Query.candles": VENUE_READ,
    "Query.trades": VENUE_READ,
    "Query.dailySnapshots": QUESTION,
    "Premium.stats": QUESTION,
}
"""Added once, however long the lists around are: they are asked for all at once."""

EACH: Final[Mapping[str, int]] = {
    "Coin.premiumHistory": QUESTION,
    "Coin.dailySnapshots": QUESTION,
}
"""Added for each entry of the lists around: every coin asks for itself."""

_META: Final[Mapping[str, GraphQLField]] = {
    "__schema": SchemaMetaFieldDef,
    "__type": TypeMetaFieldDef,
}

Composite = GraphQLObjectType | GraphQLInterfaceType


class CostPlan:
    """The cost of one operation, for any variables."""

    __slots__ = ("_pace", "_rows", "_terms", "least")

    def __init__(
        self,
        least: int,
        terms: "tuple[tuple[Reader, int | CostPlan], ...]" = (),
        rows: tuple[int | Reader, ...] = (),
        pace: int | Reader | None = None,
    ) -> None:
        self.least = least
        self._terms = terms
        self._rows = rows
        self._pace = pace

    @property
    def is_constant(self) -> bool:
        """Whether no variable takes part."""
        return not self._terms

    def cost(self, variables: Variables) -> int:
        """Return the cost under variables as the client sent them."""
        total = self.least
        for read, each in self._terms:
            inner = each if isinstance(each, int) else each.cost(variables)
            total += read(variables) * inner
        return total

    def rows(self, variables: Variables) -> int:
        """Return the most rows that any one page is asked for (`first`)."""
        asked = (r if isinstance(r, int) else r(variables) for r in self._rows)
        return max(asked, default=0)

    def burden_s(self, variables: Variables, least_ms: int, cost: int) -> int:
        """Return what the events of a subscription may cost a second; 0: it is none.

        `cost` is that of one event, `least_ms` the least time between two.
        """
        if self._pace is None:
            return 0
        pace = self._pace if isinstance(self._pace, int) else self._pace(variables)
        return math.ceil(cost * 1000 / max(pace, least_ms))


def plan_of(
    schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode
) -> CostPlan:
    """Return the plan of an operation of a valid document."""
    root = schema.get_root_type(operation.operation)
    count = _Count(schema, document, _defaults(operation))
    if root is None:
        return CostPlan(0)
    total = count.selections(root, operation.selection_set, None)
    total.add(count.once)
    return total.plan(tuple(count.rows), count.pace)


class _Sum:
    """A constant, and what is to be multiplied by a number known later."""

    __slots__ = ("constant", "terms")

    def __init__(
        self, constant: int = 0, terms: "list[tuple[Reader, _Sum]] | None" = None
    ) -> None:
        self.constant = constant
        self.terms = terms if terms is not None else []

    def add(self, other: "_Sum") -> None:
        self.constant += other.constant
        self.terms += other.terms

    def times(self, size: int | Reader) -> "_Sum":
        if isinstance(size, int):
            terms = [(read, each.times(size)) for read, each in self.terms]
            return _Sum(self.constant * size, terms)
        return _Sum(0, [(size, self)])

    def plan(
        self, rows: tuple[int | Reader, ...] = (), pace: int | Reader | None = None
    ) -> CostPlan:
        terms = []
        for read, each in self.terms:
            inner = each.plan()
            terms.append((read, inner.least if inner.is_constant else inner))
        return CostPlan(self.constant, tuple(terms), rows, pace)


class _Count:
    """Counts one operation; `once` is what no list around multiplies."""

    def __init__(
        self, schema: GraphQLSchema, document: DocumentNode, defaults: Variables
    ) -> None:
        self._schema = schema
        self._defaults = defaults
        self._fragments = fragments_of(document)
        self.once = _Sum()
        self.rows: list[int | Reader] = []
        self.pace: int | Reader | None = None

    def selections(
        self, kind: Composite, found: SelectionSetNode, size: int | Reader | None
    ) -> _Sum:
        """Count what is selected of an object whose lists have `size` entries."""
        total = _Sum()
        for item in found.selections:
            if isinstance(item, FieldNode):
                total.add(self._field(kind, item, size))
                continue
            inner = self._inner(item)
            narrowed = self._narrowed(kind, inner)
            total.add(self.selections(narrowed, inner.selection_set, size))
        return total

    def _inner(
        self, item: SelectionNode
    ) -> InlineFragmentNode | FragmentDefinitionNode:
        if isinstance(item, FragmentSpreadNode):
            return self._fragments[item.name.value]
        return cast("InlineFragmentNode", item)

    def _narrowed(
        self, kind: Composite, inner: InlineFragmentNode | FragmentDefinitionNode
    ) -> Composite:
        condition = inner.type_condition
        named = condition and self._schema.get_type(condition.name.value)
        return named if isinstance(named, Composite) else kind

    def _field(
        self, kind: Composite, node: FieldNode, size: int | Reader | None
    ) -> _Sum:
        field = _definition(kind, node.name.value)
        if field is None:  # __typename
            return _Sum(SCALAR)
        name = f"{kind.name}.{node.name.value}"
        own = rows(name, field, node, self._defaults)
        if kind is self._schema.subscription_type:
            self.pace = pace_ms(field, node, self._defaults)
        if "first" in field.args and own is not None:
            self.rows.append(own)
        one = self._one(field.type, node, own)
        self._extra(name, node)
        one.constant += EACH.get(name, 0)
        if not _is_list(field.type):
            return one
        known = (ASSUMED.get(name), own, size, 1)
        return one.times(next(item for item in known if item is not None))

    def _one(
        self, kind: GraphQLOutputType, node: FieldNode, size: int | Reader | None
    ) -> _Sum:
        named = get_named_type(kind)
        if is_leaf_type(named) or node.selection_set is None:
            return _Sum(SCALAR)
        if not isinstance(named, Composite):  # pragma: no cover (we have no unions)
            raise TypeError(named.name)
        total = self.selections(named, node.selection_set, size)
        return _Sum(total.constant + OBJECT, total.terms)

    def _extra(self, name: str, node: FieldNode) -> None:
        self.once.constant += FIXED.get(name, 0)
        for item in node.arguments or ():
            if item.name.value == AS_OF:
                given = is_given(item.value, self._defaults)
                self.once.add(_Sum(PAST_BOARD).times(given))


def _definition(kind: Composite, name: str) -> GraphQLField | None:
    found: GraphQLField | None = kind.fields.get(name)
    return _META.get(name) if found is None else found


def _is_list(kind: GraphQLOutputType) -> bool:
    return is_list_type(kind.of_type if is_non_null_type(kind) else kind)


def _defaults(operation: OperationDefinitionNode) -> Variables:
    return {
        item.variable.name.value: value_from_ast_untyped(item.default_value)
        for item in operation.variable_definitions or ()
        if item.default_value is not None
    }
