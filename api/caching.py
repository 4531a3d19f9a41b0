"""What caches may do with the answers to GET: ETag, 304, Cache-Control, Vary.

Sources: RFC 9110, sections 8.8.3 (ETag), 13.1.2 (If-None-Match) and 15.4.5 (304);
RFC 9111, section 5.2 (Cache-Control). The tag is of the data alone and therefore weak:
`extensions.serverTime` differs in answers that say the same.

Live answers are `no-cache`: they may be kept, and are asked about before each use. Only
pages of history that have settled are `public` for a while: what is younger is still
healed and proven. Errors and whatever was not asked by GET are `no-store`; what was
asked with a key, or where one is demanded, is `private`.
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from hashlib import blake2b
from typing import Any, Final

from graphql import (
    ArgumentNode,
    DocumentNode,
    FieldNode,
    FragmentSpreadNode,
    GraphQLError,
    OperationDefinitionNode,
    SelectionSetNode,
    StringValueNode,
    VariableNode,
    get_operation_ast,
)

from api.complexity import fragments_of
from api.scalar import read_day, read_instant

NO_STORE: Final = "no-store"
NO_CACHE: Final = "no-cache"

SETTLED_DAYS: Final = 8
"""Pages of history that ended so many days ago have settled: gaps are healed for seven
days, snapshots proven within one. Only a backfill by the operator changes them."""

SETTLED_AGE_S: Final = 3600
"""How long such a page may be used unasked: a backfill shows after an hour."""

VARY: Final = "Accept, Origin"
"""What answers to GET differ by: their media type, and what pages are told (CORS)."""

_DAY_MS: Final = 86_400_000
_TAG_BYTES: Final = 16
# A cache's list; quotes hold anything but quotes (RFC 9110, section 8.8.3).
_tags = re.compile(r'(?:W/)?"([^"]*)"').findall
# Fields of a coin that change at most with the catalogue, in either direction of time.
_NAMES: Final = frozenset({"__typename", "id", "symbol", "koreanName", "englishName"})
_PAGES: Final = {"premiumHistory": "to", "dailySnapshots": "to"}


def etag_of(data: bytes) -> str:
    """Return the weak entity tag of an answer's data, written as JSON."""
    return f'W/"{blake2b(data, digest_size=_TAG_BYTES).hexdigest()}"'


def is_known(if_none_match: str | None, etag: str) -> bool:
    """Whether a client has the answer of this tag already; compared weakly."""
    if if_none_match is None:
        return False
    if if_none_match.strip() == "*":
        return True
    return etag.removeprefix("W/").strip('"') in _tags(if_none_match)


def cache_control(*, settled: bool, private: bool) -> str:
    """Return the rule for a good answer to GET."""
    if settled:
        return f"{'private' if private else 'public'}, max-age={SETTLED_AGE_S}"
    return f"private, {NO_CACHE}" if private else NO_CACHE


def is_settled(
    document: DocumentNode | None,
    operation: str | None,
    variables: Mapping[str, Any] | None,
    data: Mapping[str, Any] | None,
    now_ms: int,
) -> bool:
    """Whether an operation asks for pages of history only, all of which have settled.

    `data` is its answer: what was not found may be there tomorrow.
    """
    found = None if document is None else get_operation_ast(document, operation)
    if document is None or found is None or not data or None in data.values():
        return False
    return _Settled(document, found, variables or {}, now_ms).holds()


class _Settled:
    """Looks through one operation, each fragment once."""

    def __init__(
        self,
        document: DocumentNode,
        operation: OperationDefinitionNode,
        variables: Mapping[str, Any],
        now_ms: int,
    ) -> None:
        self._operation = operation
        self._variables = variables
        self._defaults = {
            item.variable.name.value: item.default_value
            for item in operation.variable_definitions or ()
        }
        self._fragments = fragments_of(document)
        self._limit_ms = now_ms - SETTLED_DAYS * _DAY_MS

    def holds(self) -> bool:
        """Whether every field at the root is a settled page or a coin with such."""
        # Not `__typename` alone: who asks that asks whether we are there now.
        fields = self._fields(self._operation.selection_set)
        return bool(fields) and all(map(self._is_settled_root, fields))

    def _is_settled_root(self, field: FieldNode) -> bool:
        name = field.name.value
        if name == "dailySnapshots":
            return self._has_ended(field, "date")
        if name != "coin" or field.selection_set is None:
            return False
        return all(
            inner.name.value in _NAMES
            or (
                inner.name.value in _PAGES
                and self._has_ended(inner, _PAGES[inner.name.value])
            )
            for inner in self._fields(field.selection_set)
        )

    def _fields(self, selected: SelectionSetNode) -> list[FieldNode]:
        """Return the fields of a selection, those of its fragments among them."""
        found: list[FieldNode] = []
        waiting, spread = [selected], set[str]()
        while waiting:
            for item in waiting.pop().selections:
                if isinstance(item, FieldNode):
                    found.append(item)
                    continue
                inner: object = item
                if isinstance(item, FragmentSpreadNode):
                    if item.name.value in spread:
                        continue
                    spread.add(item.name.value)
                    inner = self._fragments.get(item.name.value)
                below = getattr(inner, "selection_set", None)
                if below is not None:
                    waiting.append(below)
        return found

    def _has_ended(self, field: FieldNode, argument: str) -> bool:
        given = next(
            (a for a in field.arguments or () if a.name.value == argument), None
        )
        text = None if given is None else self._value(given)
        end_ms = _end_ms(text)
        return end_ms is not None and end_ms <= self._limit_ms

    def _value(self, argument: ArgumentNode) -> object:
        node: object = argument.value
        if isinstance(node, VariableNode):
            name = node.name.value
            if name in self._variables:
                return self._variables[name]
            node = self._defaults.get(name)
        return node.value if isinstance(node, StringValueNode) else None


def _end_ms(text: object) -> int | None:
    """Return where an instant or a day in Seoul ends (Unix ms), None for neither."""
    try:
        return read_instant(text)
    except GraphQLError:
        pass
    try:
        return _day_end_ms(read_day(text))
    except GraphQLError:
        return None


def _day_end_ms(day: date) -> int:
    """Return the end of a day in UTC, nine hours after that of the day in Seoul."""
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return round(start.timestamp()) * 1000 + _DAY_MS
