"""What can be made to go wrong, by fixed names, and with which parameters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from adapters.simulator.fault import VENUES, Venue

Value = str | int | float | bool
Span = Literal["held", "moment", "either"]
MAX_S = 604_800.0
"""The longest duration of a fault: a week."""
EVERYWHERE = "all"
"""In place of a venue: every venue the scenario knows."""


class UnknownScenario(LookupError):
    """No scenario has this name; the message names those there are."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One thing to choose; the default's type is the type.

    `choices` or `low` and `high` (inclusive) bound it; a text with `listed` is a list
    of choices with commas between.
    """

    name: str
    default: Value
    meaning: str
    choices: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    listed: bool = False

    def read(self, value: object) -> Value:
        """Return a value of the right type and within bounds.

        Raises:
            ValueError: it is not; the message says what is allowed.
        """
        kind = type(self.default)
        if kind is float and type(value) is int:
            value = float(value)
        if type(value) is not kind or not self._allows(value):
            raise ValueError(f"{self.name}={value!r}: {self.allowed()}")
        return value

    def allowed(self) -> str:
        """Say what is allowed, in words."""
        if self.choices:
            some = "one or more, with commas, of" if self.listed else "one of"
            return f"{some} {', '.join(self.choices)}"
        names = {bool: "true or false", str: "a text", int: "a whole number"}
        word = names.get(type(self.default), "a number")
        bounds = [
            f"{sign} {bound:g}"
            for sign, bound in (("from", self.low), ("to", self.high))
            if bound is not None
        ]
        return " ".join([word, *bounds])

    def _allows(self, value: Value) -> bool:
        if self.choices:
            chosen = str(value).split(",") if self.listed else [str(value)]
            return all(each in self.choices for each in chosen)
        if isinstance(value, str):
            return True
        # A NaN is within no bounds.
        low = self.low is None or value >= self.low
        return low and (self.high is None or value <= self.high)


@dataclass(frozen=True, slots=True)
class Scenario:
    """One thing that can go wrong.

    `venues` are those it can befall, `default` those it befalls where none is named.
    What is `held` holds for `lasts_s` where nothing is said, None: until it is
    relieved. A `moment` happens at once and cannot last; `either` does so where no
    duration is given.
    """

    name: str
    description: str
    venues: tuple[Venue, ...]
    default: tuple[Venue, ...]
    parameters: tuple[Parameter, ...] = ()
    lasts_s: float | None = None
    span: Span = "held"

    def befalls(self, venue: str | None) -> tuple[Venue, ...]:
        """Return the venues meant by a name, by `all` or by nothing.

        Raises:
            ValueError: not a venue this can befall; the message names those.
        """
        if venue is None:
            return self.default
        if venue == EVERYWHERE:
            return self.venues
        for each in self.venues:
            if each == venue:
                return (each,)
        names = ", ".join((*self.venues, EVERYWHERE))
        raise ValueError(f"venue {venue!r}: {self.name} befalls one of {names}")

    def lasting(self, for_s: float | None) -> float | None:
        """Return how many seconds it holds if this is asked for, None without end.

        Raises:
            ValueError: not a duration, or what happens at once has none.
        """
        if for_s is None:
            return self.lasts_s
        if self.span == "moment":
            raise ValueError(f"{self.name} happens at once and takes no duration")
        # A NaN is no duration either.
        if not 0 < for_s <= MAX_S:
            raise ValueError(f"duration {for_s!r}: seconds above 0, at most {MAX_S:g}")
        return for_s

    def read(self, given: Mapping[str, object]) -> dict[str, Value]:
        """Return every parameter's value, the default where it is not given.

        Raises:
            ValueError: an unknown name or a wrong value; says what is allowed.
        """
        names = [each.name for each in self.parameters]
        for name in given:
            if name not in names:
                known = ", ".join(names) or "none"
                raise ValueError(
                    f"parameter {name!r}: {self.name} has these parameters: {known}"
                )
        return {
            each.name: each.read(given.get(each.name, each.default))
            for each in self.parameters
        }

    def to_json(self) -> dict[str, Any]:
        """Return the scenario as the control port tells it."""
        return {
            "name": self.name,
            "description": self.description,
            "venues": list(self.venues),
            "default_venues": list(self.default),
            "lasts_s": self.lasts_s,
            "span": self.span,
            "params": {
                each.name: {
                    "default": each.default,
                    "description": each.meaning,
                    "allowed": each.allowed(),
                }
                for each in self.parameters
            },
        }


def venue_named(name: str) -> Venue:
    """Return the venue of this name.

    Raises:
        ValueError: there is none; the message names those there are.
    """
    for venue in VENUES:
        if venue == name:
            return venue
    raise ValueError(f"venue {name!r}: one of {', '.join(VENUES)}")


def find(scenarios: Sequence[Scenario], name: str) -> Scenario:
    """Return the scenario of this name.

    Raises:
        UnknownScenario: there is none.
    """
    for scenario in scenarios:
        if scenario.name == name:
            return scenario
    names = ", ".join(scenario.name for scenario in scenarios)
    raise UnknownScenario(f"no scenario {name!r}; there are {names}")
