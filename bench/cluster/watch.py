"""Waiting for what other processes do, cut short by a signal or by their end."""

import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from app.signal import SIGNALS
from bench.cluster.member import Member
from bench.cluster.text import LEADER, ending, last_words
from bench.process import START_LIMIT_S, ServerFailed

POLL_S = 0.05
# While all is well the ingests are asked who leads this often.
LOOK_S = 1.0

Tell = Callable[[str], None]


class Stopped(Exception):
    """A signal came: everything is to end."""


class Watch:
    """The processes that are to live, and whether we are to end."""

    def __init__(self) -> None:
        self.members: list[Member] = []
        self.stopped = False

    @contextmanager
    def signals(self) -> Iterator[None]:
        """Take SIGINT and SIGTERM as the word to end; later ones change nothing."""

        def told(*_: object) -> None:
            self.stopped = True

        before = {number: signal.signal(number, told) for number in SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def until(self, condition: Callable[[], bool], what: str) -> None:
        """Return once it holds; `what` is waited for.

        Raises:
            Stopped: a signal came.
            ServerFailed: a process ended, or it took too long.
        """
        deadline_s = time.monotonic() + START_LIMIT_S
        while not condition():
            for member in self.members:
                code = member.code
                if code is not None:
                    why = f"{ending(code)}: {last_words(member.said())}"
                    raise ServerFailed(f"{member.name}: {why} ({member.log})")
            if time.monotonic() > deadline_s:
                raise ServerFailed(f"{what}: not within {START_LIMIT_S:g} s")
            self.pause()

    def pause(self) -> None:
        """Wait a moment.

        Raises:
            Stopped: a signal came.
        """
        if self.stopped:
            raise Stopped
        time.sleep(POLL_S)  # other processes: there is nothing to await

    def follow(self, ingests: Sequence[Member], leader: Member, tell: Tell) -> None:
        """Tell who ended and who leads, until no process is left.

        Raises:
            Stopped: a signal came.
            ServerFailed: all processes have ended by themselves.
        """
        living, succession = list(self.members), Succession(ingests, leader)
        while living:
            for member in tuple(living):
                code = member.code
                if code is not None:
                    living.remove(member)
                    tell(f"{member.name} ({member.process.pid}) ended: {ending(code)}")
            succession.look(tell)
            self.pause()
        raise ServerFailed("all processes have ended")


class Succession:
    """Who leads, and how long nobody did."""

    def __init__(self, ingests: Sequence[Member], leader: Member) -> None:
        self._ingests = ingests
        self._leader = leader
        self._due_s = time.monotonic() + LOOK_S
        self._lost_s: float | None = None

    def look(self, tell: Tell) -> None:
        """Ask, where it is time to; tell of another leader."""
        now_s = time.monotonic()
        if self._lost_s is None and self._leader.code is not None:
            self._lost_s = now_s
        if self._lost_s is None and now_s < self._due_s:
            return
        found = leader_of(self._ingests, self._leader)
        self._due_s = time.monotonic() + LOOK_S
        if found is None or found is self._leader:
            return
        line = f"{found.name} ({found.process.pid}) leads"
        if self._lost_s is not None:
            line += f", {time.monotonic() - self._lost_s:.1f} s later"
        tell(line)
        self._leader, self._lost_s = found, None


def leader_of(ingests: Sequence[Member], last: Member | None = None) -> Member | None:
    """Return who of the living says that it leads; `last`, where that one still does.

    For a moment two may say so: one that was hanging and wakes.
    """
    leading = [
        member
        for member in ingests
        if member.code is None and member.figures().get(LEADER) == 1.0
    ]
    return last if last in leading else next(iter(leading), None)
