"""What our sources and docs name of tests/ and docs/ is there."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.reference.guide import ENDPOINTS

REPOSITORY = Path(__file__).parents[2]
FOLDERS = (
    "adapters",
    "api",
    "app",
    "bench",
    "conformance",
    "deploy",
    "docs",
    "domain",
    "migrations",
)
KINDS = frozenset({".py", ".md", ".mjs", ".ts", ".yml", ".yaml", ".toml", ".sh"})
# What is built, installed or taken over beside our own files.
FOREIGN = frozenset({"node_modules", "static", "build", "dist"})
PATH = re.compile(r"(?<![\w/.-])(?:tests|docs)/[\w./-]*\w")


def missing(text: str) -> Iterator[tuple[int, str]]:
    """Yield line and path of what a text names and is not there.

    A decision's number is name enough: `docs/adr/0008`. The addresses that we serve
    below /docs are no paths.
    """
    for found in PATH.finditer(text):
        path = found[0]
        if (REPOSITORY / path).exists() or f"/{path}" in ENDPOINTS:
            continue
        if re.fullmatch(r"docs/adr/\d{4}", path) and decision(path):
            continue
        yield text.count("\n", 0, found.start()) + 1, path


def decision(path: str) -> bool:
    return len(list((REPOSITORY / "docs" / "adr").glob(f"{Path(path).name}-*.md"))) == 1


def own_files() -> Iterator[Path]:
    """Yield what is written by us; folders that begin with a dot are not."""
    for folder in FOLDERS:
        for path in (REPOSITORY / folder).rglob("*"):
            parts = path.relative_to(REPOSITORY).parts
            if path.suffix in KINDS and not any(
                part[0] == "." or part in FOREIGN for part in parts
            ):
                yield path
    yield from REPOSITORY.glob("*.md")
    yield REPOSITORY / "Makefile"
    yield REPOSITORY / "pyproject.toml"


def test_every_path_that_is_named_exists() -> None:
    found = [
        f"{path.relative_to(REPOSITORY)}:{line}: {name}"
        for path in own_files()
        for line, name in missing(path.read_text("utf-8"))
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "text",
    [
        "see tests/unit/test_named_path.py.",
        "`docs/adr`, `docs/adr/0001` and `docs/ATTACKS.md`",
        "served at docs/reference and /docs/nowhere",
        "https://example.com/docs/nowhere",
        "tests/**",
    ],
)
def test_what_is_there_or_no_path_of_ours_is_left_alone(text: str) -> None:
    assert list(missing(text)) == []


def test_what_is_not_there_is_told_with_its_line() -> None:
    text = "(tests/nowhere.py)\n`docs/NOWHERE.md`, docs/adr/9999"
    assert list(missing(text)) == [
        (1, "tests/nowhere.py"),
        (2, "docs/NOWHERE.md"),
        (2, "docs/adr/9999"),
    ]
