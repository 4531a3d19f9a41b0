"""Writes the code that writes JSON: one function for one selection of an object.

A text is an expression of the code that gives a `str`. Resolvers that only read their
object are written in place, others are called with a view of it.
"""

import ast
from collections.abc import Iterator
from typing import cast

from graphql import (
    GraphQLEnumType,
    GraphQLLeafType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLOutputType,
    is_leaf_type,
)

from api.compiled.draft import Draft, Parts
from api.compiled.inline import Read, Scope, read_of
from api.compiled.leaf import NULL, Leaves, json_text, members
from api.compiled.selected import SelectedField, SelectedObject
from api.compiled.shape import comprehended, optional, parsed, view_parts, viewed
from api.list_plan import PLAIN, Irregular


def keyed(selected: SelectedObject) -> Iterator[tuple[str, SelectedField]]:
    """Yield the fields with what stands before their values."""
    for place, field in enumerate(selected.fields):
        yield f"{',' if place else '{'}{json_text(field.response)}:", field


def closing(selected: SelectedObject) -> str:
    """Return what stands after the last value."""
    return "}" if selected.fields else "{}"


class TextWriter:
    """Adds to a draft what makes the texts of values."""

    def __init__(self, draft: Draft, leaves: Leaves) -> None:
        self.draft = draft
        self.leaves = leaves

    def object(self, scope: Scope, selected: SelectedObject) -> str:
        """Return the text of an object."""
        parts = Parts(self.draft)
        for key, field in keyed(selected):
            parts.fixed(key)
            self.field(scope, selected, field, parts)
        parts.fixed(closing(selected))
        return parts.text()

    def field(
        self, scope: Scope, owner: SelectedObject, field: SelectedField, parts: Parts
    ) -> None:
        """Add the text of a field's value."""
        if field.field is None:
            parts.fixed(json_text(owner.kind.name))
            return
        read = self.read(scope, field)
        self.settle(read)
        parts.made(self._value(field.field.type, read.result, field.inner))

    def read(self, scope: Scope, field: SelectedField) -> Read:
        """Return where a field's value comes from."""
        extensions = {} if field.field is None else field.field.extensions
        function, arguments = extensions[PLAIN], dict(field.arguments)
        found = read_of(function, arguments, scope, self.draft)
        if found is not None:
            return found
        named = "".join(
            f", {name}={self.draft.constant(value)}"
            for name, value in arguments.items()
        )
        called = self.draft.constant(function)
        return Read((), parsed(f"{called}({self._view(scope)}{named})"))

    def settle(self, read: Read) -> None:
        """Add the assignments that a value needs."""
        for name, value in read.steps:
            self.draft.line(f"{name} = {ast.unparse(value)}")

    def inner_scope(self, result: ast.expr, origin: type) -> Scope | None:
        """Return the scope of a view that an expression would make; else None."""
        found = viewed(result, origin, self.draft.constants)
        if found is None:
            return None
        return Scope(origin, self.draft.name(found[0]), found[1])

    def _view(self, scope: Scope) -> str:
        if scope.view is not None:
            return scope.view
        parts = [scope.value, scope.moment][: len(view_parts(scope.origin))]
        origin = self.draft.constant(scope.origin)
        return f"{origin}.from_domain({', '.join(filter(None, parts))})"

    def _value(
        self, kind: GraphQLOutputType, result: ast.expr, inner: SelectedObject | None
    ) -> str:
        is_required = isinstance(kind, GraphQLNonNull)
        bare = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
        if is_leaf_type(bare):
            return self._leaf(bare, result, is_required)
        absent, result = self._absence(result, inner, is_required)
        if absent is None:
            return self._present(bare, result, inner)
        text = self.draft.fresh()
        with self.draft.block(f"if {absent}:"):
            null = f"{text} = {self.draft.constant(NULL)}"
            self.draft.line(self._refusal() if is_required else null)
        with self.draft.block("else:"):
            self.draft.line(f"{text} = {self._present(bare, result, inner)}")
        return text

    def _absence(
        self, result: ast.expr, inner: SelectedObject | None, is_required: bool
    ) -> tuple[str | None, ast.expr]:
        """Return when an object or list is null, None: never, and what it is else."""
        found = None if is_required else optional(result)
        if found is not None:
            return found
        origin = object if inner is None else inner.origin
        if comprehended(result) or viewed(result, origin, self.draft.constants):
            return None, result
        name = self.draft.name(ast.unparse(result))
        return f"{name} is None", parsed(name)

    def _leaf(self, kind: GraphQLLeafType, result: ast.expr, is_required: bool) -> str:
        if is_required:
            return self._word(kind, result)
        null, found = self.draft.constant(NULL), optional(result)
        if found is None:
            name = self.draft.name(ast.unparse(result))
            found = f"{name} is None", parsed(name)
        return f"({null} if {found[0]} else {self._word(kind, found[1])})"

    def _word(self, kind: GraphQLLeafType, result: ast.expr) -> str:
        """Return the text of a leaf that may not be null."""
        match result:
            case ast.Call(func=ast.Name(id=name), args=[value], keywords=[]):
                form = self.draft.constants.get(name)
                if isinstance(kind, GraphQLEnumType) and form is members(kind):
                    words = self.leaves.words(kind, cast("type", form))
                    return f"{self.draft.constant(words)}[{ast.unparse(value)}]"
        write, applied = self.leaves.writer(kind)
        return applied.format(self.draft.constant(write), ast.unparse(result))

    def _present(
        self, kind: GraphQLOutputType, result: ast.expr, inner: SelectedObject | None
    ) -> str:
        if isinstance(kind, GraphQLList):
            return self._list(kind.of_type, result, inner)
        selected = cast("SelectedObject", inner)
        scope = self.inner_scope(result, selected.origin)
        if scope is None:
            name = self._instance(result, selected.origin)
            scope = Scope(selected.origin, view=name)
        return self.object(scope, selected)

    def _list(
        self, kind: GraphQLOutputType, result: ast.expr, inner: SelectedObject | None
    ) -> str:
        many, item, each = self._items(result)
        texts = self.draft.fresh()
        if isinstance(kind, GraphQLNonNull) and is_leaf_type(kind.of_type):
            word = self._word(kind.of_type, each)
            self.draft.line(f"{texts} = [{word} for {item} in {many}]")
        else:
            self.draft.line(f"{texts} = []")
            with self.draft.block(f"for {item} in {many}:"):
                self.draft.line(f"{texts}.append({self._value(kind, each, inner)})")
        return f"'[' + ','.join({texts}) + ']'"

    def _items(self, result: ast.expr) -> tuple[str, str, ast.expr]:
        """Return what is gone through, the name of an item, and what is made of it."""
        found = comprehended(result)
        if found is not None:
            return found
        item = self.draft.fresh()
        return self._instance(result, list), item, parsed(item)

    def _instance(self, result: ast.expr, expected: type) -> str:
        """Return the name of a value that is of exactly one class."""
        name = self.draft.name(ast.unparse(result))
        origin = self.draft.constant(expected)
        with self.draft.block(f"if {name}.__class__ is not {origin}:"):
            self.draft.line(self._refusal())
        return name

    def _refusal(self) -> str:
        return f"raise {self.draft.constant(Irregular)}"
