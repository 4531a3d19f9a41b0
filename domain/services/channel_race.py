"""Puts one question to two channels, the second only when the first one fails.

A question never waits for a sequence of retries: after the first failed try it is
answered within `answer_within_s`, or the caller is told to take the stored value.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

from domain.model.error import UnsupportedRead, UpstreamUnavailable
from domain.ports.clock import Clock
from domain.services.channel_line import ChannelLine

T = TypeVar("T")
Read = Callable[[ChannelLine], Awaitable[T]]


@dataclass(frozen=True, slots=True)
class Patience:
    """How long whom is waited for, in seconds.

    `alone_s`: a channel that has not answered by then is no longer waited for alone:
    the other one is asked too, and the first answer counts. `answer_within_s`: the
    longest wait after the first failed try, and after `alone_s` where a stored value
    is at hand. `give_up_s`: the longest wait of all. At `max_under_way` tries under
    way no further question is asked: it is answered by the stored value or refused.
    """

    alone_s: float = 0.5
    answer_within_s: float = 3.0
    give_up_s: float = 12.0
    max_under_way: int = 256


class ChannelRace:
    """Runs races and owns the tries, those too that nobody waits for any more."""

    def __init__(self, clock: Clock, patience: Patience) -> None:
        self._clock = clock
        self._patience = patience
        self._tries: set[asyncio.Task[object]] = set()

    async def run(
        self,
        lines: Sequence[ChannelLine],
        read: Read[T],
        has_stored: Callable[[], bool],
    ) -> tuple[ChannelLine, T]:
        """Return the first answer and whose it is.

        A try that was overtaken goes on: its answer is for the next asker. After a
        failure its channel is tried again later.

        Raises:
            UpstreamUnavailable: no answer in time; what the preferred channel said.
            UnsupportedRead: none of the channels can answer such a question.
            UnknownMarket: the venue has no such market.
        """
        if len(self._tries) + len(lines) > self._patience.max_under_way:
            raise UpstreamUnavailable(lines[0].name, "too many questions under way")
        heat = _Heat(self, lines, read, self._clock.monotonic(), self._patience)
        heat.start_next()
        while heat.running:
            wait_s = heat.wait_s(self._clock.monotonic(), has_stored)
            done = await self._first_done(heat.running, wait_s)
            for task in done:
                line = heat.running.pop(task)
                if heat.take(task, line, self._clock.monotonic()):
                    return line, task.result()
            if not heat.goes_on(bool(done)):
                break
        raise heat.outcome()

    def start(self, line: ChannelLine, read: Read[T]) -> asyncio.Task[T]:
        """Begin a try that outlives its asker."""

        async def attempt() -> T:
            return await read(line)

        task = asyncio.create_task(attempt(), name=f"route.{line.name}")
        self._tries.add(task)
        task.add_done_callback(self._ended)
        return task

    async def close(self) -> None:
        """End every try."""
        tries = list(self._tries)
        for task in tries:
            task.cancel()
        if tries:
            await asyncio.wait(tries)

    async def _first_done(
        self, tasks: "dict[asyncio.Task[T], ChannelLine]", seconds: float
    ) -> "list[asyncio.Task[T]]":
        timer = asyncio.ensure_future(self._clock.sleep(seconds))
        try:
            await asyncio.wait({*tasks, timer}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            timer.cancel()
        return [task for task in tasks if task.done()]

    def _ended(self, task: "asyncio.Task[object]") -> None:
        self._tries.discard(task)
        if not task.cancelled():
            task.exception()  # where nobody is left to hear it, asyncio need not warn


class _Heat(Generic[T]):
    """One question's race: who runs, who waits, and until when."""

    def __init__(
        self,
        race: ChannelRace,
        lines: Sequence[ChannelLine],
        read: Read[T],
        now_s: float,
        patience: Patience,
    ) -> None:
        self._race = race
        self._waiting = list(lines)
        self._read = read
        self._patience = patience
        self._together_s = now_s + patience.alone_s
        self._end_s = now_s + patience.give_up_s
        self._error: UpstreamUnavailable | UnsupportedRead | None = None
        self.running: dict[asyncio.Task[T], ChannelLine] = {}

    def start_next(self) -> None:
        """Ask the next channel, where one is left."""
        if self._waiting:
            line = self._waiting.pop(0)
            self.running[self._race.start(line, self._read)] = line

    def wait_s(self, now_s: float, has_stored: Callable[[], bool]) -> float:
        """Return how long to wait for those who run."""
        end_s = self._end_s
        if self._waiting:
            end_s = min(end_s, self._together_s)
        elif has_stored():
            end_s = min(end_s, self._together_s + self._patience.answer_within_s)
        return max(0.0, end_s - now_s)

    def goes_on(self, was_answered: bool) -> bool:
        """Ask the next channel where it is its turn; False: the time is over."""
        if self._waiting and not (was_answered and self.running):
            self.start_next()
            return True
        return was_answered

    def take(self, task: asyncio.Task[T], line: ChannelLine, now_s: float) -> bool:
        """Take a finished try; True: it is the answer."""
        try:
            task.result()
        except UnsupportedRead as exc:
            self._error = self._error or exc
        except UpstreamUnavailable as exc:
            if not isinstance(self._error, UpstreamUnavailable):
                self._error = exc
                self._end_s = min(self._end_s, now_s + self._patience.answer_within_s)
            if exc.retry_at_ms is None:
                line.retry_later(partial(self._read, line))
        else:
            return True
        return False

    def outcome(self) -> Exception:
        """Return what to raise: a failure before "cannot", silence before both."""
        if self.running and not isinstance(self._error, UpstreamUnavailable):
            names = ", ".join(line.name for line in self.running.values())
            return UpstreamUnavailable(names, "no answer in time")
        return self._error or RuntimeError("a race without an outcome")
