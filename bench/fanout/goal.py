"""What the project wants of its fan-out, and whether this run reached it."""

from dataclasses import dataclass, replace

from bench.statistic import Rounds, middles, ratio

# "Within noise": medians of p99 in two runs of the same server differ by this much.
NOISE = 1.5

Figures = dict[str, dict[str, dict[str, float | None]]]
PEERS = {
    "strawberry": "Strawberry",
    "graphql-ws": "graphql-ws",
    "broadcast": "`websockets.broadcast`",
    "floor": "the C floor",
}
LEAST_TIMES = {
    "board": {"strawberry": 400, "graphql-ws": 100, "broadcast": 1.0, "floor": 0.75},
    "coin": {"strawberry": 25, "graphql-ws": 3.5, "floor": 0.8},
}
LEAST_OWN = {"strawberry": 10, "graphql-ws": 5}
_WHAT = {"board": "board", "coin": "one coin"}


@dataclass(frozen=True, slots=True)
class Goal:
    """One goal and what was reached of it.

    `delivery` is the same where the making of events is left out on both sides, as
    peers have next to none of it; `by_cpu` is the ratio of CPU per message, which other
    work on the machine disturbs least; empty where they make no difference. `verdict`:
    yes, no, delivery alone, or not measured.
    """

    text: str
    shown: str
    verdict: str
    delivery: str = ""
    by_cpu: str = ""


def goals(rounds: Rounds) -> list[Goal]:
    """Return the goals of which at least our own figures are there."""
    told = middles(rounds)
    made = [
        *(_delivered(told, part, peer) for part in LEAST_TIMES for peer in PEERS),
        *(_own(told, peer) for peer in LEAST_OWN),
        _all_delivered(told),
        _at_most(told, "paced", "core", 0.10, "the same: ≤ 10 % of one core"),
        _at_most(told, "paced", "p99_ms", 50, "the same: p99 < 50 ms after the tick"),
        _at_most(told, "memory", "kb", 25, "memory per idle subscriber ≤ 25 KB"),
        _beside_idle(told),
    ]
    return [goal for goal in made if goal is not None]


def _figure(told: Figures, part: str, server: str, key: str) -> float | None:
    return told.get(part, {}).get(server, {}).get(key)


def _delivered(told: Figures, part: str, peer: str) -> Goal | None:
    least = LEAST_TIMES[part].get(peer)
    if least is None or _figure(told, part, "ours", "per_second") is None:
        return None
    found, alone = (
        ratio(_figure(told, part, "ours", key), _figure(told, part, peer, key))
        for key in ("per_second", "delivery_per_second")
    )
    text = f"{_WHAT[part]}, delivered/s ≥ {least:g} × {PEERS[peer]}"
    goal = _compared(text, found, alone, least)
    cpu = ratio(
        _figure(told, part, peer, "cpu_us"), _figure(told, part, "ours", "cpu_us")
    )
    return goal if cpu is None else replace(goal, by_cpu=f"{cpu:.3g} ×")


def _own(told: Figures, peer: str) -> Goal | None:
    least = LEAST_OWN[peer]
    if _figure(told, "own", "ours", "cpu_us") is None:
        return None
    found, alone = (
        ratio(_figure(told, "own", peer, key), _figure(told, "own", "ours", key))
        for key in ("cpu_us", "delivery_us")
    )
    text = f"10 own symbols each, CPU per message ≤ 1/{least} of {PEERS[peer]}"
    return _compared(text, found, alone, least, "1/")


def _compared(
    text: str, found: float | None, alone: float | None, least: float, before: str = ""
) -> Goal:
    if found is None or alone is None:
        return Goal(text, "–", "not measured")
    verdict = "delivery alone" if alone >= least else "no"
    after = "" if before else " ×"
    shown, delivery = (f"{before}{value:.3g}{after}" for value in (found, alone))
    return Goal(text, shown, "yes" if found >= least else verdict, delivery)


def _all_delivered(told: Figures) -> Goal | None:
    found = _figure(told, "paced", "ours", "share")
    if found is None:
        return None
    text = "1,000 board subscribers at 5 ticks/s: all delivered"
    return Goal(text, f"{found * 100:.4g} %", "yes" if found >= 1 else "no")


def _at_most(told: Figures, part: str, key: str, most: float, text: str) -> Goal | None:
    found = _figure(told, part, "ours", key)
    if found is None:
        return None
    units = {"core": f"{found * 100:.3g} %", "p99_ms": f"{found:.3g} ms"}
    shown = units.get(key, f"{found:.3g} KB")
    return Goal(text, shown, "yes" if found <= most else "no")


def _beside_idle(told: Figures) -> Goal | None:
    crowd, alone = (
        _figure(told, "crowd", "ours", key) for key in ("p99_ms", "alone_p99_ms")
    )
    if crowd is None or alone is None:
        return None
    text = "p99 of 1,000 active beside 10,000 idle connections: as without them"
    shown = f"{crowd:.3g} ms, without {alone:.3g} ms"
    return Goal(text, shown, "yes" if crowd <= NOISE * alone else "no")
