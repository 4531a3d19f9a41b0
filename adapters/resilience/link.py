"""One open connection and the conversation on it, until it ends."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode

from adapters.resilience.dial import Connection, DialPlan
from adapters.resilience.error import TRANSLATED, translate
from adapters.resilience.pause import stop, until
from adapters.resilience.session import Received, Reject, StreamSession
from domain.ports.clock import Clock

# A session that names a time gone by and then has nothing to send must not spin.
LEAST_PAUSE_S = 0.01

Hear = Callable[["Link", Received, int, float], None]


class Link:
    """Reads frames into the session and sends what the session wants sent.

    `hear` is called for every frame, synchronously, with what it meant and when it came
    (Unix ms, monotonic s).
    """

    def __init__(
        self,
        plan: DialPlan,
        connection: Connection,
        session: StreamSession,
        hear: Hear,
        *,
        clock: Clock,
    ) -> None:
        self.renewal = asyncio.Event()
        self.delivered = False
        self._plan = plan
        self._connection = connection
        self._session = session
        self._hear = hear
        self._clock = clock
        self._data_s = clock.monotonic()
        self._wakes_s = self._data_s
        self._news = asyncio.Event()

    def watch(self, markets: frozenset[str]) -> None:
        """Tell the session all markets wanted."""
        self._session.watch(markets, self._clock.monotonic())
        self._news.set()

    async def run(self) -> str:
        """Converse until the connection ends; return why it did."""
        name = self._plan.name
        reader = asyncio.create_task(self._read(), name=f"{name}.read")
        keeper = asyncio.create_task(self._keep(), name=f"{name}.keep")
        try:
            done, _ = await asyncio.wait(
                {reader, keeper}, return_when=asyncio.FIRST_COMPLETED
            )
            # The reader knows best: a failed send only follows from a lost connection.
            return (reader if reader in done else keeper).result()
        finally:
            await stop((reader, keeper))

    async def close(self) -> None:
        """Close the connection, within its time limit."""
        with suppress(*TRANSLATED):
            await self._connection.close()

    async def _read(self) -> str:
        recv = self._connection.recv
        while True:
            try:
                frame = await recv(decode=False)
            except TRANSLATED as exc:
                self._tell_oversize(exc)
                return self._reason(exc)
            self._take(frame)

    def _tell_oversize(self, exc: Exception) -> None:
        """Count a frame that was too big to be read; it has cost the connection."""
        sent = exc.sent if isinstance(exc, ConnectionClosed) else None
        if sent is not None and sent.code == CloseCode.MESSAGE_TOO_BIG:
            limit = f"more than {self._plan.max_frame_bytes} bytes"
            received = Received(rejects=(Reject.of("size", limit, b""),))
            self._hear(self, received, self._clock.now_ms(), self._clock.monotonic())

    def _take(self, frame: str | bytes) -> None:
        received_ms, received_s = self._clock.now_ms(), self._clock.monotonic()
        try:
            received = self._session.receive(frame, received_ms, received_s)
        except Exception as exc:  # noqa: BLE001 - no frame from outside ends the process
            detail = f"{type(exc).__name__}: {exc}"
            received = Received(rejects=(Reject.of("surprise", detail, frame),))
        if received.batches:
            self._data_s = received_s
        self._hear(self, received, received_ms, received_s)
        wake_s = self._session.wake_at_s()
        if wake_s is not None and wake_s < self._wakes_s:
            self._news.set()

    async def _keep(self) -> str:
        plan = self._plan
        while True:
            self._news.clear()
            now_s = self._clock.monotonic()
            if now_s - self._data_s >= plan.silence_bound_s:
                return f"no data for {plan.silence_bound_s:g} s"
            try:
                for frame in self._session.frames_to_send(now_s):
                    async with asyncio.timeout(plan.connect_timeout_s):
                        await self._connection.send(frame)
            except TRANSLATED as exc:
                return self._reason(exc)
            wake_s = self._session.wake_at_s()
            silent_s = self._data_s + plan.silence_bound_s
            self._wakes_s = silent_s if wake_s is None else min(silent_s, wake_s)
            wait_s = max(LEAST_PAUSE_S, self._wakes_s - self._clock.monotonic())
            await until(self._clock, wait_s, self._news, name=f"{plan.name}.wait")

    def _reason(self, exc: Exception) -> str:
        return translate(self._plan.name, exc, self._clock.now_ms()).reason
