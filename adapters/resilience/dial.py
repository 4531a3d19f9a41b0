"""Dialling one venue's stream until a connection is open."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

from adapters.resilience.backoff import Backoff
from adapters.resilience.breaker import AsyncBreaker
from adapters.resilience.budget import Window
from adapters.resilience.error import (
    TRANSLATED,
    RateLimited,
    translated,
)
from adapters.resilience.monitor import UpstreamMonitor
from adapters.resilience.pause import stop, until
from adapters.resilience.proxy import is_loopback
from domain.model.error import UpstreamUnavailable
from domain.model.market import Exchange
from domain.ports.clock import Clock

USER_AGENT = "kimchi-premium"
# A dial that hangs is overtaken by the next one: three fit into a time-out of 10 s.
MAX_PENDING = 3


class Connection(Protocol):
    """An open WebSocket, as far as we need one (`websockets.ClientConnection`)."""

    async def recv(self, decode: bool | None = None) -> str | bytes:
        """Return the next message; `decode=False`: always as bytes."""
        ...

    async def send(self, message: str) -> None:
        """Send a text message."""
        ...

    async def close(self) -> None:
        """Close within the connection's own time limit."""
        ...


Connect = Callable[..., Awaitable[Connection]]


@dataclass(frozen=True, slots=True, kw_only=True)
class DialPlan:
    """How one venue's stream is dialled. Times are in seconds.

    `url` may be a function, asked before every dial. A socket that brought no data
    message for `silence_bound_s` is closed. After `renew_after_s` a new connection is
    made and delivers before the old one goes. At most `dials` in `dial_window_s`.
    `compress` offers permessage-deflate: off, because it costs a third more CPU per
    frame (measured: 11.8 instead of 9.0 µs for an Upbit ticker of 1 KB).
    """

    exchange: Exchange
    name: str
    url: str | Callable[[], str]
    silence_bound_s: float
    renew_after_s: float | None = None
    ping_interval_s: float | None = 20.0
    ping_timeout_s: float | None = 20.0
    max_frame_bytes: int = 4 * 1024 * 1024
    connect_timeout_s: float = 10.0
    close_timeout_s: float = 1.0
    dials: int = 5
    dial_window_s: float = 1.0
    compress: bool = False


class Opener:
    """Opens single connections by a plan; its errors are ours."""

    def __init__(self, plan: DialPlan, connect: Connect, clock: Clock) -> None:
        self._plan = plan
        self._connect = connect
        self._clock = clock
        self._tls: ssl.SSLContext | None = None

    async def open(self) -> Connection:
        """Return an open connection.

        Raises:
            UpstreamUnavailable: a condition of `adapters.resilience.error`.
        """
        plan = self._plan
        url = plan.url if isinstance(plan.url, str) else plan.url()
        options: dict[str, Any] = {}
        if url.startswith("wss:"):
            options["ssl"] = self._tls_context()
        with translated(plan.name, self._clock):
            return await self._connect(
                url,
                # Upbit allows a client with an Origin one request in ten seconds.
                origin=None,
                compression="deflate" if plan.compress else None,
                user_agent_header=USER_AGENT,
                # True: the proxy of the environment, as for requests (proxy.py).
                proxy=None if is_loopback(url) else True,
                open_timeout=plan.connect_timeout_s,
                close_timeout=plan.close_timeout_s,
                ping_interval=plan.ping_interval_s,
                ping_timeout=plan.ping_timeout_s,
                max_size=plan.max_frame_bytes,
                **options,
            )

    def _tls_context(self) -> ssl.SSLContext:
        # Kept: reading all certificates again takes tens of milliseconds per dial.
        if self._tls is None:
            self._tls = ssl.create_default_context()
        return self._tls


class Dialler:
    """Dials by the backoff's schedule and the venue's budget, for ever.

    A dead venue is probed without asking the breaker, which only learns of failures.
    A dial that hangs longer than the steady wait is overtaken by another one; the first
    to open wins.
    """

    def __init__(
        self,
        plan: DialPlan,
        connect: Connect,
        backoff: Backoff,
        breaker: AsyncBreaker,
        monitor: UpstreamMonitor,
        *,
        clock: Clock,
        random: Callable[[], float],
    ) -> None:
        self._plan = plan
        self._opener = Opener(plan, connect, clock)
        self._backoff = backoff
        self._breaker = breaker
        self._monitor = monitor
        self._clock = clock
        self._random = random
        self._budget = Window(plan.dials, plan.dials, plan.dial_window_s)
        self._news = asyncio.Event()

    @property
    def budget(self) -> Window:
        """The venue's limit of dials, for whoever else dials it."""
        return self._budget

    def wake(self) -> None:
        """Dial at once if a dial is being waited for."""
        self._backoff.wake(self._clock.monotonic())
        self._news.set()

    def failed(self, reason: str) -> None:
        """Count a dial or connection that failed; the next dial waits by schedule."""
        self._backoff.failed(self._clock.monotonic(), self._random())
        self._breaker.failed(reason)

    async def open(self) -> Connection:
        """Return an open connection, however long that takes."""
        pending: set[asyncio.Task[Connection]] = set()
        try:
            while True:
                wait_s = self._wait_s(pending)
                if wait_s is not None and wait_s <= 0:
                    pending.add(self._dial())
                    continue
                self._news.clear()
                await until(
                    self._clock,
                    wait_s,
                    self._news,
                    pending,
                    name=f"{self._plan.name}.wait",
                )
                for task in [task for task in pending if task.done()]:
                    pending.discard(task)
                    connection = self._outcome(task)
                    if connection is not None:
                        return connection
        finally:
            await self._abandon(pending)

    def _wait_s(self, pending: set[asyncio.Task[Connection]]) -> float | None:
        if len(pending) >= MAX_PENDING:
            return None
        now_s = self._clock.monotonic()
        backoff = self._backoff
        due_s = backoff.overlap_due_s(now_s) if pending else backoff.due_s(now_s)
        wait_s = max(due_s - now_s, self._budget.wait_s(1, now_s))
        if not pending:
            self._monitor.retrying(self._clock.now_ms() + round(wait_s * 1000))
        return wait_s

    def _dial(self) -> asyncio.Task[Connection]:
        now_s = self._clock.monotonic()
        self._backoff.dialled(now_s)
        self._budget.take(1, now_s)
        return asyncio.create_task(self._opener.open(), name=f"{self._plan.name}.open")

    def _outcome(self, task: asyncio.Task[Connection]) -> Connection | None:
        try:
            return task.result()
        except RateLimited as exc:
            hold_s = (exc.retry_at_ms - self._clock.now_ms()) / 1000
            self._backoff.hold(self._clock.monotonic() + max(0.0, hold_s))
            self._monitor.failed(exc.reason)
        except UpstreamUnavailable as exc:
            self.failed(exc.reason)
            self._monitor.failed(exc.reason)
        return None

    async def _abandon(self, pending: set[asyncio.Task[Connection]]) -> None:
        await stop(pending)
        for task in pending:
            # It may have opened in the very moment in which it was not needed any more.
            if not task.cancelled() and task.exception() is None:
                with suppress(*TRANSLATED):
                    await task.result().close()
