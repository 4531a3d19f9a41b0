"""The bodies of plain resolvers as expressions, to be written into compiled code.

A resolver's body is taken from its source, and only where the source, compiled again,
is exactly the code that runs: not from a file that was changed since, and not where
there is no file. Whatever has no body here is called.
"""

import ast
import linecache
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType, FunctionType

MODULES_KEPT = 256
"""Parsed source files that are kept; the least recently used one goes."""

BODIES_KEPT = 1_024
"""Bodies that are kept, likewise."""


@dataclass(frozen=True, slots=True)
class Body:
    """Assignments to local names, then the value that is returned, as source."""

    function: FunctionType
    parameters: tuple[str, ...]
    steps: tuple[tuple[str, str], ...]
    result: str


def body_of(function: object) -> Body | None:
    """Return the body of a function that is a few assignments and a `return`."""
    if not isinstance(function, FunctionType) or function.__closure__:
        return None
    return _body(function)


@lru_cache(BODIES_KEPT)
def _body(function: FunctionType) -> Body | None:
    found = _definitions(function.__code__.co_filename).get(_place(function.__code__))
    if found is None or found[1] != function.__code__:
        return None
    steps, result = [], None
    for statement in found[0].body:
        match statement:
            case ast.Expr(value=ast.Constant()):
                continue
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                steps.append((name, ast.unparse(value)))
            case ast.Return(value=ast.expr() as value):
                result = ast.unparse(value)
            case _:
                return None
    parameters = _parameters(found[0].args)
    if result is None or parameters is None:
        return None
    return Body(function, parameters, tuple(steps), result)


Place = tuple[str, int]
Definition = tuple[ast.FunctionDef, CodeType]


def _place(code: CodeType) -> Place:
    return code.co_name, code.co_firstlineno


def _parameters(arguments: ast.arguments) -> tuple[str, ...] | None:
    if arguments.vararg or arguments.kwarg or arguments.posonlyargs:
        return None
    return tuple(item.arg for item in (*arguments.args, *arguments.kwonlyargs))


@lru_cache(MODULES_KEPT)
def _definitions(filename: str) -> dict[Place, Definition]:
    """Return the functions of a file with their code."""
    text = "".join(linecache.getlines(filename))
    try:
        tree = ast.parse(text, filename)
        module = compile(tree, filename, "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return {}
    codes = {_place(code): code for code in _codes(module)}
    return {
        place: (node, codes[place])
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        and (place := (node.name, _first_line(node))) in codes
    }


def _first_line(node: ast.FunctionDef) -> int:
    return min([node.lineno, *(item.lineno for item in node.decorator_list)])


def _codes(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes(constant)
