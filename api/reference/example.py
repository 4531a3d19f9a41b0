"""Examples: operations that the guide shows, and whole programs to copy."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from graphql import FieldNode, OperationDefinitionNode, parse

_API: Final = Path(__file__).resolve().parents[1]
QUESTION_DIR: Final = _API / "page" / "question"
"""Our example operations, a file each; its first line, a comment, is its title."""

CLIENTS: Final[Mapping[str, str]] = {
    "curl.sh": "curl: POST, GET and a live stream",
    "watch.py": "Python: gql",
    "graphql-ws.mjs": "JavaScript: graphql-ws, the whole board kept up to date",
    "apollo.mjs": "JavaScript: Apollo Client",
    "urql.mjs": "JavaScript: urql",
    "package.json": "What the JavaScript programs need: npm install",
    "requirements.txt": "What the Python program needs: pip install -r",
}
"""Files of the examples' folder, in the order in which they are shown."""


@dataclass(frozen=True, slots=True)
class Question:
    """An example operation; `document` has its title as the first line."""

    name: str
    title: str
    document: str
    is_live: bool
    fields: tuple[str, ...]


_ORDER: Final = (
    *("board", "coin", "live", "follow", "search", "filter"),
    *("history", "past", "stats", "venue", "rate"),
)


@cache
def questions() -> tuple[Question, ...]:
    """Return the example operations; read from files, once."""
    return tuple(_question(name) for name in _ORDER)


def _question(name: str) -> Question:
    text = (QUESTION_DIR / f"{name}.graphql").read_text("utf-8")
    title, _, document = text.partition("\n")
    (operation,) = parse(document).definitions
    if not isinstance(operation, OperationDefinitionNode):
        raise TypeError(name)
    root = operation.operation.value.capitalize()
    fields = tuple(
        f"{root}.{node.name.value}"
        for node in operation.selection_set.selections
        if isinstance(node, FieldNode)
    )
    is_live = root == "Subscription"
    return Question(name, title.removeprefix("# "), document, is_live, fields)


@cache
def examples() -> Mapping[str, list[str]]:
    """Return the names of the example operations for each root field's coordinate."""
    found: dict[str, list[str]] = defaultdict(list)
    for question in questions():
        for field in question.fields:
            found[field].append(question.name)
    return found


def example_dir() -> Path | None:
    """Return the folder of example programs, None where it was not brought along.

    It lies in the repository, and beside the API in a wheel.
    """
    for folder in (_API.parent / "docs" / "example", _API / "example"):
        if folder.is_dir():
            return folder
    return None


@cache
def clients() -> Mapping[str, str]:
    """Return the text of each example program that is there; read once."""
    folder = example_dir()
    if folder is None:
        return {}
    return {
        name: (folder / name).read_text("utf-8")
        for name in CLIENTS
        if (folder / name).is_file()
    }
