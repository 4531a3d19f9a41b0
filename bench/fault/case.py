"""The faults that are measured, and what is promised for each."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Side = Literal["domestic", "global", "rate", "database"]
SIDES: Mapping[str, Side] = {"upbit": "domestic", "binance": "global", "fx": "rate"}
BOUNDS_S: Mapping[str, float] = {"upbit": 10.0, "binance": 5.0}
# Binance's refusal tells of a minute's weight used up; a ban of ours lasts half of it.
WEIGHT_MINUTE_S = 60.0
# A rate is LIVE for three polls of its source; dunamu is asked once a minute.
RATE_BOUND_S, RATE_POLL_S = 180.0, 60.0
# After a failure (four tries take 14 s) it is asked again in 30 s.
RATE_RETRY_S = 46.0

# Goals of the project, in seconds.
HONEST_SLACK_S = 1.0
FALLBACK_S = 5.0
SINGLE_S = 3.0
OUTAGE_S = 5.0


@dataclass(frozen=True, slots=True)
class Case:
    """One row: a scenario at a venue, held so long (0: it happens at once).

    `beside` are scenarios inflicted together with it. `bound_s` is how long the number
    may stay LIVE without news; `falls_back` tells that the other channel or source is
    alive meanwhile, `recovery_s` the goal after the end.
    """

    scenario: str
    venue: str
    held_s: float = 0.0
    params: Mapping[str, Any] = field(default_factory=dict)
    beside: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    bound_s: float = 0.0
    falls_back: bool = False
    recovery_s: float = OUTAGE_S
    long: bool = False

    @property
    def side(self) -> Side:
        """The part of a premium that stands on the venue."""
        return SIDES.get(self.venue, "database")

    @property
    def name(self) -> str:
        """What the row is called, and what `--only` finds."""
        told = [f"{key}={value}" for key, value in self.params.items()]
        others = [name for name, _ in self.beside]
        return " ".join([self.scenario, *told, *(f"+ {name}" for name in others)])


def _both(scenario: str, beyond_s: float, **rest: Any) -> tuple[Case, ...]:
    """Return the case at both venues, held for so long beyond the bound."""
    return tuple(
        Case(scenario, venue, bound_s + beyond_s, bound_s=bound_s, **rest)
        for venue, bound_s in BOUNDS_S.items()
    )


def _harmless(scenario: str, venue: str = "upbit", **rest: Any) -> Case:
    """Return a case that takes nothing from live data, held a few seconds."""
    return Case(scenario, venue, 8.0, bound_s=BOUNDS_S.get(venue, 0.0), **rest)


CASES: tuple[Case, ...] = (
    Case("cut", "upbit", recovery_s=SINGLE_S),
    Case("cut", "binance", recovery_s=SINGLE_S),
    Case("24-hour-cut", "binance", recovery_s=SINGLE_S),
    Case("server-shutdown", "binance", 6.0, recovery_s=SINGLE_S),
    *_both("silence", 12.0, falls_back=True),
    *_both("heartbeat-only", 12.0, falls_back=True),
    *_both("stream-dead", 8.0, falls_back=True),
    *_both("accept-then-close", 8.0, falls_back=True),
    *_both("half-open", 10.0),
    *_both("cut", 20.0),
    _harmless("server-error", params={"sockets": True}),
    _harmless("rest-dead"),
    _harmless("rest-dead", "binance", params={"how": "hang"}),
    _harmless("slow"),
    _harmless("rate-limited"),
    _harmless("banned", "binance"),
    _harmless("garbage"),
    _harmless("garbage", "binance"),
    _harmless("reordering"),
    _harmless("duplicates", "binance"),
    _harmless("price-jump"),
    _harmless("clock-skew"),
    Case(
        "stream-dead",
        "upbit",
        20.0,
        beside=(("rate-limited", {"retry_after_s": 3}),),
        bound_s=BOUNDS_S["upbit"],
    ),
    Case(
        "stream-dead",
        "binance",
        20.0,
        beside=(("banned", {}),),
        bound_s=BOUNDS_S["binance"],
        recovery_s=WEIGHT_MINUTE_S - 20.0 + OUTAGE_S,
    ),
    Case(
        "stream-dead",
        "upbit",
        15.0,
        beside=(("garbage", {"rest": True}),),
        bound_s=BOUNDS_S["upbit"],
    ),
    Case("database killed", "database", recovery_s=OUTAGE_S),
    Case("fx-frozen", "fx", 65.0, {"weeks": 1}, bound_s=RATE_POLL_S, recovery_s=61.0),
    Case(
        "fx-outage",
        "fx",
        RATE_BOUND_S + 10.0,
        {"source": "dunamu"},
        bound_s=RATE_BOUND_S,
        falls_back=True,
        recovery_s=RATE_RETRY_S,
    ),
    Case("cut", "upbit", 600.0, bound_s=BOUNDS_S["upbit"], long=True),
    Case("cut", "binance", 600.0, bound_s=BOUNDS_S["binance"], long=True),
)


def chosen(only: str, *, long: bool) -> list[Case]:
    """Return the cases whose name or venue holds one of the words, else all short."""
    words = [word for word in only.split(",") if word]
    if words:
        return [
            case
            for case in CASES
            if any(word in f"{case.name} {case.venue}" for word in words)
            and (long or not case.long)
        ]
    return [case for case in CASES if long or not case.long]
