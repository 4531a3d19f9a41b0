"""A scenario that holds at a venue, with its parameters and its time."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from adapters.simulator.fault import Venue
from adapters.simulator.scenario import Scenario, Value

# Scenarios that differ in one of these hold side by side; else the later replaces.
_SIDE_BY_SIDE = ("group", "source", "symbol")


@dataclass(frozen=True, slots=True)
class Holding:
    """`since_ms` and `until_ms` are ms since 1970; None holds until it is relieved."""

    scenario: Scenario
    venue: Venue
    params: Mapping[str, Value]
    since_ms: int
    until_ms: int | None = None

    @property
    def key(self) -> tuple[str, ...]:
        """What makes it the same one when it is inflicted again."""
        apart = [str(self.params.get(name, "")) for name in _SIDE_BY_SIDE]
        return (self.scenario.name, self.venue, *apart)

    @property
    def passing(self) -> bool:
        """Whether it happens once and nothing of it holds."""
        return self.scenario.span != "held" and self.until_ms is None

    def whole(self, name: str) -> int:
        """Return a whole number."""
        return int(self.params[name])

    def number(self, name: str) -> float:
        """Return a number."""
        return float(self.params[name])

    def text(self, name: str) -> str:
        """Return a text."""
        return str(self.params[name])

    def flag(self, name: str) -> bool:
        """Return a yes or no."""
        return bool(self.params[name])

    def to_json(self) -> dict[str, Any]:
        """Return the row of /control/faults."""
        return {
            "scenario": self.scenario.name,
            "venue": self.venue,
            "params": dict(self.params),
            "since_ms": self.since_ms,
            "until_ms": self.until_ms,
        }

    def __str__(self) -> str:
        told = ", ".join(f"{name}={value}" for name, value in self.params.items())
        return f"{self.scenario.name} at {self.venue}" + (f" ({told})" if told else "")
