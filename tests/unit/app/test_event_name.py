"""Every log line is a named event with keys, and docs/LOGS.md has them all."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[3]
LEVELS = frozenset({"debug", "info", "warning", "error", "exception", "critical"})
NAME = re.compile(r"[a-z]+(_[a-z]+)*\.[a-z]+(_[a-z]+)*")


@dataclass(frozen=True)
class LogCall:
    """One call of a logger: where, the names it may use, what it is given."""

    place: str
    names: frozenset[str]
    positional: int
    keys: frozenset[str]
    is_stdlib: bool


def calls_in(source: str, place: str) -> Iterator[LogCall]:
    """Yield the calls of loggers in a module's source."""
    tree = ast.parse(source)
    is_stdlib = "logging.getLogger(__name__)" in source
    for scope in ast.walk(tree):
        if not isinstance(scope, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for node in ast.walk(scope):
            if isinstance(node, ast.Call) and _is_log(node.func):
                assert isinstance(node.func, ast.Attribute)
                given = node.args[1:] if node.func.attr == "log" else node.args
                yield LogCall(
                    f"{place}:{node.lineno}",
                    frozenset(_names(given[0], (scope, tree)) if given else ()),
                    len(given),
                    frozenset(keyword.arg or "**" for keyword in node.keywords),
                    is_stdlib,
                )


def _is_log(function: ast.expr) -> bool:
    if not isinstance(function, ast.Attribute) or function.attr not in LEVELS | {"log"}:
        return False
    owner = function.value
    name = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
    return name in {"_log", "log"}


def _names(given: ast.expr, scopes: tuple[ast.AST, ast.AST]) -> Iterator[str]:
    """Yield the texts an argument may be: one, either of two, or a variable's."""
    if isinstance(given, ast.Constant) and isinstance(given.value, str):
        yield given.value
    elif isinstance(given, ast.IfExp):
        yield from _names(given.body, scopes)
        yield from _names(given.orelse, scopes)
    elif isinstance(given, ast.Name):
        for node in (node for scope in scopes for node in ast.walk(scope)):
            if isinstance(node, ast.Assign) and _targets(node) == {given.id}:
                yield from _names(node.value, scopes)


def _targets(node: ast.Assign) -> set[str]:
    return {ast.unparse(target) for target in node.targets}


def every_call() -> list[LogCall]:
    """Return the calls of loggers in the whole source."""
    return [
        call
        for package in ("app", "api", "domain", "adapters", "migrations")
        for file in sorted((REPOSITORY / package).rglob("*.py"))
        for call in calls_in(file.read_text("utf-8"), str(file.relative_to(REPOSITORY)))
    ]


@pytest.mark.parametrize("call", every_call(), ids=lambda call: str(call.place))
def test_a_line_is_a_name_and_keys(call: LogCall) -> None:
    assert call.names, "the event must be a text that can be found"
    assert all(NAME.fullmatch(name) for name in call.names), call.names
    assert call.positional == 1, "what belongs to an event stands in its keys"
    if call.is_stdlib:
        assert call.keys <= {"extra", "exc_info"}


def test_the_page_lists_every_event_and_no_other() -> None:
    page = (REPOSITORY / "docs" / "LOGS.md").read_text("utf-8")
    listed = re.findall(r"^\| `([a-z_.]+)` \|", page, flags=re.MULTILINE)
    assert len(listed) == len(set(listed))
    used = {name for call in every_call() for name in call.names}
    assert set(listed) == used


@pytest.mark.parametrize(
    "line",
    [
        '_log.info("Feed came up")',
        '_log.info(f"feed.{name}")',
        '_log.info("feed.up %s", name)',
        'self._log.warning("feed_up")',
    ],
)
def test_a_line_of_another_form_is_found(line: str) -> None:
    source = f"import logging\n_log = logging.getLogger(__name__)\ndef f():\n    {line}"
    (call,) = calls_in(source, "x.py")
    with pytest.raises(AssertionError):
        test_a_line_is_a_name_and_keys(call)
