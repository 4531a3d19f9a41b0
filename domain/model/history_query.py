"""What is asked of the past: argument rules, and cursors into it.

Source: semantics.md "Lists and arguments". A cursor names a row by its opening, day or
symbol, and carries a hash of everything else that was asked; with another question it
is refused. Rows are asked for from the cursor's own on, so that what lies before a
page is known and not guessed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from domain.model.bar import PremiumBar
from domain.model.error import InvalidArgument
from domain.model.fx import PremiumBasis
from domain.model.interval import Interval
from domain.model.page import (
    Cursors,
    Direction,
    Ordering,
    Page,
    PageRequest,
    SortKey,
    T,
    place_at,
)
from domain.model.snapshot import DailySnapshot

MAX_SPAN_BARS = 600_000
"""Openings between `from` and `to`: 416 days of minutes; more is refused."""

KEPT_INTERVALS = tuple(item for item in Interval if item is not Interval.S1)
"""Intervals that bars are told of; seconds are not kept."""

# The row of the cursor, and one that shows whether more follow.
BESIDE_PAGE = 2


@dataclass(frozen=True, slots=True)
class BarsAsked:
    """A page of one coin's bars: `from_ms` ≤ opened < `to_ms` (Unix ms).

    Raises:
        InvalidArgument: seconds are asked for, the span is reversed or too long, or the
            cursor is of another question.
    """

    symbol: str
    basis: PremiumBasis
    interval: Interval
    from_ms: int
    to_ms: int
    direction: Direction
    request: PageRequest

    def __post_init__(self) -> None:
        if self.interval not in KEPT_INTERVALS:
            allowed = ", ".join(KEPT_INTERVALS)
            raise InvalidArgument("interval", f"is not kept; allowed are {allowed}")
        if self.from_ms > self.to_ms:
            raise InvalidArgument("from", "must not be after `to`")
        if self.to_ms - self.from_ms > MAX_SPAN_BARS * self.interval.length_ms:
            raise InvalidArgument(
                "from",
                f"may be at most {MAX_SPAN_BARS} bars of {self.interval} before `to`",
            )
        _ = self.cursor_ms

    @property
    def ordering(self) -> Ordering[PremiumBar]:
        """The order of its pages; its name holds all that is asked."""
        span = f"{self.from_ms} {self.to_ms}"
        return Ordering(
            name=f"bars {self.symbol} {self.interval} {self.basis} {span}",
            direction=self.direction,
            key=lambda bar: Decimal(bar.opened_ms),
            symbol=lambda bar: bar.symbol,
            numeric=True,
        )

    @property
    def cursor_ms(self) -> int | None:
        """The opening that the cursor names, None without one."""
        key = _key_of(self.request, self.ordering)
        if key is None:
            return None
        opened_ms = int(key) if isinstance(key, Decimal) else -1
        if not self.from_ms <= opened_ms < self.to_ms:
            raise _not_ours()
        return opened_ms

    def span(self, now_ms: int) -> tuple[int, int]:
        """Return the openings to look at, from the cursor's on, as whole intervals.

        No bar opened before 1970 or opens after now: no calendar is left at either end.
        """
        length_ms = self.interval.length_ms
        begin_ms = self._opening(max(self.from_ms, 0))
        latest_ms = self.interval.opened_ms(now_ms) + length_ms
        end_ms = min(self._opening(max(self.to_ms, 0)), latest_ms)
        cursor_ms = self.cursor_ms
        if cursor_ms is not None and self.direction is Direction.ASC:
            begin_ms = max(begin_ms, cursor_ms)
        elif cursor_ms is not None:
            end_ms = min(end_ms, cursor_ms + length_ms)
        return begin_ms, end_ms

    def page(self, found: Sequence[PremiumBar]) -> Page[PremiumBar]:
        """Return the page in what was found within `span`, in the direction asked."""
        cursor_ms = self.cursor_ms
        had = bool(found) and found[0].opened_ms == cursor_ms
        # Bars go oldest first: with the cursor's own, all before it ascending went too.
        descending = cursor_ms is not None and self.direction is Direction.DESC
        return page_of(found[had:], had or descending, self.ordering, self.request)

    def _opening(self, at_ms: int) -> int:
        """Return the first opening at or after an instant."""
        opened_ms = self.interval.opened_ms(at_ms)
        return opened_ms if opened_ms == at_ms else opened_ms + self.interval.length_ms


@dataclass(frozen=True, slots=True)
class SnapshotsAsked:
    """A page of one coin's snapshots, both days inclusive; None is no bound.

    Raises:
        InvalidArgument: the span is reversed, or the cursor is of another question.
    """

    symbol: str
    from_day: date | None
    to_day: date | None
    direction: Direction
    request: PageRequest

    def __post_init__(self) -> None:
        begin, end = self.from_day or date.min, self.to_day or date.max
        if begin > end:
            raise InvalidArgument("from", "must not be after `to`")
        _ = self.cursor_day

    @property
    def ordering(self) -> Ordering[DailySnapshot]:
        """The order of its pages; its name holds all that is asked."""
        return Ordering(
            name=f"snapshots {self.symbol} {self.from_day} {self.to_day}",
            direction=self.direction,
            key=lambda snapshot: snapshot.day.isoformat(),
            symbol=lambda snapshot: snapshot.symbol,
            numeric=False,
        )

    @property
    def cursor_day(self) -> date | None:
        """The day that the cursor names, None without one."""
        key = _key_of(self.request, self.ordering)
        if key is None:
            return None
        try:
            return date.fromisoformat(str(key))
        except ValueError as exc:
            raise _not_ours() from exc

    @property
    def span(self) -> tuple[date | None, date | None]:
        """The days to look at, from the cursor's on."""
        cursor_day = self.cursor_day
        if cursor_day is None:
            return self.from_day, self.to_day
        if self.direction is Direction.ASC:
            return cursor_day, self.to_day
        return self.from_day, cursor_day

    def page(self, found: Sequence[DailySnapshot]) -> Page[DailySnapshot]:
        """Return the page in what was found within `span`, in the direction asked."""
        had = bool(found) and found[0].day == self.cursor_day
        return page_of(found[had:], had, self.ordering, self.request)


@dataclass(frozen=True, slots=True)
class DayAsked:
    """A page of every coin's snapshot on one Seoul day, by symbol.

    Raises:
        InvalidArgument: the cursor is of another question.
    """

    day: date
    request: PageRequest

    def __post_init__(self) -> None:
        _ = self.cursor_symbol

    @property
    def ordering(self) -> Ordering[DailySnapshot]:
        """The order of its pages; its name holds all that is asked."""
        return Ordering(
            name=f"snapshots of {self.day}",
            direction=Direction.ASC,
            key=lambda snapshot: snapshot.symbol,
            symbol=lambda snapshot: snapshot.symbol,
            numeric=False,
        )

    @property
    def cursor_symbol(self) -> str | None:
        """The symbol that the cursor names, None without one."""
        key = _key_of(self.request, self.ordering)
        return None if key is None else str(key)

    def page(self, found: Sequence[DailySnapshot]) -> Page[DailySnapshot]:
        """Return the page in what was found after the cursor.

        Rows of a day are never taken away: the cursor's own precedes.
        """
        had = self.request.after is not None
        return page_of(found, had, self.ordering, self.request)


def page_of(
    rows: Sequence[T], has_previous: bool, ordering: Ordering[T], request: PageRequest
) -> Page[T]:
    """Return the first rows as a page; `total` counts these only."""
    chosen = rows[: request.first]
    return Page(
        rows=chosen,
        cursors=Cursors(chosen, ordering),
        total=len(chosen),
        has_next=len(rows) > request.first,
        has_previous=has_previous,
    )


def _key_of(request: PageRequest, ordering: Ordering[T]) -> SortKey:
    if request.after is None:
        return None
    key, _ = place_at(request.after, ordering)
    if key is None:
        raise _not_ours()
    return key


def _not_ours() -> InvalidArgument:
    return InvalidArgument("after", "must be a cursor that this server returned")
