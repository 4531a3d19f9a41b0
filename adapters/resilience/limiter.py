"""Requests wait here until their venue's limits allow them."""

import asyncio
from collections.abc import Mapping

from adapters.resilience.budget import LimitRule, RequestBudget
from adapters.resilience.error import AddressBanned, RateLimited
from domain.ports.clock import Clock

# Longer than this nobody waits in line; the caller is told when it may come back.
DEFAULT_MAX_WAIT_S = 10.0
DEFAULT_MAX_WAITING = 256


class RequestLimiter:
    """One venue's budget with a line per group; other groups go on meanwhile.

    `share` below 1 is for a process that is not the live feed: it takes at most that
    part of the venue's limit and leaves the whole address alone after any 429.
    """

    def __init__(
        self,
        name: str,
        rule: LimitRule,
        *,
        clock: Clock,
        share: float = 1.0,
        max_wait_s: float = DEFAULT_MAX_WAIT_S,
        max_waiting: int = DEFAULT_MAX_WAITING,
    ) -> None:
        self._name = name
        self._budget = RequestBudget(rule, share)
        self._clock = clock
        self._max_wait_s = max_wait_s
        self._max_waiting = max_waiting
        self._lines: dict[str, asyncio.Lock] = {}
        self._waiting = 0

    async def acquire(
        self, group: str = "default", weight: int = 1, max_wait_s: float | None = None
    ) -> None:
        """Wait until a request of this group and weight may be sent; first come first.

        `max_wait_s` takes the place of the limiter's own.

        Raises:
            RateLimited: that would take longer than `max_wait_s`, or more than
                `max_waiting` requests are in line already.
            AddressBanned: the venue has banned the address for longer than that.
        """
        patience_s = self._max_wait_s if max_wait_s is None else max_wait_s
        now_s = self._clock.monotonic()
        deadline_s = now_s + patience_s
        if self._waiting >= self._max_waiting:
            raise self._refusal(group, self._max_wait_s, "too many requests in line")
        # Before the line: who stands there first may have more patience.
        wait_s = self._budget.wait_s(group, weight, now_s)
        if wait_s > patience_s:
            raise self._refusal(group, wait_s, "held by the venue's limits")
        self._waiting += 1
        try:
            async with self._line(group):
                await self._wait(group, weight, deadline_s)
        finally:
            self._waiting -= 1

    def answered(
        self, group: str, status: int, headers: Mapping[str, str], body: str = ""
    ) -> None:
        """Learn from an answer; `headers` must find names whatever their case."""
        self._budget.answered(
            group,
            status,
            headers,
            now_ms=self._clock.now_ms(),
            now_s=self._clock.monotonic(),
            body=body,
        )

    def retry_at_ms(self, group: str = "default") -> int | None:
        """Return when a held group may send again (Unix ms); None: it is not held."""
        hold_s = self._budget.hold_s(group, self._clock.monotonic())
        return None if hold_s <= 0 else self._clock.now_ms() + round(hold_s * 1000)

    async def _wait(self, group: str, weight: int, deadline_s: float) -> None:
        while True:
            now_s = self._clock.monotonic()
            wait_s = self._budget.wait_s(group, weight, now_s)
            if wait_s <= 0:
                self._budget.take(group, weight, now_s)
                return
            if now_s + wait_s > deadline_s:
                raise self._refusal(group, wait_s, "held by the venue's limits")
            await self._clock.sleep(wait_s)

    def _refusal(self, group: str, wait_s: float, reason: str) -> RateLimited:
        retry_at_ms = self._clock.now_ms() + round(wait_s * 1000)
        if self._budget.is_banned(self._clock.monotonic()):
            return AddressBanned(self._name, retry_at_ms)
        return RateLimited(self._name, retry_at_ms, f"{reason} (group {group})")

    def _line(self, group: str) -> asyncio.Lock:
        line = self._lines.get(group)
        if line is None:
            line = self._lines[group] = asyncio.Lock()
        return line
