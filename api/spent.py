"""What clients are told of an operation's cost: `extensions.cost` of its answer."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spent:
    """What an operation costs.

    `requested` was counted before it ran, `maximum` is what one operation may cost,
    `available` what the caller's budget held afterwards; None where nobody asked, as
    for a subscription, of which many callers may be told the same.
    """

    requested: int
    maximum: int
    available: int | None = None

    def told(self) -> dict[str, int]:
        """Return the value of `extensions.cost`."""
        told = {"requested": self.requested, "maximum": self.maximum}
        if self.available is not None:
            told["available"] = self.available
        return told
