"""One channel of a venue as the router sees it: its reader, measured call by call."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from domain.model.call_window import CallWindow, ChannelCondition
from domain.model.error import UnknownMarket, UnsupportedRead, UpstreamUnavailable
from domain.model.market import Channel, Exchange
from domain.model.route import ReadKind, RoutePolicy, has_recovered
from domain.ports.clock import Clock
from domain.ports.market_reader import MarketReader

# A failed question is put again after these waits, for the next asker; one such series
# per channel at a time (design.md section 3 "Retry and breaker").
RETRY_WAITS_S = (2.0, 4.0, 8.0)

T = TypeVar("T")
Call = Callable[[MarketReader], Awaitable[T]]

_log = logging.getLogger(__name__)


class ChannelLine:
    """Puts calls to one reader and keeps the record of the last ones.

    A failure is `UpstreamUnavailable`. One that tells when it may be tried again was
    no call (limits and breakers refuse before anything is sent): the channel then
    counts as failed just now for that kind of question only, and its record stays.
    `UnsupportedRead`, `UnknownMarket` and cancellation say nothing about the channel.
    """

    def __init__(self, reader: MarketReader, policy: RoutePolicy, clock: Clock) -> None:
        self._reader = reader
        self._policy = policy
        self._clock = clock
        self._window = CallWindow(policy.window_calls, policy.max_p50_ms)
        self._refused_s: dict[ReadKind, float] = {}
        self._retrying: asyncio.Task[None] | None = None
        self.calls = 0
        self.failures = 0
        self.refusals = 0

    @property
    def exchange(self) -> Exchange:
        """The venue."""
        return self._reader.exchange

    @property
    def channel(self) -> Channel:
        """REST or WEBSOCKET."""
        return self._reader.channel

    @property
    def name(self) -> str:
        """The channel's name in errors: `upbit.rest`, `upbit.stream`."""
        side = "rest" if self.channel is Channel.REST else "stream"
        return f"{self.exchange.lower()}.{side}"

    def condition(self, kind: ReadKind) -> ChannelCondition:
        """Return how the channel does now, for this kind of question."""
        now_s = self._clock.monotonic()
        found = self._window.condition(now_s)
        refused_s = self._refused_s.get(kind)
        if refused_s is None:
            return found
        ago_s = now_s - refused_s
        failed_ago_s = found.failed_ago_s
        worst_s = ago_s if failed_ago_s is None else min(ago_s, failed_ago_s)
        return ChannelCondition(
            calls=found.calls,
            success_share=found.success_share,
            p50_ms=found.p50_ms,
            failed_ago_s=worst_s,
            idle_s=found.idle_s,
            good_run=found.good_run,
        )

    def choose(self) -> None:
        """Tell that the channel is about to be asked; the next probe waits."""
        self._window.choose(self._clock.monotonic())

    async def call(self, kind: ReadKind, call: Call[T]) -> T:
        """Put one call and take down how it went.

        Raises:
            UpstreamUnavailable: no usable answer.
            UnsupportedRead: this channel cannot answer such a question.
            UnknownMarket: the venue has no such market.
        """
        self.choose()
        began_s = self._clock.monotonic()
        try:
            answer = await call(self._reader)
        except UpstreamUnavailable as exc:
            self._note_failure(kind, exc, began_s)
            raise
        self.calls += 1
        self._window.succeed(self._took_ms(began_s), self._clock.monotonic())
        self._refused_s.pop(kind, None)
        if has_recovered(self.condition(kind), self._policy):
            self._window.restart(self._policy.recover_after)
            _log.info("route.channel_recovered", extra={"channel": self.name})
        return answer

    def retry_later(self, read: Callable[[], Awaitable[object]]) -> None:
        """Put a failed question again after a while, unless one is waiting already."""
        if self._retrying is None or self._retrying.done():
            self._retrying = asyncio.create_task(
                self._retry(read), name=f"route.{self.name}.retry"
            )

    async def close(self) -> None:
        """End the retries."""
        if self._retrying is not None:
            self._retrying.cancel()
            await asyncio.wait((self._retrying,))

    async def _retry(self, read: Callable[[], Awaitable[object]]) -> None:
        for wait_s in RETRY_WAITS_S:
            await self._clock.sleep(wait_s)
            try:
                await read()
            except UpstreamUnavailable:
                continue
            except (UnsupportedRead, UnknownMarket):
                return
            except Exception:  # noqa: BLE001 (its asker was told; nobody waits here)
                _log.exception("route.retry_broken", extra={"channel": self.name})
                return
            return

    def _note_failure(
        self, kind: ReadKind, exc: UpstreamUnavailable, began_s: float
    ) -> None:
        now_s = self._clock.monotonic()
        if exc.retry_at_ms is not None:
            self.refusals += 1
            self._refused_s[kind] = now_s
            return
        self.calls += 1
        self.failures += 1
        self._window.fail(self._took_ms(began_s), now_s)

    def _took_ms(self, began_s: float) -> float:
        return (self._clock.monotonic() - began_s) * 1_000
