"""What a client loses between two versions of the schema, and whether it was told.

graphql-core finds the changes; here they get the coordinates by which CHANGELOG.md has
to name them: `Type`, `Type.field`, `Type.field(argument:)`, `Enum.VALUE`, `@directive`.
Policy: docs/SCHEMA.md.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from graphql import GraphQLSchema
from graphql.utilities import (
    BreakingChange,
    BreakingChangeType,
    DangerousChange,
    DangerousChangeType,
    find_breaking_changes,
    find_dangerous_changes,
)

MARK: Final = "**breaking**"
"""What an entry of CHANGELOG.md carries that names a breaking change."""

BREAKING_TOO: Final = frozenset(
    {
        # Unchanged documents would be answered otherwise, or be refused.
        DangerousChangeType.ARG_DEFAULT_VALUE_CHANGE,
        DangerousChangeType.INPUT_FIELD_DEFAULT_VALUE_CHANGE,
    }
)
"""Changes that the library calls dangerous, and we call breaking."""

_MEMBER: Final = r"(\w+\.\w+)"
_ARGUMENT: Final = r"((?:\w+\.\w+|@\w+)\(\w+:\))"
_DIRECTIVE: Final = r"(@\w+(?:\(\w+:\))?)"
_KIND: Final = BreakingChangeType
PATTERNS: Final[Mapping[BreakingChangeType | DangerousChangeType, re.Pattern[str]]] = (
    MappingProxyType(
        {
            kind: re.compile(pattern)
            for pattern, kinds in {
                r"^(?:Standard scalar )?(\w+) (?:was|changed) ": (
                    _KIND.TYPE_REMOVED,
                    _KIND.TYPE_CHANGED_KIND,
                ),
                r"^(\w+) was removed from union type (\w+)": (
                    _KIND.TYPE_REMOVED_FROM_UNION,
                ),
                r"^(\w+) no longer implements interface (\w+)": (
                    _KIND.IMPLEMENTED_INTERFACE_REMOVED,
                ),
                _MEMBER: (
                    _KIND.VALUE_REMOVED_FROM_ENUM,
                    _KIND.REQUIRED_INPUT_FIELD_ADDED,
                    _KIND.FIELD_REMOVED,
                    _KIND.FIELD_CHANGED_KIND,
                    DangerousChangeType.INPUT_FIELD_DEFAULT_VALUE_CHANGE,
                ),
                _ARGUMENT: (
                    _KIND.REQUIRED_ARG_ADDED,
                    _KIND.ARG_REMOVED,
                    _KIND.ARG_CHANGED_KIND,
                    DangerousChangeType.ARG_DEFAULT_VALUE_CHANGE,
                ),
                _DIRECTIVE: (
                    _KIND.DIRECTIVE_REMOVED,
                    _KIND.DIRECTIVE_ARG_REMOVED,
                    _KIND.REQUIRED_DIRECTIVE_ARG_ADDED,
                    _KIND.DIRECTIVE_REPEATABLE_REMOVED,
                    _KIND.DIRECTIVE_LOCATION_REMOVED,
                ),
            }.items()
            for kind in kinds
        }
    )
)
"""How the library's sentence of each kind names what it is about."""


@dataclass(frozen=True, slots=True)
class Loss:
    """A change that can break a client, and the coordinates it is about."""

    kind: str
    description: str
    coordinates: tuple[str, ...]

    def is_named(self, entries: Sequence[str]) -> bool:
        """Whether an entry marked as breaking has each coordinate in backticks."""
        wanted = [f"`{coordinate}`" for coordinate in self.coordinates]
        return any(
            MARK in entry and all(name in entry for name in wanted) for entry in entries
        )


def losses(old: GraphQLSchema, new: GraphQLSchema) -> list[Loss]:
    """Return what clients of the old schema can lose with the new one."""
    changes: list[BreakingChange | DangerousChange] = [
        *find_breaking_changes(old, new),
        *(c for c in find_dangerous_changes(old, new) if c.type in BREAKING_TOO),
    ]
    return [_loss(change) for change in changes]


def changelog_entries(text: str, release: str = "") -> list[str]:
    """Return the list entries of the sections above that of a release, each one line.

    Without a release, or where it has no section, those of all sections.
    """
    return [" ".join(entry) for entry in _entries(text, release)]


def _entries(text: str, release: str) -> Iterator[list[str]]:
    entry: list[str] = []
    for line in text.splitlines():
        if release and re.match(rf"## \[?{re.escape(release)}\b", line):
            break
        if line.startswith("- ") or not line.startswith(" "):
            if entry:
                yield entry
            entry = [line] if line.startswith("- ") else []
        elif entry:
            entry.append(line.strip())
    if entry:
        yield entry


def _loss(change: BreakingChange | DangerousChange) -> Loss:
    found = PATTERNS[change.type].search(change.description)
    # A sentence in other words (a newer library): then it must be told word for word.
    names = found.groups() if found is not None else (change.description,)
    return Loss(change.type.name, change.description, names)
