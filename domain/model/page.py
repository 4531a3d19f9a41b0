"""Keyset pages: a cursor names a place in an order, not a count of rows.

Source: semantics.md "Lists and arguments". Nulls come last in both directions, ties
go by symbol ascending; while values move, rows whose key did not change are seen
exactly once. Connections follow the GraphQL Cursor Connections Specification.
"""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Generic, NamedTuple, TypeVar, overload

from domain.model.error import InvalidArgument
from domain.model.number import canonical

MIN_FIRST = 1
MAX_FIRST = 1000
# Longer than any key of ours, too short for nested brackets to exhaust the stack.
_MAX_CURSOR = 512
_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
# Keys are computed and may have more digits than numbers from outside are allowed.
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")

T = TypeVar("T")
SortKey = Decimal | str | None


class Direction(StrEnum):
    """Sort direction; nulls are last in both."""

    ASC = "ASC"
    DESC = "DESC"


@dataclass(frozen=True, slots=True)
class PageRequest:
    """How many rows after which cursor."""

    first: int
    after: str | None = None

    def __post_init__(self) -> None:
        if not MIN_FIRST <= self.first <= MAX_FIRST:
            most = MAX_FIRST if self.first > MAX_FIRST else None
            raise InvalidArgument("first", f"must be {MIN_FIRST} to {MAX_FIRST}", most)


@dataclass(frozen=True, slots=True)
class Ordering(Generic[T]):
    """An order of rows and what it is called; `name` also holds the filter.

    A cursor made under one name is refused under another.
    """

    name: str
    direction: Direction
    key: Callable[[T], SortKey]
    symbol: Callable[[T], str]
    numeric: bool


class Edge(NamedTuple, Generic[T]):
    """A row in its page; the cursor is made when it is asked for."""

    row: T
    cursors: Sequence[str]
    place: int

    @property
    def cursor(self) -> str:
        """Its place in this order and filter."""
        return self.cursors[self.place]


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A page of rows with their cursors, and what lies around it."""

    rows: Sequence[T]
    cursors: Sequence[str]
    total: int
    has_next: bool
    has_previous: bool

    @property
    def edges(self) -> list[Edge[T]]:
        """The rows, each with its cursor."""
        return [Edge(row, self.cursors, place) for place, row in enumerate(self.rows)]


@dataclass(frozen=True, slots=True)
class _Place:
    key: SortKey
    symbol: str


def paginate(rows: Iterable[T], ordering: Ordering[T], request: PageRequest) -> Page[T]:
    """Sort the rows and return those after the cursor.

    Raises:
        InvalidArgument: `after` is broken or belongs to another order or filter.
    """
    ranked = _sorted(rows, ordering)
    start = 0
    if request.after is not None:
        place = _decode(request.after, ordering)
        start = sum(
            not _is_after(_place(row, ordering), place, ordering) for row in ranked
        )
    chosen = ranked[start : start + request.first]
    return Page(
        rows=chosen,
        cursors=Cursors(chosen, ordering),
        total=len(ranked),
        has_next=start + len(chosen) < len(ranked),
        has_previous=start > 0,
    )


class Cursors(Sequence[str]):
    """The cursors of rows, each made when it is asked for: mostly two of many are."""

    def __init__(self, rows: Sequence[T], ordering: Ordering[T]) -> None:
        fingerprint = _fingerprint(ordering)
        self._count = len(rows)
        self._made: dict[int, str] = {}
        self._make: Callable[[int], str] = lambda at: _encode(
            _place(rows[at], ordering), fingerprint
        )

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, place: int) -> str: ...

    @overload
    def __getitem__(self, place: slice) -> list[str]: ...

    def __getitem__(self, place: int | slice) -> str | list[str]:
        if isinstance(place, slice):
            return [self[at] for at in range(*place.indices(self._count))]
        known = self._made.get(place)
        if known is None:
            known = self._made[place] = self._make(place)
        return known


def place_at(cursor: str, ordering: Ordering[T]) -> tuple[SortKey, str]:
    """Return the key and symbol that a cursor names.

    Raises:
        InvalidArgument: it is broken or belongs to another order or filter.
    """
    place = _decode(cursor, ordering)
    return place.key, place.symbol


def _sorted(rows: Iterable[T], ordering: Ordering[T]) -> list[T]:
    by_symbol = sorted(rows, key=ordering.symbol)
    descending = ordering.direction is Direction.DESC
    if ordering.key is ordering.symbol:
        return by_symbol[::-1] if descending else by_symbol
    keyed, unkeyed = [], []
    for row in by_symbol:
        key = ordering.key(row)
        if key is None:
            unkeyed.append(row)
        else:
            keyed.append((key, row))
    # Python's sort is stable in reverse too: ties stay ascending by symbol.
    if ordering.numeric:
        keyed.sort(key=lambda pair: Decimal(pair[0]), reverse=descending)
    else:
        keyed.sort(key=lambda pair: str(pair[0]), reverse=descending)
    return [row for _, row in keyed] + unkeyed


def _place(row: T, ordering: Ordering[T]) -> _Place:
    return _Place(ordering.key(row), ordering.symbol(row))


def _is_after(row: _Place, cursor: _Place, ordering: Ordering[T]) -> bool:
    if row.key is None or cursor.key is None:
        if (row.key is None) is (cursor.key is None):
            return row.symbol > cursor.symbol
        return row.key is None
    if row.key == cursor.key:
        return row.symbol > cursor.symbol
    if ordering.numeric:
        larger = Decimal(row.key) > Decimal(cursor.key)
    else:
        larger = str(row.key) > str(cursor.key)
    return larger is (ordering.direction is Direction.ASC)


def _fingerprint(ordering: Ordering[T]) -> str:
    name = f"{ordering.name} {ordering.direction}"
    return hashlib.sha256(name.encode()).hexdigest()[:12]


def _encode(place: _Place, fingerprint: str) -> str:
    key = canonical(place.key) if isinstance(place.key, Decimal) else place.key
    text = _JSON.encode([fingerprint, place.key is None, key, place.symbol])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decode(cursor: str, ordering: Ordering[T]) -> _Place:
    try:
        if len(cursor) > _MAX_CURSOR:
            raise ValueError("too long")
        padded = cursor + "=" * (-len(cursor) % 4)
        raw = base64.b64decode(padded.encode("ascii"), altchars=b"-_", validate=True)
        fingerprint, is_null, key, symbol = json.loads(raw)
        # Another order's key may be of another kind: whose it is comes first.
        if _text(fingerprint) != _fingerprint(ordering):
            raise InvalidArgument(
                "after", "belongs to another order or filter; start again without it"
            )
        return _Place(_key(is_null, key, ordering.numeric), _text(symbol))
    except InvalidArgument:
        raise
    except (binascii.Error, TypeError, ValueError) as exc:
        raise InvalidArgument(
            "after", "must be a cursor that this server returned"
        ) from exc


def _key(is_null: object, key: object, numeric: bool) -> SortKey:
    if is_null is True and key is None:
        return None
    text = _text(key)
    if not numeric:
        return text
    if _NUMBER.fullmatch(text) is None:
        raise ValueError("not a number")
    return Decimal(text)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value
