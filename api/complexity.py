"""How large a document is, measured before it is validated or run.

Fragments count wherever they are spread, and each is walked once. The walk is as deep
as the text nests, which the parser bounds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import cast

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionNode,
    SelectionSetNode,
)

from api.limit import Bound, Limits
from api.repetition import Repetitions

# Fields of the query root that may each cost a venue several requests.
READS = frozenset({"tickers", "orderBook", "candles", "trades"})
# Fields that ask the database, wherever they stand; so do those with this argument.
HISTORY = frozenset({"premiumHistory", "dailySnapshots", "stats"})
AS_OF = "asOf"
# Those that ask it anew each time: not for every event of a subscription.
PAGES = frozenset({"premiumHistory", "dailySnapshots"})


def fragments_of(document: DocumentNode) -> Mapping[str, FragmentDefinitionNode]:
    """Return the fragments of a document by their names."""
    return {
        item.name.value: item
        for item in document.definitions
        if isinstance(item, FragmentDefinitionNode)
    }


def asks_history(field: FieldNode) -> bool:
    """Whether a field asks the database for the past."""
    if field.name.value in HISTORY:
        return True
    return any(item.name.value == AS_OF for item in field.arguments or ())


@dataclass(frozen=True, slots=True)
class Excess:
    """Which bound a document passes, and what clients are told of it.

    `bound` is None for what no number allows; `maximum` is what is allowed.
    """

    message: str
    bound: Bound | None = None
    maximum: int | None = None


@dataclass(frozen=True, slots=True)
class Size:
    """Nested fields, those below `__schema` and `__type`, and what else is counted.

    `reads` are those of a venue at the top of the selection; deeper fields of the same
    names are parts of their answers. `history` are questions to the database at any
    depth, `pages` those of them that no cache answers.
    """

    depth: int = 0
    introspection_depth: int = 0
    selections: int = 0
    aliases: int = 0
    directives: int = 0
    reads: int = 0
    history: int = 0
    pages: int = 0

    def beside(self, other: "Size") -> "Size":
        """Return the size of both selections together."""
        return Size(
            max(self.depth, other.depth),
            max(self.introspection_depth, other.introspection_depth),
            self.selections + other.selections,
            self.aliases + other.aliases,
            self.directives + other.directives,
            self.reads + other.reads,
            self.history + other.history,
            self.pages + other.pages,
        )

    def below(self, field: FieldNode) -> "Size":
        """Return the size of a field with this selection in it."""
        selections = self.selections + 1
        aliases = self.aliases + (field.alias is not None)
        directives = self.directives + len(field.directives or ())
        inner = 1 + max(self.depth, self.introspection_depth)
        if field.name.value.startswith("__"):
            return Size(0, inner, selections, aliases, directives)
        name = field.name.value
        return Size(
            1 + self.depth,
            self.introspection_depth,
            selections,
            aliases,
            directives,
            reads=int(name in READS),
            history=self.history + asks_history(field),
            pages=self.pages + (name in PAGES),
        )

    def excess(self, limits: Limits) -> Excess | None:
        """Say which bound is passed, what was found and what is allowed."""
        bounds = (
            (Bound.DEPTH, "depth", self.depth, limits.depth),
            (
                Bound.INTROSPECTION_DEPTH,
                "depth of introspection",
                self.introspection_depth,
                limits.introspection_depth,
            ),
            (
                Bound.SELECTIONS,
                "number of fields",
                self.selections,
                limits.selections,
            ),
            (Bound.ALIASES, "number of aliases", self.aliases, limits.aliases),
            (
                Bound.DIRECTIVES,
                "number of directives",
                self.directives,
                limits.directives,
            ),
            (Bound.READS, "number of reads of a venue", self.reads, limits.reads),
            (
                Bound.HISTORY_READS,
                "number of questions to history",
                self.history,
                limits.history_reads,
            ),
        )
        for bound, name, found, allowed in bounds:
            if found > allowed:
                return above(bound, name, found, allowed)
        return None


def above(bound: Bound, name: str, found: int, allowed: int) -> Excess:
    """Return the excess over a bound; fragments in fragments make huge numbers."""
    shown = str(found) if found < _MANY else f"more than {_MANY}"
    return Excess(f"the {name} is {shown}, above the {allowed} allowed", bound, allowed)


class Measure:
    """Measures the operations of one document."""

    def __init__(self, document: DocumentNode, limits: Limits) -> None:
        self._document = document
        self._limits = limits
        self._fragments = fragments_of(document)
        self._known: dict[str, Size] = {}

    def excess(self) -> Excess | None:
        """Say which bound the document passes, None where it keeps all."""
        for item in self._document.definitions:
            excess = None
            if isinstance(item, OperationDefinitionNode):
                excess = self._operation(item)
            elif isinstance(item, FragmentDefinitionNode):
                # One that nothing spreads is validated all the same. How deep it
                # goes depends on where it is spread.
                found = self._fragment(item.name.value)
                flat = replace(found, depth=0, introspection_depth=0)
                excess = flat.excess(self._limits)
                excess = excess or self._repeated(item.selection_set)
            if excess is not None:
                return excess
        return None

    def _operation(self, item: OperationDefinitionNode) -> Excess | None:
        own = Size(directives=len(item.directives or ()))
        size = own.beside(self._selections(item.selection_set))
        excess = size.excess(self._limits)
        if excess is not None:
            return excess
        if item.operation is OperationType.SUBSCRIPTION and size.pages:
            return Excess("premiumHistory and dailySnapshots are for queries only")
        return self._repeated(item.selection_set)

    def _repeated(self, found: SelectionSetNode) -> Excess | None:
        """Say whether too much is written twice; fields are counted before."""
        limits, allowed = self._limits, self._limits.repetitions
        seen = Repetitions(self._fragments, allowed, limits.selections)
        if seen.pairs(found) <= allowed:
            return None
        return Excess(
            f"more than {allowed} pairs of fields answer under one name in one place: "
            "write each of them once",
            Bound.REPETITIONS,
            allowed,
        )

    def _selections(self, found: SelectionSetNode | None) -> Size:
        size = Size()
        for item in found.selections if found is not None else ():
            size = size.beside(self._selection(item))
        return size

    def _selection(self, item: SelectionNode) -> Size:
        if isinstance(item, FieldNode):
            return self._selections(item.selection_set).below(item)
        own = Size(directives=len(item.directives or ()))
        if isinstance(item, InlineFragmentNode):
            return own.beside(self._selections(item.selection_set))
        spread = cast("FragmentSpreadNode", item)
        return own.beside(self._fragment(spread.name.value))

    def _fragment(self, name: str) -> Size:
        known = self._known.get(name)
        if known is None:
            # Stands in while it is measured: a fragment in itself is told of by
            # validation, and must not be walked for ever here.
            self._known[name] = Size()
            definition = self._fragments.get(name)
            known = self._selections(definition.selection_set if definition else None)
            self._known[name] = known
        return known


_MANY = 1_000_000_000
