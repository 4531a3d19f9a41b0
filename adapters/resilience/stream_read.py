"""One-off reads over a venue's stream, on one connection that is opened when asked.

The live feed's connection is left alone: Upbit replaces its whole subscription with
every request, and Binance counts its messages. All reads under way share the one here:
it asks for the union of what they still miss, and closes when nobody has read for a
while.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import websockets.asyncio.client

from adapters.resilience.breaker import AsyncBreaker
from adapters.resilience.budget import Window
from adapters.resilience.dial import Connect, Connection, DialPlan, Opener
from adapters.resilience.error import (
    ConnectionFailed,
    RateLimited,
    RequestTimedOut,
    UndecodableAnswer,
)
from adapters.resilience.link import Link
from adapters.resilience.pause import stop, until
from adapters.resilience.session import Received, Reject, StreamSession
from domain.model.error import UpstreamUnavailable
from domain.ports.clock import Clock

DEFAULT_TIMEOUT_S = 3.0
DEFAULT_IDLE_S = 30.0
# Reads under way at once; one more is refused at once.
MAX_READS = 256
# Topics of all reads together; Binance takes 1,024 streams on a connection.
MAX_TOPICS = 1_000
# Of the venue's limit of dials, so many are left to the live feed.
DIALS_LEFT_TO_FEED = 2
# Binance ends every connection after 24 h; ours is given up before. To the link it is
# a silence: what comes here is no feed's data.
LIFETIME_S = 23 * 3600.0
# A connection that was silent for this part of a read's time-out may be half open.
SILENT_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Answered(Received):
    """What one frame of such a connection meant.

    `values` are (topic, value); None came and cannot be used (its reject tells why).
    `refused` are topics that the venue will not tell of; `error` says why.
    """

    values: tuple[tuple[str, Any], ...] = ()
    refused: frozenset[str] = frozenset()


def reading(plan: DialPlan, timeout_s: float = DEFAULT_TIMEOUT_S) -> DialPlan:
    """Return how a venue is dialled for reads, given how its live feed is dialled.

    `upbit.stream` becomes `upbit.read`: tasks and failures tell the two apart. A dial
    that takes longer than a read may is given up.
    """
    return replace(
        plan,
        name=f"{plan.exchange.lower()}.read",
        silence_bound_s=LIFETIME_S,
        renew_after_s=None,
        connect_timeout_s=timeout_s,
    )


class ReadSession(StreamSession, Protocol):
    """A conversation that is given topics in place of markets.

    Topics are words of the venue's adapter. `watch` sets all that are still missed;
    `receive` returns `Answered` where a frame brings values.
    """


@dataclass(eq=False, slots=True)
class _Read:
    """A caller who waits; `began_s` is monotonic."""

    missing: set[str]
    began_s: float
    values: dict[str, Any] = field(default_factory=dict)
    error: UpstreamUnavailable | BaseException | None = None
    lost: bool = False
    done: asyncio.Event = field(default_factory=asyncio.Event)


class StreamReads:
    """Asks a venue's stream for single values.

    The connection is dialled with the first read, within `budget` (shared with the live
    feed) and behind a breaker of its own, which counts dials and connections that
    brought nothing; a topic that stays silent counts for nothing. A read outlives one
    lost connection. Nothing is told to health: a read's failure is its exception.
    """

    def __init__(
        self,
        plan: DialPlan,
        make_session: Callable[[], ReadSession],
        *,
        clock: Clock,
        breaker: AsyncBreaker,
        budget: Window,
        on_reject: Callable[[Reject], None],
        connect: Connect = websockets.asyncio.client.connect,
        timeout_s: float = DEFAULT_TIMEOUT_S,
        idle_s: float = DEFAULT_IDLE_S,
        max_reads: int = MAX_READS,
    ) -> None:
        self._plan = plan
        self._make_session = make_session
        self._clock = clock
        self._breaker = breaker
        self._budget = budget
        self._on_reject = on_reject
        self._opener = Opener(plan, connect, clock)
        self._timeout_s = timeout_s
        self._idle_s = idle_s
        self._max_reads = max_reads
        self._reads: set[_Read] = set()
        self._talk: asyncio.Task[None] | None = None
        self._link: Link | None = None
        self._news = asyncio.Event()
        self._over: str | None = None
        self._held: RateLimited | None = None
        self._opened_s = 0.0
        self._heard_s = 0.0
        self._used_s = 0.0
        self._closed = False

    async def read(self, topics: Collection[str]) -> Mapping[str, Any]:
        """Return the first value of each topic that comes from now on.

        A value that came and cannot be used is left out.

        Raises:
            UpstreamUnavailable: not all of them came in time, none could be used, the
                venue cannot be reached or refuses, or too much is asked at once.
        """
        if not topics:
            return {}
        read = self._enter(topics)
        try:
            self._changed()
            await until(
                self._clock,
                self._timeout_s,
                read.done,
                name=f"{self._plan.name}.wait",
            )
            return self._outcome(read)
        finally:
            self._leave(read)

    async def close(self) -> None:
        """End the connection and every read; nothing can be read afterwards."""
        self._closed = True
        self._fail_all(UpstreamUnavailable(self._plan.name, "closed"))
        if self._talk is not None:
            await stop((self._talk,))

    # Reads

    def _enter(self, topics: Collection[str]) -> _Read:
        name = self._plan.name
        if self._closed:
            raise UpstreamUnavailable(name, "closed")
        if len(self._reads) >= self._max_reads:
            raise self._too_much(f"{self._max_reads} reads at once")
        if len(self._wanted().union(topics)) > MAX_TOPICS:
            raise self._too_much(f"{MAX_TOPICS} topics at once")
        read = _Read(set(topics), self._clock.monotonic())
        self._reads.add(read)
        return read

    def _too_much(self, limit: str) -> RateLimited:
        # Nothing was sent: it says nothing about the venue.
        return RateLimited(self._plan.name, self._clock.now_ms(), limit)

    def _leave(self, read: _Read) -> None:
        if read in self._reads:  # cancelled, or out of time
            self._reads.discard(read)
            self._changed()

    def _outcome(self, read: _Read) -> Mapping[str, Any]:
        name = self._plan.name
        if read.error is not None:
            raise read.error
        if read.missing:
            self._suspect(read)
            told = ", ".join(sorted(read.missing)[:5])
            reason = f"{len(read.missing)} not told in {self._timeout_s:g} s: {told}"
            raise RequestTimedOut(name, reason)
        values = {key: val for key, val in read.values.items() if val is not None}
        if not values and read.values:
            raise UndecodableAnswer(name, "nothing that came could be used")
        return values

    def _suspect(self, read: _Read) -> None:
        """Give up a connection that said nothing at all for most of a read's time."""
        quiet_since_s = max(self._opened_s, self._heard_s, read.began_s)
        quiet_s = self._clock.monotonic() - quiet_since_s
        if self._link is not None and quiet_s >= self._timeout_s * SILENT_SHARE:
            self._over = f"silent for {quiet_s:.1f} s"
            self._news.set()

    def _settle(self, read: _Read, error: BaseException | None = None) -> None:
        read.error = error
        self._reads.discard(read)
        read.done.set()

    def _fail_all(self, error: BaseException) -> None:
        for read in list(self._reads):
            self._settle(read, error)
        self._news.set()

    def _wanted(self) -> frozenset[str]:
        return frozenset().union(*(read.missing for read in self._reads))

    def _changed(self) -> None:
        """Let the venue be asked for what is missed now."""
        self._used_s = self._clock.monotonic()
        self._news.set()
        if self._link is not None:
            self._link.watch(self._wanted())
        elif self._talk is None and self._reads:
            name = f"{self._plan.name}.talk"
            self._talk = asyncio.create_task(self._converse(), name=name)
            self._talk.add_done_callback(self._ended)

    # The connection

    async def _converse(self) -> None:
        """Dial and talk until nobody has read for a while."""
        try:
            while self._reads:
                await self._talk_on(await self._open())
        except UpstreamUnavailable as exc:
            self._fail_all(exc)

    def _ended(self, talk: asyncio.Task[None]) -> None:
        self._talk = None
        if talk.cancelled():
            return
        surprise = talk.exception()
        if surprise is not None:
            self._fail_all(surprise)
        elif self._reads:
            self._changed()  # somebody came in the turn in which it ended

    async def _open(self) -> Connection:
        held = self._held
        if held is not None and self._clock.now_ms() < held.retry_at_ms:
            raise RateLimited(self._plan.name, held.retry_at_ms, held.reason)
        self._breaker.check()
        await self._take_dial()
        try:
            return await self._opener.open()
        except RateLimited as exc:
            self._held = exc
            raise
        except UpstreamUnavailable as exc:
            self._breaker.failed(exc.reason)
            raise

    async def _take_dial(self) -> None:
        while True:
            now_s = self._clock.monotonic()
            wait_s = self._budget.wait_s(1 + DIALS_LEFT_TO_FEED, now_s)
            if wait_s <= 0:
                self._budget.take(1, now_s)
                return
            await self._clock.sleep(wait_s)

    async def _talk_on(self, connection: Connection) -> None:
        """Talk on one connection until it is over or idle."""
        name = f"{self._plan.name}.link"
        link = Link(
            self._plan, connection, self._make_session(), self._hear, clock=self._clock
        )
        self._over = None
        self._opened_s = self._used_s = self._clock.monotonic()
        running = asyncio.create_task(link.run(), name=name)
        self._link = link
        try:
            link.watch(self._wanted())
            reason = await self._until_over(running)
        finally:
            self._link = None
            await stop((running,))
            await link.close()
        if reason is not None:
            self._lost(link, reason)

    async def _until_over(self, running: asyncio.Task[str]) -> str | None:
        """Return why the connection is of no more use; None: nobody reads."""
        name = f"{self._plan.name}.wait"
        while self._over is None:
            self._news.clear()
            idle_s = None
            if not self._reads:
                idle_s = self._used_s + self._idle_s - self._clock.monotonic()
                if idle_s <= 0:
                    return None
            await until(self._clock, idle_s, self._news, (running,), name=name)
            if running.done():
                return running.result()
        return self._over

    def _lost(self, link: Link, reason: str) -> None:
        if not link.delivered and self._over is None:
            self._breaker.failed(reason)
        for read in list(self._reads):
            if read.lost:
                self._settle(read, ConnectionFailed(self._plan.name, reason))
            read.lost = True

    def _hear(
        self, link: Link, received: Received, received_ms: int, received_s: float
    ) -> None:
        if link is not self._link:
            return
        self._heard_s = received_s
        for reject in received.rejects:
            self._on_reject(reject)
        if received.reconnect is not None:
            self._over = received.reconnect
            self._news.set()
        if isinstance(received, Answered):
            self._take(link, received)

    def _take(self, link: Link, answered: Answered) -> None:
        if answered.values and not link.delivered:
            link.delivered = True
            self._breaker.close()
        for topic, value in answered.values:
            for read in [each for each in self._reads if topic in each.missing]:
                read.values[topic] = value
                read.missing.discard(topic)
                if not read.missing:
                    self._settle(read)
        for read in [each for each in self._reads if each.missing & answered.refused]:
            reason = answered.error or "refused"
            self._settle(read, UpstreamUnavailable(self._plan.name, reason))
        self._changed()
