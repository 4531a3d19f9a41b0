"""Mean and standard deviation of a population from its exact sums.

Sums are exact however they were added up, in a database or here; only the results are
rounded, half-even to six places.
"""

from dataclasses import dataclass
from decimal import Context, Decimal

from domain.model.number import multiply, ratio, rounded, subtract

# Of a root; one that is a decimal of fewer digits comes out exactly.
_ROOT = Context(prec=120)


@dataclass(frozen=True, slots=True)
class Spread:
    """So many numbers, their sum, and the sum of their squares."""

    samples: int
    total: Decimal
    squares: Decimal

    @property
    def mean(self) -> Decimal | None:
        """The mean, None without numbers."""
        return ratio(self.total, Decimal(self.samples)) if self.samples else None

    @property
    def stdev(self) -> Decimal | None:
        """The standard deviation of the population, None without numbers."""
        if not self.samples:
            return None
        samples = Decimal(self.samples)
        scatter = subtract(
            multiply(samples, self.squares), multiply(self.total, self.total)
        )
        return rounded(_ROOT.divide(_ROOT.sqrt(scatter), samples))
