"""What became of the bars that a backfill was asked for. Counts only."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from domain.model.bar import HoleReason

# Different reasons of failures that are told; the rest is like them.
MAX_REASONS: Final = 5
# Holes of one coin and reason whose times are told, the oldest; the rest is counted.
MAX_SPANS: Final = 3


@dataclass(slots=True)
class Lack:
    """Bars of one coin that are impossible for one reason: how many, and when.

    `spans` are those of the first holes, Unix ms, ends exclusive; `is_more` tells that
    there are others.
    """

    bars: int = 0
    spans: list[tuple[int, int]] = field(default_factory=list)
    is_more: bool = False

    def add(self, opened_ms: int, ends_ms: int) -> None:
        """Count a bar; what follows the last one belongs to its hole."""
        self.bars += 1
        if self.spans and self.spans[-1][1] == opened_ms:
            self.spans[-1] = (self.spans[-1][0], ends_ms)
        elif len(self.spans) < MAX_SPANS:
            self.spans.append((opened_ms, ends_ms))
        else:
            self.is_more = True


@dataclass(slots=True)
class BackfillTally:
    """What became of the bars that were asked for, so far.

    `written` are bars that are there now and were not before, or, `renewed` of them,
    had another official rate than the given one; `changed` those made anew with another
    outcome. Every bar asked for is written, kept, impossible, or missing.
    `other_minutes` are kept minutes with another rate than the given one: these stay.
    `irregular` candles came twice or out of order, `unusable` ones could not be read:
    their bars are missing.
    """

    asked: int = 0
    written: int = 0
    renewed: int = 0
    changed: int = 0
    kept: int = 0
    other_minutes: int = 0
    impossible: dict[HoleReason, dict[str, Lack]] = field(default_factory=dict)
    candles: int = 0
    irregular: int = 0
    unusable: int = 0
    pieces: int = 0
    pieces_done: int = 0
    pieces_worked: int = 0
    failures: int = 0
    reasons: dict[str, None] = field(default_factory=dict)
    gave_up: bool = False
    missing: dict[str, int] = field(default_factory=dict)

    @property
    def impossible_count(self) -> int:
        """How many bars cannot be made."""
        return sum(
            lack.bars for lacks in self.impossible.values() for lack in lacks.values()
        )

    @property
    def done(self) -> int:
        """How many bars need no more work."""
        return self.written + self.kept + self.impossible_count

    @property
    def is_complete(self) -> bool:
        """Whether every bar asked for is there or impossible."""
        return not self.missing

    def note_impossible(
        self, symbol: str, openings: Iterable[tuple[int, HoleReason]], length_ms: int
    ) -> None:
        """Count bars of a coin that cannot be made, ascending, and why each."""
        for opened_ms, reason in openings:
            lacks = self.impossible.setdefault(reason, {})
            lack = lacks.setdefault(symbol, Lack())
            lack.add(opened_ms, opened_ms + length_ms)

    def note_failure(self, reason: str) -> None:
        """Count a failure; the first few different ones are kept in words."""
        self.failures += 1
        if len(self.reasons) < MAX_REASONS:
            self.reasons[reason] = None
