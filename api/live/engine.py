"""The subscription engine: ticks in, one payload for each state of each group out.

A subscription joins a group where its root field says what it watches (`LiveSource`)
and its selection can be compiled; whatever else runs the ordinary way, an operation a
task. Nothing runs for a group without members or without a change. Work is done in
turns on the event loop, never in the board's own call; an error in a group ends that
group and no other.
"""

import asyncio
import heapq
import logging
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import count
from typing import Any, Protocol

import msgspec

from api.admission import take_joining
from api.context import ApiContext
from api.limit import HEARING, OPENING
from api.live.group import Group, GroupKey, Member, Owner
from api.live.opening import Opened, Opening
from api.live.source import Watch
from api.live.telling import Gone, Telling, telling_of
from api.schema import ApiSchema
from domain.model.board import Tick
from domain.ports.clock import Clock
from domain.services.board_service import BoardService
from domain.services.premium_watch import TICK_GRACE_S

_log = logging.getLogger(__name__)


class Counts(Protocol):
    """Where deliveries are counted; see `api.traffic.Traffic`."""

    def delivered(
        self, field: str, transport: str, count: int, lag_s: float | None
    ) -> None:
        """Hear of an event that was handed to so many, so long after its tick."""
        ...

    def fell_behind(self, field: str, ticks: int) -> None:
        """Hear of a reader who was too slow for so many ticks."""
        ...


class LiveEngine:
    """All groups of a process, on one event loop."""

    def __init__(
        self, schema: ApiSchema, board: BoardService, clock: Clock, counts: Counts
    ) -> None:
        self._opening = Opening(schema)
        self._board = board
        self._clock = clock
        self._counts = counts
        self._groups: dict[GroupKey, Group] = {}
        self._wide: set[Group] = set()
        self._narrow: defaultdict[str, set[Group]] = defaultdict(set)
        self._touched: dict[Group, None] = {}
        self._turns: Iterator[None] | None = None
        self._due: list[tuple[float, int, Group]] = []
        self._order = count()
        self._alarm: asyncio.Task[None] | None = None
        self._alarm_s = 0.0
        # Operations that run the ordinary way, by why.
        self.ordinary: Counter[str] = Counter()
        # Groups and members that ended because an event could not be written.
        self.failed = 0
        board.on_tick(self._heard)

    @property
    def groups(self) -> Mapping[GroupKey, Group]:
        """The groups with members."""
        return self._groups

    def join(
        self,
        owner: Owner,
        name: str,
        query: str,
        variables: Mapping[str, Any] | None,
        operation: str | None,
        context: ApiContext,
    ) -> Member | None:
        """Make a subscription a member and send its first event.

        None: it has to run the ordinary way, which also tells what is wrong with it.
        """
        try:
            text = msgspec.json.encode(variables or {}, order="deterministic")
        except RecursionError:  # as deep as can be read, too deep to be written
            return None
        share, transport = context.share_key(), context.transport
        key = GroupKey(query, operation, text, share, transport)
        group = self._groups.get(key)
        if group is None:
            group = self._open(key, variables, context)
            if group is None:
                return None
            context.deps.guard.charge(context.caller, OPENING, self.now_s())
        elif context.dry_run or not take_joining(context):
            return None
        member = Member(owner, name, group)
        if not _burdened(member, context):
            if not group.members:
                self._drop(group)
            return None
        try:
            group.join(member)
        except Gone:
            self.leave(member)
            return None
        except Exception:  # noqa: BLE001 (logged; graphql-core tells what is wrong)
            self.leave(member)
            self.failed += 1
            _log.exception("live.group_failed", extra={"field": group.field})
            return None
        return member

    def leave(self, member: Member) -> None:
        """Let a member go; its group goes with the last one."""
        group = member.group
        group.leave(member)
        _unburdened(member)
        if not group.members and self._groups.get(group.key) is group:
            self._drop(group)

    def resume(self, members: Iterable[Member]) -> None:
        """Tell members what they missed: their socket has room again."""
        for member in members:
            group = member.group
            try:
                due = group.resume(member)
            except Exception as exc:  # noqa: BLE001 (ends this group only, told there)
                self._fail(group, exc)
            else:
                if due:
                    self._touch(group)

    def new_telling(self, watch: Watch) -> Telling:
        """See `Hooks`."""
        return telling_of(watch, self._board)

    def now_s(self) -> float:
        """See `Hooks`."""
        return self._clock.monotonic()

    def tick_s(self) -> float:
        """See `Hooks`."""
        return self._board.tick_s()

    def sent(self, group: Group, count: int, tick_s: float | None) -> None:
        """See `Hooks`."""
        lag_s = None if tick_s is None else self._clock.monotonic() - tick_s
        self._counts.delivered(group.field, group.key.transport, count, lag_s)

    def broken(self, member: Member, exc: Exception) -> None:
        """See `Hooks`."""
        self.failed += 1
        _log.error(
            "live.member_failed", exc_info=exc, extra={"field": member.group.field}
        )
        self.leave(member)
        self._complete(member)

    def late(self, group: Group, tick: int) -> None:
        """See `Hooks`."""
        self._counts.fell_behind(group.field, self._board.board.seq - tick - 1)

    @property
    def lagging(self) -> int:
        """How many members wait for room in their sockets."""
        return sum(len(group.lagging) for group in self._groups.values())

    def _open(
        self, key: GroupKey, variables: Mapping[str, Any] | None, context: ApiContext
    ) -> Group | None:
        opened = self._opening.open(key.document, variables, key.operation, context)
        if not isinstance(opened, Opened):
            self.ordinary[opened.value] += 1
            return None
        watch = opened.source.watch
        group = Group(key, opened.event.field, watch, opened.write, self)
        group.greet = opened.greet
        group.forget = opened.event.forget
        group.burden_s = opened.burden_s
        self._groups[key] = group
        if group.symbols is None:
            self._wide.add(group)
        else:
            for symbol in group.symbols:
                self._narrow[symbol].add(group)
        return group

    def _drop(self, group: Group) -> None:
        self._groups.pop(group.key, None)
        self._wide.discard(group)
        self._touched.pop(group, None)
        for symbol in group.symbols or ():
            self._narrow[symbol].discard(group)
            if not self._narrow[symbol]:
                del self._narrow[symbol]
        if not self._groups:
            self._due.clear()
            self._silence()

    def _heard(self, tick: Tick) -> None:
        """Note whom a tick concerns; called inside the board's own turn."""
        if not self._groups:
            return
        for group in self._wide:
            self._touched[group] = None
        if self._narrow:
            for premium in tick.changed:
                for group in self._narrow.get(premium.symbol, ()):
                    self._touched[group] = None
            for symbol in tick.removed:
                for group in self._narrow.get(symbol, ()):
                    self._touched[group] = None
        if tick.removed:
            for group in self._groups.values():
                group.forget(tick.removed)
        self._work()

    def _touch(self, group: Group) -> None:
        self._touched[group] = None
        self._work()

    def _work(self) -> None:
        if self._touched and self._turns is None:
            self._turns = self._all_turns()
            asyncio.get_running_loop().call_soon(self._turn)

    def _turn(self) -> None:
        """Work for a while, then let others."""
        if self._turns is None:
            return
        if next(self._turns, self) is self:
            self._turns = None
            self._set_alarm()
            self._work()
        else:
            asyncio.get_running_loop().call_soon(self._turn)

    def _all_turns(self) -> Iterator[None]:
        while self._touched:
            group = next(iter(self._touched))
            del self._touched[group]
            try:
                for due_s in group.advance():
                    if due_s is None:
                        yield None
                    elif group.members:
                        heapq.heappush(self._due, (due_s, next(self._order), group))
            except Exception as exc:  # noqa: BLE001 (ends this group only, told there)
                self._fail(group, exc)

    def _fail(self, group: Group, exc: Exception) -> None:
        """End a group: what it watched has gone, or its events cannot be written."""
        if not isinstance(exc, Gone):
            self.failed += 1
            extra = {"field": group.field, "members": len(group.members)}
            _log.error("live.group_failed", exc_info=exc, extra=extra)
        members = list(group.members)
        self._drop(group)
        group.payer = None
        for member in members:
            group.leave(member)
            _unburdened(member)
            self._complete(member)

    def _complete(self, member: Member) -> None:
        try:
            member.owner.complete(member.name)
        except Exception:  # noqa: BLE001 (its socket is broken; others are told)
            _log.exception("live.member_failed", extra={"field": member.group.field})

    def _set_alarm(self) -> None:
        """Wake when the next throttle ends."""
        if not self._due:
            return
        due_s = self._due[0][0]
        if self._alarm is not None:
            if self._alarm_s <= due_s:
                return
            self._silence()
        self._alarm_s = due_s
        self._alarm = asyncio.get_running_loop().create_task(
            self._ring(due_s), name="live.alarm"
        )

    async def _ring(self, due_s: float) -> None:
        # A throttle ends when a tick is due; that tick shall be in the event.
        wait_s = due_s - self._clock.monotonic() + TICK_GRACE_S
        await self._clock.sleep(max(0.0, wait_s))
        self._alarm = None
        now_s = self._clock.monotonic()
        while self._due and self._due[0][0] <= now_s:
            group = heapq.heappop(self._due)[2]
            if group.members:
                self._touched[group] = None
        self._set_alarm()
        self._work()

    def _silence(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None


def _burdened(member: Member, context: ApiContext) -> bool:
    """Take a member's part of its caller's rate; False: there is not so much.

    The first one of a group answers for making its events, others for being told.
    """
    group = member.group
    pace_s = group.watch.throttle_ms / 1000
    is_payer = group.payer is None
    amount_s = group.burden_s if is_payer else math.ceil(HEARING / pace_s)
    member.hold = context.deps.guard.hold(context.caller, amount_s)
    if member.hold is not None and is_payer:
        group.payer = member
    return member.hold is not None


def _unburdened(member: Member) -> None:
    """Give a member's part back; another one answers for the group then."""
    if member.hold is not None:
        member.hold.release()
        member.hold = None
    group = member.group
    if group.payer is not member:
        return
    group.payer = next(iter(group.members), None)
    if group.payer is not None and group.payer.hold is not None:
        group.payer.hold.become(group.burden_s)
