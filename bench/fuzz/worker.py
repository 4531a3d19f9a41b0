"""A run in a process of its own, watched from outside: a hang can hold everything."""

import asyncio
import faulthandler
import gc
import multiprocessing
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from multiprocessing.sharedctypes import Synchronized
from typing import Any, Final

from app.garbage import MIDDLE, OLD, YOUNG
from bench.fuzz.memory import Memory
from bench.fuzz.pace import HANG_S
from bench.fuzz.run import Result, Run
from bench.process import cpu_s

LOOK_S: Final = 0.5
PRINT_S: Final = 15.0
KILL_S: Final = 30.0
"""A worker whose session has not ended by then is killed."""

NICE: Final = 10


@dataclass(frozen=True, slots=True)
class Summary:
    """What one worker found; `findings` is to be read, `counts` how often each was."""

    seed: int
    inputs: int
    sessions: int
    seconds: float
    outcomes: Counter[str]
    kinds: Counter[str]
    compared: int
    direct: int
    memory: Sequence[Memory]
    worst_cpu_s: float
    worst_wall_s: float
    worst_collection_s: float
    findings: str
    counts: Counter[str]


class Hung(Exception):
    """A session did not end; says which."""


def run_here(
    cases: int, seed: int, heard: Callable[[int, int], None] | None = None
) -> Summary:
    """Run in this process, on a loop of its own."""
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        return summary_of(runner.run(Run(seed, heard).cases(cases)))


def session_here(number: int, seed: int) -> Summary:
    """Run one session in this process."""
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        return summary_of(runner.run(Run(seed).only(number)))


def summary_of(result: Result) -> Summary:
    """Return what is told of a run."""
    pace, findings = result.pace, result.findings
    return Summary(
        result.seed,
        result.inputs,
        result.sessions,
        result.seconds,
        result.oracle.outcomes,
        result.kinds,
        result.compared,
        result.direct,
        result.memory,
        pace.worst_cpu_s,
        pace.worst_wall_s,
        pace.worst_collection_s,
        findings.text(),
        findings.counts,
    )


def run_beside(cases: int, seeds: Sequence[int]) -> list[Summary]:
    """Run a worker for each seed, all at once; tell how far they are.

    Raises:
        Hung: a session did not end, or a worker died.
    """
    context = multiprocessing.get_context("spawn")
    share = -(-cases // len(seeds))
    workers = [_Worker(context, share, seed) for seed in seeds]
    try:
        while [worker for worker in workers if not worker.is_done()]:
            time.sleep(LOOK_S)  # workers are only looked at
    finally:
        for worker in workers:
            worker.end()
    return [worker.summary() for worker in workers]


class Watch:
    """Tells whether a worker's session goes on, from what is seen of it."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._session = -1
        self._since_s = self._used_s = 0.0
        self._told = True  # nothing runs before the first one

    def hangs(self, session: int, used_s: float, now_s: float) -> bool:
        """Return True once for a session that does not end.

        `used_s` are the CPU seconds of its process so far, `now_s` the time.

        Raises:
            Hung: it has not ended long after that.
        """
        if session != self._session:
            self._session, self._since_s, self._used_s = session, now_s, used_s
            self._told = session < 0
            return False
        waited_s = now_s - self._since_s
        if session >= 0 and waited_s > KILL_S:
            raise Hung(f"seed {self._seed} hangs in session {session}")
        # Time that others took of the machine is none of its own.
        if self._told or (used_s - self._used_s < HANG_S and waited_s < KILL_S / 2):
            return False
        self._told = True
        return True


class _Worker:
    """One process, and what is seen of it."""

    def __init__(self, context: Any, cases: int, seed: int) -> None:
        self.seed = seed
        self._cases = cases
        self._session: Synchronized[int] = context.Value("q", -1, lock=False)
        self._inputs: Synchronized[int] = context.Value("q", 0, lock=False)
        self._told, telling = context.Pipe(duplex=False)
        given = (cases, seed, self._session, self._inputs, telling)
        self._process: SpawnProcess = context.Process(target=_work, args=given)
        self._process.start()
        telling.close()
        self._summary: Summary | None = None
        self._watch_it = Watch(seed)
        self._printed_s = time.monotonic()

    def is_done(self) -> bool:
        """Look at it; return whether it has ended.

        Raises:
            Hung: see `run_beside`.
        """
        if self._summary is None and self._told.poll():
            try:
                self._summary = self._told.recv()
            except EOFError as exc:
                raise Hung(f"seed {self.seed} died in {self._session.value}") from exc
        if self._summary is not None:
            return True
        self._watch()
        return False

    def summary(self) -> Summary:
        """Return what it found."""
        assert self._summary is not None
        return self._summary

    def end(self) -> None:
        """Let it end."""
        if self._summary is None:
            self._process.kill()
        self._process.join(10)

    def _watch(self) -> None:
        session, now_s = self._session.value, time.monotonic()
        if self._watch_it.hangs(session, _cpu_s(self._process.pid), now_s):
            print(f"seed {self.seed} hangs in session {session}:", file=sys.stderr)
            os.kill(int(self._process.pid or 0), signal.SIGUSR1)
        if now_s - self._printed_s > PRINT_S:
            self._printed_s = now_s
            done = f"{self._inputs.value:,} of {self._cases:,} inputs"
            print(f"seed {self.seed}: {done}", file=sys.stderr, flush=True)


def _work(
    cases: int,
    seed: int,
    session: "Synchronized[int]",
    inputs: "Synchronized[int]",
    telling: "Connection[Any, Any]",
) -> None:
    """Run, in the process of a worker."""
    faulthandler.register(signal.SIGUSR1, all_threads=True)
    os.nice(NICE)
    gc.set_threshold(YOUNG, MIDDLE, OLD)

    def heard(number: int, done: int) -> None:
        session.value, inputs.value = number, done

    telling.send(run_here(cases, seed, heard))


def _cpu_s(pid: int | None) -> float:
    """Return the CPU seconds of a process; 0.0 once it is gone."""
    try:
        return 0.0 if pid is None else cpu_s(pid)
    except OSError:
        return 0.0


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return the maker of the server's own loops; None: asyncio's."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop
