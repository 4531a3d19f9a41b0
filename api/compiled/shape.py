"""Shapes of expressions that compiled code makes something better of."""

import ast
import inspect
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import lru_cache
from typing import Final

from api.compiled.body import body_of

MOMENT: Final = "m"
"""The name of the moment in compiled code."""

_PARTS: Final = (("value", "moment"), ("value",))


def parsed(text: str) -> ast.expr:
    """Return an expression."""
    return ast.parse(text, mode="eval").body


def optional(result: ast.expr) -> tuple[str, ast.expr] | None:
    """Return `(a, b)` of `None if a else b`; else None."""
    match result:
        case ast.IfExp(test=test, body=ast.Constant(value=None), orelse=other):
            return ast.unparse(test), other
    return None


def comprehended(result: ast.expr) -> tuple[str, str, ast.expr] | None:
    """Return `(a, b, c)` of `[c for b in a]`; else None."""
    match result:
        case ast.ListComp(
            elt=item, generators=[ast.comprehension(ast.Name(id=name), many, [], 0)]
        ):
            return ast.unparse(many), name, item
    return None


def viewed(
    result: ast.expr, origin: type, constants: Mapping[str, object]
) -> tuple[str, str] | None:
    """Return `(a, b)` of `Origin.from_domain(a, b)`, a view and its moment; else None.

    Of a view without a moment nobody reads it: any will do.
    """
    match result:
        case ast.Call(
            func=ast.Attribute(value=ast.Name(id=name), attr="from_domain"),
            args=[value, *more],
            keywords=[],
        ) if constants.get(name) is origin:
            parts = view_parts(origin)
            moment = ast.unparse(more[0]) if more else MOMENT
            is_moment = moment.split(".")[0] == MOMENT
            if len(parts) == 1 + len(more) and is_moment:
                return ast.unparse(value), moment
    return None


@lru_cache(None)
def view_parts(origin: type) -> tuple[str, ...]:
    """Return what `from_domain` puts together; empty where it does anything else."""
    make = getattr(origin, "from_domain", None)
    if not inspect.ismethod(make) or not is_dataclass(origin):
        return ()
    body = body_of(make.__func__)
    parts = tuple(field.name for field in fields(origin) if field.init)
    if body is None or parts not in _PARTS or body.parameters[1:] != parts:
        return ()
    made = ", ".join(f"{part}={part}" for part in parts)
    is_view = body.result == f"{body.parameters[0]}({made})"
    return parts if is_view and not body.steps else ()
