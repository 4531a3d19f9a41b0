"""What clients sent, counted per venue: "requests sent meanwhile"."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from adapters.simulator.fault import VENUES, Venue

MAX_GROUPS = 100
"""Groups counted by name; requests of any further one count as `other`."""
OTHER = "other"


@dataclass(slots=True)
class Traffic:
    """One venue's count: requests by path group, handshakes, messages on sockets."""

    requests: Counter[str] = field(default_factory=Counter)
    handshakes: int = 0
    messages: int = 0

    def requested(self, group: str) -> None:
        """Count a request."""
        known = group in self.requests or len(self.requests) < MAX_GROUPS
        self.requests[group if known else OTHER] += 1

    def clear(self) -> None:
        """Begin at nothing."""
        self.requests.clear()
        self.handshakes = self.messages = 0

    def to_json(self) -> dict[str, Any]:
        """Return `{"requests": {group: n}, "handshakes": n, "messages": n}`."""
        return {
            "requests": dict(self.requests),
            "handshakes": self.handshakes,
            "messages": self.messages,
        }


class TrafficLog:
    """All venues' counts since they were last cleared."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self._since_ms = now_ms()
        self.of: dict[Venue, Traffic] = {venue: Traffic() for venue in VENUES}

    def clear(self) -> None:
        """Begin all counts at nothing."""
        self._since_ms = self._now_ms()
        for traffic in self.of.values():
            traffic.clear()

    def to_json(self) -> dict[str, Any]:
        """Return `{"since_ms": …, "upbit": {…}, "binance": {…}, "fx": {…}}`."""
        told: dict[str, Any] = {"since_ms": self._since_ms}
        told.update((venue, traffic.to_json()) for venue, traffic in self.of.items())
        return told
