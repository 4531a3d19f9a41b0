"""Random choices of one session, the same for the same seed and number."""

from collections.abc import Sequence
from random import Random
from typing import TypeVar

T = TypeVar("T")


class Draw(Random):
    """A generator of one session's choices."""

    def one(self, of: Sequence[T]) -> T:
        """Return one of some values."""
        return of[int(self.random() * len(of))]

    def hit(self, share: float) -> bool:
        """Return True in a share of all cases, 0 to 1."""
        return self.random() < share

    def upto(self, most: int) -> int:
        """Return a number from 0 to `most`, the small ones more often."""
        return int(self.random() * self.random() * (most + 1))

    def some(self, of: Sequence[T], most: int) -> list[T]:
        """Return up to `most` of some values, each as often as it comes."""
        return [self.one(of) for _ in range(self.upto(most))]


def session_draw(seed: int, number: int) -> Draw:
    """Return the choices of a run's session."""
    return Draw(f"{seed}:{number}")
