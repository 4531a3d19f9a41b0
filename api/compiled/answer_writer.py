"""Writes the functions of whole answers to queries, coins from their fragments."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLNonNull, GraphQLOutputType

from api.compiled.draft import Draft, Parts
from api.compiled.event_writer import VALUE, PieceWriter
from api.compiled.fragment import Fragments
from api.compiled.inline import Scope
from api.compiled.leaf import NULL, Leaves, json_text
from api.compiled.selected import SelectedField, SelectedObject
from api.compiled.shape import MOMENT
from api.type.premium import Premium


@dataclass(frozen=True, slots=True)
class Root:
    """A root field under its response name; `selected` is None for `__typename`."""

    response: str
    kind: GraphQLOutputType | None = None
    selected: SelectedObject | None = None


class AnswerWriter(PieceWriter):
    """Adds to a draft what puts an answer into `out`.

    Its sources are a tuple, one domain value for each root field that is an object.
    """

    def __init__(
        self,
        draft: Draft,
        leaves: Leaves,
        fragments: Callable[[SelectedObject], Fragments[Any]],
    ) -> None:
        super().__init__(draft, leaves)
        self._fragments = fragments

    def answer(self, type_name: str, roots: tuple[Root, ...]) -> None:
        """Add an answer with its root fields."""
        parts, place = Parts(self.draft), 0
        parts.fixed("{")
        for number, root in enumerate(roots):
            parts.fixed(f"{',' if number else ''}{json_text(root.response)}:")
            if root.selected is None or root.kind is None:
                parts.fixed(json_text(type_name))
                continue
            parts.flush()
            source = self.draft.name(f"{VALUE}[{place}]")
            self._root(source, root.kind, root.selected)
            place += 1
        parts.fixed("}")
        parts.flush()

    def object_pieces(self, scope: Scope, selected: SelectedObject) -> None:
        """Add the pieces of an object; a coin's premium is kept for everybody."""
        if selected.origin is Premium and scope.value is not None:
            write = self.draft.constant(self._fragments(selected).one)
            self.draft.line(f"out.append({write}({scope.value}, {scope.moment}))")
            return
        super().object_pieces(scope, selected)

    def is_apart(self, field: SelectedField) -> bool:
        """Whether a field has premiums in it."""
        return _reaches(field)

    def apart(self, scope: Scope, owner: SelectedObject, field: SelectedField) -> None:
        """Add a field with premiums in it."""
        if self.opened(scope, field):
            return
        parts = Parts(self.draft)
        self.field(scope, owner, field, parts)
        parts.flush()

    def _root(
        self, source: str, kind: GraphQLOutputType, selected: SelectedObject
    ) -> None:
        scope = Scope(selected.origin, source, MOMENT)
        if isinstance(kind, GraphQLNonNull):
            self.object_pieces(scope, selected)
            return
        null = self.draft.constant(NULL.encode())
        with self.draft.block(f"if {source} is None:"):
            self.draft.line(f"out.append({null})")
        with self.draft.block("else:"):
            self.object_pieces(scope, selected)


def _reaches(field: SelectedField) -> bool:
    inner = field.inner
    if inner is None:
        return False
    return inner.origin is Premium or any(map(_reaches, inner.fields))
