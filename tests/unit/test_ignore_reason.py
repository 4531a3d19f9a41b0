"""Whoever switches a check or a test off, or sleeps, says why, on the same line."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
# What is built or installed beside our own files.
FOREIGN = frozenset({"node_modules", "build", "dist"})
MARK = re.compile(
    r"(?:ruff: *)?(?:noqa|type: *ignore|pragma: *no *\w+|nosec)\b"
    r"(?P<rule>: *[A-Z]+\d+(?:, *[A-Z]+\d+)*|\[[\w, -]+\]| +B\d+)?"
)
SKIP = re.compile(r"pytest\.(?:skip|xfail|importorskip|mark\.(?:skip|skipif|xfail))\b")
ELSEWHERE = re.compile(r"\b(?:as (?:above|before|below)|likewise|see above|ditto)\b")
SLEEP = re.compile(r"(?:asyncio|time)\.sleep")


def unreasoned(source: str) -> Iterator[tuple[int, str]]:
    """Yield the lines of a module that owe a reason, and what they lack."""
    # Most modules have none of them, and every way to look takes its time.
    if MARK.search(source) is not None:
        yield from _unreasoned_marks(source)
    if SKIP.search(source) is not None:
        yield from _unreasoned_skips(ast.parse(source))
    if SLEEP.search(source) is not None:
        yield from _unreasoned_sleeps(source)


def _comments(source: str) -> Iterator[tokenize.TokenInfo]:
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token


def _unreasoned_marks(source: str) -> Iterator[tuple[int, str]]:
    for token in _comments(source):
        marks = list(MARK.finditer(token.string))
        if not marks:
            continue
        if any(m["rule"] is None and "pragma" not in m[0] for m in marks):
            yield token.start[0], "names no rule"
        if not _says(token.string):
            yield token.start[0], "gives no reason"


def _says(comment: str) -> bool:
    """Whether a comment has words of its own: one that points elsewhere has none."""
    return re.search(r"[^\W\d_]", ELSEWHERE.sub("", MARK.sub("", comment))) is not None


def _unreasoned_sleeps(source: str) -> Iterator[tuple[int, str]]:
    told = {token.start[0] for token in _comments(source) if _says(token.string)}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and SLEEP.fullmatch(ast.unparse(node.func)):
            assert node.end_lineno is not None
            if told.isdisjoint(range(node.lineno, node.end_lineno + 1)):
                yield node.lineno, "sleeps without a reason"


def _unreasoned_skips(tree: ast.Module) -> Iterator[tuple[int, str]]:
    calls = {node.func: node for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and SKIP.fullmatch(ast.unparse(node)):
            call = calls.get(node)
            named = [] if call is None else [word.arg for word in call.keywords]
            # These two take their reason first.
            takes = ast.unparse(node) in {"pytest.skip", "pytest.xfail"}
            first = takes and call is not None and call.args
            if not first and "reason" not in named:
                yield node.lineno, "skips without a reason"


def own_files() -> Iterator[Path]:
    """Yield our own Python files; folders that begin with a dot are not ours."""
    for path in REPOSITORY.rglob("*.py"):
        parts = path.relative_to(REPOSITORY).parts
        if not any(part[0] == "." or part in FOREIGN for part in parts):
            yield path


def test_every_switch_that_is_off_and_every_sleep_has_its_reason() -> None:
    found = [
        f"{path.relative_to(REPOSITORY)}:{line}: {lack}"
        for path in own_files()
        for line, lack in unreasoned(path.read_text())
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("line", "lack"),
    [
        ("x = 1  # noqa: S608", "gives no reason"),
        ("x = 1  # noqa - meant", "names no rule"),
        ("x = 1  # type: ignore[misc]", "gives no reason"),
        ("x = 1  # type: ignore  # meant", "names no rule"),
        ("x = 1  # type: ignore[misc,arg-type]  # noqa: F821, B905", "gives no reason"),
        ("# ruff: noqa: PTH106", "gives no reason"),
        ("x = 1  # noqa: S608 (as above)", "gives no reason"),
        ("x = 1  # type: ignore[misc]  # likewise", "gives no reason"),
        ("await asyncio.sleep(0)  # as above", "sleeps without a reason"),
        ("x = 1  # pragma: no cover", "gives no reason"),
        ("x = 1  # nosec B101", "gives no reason"),
        ("pytest.skip()", "skips without a reason"),
        ("pytest.importorskip('x')", "skips without a reason"),
        ("mark = pytest.mark.skipif(True)", "skips without a reason"),
        ("@pytest.mark.skip\ndef test(): ...", "skips without a reason"),
        ("# above\nawait asyncio.sleep(0)\n# below", "sleeps without a reason"),
        ("asyncio.run(\n    asyncio.sleep(1)\n)  # far", "sleeps without a reason"),
    ],
)
def test_a_reason_that_is_missing_is_found(line: str, lack: str) -> None:
    assert [found for _, found in unreasoned(line)] == [lack]


@pytest.mark.parametrize(
    "line",
    [
        "x = 1  # noqa: S608 - names of ours",
        "x = 1  # type: ignore[misc]  # noqa: F821 (it is meant)",
        "x = 1  # pragma: no cover - another system's",
        "x = '# noqa'",
        "pytest.skip('no disk here')",
        "await asyncio.sleep(0)  # lets others run",
        "time.sleep(\n    LONG_S,  # the pace of the display\n)",
        "x = 'time.sleep(60)'",
        "await clock.sleep(60)",
        "mark = pytest.mark.skipif(True, reason='no disk here')",
    ],
)
def test_a_reason_that_is_there_is_enough(line: str) -> None:
    assert list(unreasoned(line)) == []
