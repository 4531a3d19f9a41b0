"""Resolvers written into compiled code: their own expressions, about our names.

A view is the domain's value and the moment (`from_domain` only puts them together), so
where a resolver reads nothing but these two, no view is made.
"""

import ast
import builtins
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from types import ModuleType
from typing import NewType

from api.compiled.body import Body, body_of
from api.compiled.draft import Draft
from api.compiled.shape import MOMENT, parsed


@dataclass(frozen=True, slots=True)
class Scope:
    """The object whose fields are written, by the names it has in the code.

    `value` and `moment` are expressions; of an object that is no mere view of these,
    only `view` is known.
    """

    origin: type
    value: str | None = None
    moment: str = MOMENT
    view: str | None = None


@dataclass(frozen=True, slots=True)
class Read:
    """What a field's value is: assignments that come first, and an expression."""

    steps: tuple[tuple[str, ast.expr], ...]
    result: ast.expr


class Unclear(Exception):
    """A resolver that has to be called."""


def read_of(
    function: Callable[..., object],
    arguments: Mapping[str, object],
    scope: Scope,
    draft: Draft,
) -> Read | None:
    """Return a resolver as an expression; None: it has to be called with a view."""
    body = body_of(function)
    if (
        body is None
        or not body.parameters
        or not set(arguments) <= set(body.parameters[1:])
    ):
        return None
    try:
        return _Rewriting(body, arguments, scope, draft).read()
    except Unclear:
        return None


class _Rewriting(ast.NodeTransformer):
    """Puts names of the code in the place of a resolver's own."""

    def __init__(
        self,
        body: Body,
        arguments: Mapping[str, object],
        scope: Scope,
        draft: Draft,
    ) -> None:
        self._body = body
        self._scope = scope
        self._draft = draft
        self._locals: dict[str, str] = {}
        self._self = body.parameters[0]
        self._known = _bound(body, arguments)

    def read(self) -> Read:
        """Return what the resolver returns.

        Raises:
            Unclear: it does more than read.
        """
        steps = []
        for name, value in self._body.steps:
            rewritten = self._expression(parsed(value))
            self._locals[name] = self._draft.fresh()
            steps.append((self._locals[name], rewritten))
        return Read(tuple(steps), self._result())

    def _result(self) -> ast.expr:
        result = parsed(self._body.result)
        match result:
            case ast.ListComp(
                elt=item, generators=[ast.comprehension(ast.Name(id=name), many, [], 0)]
            ):
                rewritten = self._expression(many)
                self._locals[name] = target = self._draft.fresh()
                loop = ast.comprehension(ast.Name(target), rewritten, [], 0)
                return ast.ListComp(self._expression(item), [loop])
        return self._expression(result)

    def _expression(self, node: ast.expr) -> ast.expr:
        found = self.visit(node)
        if not isinstance(found, ast.expr):
            raise Unclear
        return found

    def visit(self, node: ast.AST) -> ast.AST:
        """Rewrite a node; what binds names or waits is none of ours."""
        if isinstance(node, _FOREIGN):
            raise Unclear
        found: ast.AST = super().visit(node)
        return found

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        """Rewrite the view's parts, and look up what modules have."""
        scope = self._scope
        match node.value:
            case ast.Name(id=name) if name == self._self and scope.value is not None:
                if node.attr == "value":
                    return parsed(scope.value)
                if node.attr == "moment":
                    return parsed(scope.moment)
                raise Unclear
        inner = self.visit(node.value)
        owner = self._constant(inner)
        if isinstance(owner, ModuleType) and hasattr(owner, node.attr):
            return self._bind(getattr(owner, node.attr))
        return ast.Attribute(inner, node.attr, ast.Load())  # type: ignore[arg-type]  # visiting gives expressions

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """Rewrite a name: the view, a local, an argument or a global."""
        name = node.id
        if name in self._locals:
            return ast.Name(self._locals[name], ast.Load())
        if name in self._known:
            return self._bind(self._known[name])
        if name == self._self:
            if self._scope.value is not None or self._scope.view is None:
                raise Unclear
            return ast.Name(self._scope.view, ast.Load())
        found = self._body.function.__globals__.get(name, self)
        found = getattr(builtins, name, self) if found is self else found
        if found is self:
            raise Unclear
        return self._bind(found)

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        """Look a constant up in a module's table now rather than each time."""
        table, key = self.visit(node.value), self.visit(node.slice)
        known, asked = self._constant(table), self._constant(key)
        is_table = isinstance(node.value, ast.Name) and node.value.id.isupper()
        is_known = isinstance(known, dict) and isinstance(asked, Enum)
        if is_table and is_known and asked in known:  # type: ignore[operator]  # `is_table`
            return self._bind(known[asked])  # type: ignore[index]  # `is_table`
        return ast.Subscript(table, key, ast.Load())  # type: ignore[arg-type]  # visiting gives expressions

    def visit_Call(self, node: ast.Call) -> ast.expr:
        """Leave out calls that only tell the type checker something."""
        rewritten = self.generic_visit(node)
        if not isinstance(rewritten, ast.Call):
            raise Unclear
        if isinstance(self._constant(rewritten.func), NewType):
            return rewritten.args[0]
        return rewritten

    def _bind(self, value: object) -> ast.expr:
        return ast.Name(self._draft.constant(value), ast.Load())

    def _constant(self, node: ast.AST) -> object:
        return (
            self._draft.constants.get(node.id) if isinstance(node, ast.Name) else None
        )


_FOREIGN = (
    ast.Lambda,
    ast.NamedExpr,
    ast.Await,
    ast.Yield,
    ast.YieldFrom,
    ast.ListComp,
    ast.SetComp,
    ast.DictComp,
    ast.GeneratorExp,
    ast.Starred,
)


def _bound(body: Body, arguments: Mapping[str, object]) -> dict[str, object]:
    """Return the values of all parameters.

    Raises:
        Unclear: one has none.
    """
    found = dict(arguments)
    if len(body.parameters) == 1:
        return found
    signature = inspect.signature(body.function)
    for name in body.parameters[1:]:
        default = signature.parameters[name].default
        if name not in found and default is inspect.Parameter.empty:
            raise Unclear
        found.setdefault(name, default)
    return found
