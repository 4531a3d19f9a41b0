"""What a scenario does once: when it begins, while it holds, and when it ends."""

from collections.abc import Callable
from typing import Protocol

from adapters.simulator.connection import Connection
from adapters.simulator.fault import Venue
from adapters.simulator.holding import Holding
from adapters.simulator.hub import GOING_AWAY, Hub
from adapters.simulator.network import Network


class Action(Protocol):
    """The deed of a scenario; `check` comes first and changes nothing."""

    def check(self, holding: Holding) -> None:
        """Refuse what cannot be done.

        Raises:
            ValueError: says what is allowed.
        """
        ...

    def begin(self, holding: Holding) -> None:
        """Do what is done at the beginning."""
        ...

    def tend(self, holding: Holding, now_ms: int) -> None:
        """Do what is done again and again, once a second."""
        ...

    def end(self, holding: Holding, *, relieved: bool) -> None:
        """Do what is done at the end; `relieved`: before its time was over."""
        ...


class Idle:
    """A scenario that is state and nothing more; and what deeds leave undone."""

    def check(self, holding: Holding) -> None:
        """Everything can be done."""

    def begin(self, holding: Holding) -> None:
        """Do nothing."""

    def tend(self, holding: Holding, now_ms: int) -> None:
        """Do nothing."""

    def end(self, holding: Holding, *, relieved: bool) -> None:
        """Do nothing."""


class Ending(Idle):
    """Ends connections at the beginning: `how` does it to a venue's hub."""

    def __init__(
        self, hubs: dict[Venue, Hub], how: Callable[[Hub, Holding], object]
    ) -> None:
        self._hubs, self._how = hubs, how

    def begin(self, holding: Holding) -> None:
        """End them; a venue without sockets has none."""
        hub = self._hubs.get(holding.venue)
        if hub is not None:
            self._how(hub, holding)


def cut(hub: Hub, holding: Holding) -> None:
    """Cut without a word."""
    hub.cut()


def close(hub: Hub, holding: Holding) -> None:
    """Close with the code asked for."""
    hub.dismiss(holding.whole("code"))


def age(hub: Hub, holding: Holding) -> None:
    """Close as Binance does after a day."""
    hub.dismiss(GOING_AWAY, "24 hours")


class Emptying(Idle):
    """Lets go, at the end, of what waits before the venue."""

    def __init__(self, networks: dict[Venue, Network]) -> None:
        self._networks = networks

    def end(self, holding: Holding, *, relieved: bool) -> None:
        """Let everyone go."""
        self._networks[holding.venue].room.empty()


class HalfOpening(Emptying):
    """Stops reading; at the end nobody knows those connections any more."""

    def __init__(self, hubs: dict[Venue, Hub], networks: dict[Venue, Network]) -> None:
        super().__init__(networks)
        self._hubs = hubs

    def begin(self, holding: Holding) -> None:
        """Read nothing more."""
        hub = self._hubs.get(holding.venue)
        if hub is not None:
            hub.freeze()

    def end(self, holding: Holding, *, relieved: bool) -> None:
        """Reset everything, as a host does that has forgotten it."""
        hub = self._hubs.get(holding.venue)
        if hub is not None:
            hub.cut()
        super().end(holding, relieved=relieved)


class ShuttingDown(Idle):
    """Announces the end of a server and then cuts whoever heard of it."""

    def __init__(self, hub: Hub, announce: Callable[[], None]) -> None:
        self._hub, self._announce = hub, announce
        self._told: tuple[Connection, ...] = ()

    def begin(self, holding: Holding) -> None:
        """Announce it."""
        self._told = self._hub.connections
        self._announce()

    def end(self, holding: Holding, *, relieved: bool) -> None:
        """Cut those that were told and are still here, unless it was called off."""
        told, self._told = self._told, ()
        if not relieved:
            for connection in told:
                connection.abort()
