"""The schedule of a soak: drawn from the seed alone, the same for the same seed. Pure.

Faults come every few seconds and may overlap. An intermission without any gives the
first figures of tasks, sockets and memory; the end is calm.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

FIRST_AT_S = 5.0
MEAN_PAUSE_S = 6.0
LEAST_PAUSE_S = 0.5
# No fault begins or holds in here; before it the server has warmed up.
INTERMISSION_S = (45.0, 70.0)
# Nothing begins so late that it could not be over at the end.
CALM_END_S = 2.0
LEAST_HELD_S = 1.0
DATABASE_KILLED = "database-killed"
SUBSCRIBER_GONE = "subscriber-gone"
NODE = "us"
"""The "venue" of what befalls our own side."""

Params = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Act:
    """One fault: when it begins (s from the story's begin), what, where, how long.

    `for_s` 0 is a moment.
    """

    at_s: float
    what: str
    venue: str
    for_s: float = 0.0
    params: Mapping[str, Any] = field(default_factory=dict)

    @property
    def end_s(self) -> float:
        """When it is over."""
        return self.at_s + self.for_s

    def __str__(self) -> str:
        held = f" for {self.for_s:.1f} s" if self.for_s else ""
        told = "".join(f" {key}={value}" for key, value in self.params.items())
        return f"{self.at_s:7.1f} s  {self.venue:8} {self.what}{told}{held}"


@dataclass(frozen=True, slots=True)
class Kind:
    """What may happen: where, how likely, how long (0, 0: a moment), with what.

    `echo_s` is how long a server is bound by it when it is over: not so near the end.
    """

    what: str
    venues: tuple[str, ...]
    weight: int
    lasts_s: tuple[float, float] = (1.0, 15.0)
    params: Callable[[Random], Params] = lambda _: {}
    echo_s: float = 0.0


_BOTH = ("upbit", "binance")
_ANY = (*_BOTH, "fx")
_MOMENT = (0.0, 0.0)
KINDS: tuple[Kind, ...] = (
    Kind("cut", _BOTH, 4, _MOMENT),
    Kind("cut", _BOTH, 3),
    Kind("silence", _BOTH, 4),
    Kind("heartbeat-only", _BOTH, 3),
    Kind("accept-then-close", _BOTH, 2, params=lambda r: {"code": _code(r)}),
    Kind("half-open", _BOTH, 2),
    Kind("stream-dead", _BOTH, 3),
    Kind("rest-dead", _ANY, 2, params=lambda r: {"how": _how(r)}),
    Kind("rate-limited", _ANY, 3, params=lambda r: {"retry_after_s": r.randint(1, 5)}),
    # A refusal tells that a minute's weight is used up: so long nothing is asked.
    Kind("banned", _BOTH, 1, (5.0, 20.0), echo_s=65.0),
    Kind("server-error", _BOTH, 2, params=lambda r: {"sockets": r.random() < 0.5}),
    Kind("slow", _ANY, 2, params=lambda r: {"ms": r.randint(100, 3_000)}),
    Kind("garbage", _ANY, 3, params=lambda r: {"rest": r.random() < 0.5}),
    Kind("reordering", _BOTH, 2),
    Kind("duplicates", _BOTH, 2, params=lambda r: {"times": r.randint(2, 5)}),
    Kind("price-jump", _BOTH, 2, params=lambda r: {"factor": _factor(r)}),
    Kind("delisting", _BOTH, 1),
    Kind("new-listing", ("upbit",), 1),
    Kind("ticker-collision", ("upbit",), 1),
    Kind("fx-outage", ("fx",), 1),
    Kind("fx-frozen", ("fx",), 1),
    Kind("clock-skew", _BOTH, 1, params=lambda r: {"ms": r.randint(-3_000, 3_000)}),
    Kind("24-hour-cut", ("binance",), 1, _MOMENT),
    Kind("server-shutdown", ("binance",), 1, (6.0, 10.0)),
    Kind(DATABASE_KILLED, (NODE,), 1, _MOMENT),
    Kind(SUBSCRIBER_GONE, (NODE,), 2, _MOMENT),
)


def write_story(seed: int, seconds: float) -> tuple[Act, ...]:
    """Return what happens in so many seconds, in order."""
    random = Random(seed)
    acts: list[Act] = []
    at_s = FIRST_AT_S
    while at_s < seconds - CALM_END_S - LEAST_HELD_S:
        act, echo_s = _draw(random, round(at_s, 1), seconds - CALM_END_S)
        if _is_clear_of_intermission(act) and act.end_s + echo_s < seconds:
            acts.append(act)
        at_s += max(LEAST_PAUSE_S, random.expovariate(1 / MEAN_PAUSE_S))
    return tuple(acts)


def _draw(random: Random, at_s: float, end_s: float) -> tuple[Act, float]:
    kind = random.choices(KINDS, [kind.weight for kind in KINDS])[0]
    venue = random.choice(kind.venues)
    for_s = round(random.uniform(*kind.lasts_s), 1)
    params = kind.params(random)
    held_s = min(for_s, round(end_s - at_s, 1))
    return Act(at_s, kind.what, venue, held_s, params), kind.echo_s


def _is_clear_of_intermission(act: Act) -> bool:
    begin_s, end_s = INTERMISSION_S
    return act.end_s <= begin_s or act.at_s >= end_s


def _code(random: Random) -> int:
    return random.choice((0, 1000, 1001, 1011))


def _how(random: Random) -> str:
    return random.choice(("refuse", "hang"))


def _factor(random: Random) -> float:
    return random.choice((0.5, 0.8, 1.3, 3.0))
