"""Decides whether this ingest leads: at most one does, and one does within seconds.

The lock in the database says who may lead; the term on the bus says who may publish.
Whoever has the lock takes a term, appends its claim to the row right after the last
word of the leader before, and goes on from there. A leader that loses the database
keeps publishing; it steps down as soon as the lock is another's or a later term has
published. A leader that loses the bus goes on with all the rest and claims anew when
the bus is back.
"""

import asyncio
import logging
from typing import Final

from domain.model.board_news import BoardNews, BoardState, NewsMissing
from domain.model.bus_count import BusCount
from domain.model.error import StoreUnavailable
from domain.ports.board_bus import BoardBus, BusUnavailable, Superseded
from domain.ports.clock import Clock
from domain.ports.leader_lock import LeaderLock
from domain.services.board_publisher import BoardPublisher
from domain.services.replica_service import ReplicaService

# How often the lock is asked for, or made sure of.
LOOK_S: Final = 0.5
# The claim on the bus may take so long; leading begins without it past that.
CLAIM_TIMEOUT_S: Final = 2.0
# A leader without the lock may still publish ten times a second: a claim that was a
# moment late is made again at once, so often, and then at the next look.
CLAIM_TRIES: Final = 3
# Nobody can say who has the lock, and no leader was heard for so long: better one who
# leads without it than none. The term still keeps two from publishing.
ORPHANED_AFTER_S: Final = 10.0
# A leader that has lost the bus for so long lets go of the lock for a moment, and again
# after a while: one that reaches the bus may lead. It goes on until then.
CUT_AFTER_S: Final = 5.0
OFFER_EVERY_S: Final = 30.0
OFFER_LOOKS: Final = 2
# Who does not reach the bus either takes the lock only where it is free for longer than
# any offer: at so many looks in a row.
VACANT_LOOKS: Final = 6

_log = logging.getLogger(__name__)


class LeaderService:
    """Takes the lead, keeps it, gives it up."""

    def __init__(
        self,
        lock: LeaderLock,
        bus: BoardBus,
        service: ReplicaService,
        publisher: BoardPublisher,
        clock: Clock,
        count: BusCount | None = None,
    ) -> None:
        self.count = BusCount() if count is None else count
        self._lock = lock
        self._bus = bus
        self._service = service
        self._publisher = publisher
        self._clock = clock
        self._alone_since_s = clock.monotonic()
        self._leading = asyncio.Event()
        self._following = asyncio.Event()
        self._following.set()
        self._is_locked = False
        self._cut_s: float | None = None
        self._offered = 0
        self._vacant = 0

    @property
    def leads(self) -> bool:
        """Whether this process leads."""
        return self._leading.is_set()

    @property
    def is_locked(self) -> bool:
        """Whether the lock was ours at the last look."""
        return self._is_locked

    async def wait_leading(self) -> None:
        """Return once this process leads."""
        await self._leading.wait()

    async def wait_following(self) -> None:
        """Return once this process does not lead."""
        await self._following.wait()

    async def run(self) -> None:
        """Look after the lead for ever."""
        while True:
            await self.look()
            await self._clock.sleep(LOOK_S)

    async def look(self) -> None:
        """Look once: take the lead, make sure of it, offer it, or give it up."""
        if not self.leads:
            await self._look_for_lead()
            return
        if await self._offers():
            return
        held = await self._hold()
        self._is_locked = bool(held)
        if held is False:
            self._step_down("another ingest holds the lock")
        elif self._publisher.is_superseded:
            self._step_down("another ingest has published with a later term")
            await self._release()
        elif not self._publisher.has_term:
            await self._claim()

    async def _look_for_lead(self) -> None:
        reached = await self._reaches_bus()
        held = await self._hold()
        self._is_locked = bool(held)
        self._vacant = self._vacant + 1 if held else 0
        if held and not reached and self._vacant < VACANT_LOOKS:
            await self._release()
        elif held or (held is None and self._is_orphaned()):
            await self._take_over()

    async def _offers(self) -> bool:
        """Whether the lock is anybody's now, because we do not reach the bus."""
        now_s = self._clock.monotonic()
        if self._publisher.has_term and self._publisher.why_away is None:
            self._cut_s = None
            self._offered = 0
            return False
        if self._cut_s is None:
            self._cut_s = now_s + CUT_AFTER_S
        if self._offered:
            self._offered -= 1
        elif now_s >= self._cut_s:
            self._cut_s = now_s + OFFER_EVERY_S
            self._offered = OFFER_LOOKS
            await self._release()
        return self._offered > 0

    async def _reaches_bus(self) -> bool:
        try:
            async with asyncio.timeout(CLAIM_TIMEOUT_S):
                await self._bus.term()
        except (BusUnavailable, TimeoutError):
            return False
        return True

    async def _hold(self) -> bool | None:
        """Return whether the lock is ours; None: nobody can say."""
        try:
            return await self._lock.hold()
        except StoreUnavailable as exc:
            _log.debug("leader.unknown", extra={"why": str(exc)})
            return None

    async def _release(self) -> None:
        self._is_locked = False
        try:
            await self._lock.release()
        except StoreUnavailable as exc:
            _log.debug("leader.unknown", extra={"why": str(exc)})

    def _is_orphaned(self) -> bool:
        """Whether no leader was heard for long, nor could be."""
        now_s = self._clock.monotonic()
        if not self._service.is_silent:
            self._alone_since_s = now_s
        return now_s - self._alone_since_s >= ORPHANED_AFTER_S

    async def _take_over(self) -> None:
        claimed: bool | None = False
        for _ in range(CLAIM_TRIES):
            claimed = await self._claim()
            if claimed is not False:
                break
        else:
            return
        if claimed is None:
            self._service.lead()
        self._vacant = 0
        self._cut_s = None
        self.count.takeovers += 1
        self._following.clear()
        self._leading.set()
        more = {"term": self._publisher.term if claimed else None}
        _log.info("leader.took_over", extra={"seq": self._service.board.seq, **more})

    async def _claim(self) -> bool | None:
        """Get a term and lead with it; None: the bus is away, False: another did."""
        try:
            async with asyncio.timeout(CLAIM_TIMEOUT_S):
                state = await self._state()
                term = await self._bus.take_term(self._least_term(state))
                claim = BoardNews(term, state.seq, state.seq, self._clock.now_ms())
                position = await self._bus.publish(claim, state.position)
        except Superseded as exc:
            _log.info("leader.claim_refused", extra={"why": str(exc)})
            return False
        except (BusUnavailable, TimeoutError) as exc:
            self.count.failures += 1
            _log.debug("leader.unclaimed", extra={"why": str(exc)})
            return None
        # From here to the end nothing is awaited: nobody can come between.
        self._publisher.begin(term, position, state.seq)
        self._service.lead(state if state.seq else None)
        return True

    async def _state(self) -> BoardState:
        try:
            return await self._bus.read()
        except NewsMissing as exc:
            # What was told is lost in parts; all of it will be told again.
            _log.warning("bus.news_missing", extra={"why": str(exc)})
            end = await self._bus.last()
            return BoardState(term=end.term, position=end.position)

    def _least_term(self, state: BoardState) -> int:
        """Return what a new term has to exceed.

        The clock is a floor: terms go on where a bus has lost its memory.
        """
        return max(state.term, self._publisher.term, self._clock.now_ms() // 1000)

    def _step_down(self, why: str) -> None:
        self._publisher.end()
        self._service.step_down()
        self._alone_since_s = self._clock.monotonic()
        self._leading.clear()
        self._following.set()
        _log.warning("leader.stepped_down", extra={"why": why})
