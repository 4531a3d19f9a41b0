"""What the project wants of a query's cost, and whether this run reached it.

Judged by CPU µs per request: Node does not always fill the core.
"""

from dataclasses import dataclass

from bench.statistic import Rounds, middles, ratio

PEERS = {
    "strawberry": "Strawberry with its caches",
    "yoga": "graphql-yoga",
    "apollo": "Apollo Server",
    "mercurius": "mercurius-JIT",
}
WHAT = {
    "board": "board of 100",
    "coin": "one coin",
    "coins": "`coins` page of 100",
}
MOST: tuple[tuple[str, str, float], ...] = (
    ("board", "mercurius", 1 / 2),
    ("board", "mercurius", 1 / 3),
    ("board", "yoga", 1 / 10),
    ("board", "strawberry", 1 / 50),
    ("coin", "mercurius", 1.3),
    ("coin", "apollo", 1 / 2),
    *(("coins", peer, 1.0) for peer in PEERS),
)
"""Operation, peer, and at most how many times the peer's CPU ours may be."""

STRETCH = ("board", "mercurius", 1 / 3)


@dataclass(frozen=True, slots=True)
class Goal:
    """One goal and what was reached of it; `verdict`: met, missed or not measured.

    `net`: the same where what each server uses at rest is taken off; not judged.
    """

    text: str
    found: str
    net: str
    verdict: str


def goals(rounds: Rounds) -> list[Goal]:
    """Return the goals of the operations in which ours was measured."""
    told = middles(rounds)
    made = []
    for operation, peer, most in MOST:
        servers = told.get(operation, {})
        ours = servers.get("ours", {}).get("cpu_us")
        if ours is None:
            continue
        found = ratio(ours, servers.get(peer, {}).get("cpu_us"))
        net = ratio(servers["ours"].get("net_us"), servers.get(peer, {}).get("net_us"))
        text = f"{WHAT[operation]}, CPU µs {_bound(most)} {PEERS[peer]}"
        if (operation, peer, most) == STRETCH:
            text += " (stretch)"
        verdict = "not measured" if found is None else _verdict(found, most)
        made.append(Goal(text, shown(found), shown(net), verdict))
    return made


def shown(found: float | None) -> str:
    """Return a ratio as people say it: `1.3 ×`, or `1/12` where it is small."""
    if found is None:
        return "–"
    return f"1/{1 / found:.3g}" if 0 < found < 0.8 else f"{found:.3g} ×"


def _bound(most: float) -> str:
    if most == 1.0:
        return "below that of"
    return f"≤ {most:g} ×" if most > 1 else f"≤ 1/{1 / most:.0f} of"


def _verdict(found: float, most: float) -> str:
    is_met = found < most if most == 1.0 else found <= most
    return "met" if is_met else "missed"
