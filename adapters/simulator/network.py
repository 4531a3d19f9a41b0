"""What lies between clients and one venue: faults happen here, and all is counted."""

from random import Random

from adapters.simulator.fault import Fault, Venue
from adapters.simulator.line import Line
from adapters.simulator.traffic import Traffic
from adapters.simulator.waiting_room import WaitingRoom


class Network:
    """One venue's; `seed` draws what is random in faults, the same in every run."""

    def __init__(self, venue: Venue, fault: Fault, traffic: Traffic, seed: int) -> None:
        self.fault = fault
        self.traffic = traffic
        self.room = WaitingRoom()
        self.random = self._drawn(f"{seed}/{venue}")
        self._name = f"{seed}/{venue}"
        self._lines = 0

    def line(self) -> Line:
        """Return the way of a new connection."""
        self._lines += 1
        return Line(self.fault, self._drawn(f"{self._name}/{self._lines}"))

    @staticmethod
    def _drawn(name: str) -> Random:
        return Random(name)  # noqa: S311 - a seeded story, no secret
