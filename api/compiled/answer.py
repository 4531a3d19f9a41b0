"""Compiles what a query selects to a function that writes its answer as JSON.

The same code as for events (`api.compiled.selection`), with the same fragments: what a
subscriber was sent of a coin's version is what a query is answered with. A query is
compiled where all its roots can be read without waiting (`api.ready`).
"""

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from weakref import WeakValueDictionary

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLField,
    GraphQLSchema,
    OperationType,
)
from graphql.execution import Executor
from graphql.execution.collect_fields import FieldDetailsList
from graphql.execution.values import get_argument_values

from api.compiled.answer_writer import AnswerWriter, Root
from api.compiled.draft import Draft
from api.compiled.event_writer import VALUE
from api.compiled.fragment import Fragments
from api.compiled.selected import (
    TYPENAME,
    SelectedObject,
    Selecting,
    Uncompilable,
    size_of,
)
from api.compiled.selection import SelectionCompiler, executor_of, root_fields
from api.compiled.shape import MOMENT, view_parts
from api.context import ApiContext
from api.list_plan import Irregular
from api.moment import Moment
from api.ready import Read
from api.type.resolver import READY

MAX_SELECTED: Final = 64
"""Fields of a query that is compiled: what is kept of each coin grows with them. A
larger one is answered by graphql-core."""

Sources = tuple[object, ...]


class CompiledAnswer:
    """Writes answers of one shape; `moving`: they differ with the time."""

    def __init__(
        self,
        moving: bool,
        write: Callable[[Sources, Moment], bytes],
        fragments: Iterable[Fragments[Any]],
    ) -> None:
        self.moving = moving
        self.write = write
        self._fragments = tuple(fragments)  # held: the writer's are weakly known


@dataclass(frozen=True, slots=True)
class RootCall:
    """What gives a root field's domain value, with the arguments it is given."""

    ready: Callable[..., Read]
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CompiledQuery:
    """One operation with its variables: what it reads, and what writes it."""

    answer: CompiledAnswer
    calls: tuple[RootCall, ...]

    def bound(self, context: ApiContext) -> "BoundQuery":
        """Return the query, to be answered as often as it is asked.

        Raises:
            Exception: whatever a resolver would raise, or `MustWait`.
        """
        reads = tuple(call.ready(context, call.arguments) for call in self.calls)
        return BoundQuery(self.answer, reads)


class BoundQuery:
    """A query over the live services of one application."""

    __slots__ = ("_kept", "_reads", "_sources", "_write", "keeps")

    def __init__(self, answer: CompiledAnswer, reads: tuple[Read, ...]) -> None:
        self._write = answer.write
        self._reads = reads
        self._sources: Sources | None = None
        self._kept: bytes | None = None
        self.keeps = not answer.moving
        """Whether an answer stays true for as long as its sources are the same."""

    def data(self, moment: Callable[[], Moment]) -> bytes:
        """Return the JSON of `data` as it is now.

        Raises:
            Irregular: graphql-core has to answer.
        """
        try:
            sources = tuple([read() for read in self._reads])
            kept = self._kept
            if kept is not None and _same(sources, self._sources):
                return kept
            data = self._write(sources, moment())
        except Irregular:
            raise
        except Exception as exc:  # a field's: graphql-core makes an error of it
            raise Irregular from exc
        if self.keeps:
            self._sources, self._kept = sources, data
        return data

    @property
    def kept_bytes(self) -> int:
        """How many bytes are kept."""
        return 0 if self._kept is None else len(self._kept)

    def forget(self) -> None:
        """Drop what is kept."""
        self._sources = self._kept = None


def _same(new: Sources, old: Sources | None) -> bool:
    """Whether both are the very same objects."""
    if old is None:
        return False
    return all(one is other for one, other in zip(new, old, strict=True))


class AnswerCompiler:
    """Compiles queries; equal selections share their code for as long as it is held."""

    def __init__(self, schema: GraphQLSchema, shared: SelectionCompiler) -> None:
        self._schema = schema
        self._shared = shared
        self._answers: WeakValueDictionary[Hashable, CompiledAnswer] = (
            WeakValueDictionary()
        )

    def compile(
        self,
        document: DocumentNode,
        operation_name: str | None,
        variables: Mapping[str, Any] | None,
    ) -> CompiledQuery:
        """Return what answers the query of a valid document.

        Raises:
            Uncompilable: graphql-core has to answer.
        """
        try:
            executor = executor_of(self._schema, document, operation_name, variables)
            return self._compiled(executor)
        except (GraphQLError, RecursionError, SyntaxError, MemoryError) as exc:
            raise Uncompilable(str(exc)) from exc

    def _compiled(self, executor: Executor[Any]) -> CompiledQuery:
        kind, root = executor.operation.operation, self._schema.query_type
        if root is None or kind is not OperationType.QUERY:
            raise Uncompilable(kind.value)
        selecting, roots, calls = Selecting(executor), [], []
        for response, details in root_fields(executor, root).items():
            name = details[0].node.name.value
            if name == TYPENAME:
                roots.append(Root(response))
                continue
            field = root.fields.get(name)
            if field is None or READY not in field.extensions:
                raise Uncompilable(name)
            selected = selecting.root(details, field.type)
            if not view_parts(selected.origin):
                raise Uncompilable(name)
            roots.append(Root(response, field.type, selected))
            calls.append(_call(executor, field, details))
        return CompiledQuery(self._answer(root.name, tuple(roots)), tuple(calls))

    def _answer(self, type_name: str, roots: tuple[Root, ...]) -> CompiledAnswer:
        selected = [root.selected for root in roots if root.selected is not None]
        if sum(map(size_of, selected)) > MAX_SELECTED:
            raise Uncompilable("too many fields")
        key = tuple(
            (root.response, str(root.kind), root.selected and root.selected.key)
            for root in roots
        )
        found = self._answers.get(key)
        if found is None:
            found = self._answers[key] = self._written(type_name, roots)
        return found

    def _written(self, type_name: str, roots: tuple[Root, ...]) -> CompiledAnswer:
        used: list[Fragments[Any]] = []

        def fragments(inner: SelectedObject) -> Fragments[Any]:
            used.append(self._shared.fragments(inner))
            return used[-1]

        draft = Draft(VALUE, MOMENT)
        draft.line("out = []")
        AnswerWriter(draft, self._shared.leaves, fragments).answer(type_name, roots)
        draft.line("return b''.join(out)")
        moving = any(root.selected.moves for root in roots if root.selected)
        return CompiledAnswer(moving, draft.compiled(), used)


def _call(
    executor: Executor[Any], field: GraphQLField, details: FieldDetailsList
) -> RootCall:
    """Return how a root's value is read, its arguments as its resolver has them."""
    given = get_argument_values(
        field,
        details[0].node,
        executor.variable_values,
        details[0].fragment_variable_values,
    )
    return RootCall(field.extensions[READY], given)
