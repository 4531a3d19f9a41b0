"""Where scenarios begin, hold and end, by the simulator's own clock."""

from collections.abc import Callable, Mapping

from adapters.simulator.action import Action, Idle
from adapters.simulator.clock import Clock
from adapters.simulator.effect import apply
from adapters.simulator.fault import Fault, Venue
from adapters.simulator.holding import Holding
from adapters.simulator.scenario import EVERYWHERE, Scenario, find, venue_named

_TEND_MS = 1_000
_NOTHING = Idle()

Told = Callable[[str], None]
"""Hears, in words for an operator, what begins and what ends."""


class Stage:
    """What holds at the venues. `deeds` are by the scenario's name."""

    def __init__(
        self,
        scenarios: tuple[Scenario, ...],
        faults: Mapping[Venue, Fault],
        deeds: Mapping[str, Action],
        now_ms: Clock,
        told: Told,
    ) -> None:
        self.scenarios = scenarios
        self._faults = faults
        self._deeds = deeds
        self._now_ms = now_ms
        self._told = told
        self._holding: dict[tuple[str, ...], Holding] = {}
        self._tended_ms = 0

    @property
    def holding(self) -> tuple[Holding, ...]:
        """What holds now, in the order it began."""
        return tuple(self._holding.values())

    def inflict(
        self,
        name: str,
        venue: str | None,
        for_s: float | None,
        given: Mapping[str, object],
    ) -> tuple[Holding, ...]:
        """Let a scenario begin at its venues; the same one again replaces itself.

        Raises:
            UnknownScenario: no such name; the message names those there are.
            ValueError: a venue, duration or parameter that is not allowed; the
                message says what is.
        """
        scenario = find(self.scenarios, name)
        params = scenario.read(given)
        lasts_s = scenario.lasting(for_s)
        if lasts_s is None and "after_s" in params:
            lasts_s = float(params["after_s"])
        now_ms = self._now_ms()
        until_ms = None if lasts_s is None else now_ms + round(lasts_s * 1_000)
        begun = tuple(
            Holding(scenario, each, params, now_ms, until_ms)
            for each in scenario.befalls(venue)
        )
        for holding in begun:
            self._deed(holding).check(holding)
        for holding in begun:
            self.begin(holding)
        return begun

    def relieve(self, name: str | None, venue: str | None) -> int:
        """End what holds, all of it or that of a name or venue; say how much it was.

        Raises:
            UnknownScenario: no such name.
            ValueError: no such venue.
        """
        if name is not None:
            find(self.scenarios, name)
        if venue is not None and venue != EVERYWHERE:
            venue_named(venue)
        ended = [
            each
            for each in self.holding
            if name in (None, each.scenario.name)
            and venue in (None, EVERYWHERE, each.venue)
        ]
        for holding in reversed(ended):
            self._end(holding, relieved=True)
        return len(ended)

    def step(self, now_ms: int) -> None:
        """End what is over and tend the rest."""
        for holding in self.holding:
            if holding.until_ms is not None and holding.until_ms <= now_ms:
                self._end(holding, relieved=False)
        if now_ms - self._tended_ms >= _TEND_MS:
            self._tended_ms = now_ms
            for holding in self.holding:
                self._deed(holding).tend(holding, now_ms)

    def begin(self, holding: Holding) -> None:
        """Let something begin that is known to be possible."""
        earlier = self._holding.get(holding.key)
        if earlier is not None:
            self._end(earlier, relieved=True)
        if not holding.passing:
            self._holding[holding.key] = holding
        self._settle(holding.venue)
        self._deed(holding).begin(holding)
        self._told(f"{holding} {_span(holding)}")

    def _end(self, holding: Holding, *, relieved: bool) -> None:
        del self._holding[holding.key]
        self._settle(holding.venue)
        self._deed(holding).end(holding, relieved=relieved)
        self._told(f"{holding} is over")

    def _settle(self, venue: Venue) -> None:
        """Make a venue's fault what all that holds there makes of it."""
        fault = self._faults[venue]
        fault.clear()
        for holding in self.holding:
            if holding.venue == venue:
                apply(holding, fault)

    def _deed(self, holding: Holding) -> Action:
        return self._deeds.get(holding.scenario.name, _NOTHING)


def _span(holding: Holding) -> str:
    if holding.passing:
        return "happens"
    if holding.until_ms is None:
        return "begins"
    return f"begins, for {(holding.until_ms - holding.since_ms) / 1_000:g} s"
