"""Those who ask alike: grouped by what they ask, and in it by what they were told.

A cohort is all members of a group who know the same and may be told next at the same
time; they get the same bytes. In a calm group there is one cohort for each phase of the
throttle. A member whose socket is full leaves its cohort with what it was told, and
comes back when there is room: its next event is everything since, merged.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Protocol

from api.guard import Hold
from api.live.payload import Payload, head_of
from api.live.source import BoardWatch, Watch
from api.live.telling import Telling
from api.live.wire import Wire
from api.measure import WEBSOCKET
from domain.model.pace import throttle_wait_s

SENDS_PER_TURN: Final = 256
"""Messages sent before others get a turn on the event loop."""

# Cohorts whose phases differ by less are one: timers are no more exact.
_PHASE_S: Final = 0.01


@dataclass(frozen=True, slots=True)
class GroupKey:
    """What must be equal for two subscriptions to be told the same bytes.

    `share` is whatever of the caller may make answers differ (`ApiContext.share_key`).
    `transport` says under which name what they are told is counted.
    """

    document: str
    operation: str | None
    variables: bytes
    share: object
    transport: str = WEBSOCKET


class Owner(Protocol):
    """Who runs a member: its socket's conversation, or what listens over HTTP."""

    wire: Wire

    def complete(self, name: str) -> None:
        """Hear that the stream of an operation has ended."""
        ...


class Member:
    """One subscription of one client."""

    __slots__ = (
        "cohort",
        "group",
        "head",
        "hold",
        "name",
        "owner",
        "telling",
        "told_s",
        "wire",
    )

    def __init__(self, owner: Owner, name: str, group: "Group") -> None:
        self.owner = owner
        self.wire = owner.wire
        self.name = name
        self.group = group
        self.head = head_of(name)
        # What it takes of its caller's rate.
        self.hold: Hold | None = None
        # In a cohort, or by itself (`telling`; None: nothing was told yet).
        self.cohort: Cohort | None = None
        self.telling: Telling | None = None
        self.told_s: float | None = None


class Cohort:
    """Members who were told the same. `told_s` None: they may be told at once."""

    __slots__ = ("members", "telling", "told_s")

    def __init__(self, telling: Telling, told_s: float | None) -> None:
        self.telling = telling
        self.told_s = told_s
        self.members: dict[Member, None] = {}


class Hooks(Protocol):
    """What a group asks of its engine."""

    def new_telling(self, watch: Watch) -> Telling:
        """Return the state of somebody who was told nothing."""
        ...

    def now_s(self) -> float:
        """Return monotonic seconds."""
        ...

    def tick_s(self) -> float:
        """Return when the last tick was published, monotonic seconds."""
        ...

    def sent(self, group: "Group", count: int, tick_s: float | None) -> None:
        """Hear of events handed over, and when their tick was; None: snapshots."""
        ...

    def broken(self, member: Member, exc: Exception) -> None:
        """Hear that a member's socket took its event with an exception."""
        ...

    def late(self, group: "Group", tick: int) -> None:
        """Hear of a member that knows nothing of what came after a tick."""
        ...


class Group:
    """All members of one key."""

    def __init__(
        self,
        key: GroupKey,
        field: str,
        watch: Watch,
        write: Callable[[object], Payload],
        hooks: Hooks,
    ) -> None:
        self.key = key
        self.field = field
        self.watch = watch
        self.members: set[Member] = set()
        self.lagging: set[Member] = set()
        # Drops what is kept of coins that left the board.
        self.forget: Callable[[Iterable[str]], None] = _nothing
        # Writes first events, where they differ.
        self.greet = write
        # What its events may cost a second, and the member who answers for it.
        self.burden_s = 0
        self.payer: Member | None = None
        self._write = write
        self._hooks = hooks
        self._cohorts: dict[tuple[int, int | None], Cohort] = {}

    @property
    def symbols(self) -> frozenset[str] | None:
        """The coins that concern it; None: all."""
        if isinstance(self.watch, BoardWatch):
            return self.watch.wanted.symbols
        return frozenset((self.watch.symbol,))

    @property
    def cohorts(self) -> int:
        """How many states there are among the members who keep up."""
        return len(self._cohorts)

    def join(self, member: Member) -> None:
        """Take a member and tell it everything, now or when its socket has room.

        Raises:
            Gone: there is nothing to watch.
        """
        self.members.add(member)
        if member.wire.paused:
            self.lagging.add(member)
        else:
            self._tell_all(member)

    def leave(self, member: Member) -> None:
        """Let a member go; nothing of it is kept."""
        self.members.discard(member)
        self.lagging.discard(member)
        cohort = member.cohort
        if cohort is not None:
            member.cohort = None
            cohort.members.pop(member, None)

    def resume(self, member: Member) -> bool:
        """Take back a member whose socket has room; True: it is due for a turn.

        Raises:
            Gone: there is nothing to watch.
        """
        if member not in self.lagging or member.wire.paused:
            return False
        self.lagging.discard(member)
        if member.telling is None:
            self._tell_all(member)
            return False
        self._hooks.late(self, member.telling.tick)
        self._place(member, member.telling, member.told_s)
        member.telling = None
        return True

    def advance(self) -> Iterator[float | None]:
        """Tell every cohort that is due; yields None when others should get a turn.

        What it yields else is when the next cohort that waits is due.

        Raises:
            Gone: the stream ends.
        """
        due_s: float | None = None
        for key, cohort in list(self._cohorts.items()):
            if not cohort.members:
                self._cohorts.pop(key, None)
                continue
            wait = throttle_wait_s(
                self._hooks.now_s(), cohort.told_s, self.watch.throttle_ms
            )
            if wait:
                at_s = self._hooks.now_s() + wait
                due_s = at_s if due_s is None else min(due_s, at_s)
                continue
            # From here on nobody may join it: who comes now was told something else.
            self._cohorts.pop(key, None)
            for _ in self._tell(cohort):
                yield None
        yield due_s

    def _tell(self, cohort: Cohort) -> Iterator[None]:
        self._part_full(cohort)
        telling, members = cohort.telling, cohort.members
        event = telling.delta() if members else None
        tick_s = self._hooks.tick_s()
        if event is None:
            self._settle(cohort, None)
            return
        # From tick to tick, not from sending to sending: see `PremiumWatch`. Who had to
        # wait counts from when it was due.
        told_s = tick_s
        if cohort.told_s is not None:
            told_s = max(tick_s, cohort.told_s + self.watch.throttle_ms / 1000)
        payload = self._write(event)
        count = 0
        for member in list(members):
            if member.cohort is not cohort:
                continue
            try:
                member.wire.deliver(member.head, payload)
            except Exception as exc:  # noqa: BLE001 (one socket's trouble is no other's)
                self._hooks.broken(member, exc)
                continue
            count += 1
            if count % SENDS_PER_TURN == 0:
                yield None
        self._hooks.sent(self, count, tick_s)
        self._settle(cohort, told_s)

    def _part_full(self, cohort: Cohort) -> None:
        """Let members with a full socket go on by themselves."""
        full = [m for m in cohort.members if m.wire.paused]
        if not full:
            return
        telling = cohort.telling.copy()
        for member in full:
            cohort.members.pop(member, None)
            member.cohort = None
            # Shared, and never changed by any of them: see `_place`.
            member.telling = telling
            member.told_s = cohort.told_s
            self.lagging.add(member)

    def _settle(self, cohort: Cohort, told_s: float | None) -> None:
        """Put a cohort back, together with those who know the same by now."""
        cohort.told_s = told_s
        key = _key(cohort.telling, told_s)
        known = self._cohorts.setdefault(key, cohort)
        if known is not cohort:
            for member in cohort.members:
                member.cohort = known
            known.members.update(cohort.members)

    def _tell_all(self, member: Member) -> None:
        telling = self._hooks.new_telling(self.watch)
        payload = self.greet(telling.snapshot())
        member.wire.deliver(member.head, payload)
        self._hooks.sent(self, 1, None)
        self._place(member, telling, self._hooks.tick_s())

    def _place(self, member: Member, telling: Telling, told_s: float | None) -> None:
        cohort = self._cohorts.get(_key(telling, told_s))
        if cohort is None:
            # Others may still stand on the same state: a cohort's own is a copy.
            cohort = Cohort(telling.copy(), told_s)
            self._cohorts[_key(telling, told_s)] = cohort
        cohort.members[member] = None
        member.cohort = cohort


def _nothing(_symbols: Iterable[str]) -> None:
    """Keep nothing, drop nothing."""


def _key(telling: Telling, told_s: float | None) -> tuple[int, int | None]:
    phase = None if told_s is None else round(told_s / _PHASE_S)
    return telling.tick, phase
