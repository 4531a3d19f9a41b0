"""Writes the functions of whole events, and of the fragments that they are made of."""

import ast
from collections.abc import Callable
from typing import Any, Final

from graphql import GraphQLList, GraphQLNonNull, GraphQLOutputType

from api.compiled.draft import Draft, Parts
from api.compiled.fragment import Fragments, MovingFragments, StillFragments
from api.compiled.inline import Scope
from api.compiled.leaf import NULL, Leaves, json_text
from api.compiled.selected import SelectedField, SelectedObject
from api.compiled.shape import MOMENT, comprehended, optional, viewed
from api.compiled.writer import TextWriter, closing, keyed
from api.list_plan import Irregular
from api.type.premium import Premium

VALUE: Final = "v"
"""The name of the source in compiled code."""


def write_fragments(selected: SelectedObject, leaves: Leaves) -> Fragments[Any]:
    """Return the fragments of a selection of coins."""
    draft = Draft(VALUE, MOMENT)
    scope = Scope(selected.origin, VALUE)
    if not selected.moves:
        text = TextWriter(draft, leaves).object(scope, selected)
        draft.line(f"return ({text}).encode()")
        return StillFragments(draft.compiled())
    draft.line("out = []")
    PieceWriter(draft, leaves).object_pieces(scope, selected)
    draft.line("return out")
    return MovingFragments(draft.compiled())


class PieceWriter(TextWriter):
    """Adds to a draft what puts the pieces of an object into `out`."""

    def object_pieces(self, scope: Scope, selected: SelectedObject) -> None:
        """Add the pieces of an object."""
        parts = Parts(self.draft)
        for key, field in keyed(selected):
            parts.fixed(key)
            if self.is_apart(field):
                parts.flush()
                self.apart(scope, selected, field)
            else:
                self.field(scope, selected, field, parts)
        parts.fixed(closing(selected))
        parts.flush()

    def is_apart(self, field: SelectedField) -> bool:
        """Whether a field gets pieces of its own."""
        return field.moves

    def apart(self, scope: Scope, owner: SelectedObject, field: SelectedField) -> None:
        """Add the pieces of such a field."""
        if not field.is_moving and self.opened(scope, field):
            return
        # It moves, or what moves within it cannot be reached from here.
        hole = self.draft.constant(self._hole(scope, owner, field))
        self.draft.line(f"out.append(({hole}, {scope.value}))")

    def opened(self, scope: Scope, field: SelectedField) -> bool:
        """Add the pieces of a field's objects; False: they cannot be reached."""
        if field.field is None or field.inner is None:
            return False
        kind, read = field.field.type, self.read(scope, field)
        if not self._is_open(kind, read.result, field.inner):
            return False
        self.settle(read)
        self._pieces(kind, read.result, field.inner)
        return True

    def _hole(
        self, scope: Scope, owner: SelectedObject, field: SelectedField
    ) -> Callable[..., bytes]:
        draft = Draft(VALUE, MOMENT)
        parts = Parts(draft)
        there = Scope(scope.origin, VALUE, scope.moment)
        TextWriter(draft, self.leaves).field(there, owner, field, parts)
        draft.line(f"return ({parts.text()}).encode()")
        return draft.compiled()

    def _is_open(
        self, kind: GraphQLOutputType, result: ast.expr, inner: SelectedObject
    ) -> bool:
        """Whether objects are views of what an expression reads."""
        bare = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
        absence, many = optional(result), comprehended(result)
        if absence is not None and bare is kind:
            return self._is_open(GraphQLNonNull(bare), absence[1], inner)
        if many is not None and isinstance(bare, GraphQLList):
            return self._is_open(bare.of_type, many[2], inner)
        return viewed(result, inner.origin, self.draft.constants) is not None

    def _pieces(
        self, kind: GraphQLOutputType, result: ast.expr, inner: SelectedObject
    ) -> None:
        """Add the pieces of what `_is_open`."""
        bare = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
        absence, many = optional(result), comprehended(result)
        if absence is not None:
            null = self.draft.constant(NULL.encode())
            with self.draft.block(f"if {absence[0]}:"):
                self.draft.line(f"out.append({null})")
            with self.draft.block("else:"):
                self._pieces(bare, absence[1], inner)
        elif many is not None and isinstance(bare, GraphQLList):
            self._list_pieces(bare.of_type, many, inner)
        else:
            scope = self.inner_scope(result, inner.origin)
            if scope is None:
                raise Irregular
            self.object_pieces(scope, inner)

    def _list_pieces(
        self,
        kind: GraphQLOutputType,
        found: tuple[str, str, ast.expr],
        inner: SelectedObject,
    ) -> None:
        many, item, each = found
        separator = self.draft.name("b'['")
        with self.draft.block(f"for {item} in {many}:"):
            self.draft.line(f"out.append({separator})")
            self.draft.line(f"{separator} = b','")
            self._pieces(kind, each, inner)
        self.draft.line(f"out.append(b']' if {separator} == b',' else b'[]')")


class EventWriter(TextWriter):
    """Adds to a draft what puts an event into `out`, its coins from their fragments."""

    def __init__(
        self,
        draft: Draft,
        leaves: Leaves,
        fragments: Callable[[SelectedObject], Fragments[Any]],
    ) -> None:
        super().__init__(draft, leaves)
        self._fragments = fragments

    def event(self, response: str, selected: SelectedObject) -> None:
        """Add a root field with its object; coins are written by their fragments."""
        parts, scope = Parts(self.draft), Scope(selected.origin, VALUE)
        parts.fixed(f"{{{json_text(response)}:")
        if selected.origin is Premium:
            parts.flush()
            write = self.draft.constant(self._fragments(selected).one)
            self.draft.line(f"out.append({write}({VALUE}, {MOMENT}))")
        else:
            self._object(scope, selected, parts)
        parts.fixed("}")
        parts.flush()

    def _object(self, scope: Scope, selected: SelectedObject, parts: Parts) -> None:
        for key, field in keyed(selected):
            parts.fixed(key)
            many = self._coins(scope, field)
            if many is None or field.inner is None:
                self.field(scope, selected, field, parts)
                continue
            parts.flush()
            write = self.draft.constant(self._fragments(field.inner).many)
            self.draft.line(f"out.append({write}({many}, {MOMENT}))")
        parts.fixed(closing(selected))

    def _coins(self, scope: Scope, field: SelectedField) -> str | None:
        """Return the versions that a field lists; None: it lists none."""
        if field.inner is None or field.inner.origin is not Premium:
            return None
        read = self.read(scope, field)
        found = comprehended(read.result)
        if found is None or read.steps:
            return None
        made = viewed(found[2], Premium, self.draft.constants)
        return found[0] if made == (found[1], MOMENT) else None
