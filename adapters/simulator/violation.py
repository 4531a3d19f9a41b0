"""What clients did that a venue's rules forbid; later tests ask that it is nothing."""

from collections import deque
from dataclasses import asdict, dataclass

KEPT = 1_000
"""Violations kept for reading; older ones only count."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken rule: `rule` is a fixed name, `detail` says what was seen."""

    venue: str
    rule: str
    detail: str
    at_ms: int


class ViolationLog:
    """All violations of a run."""

    def __init__(self) -> None:
        self.count = 0
        self._kept: deque[Violation] = deque(maxlen=KEPT)

    def add(self, venue: str, rule: str, detail: str, at_ms: int) -> None:
        """Note one."""
        self.count += 1
        self._kept.append(Violation(venue, rule, detail, at_ms))

    def listed(self) -> tuple[Violation, ...]:
        """Return the kept ones, oldest first."""
        return tuple(self._kept)

    def clear(self) -> None:
        """Forget all, the count too."""
        self.count = 0
        self._kept.clear()

    def to_json(self) -> dict[str, object]:
        """Return `{"count": n, "violations": [{venue, rule, detail, at_ms}, …]}`."""
        return {
            "count": self.count,
            "violations": [asdict(violation) for violation in self._kept],
        }
