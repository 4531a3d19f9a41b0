"""So many real sockets from one address, held at once: `--sockets 20000`.

`kimp demo` runs twice: with its default limits all of them are admitted, and the last
one subscribes and is told; with `KIMP_LIMIT__SOCKETS` set to as many the next one is
refused with 429. The sockets are held by processes beside it, each of which answers
pings. All come from 127.0.0.1 to one port: the ephemeral ports of Linux
(`net.ipv4.ip_local_port_range`) suffice for 28,000.

A process may have so many files open as `ulimit -Hn` says; only the superuser may
raise it. Where it is too low as many are opened as it lets, and the run has failed.
"""

import asyncio
import multiprocessing
import resource
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

from bench.fuzz.attack import address, held, wait_left
from bench.fuzz.guest import Guest
from bench.markdown import grid, number
from bench.process import Measured, ServerFailed, server

PARTIES: Final = 2
"""Processes that hold the sockets: each has files of its own."""

SPARE_FILES: Final = 64
"""Files that a server and a client open beside their sockets after the start."""

AT_ONCE: Final = 100
"""Handshakes of a party that are on their way at a time."""

OPEN_S: Final = 90.0
"""All sockets are open by then, or the run has failed."""

ANSWER_S: Final = 10.0
_SUBSCRIBE: Final = (
    b'{"id":"1","type":"subscribe","payload":'
    b'{"query":"subscription { premiums { seq } }"}}'
)


@dataclass(slots=True)
class Crowd:
    """What came of one round.

    `opened` were acknowledged and still open when all were there, `counted` are those
    the server counted then, `refused` the statuses of the others (0: broken off).
    `told_s`: from the subscription on the last one to its event; None: nothing came.
    `next_status` answered one more; None: it was not tried.
    """

    bound: int | None
    wanted: int
    opened: int = 0
    counted: int = 0
    seconds: float = 0.0
    refused: Counter[int] = field(default_factory=Counter)
    told_s: float | None = None
    next_status: int | None = None
    rss_mb: tuple[float, float, float] = (0.0, 0.0, 0.0)
    left: int = 0

    @property
    def is_kept(self) -> bool:
        """Whether all were admitted, the last was told, one above a bound refused."""
        held_all = self.opened == self.counted == self.wanted
        refused = self.bound is None or self.next_status == 429
        return held_all and self.told_s is not None and refused and not self.left


def command(wanted: int) -> int:
    """Run both rounds; return the exit code."""
    most = _files(wanted + 1024)
    try:
        free = _round({}, wanted, None, most)
        bound = free.opened
        limits = {"KIMP_LIMIT__SOCKETS": str(bound)}
        bounded = _round(limits, bound, bound, most)
    except ServerFailed as exc:
        print(exc, file=sys.stderr)
        return 1
    print(table([free, bounded]))
    if free.wanted < wanted:
        print(
            f"{wanted:,} were not tried: a process may have {most:,} files open here "
            "(ulimit -Hn)",
            file=sys.stderr,
        )
    return int(not (free.wanted == wanted and free.is_kept and bounded.is_kept))


def table(found: Sequence[Crowd]) -> str:
    """Return the rounds as Markdown."""
    heads = (
        "KIMP_LIMIT__SOCKETS", "sockets opened", "counted by the server", "others",
        "s", "told on the last one, ms", "one more", "RSS before, with all, after, MiB",
        "left",
    )  # fmt: skip
    return grid(heads, [_line(one) for one in found])


def _line(one: Crowd) -> tuple[str, ...]:
    refused = ", ".join(f"{status} {count:,}" for status, count in one.refused.items())
    told = None if one.told_s is None else one.told_s * 1000
    return (
        "the default" if one.bound is None else f"{one.bound:,}",
        f"{one.opened:,}",
        f"{one.counted:,}",
        refused or "none",
        number(one.seconds),
        number(told),
        "not tried" if one.next_status is None else str(one.next_status),
        ", ".join(map(number, one.rss_mb)),
        f"{one.left:,}",
    )


def _files(wanted: int) -> int:
    """Let this process and its children open so many files, or as many as may be."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard == resource.RLIM_INFINITY:
        hard = wanted
    with suppress(OSError, ValueError):  # it takes the superuser
        if hard < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, wanted))
            hard = wanted
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def _round(limits: dict[str, str], wanted: int, bound: int | None, files: int) -> Crowd:
    with server(limits, "demo") as running:
        running.wait_live()
        used = sum(1 for _ in Path(f"/proc/{running.process.pid}/fd").iterdir())
        may = min(wanted, files - used - SPARE_FILES)
        crowd = Crowd(bound, may)
        before_mb = running.rss_mb()
        with _parties(running, may) as parties:
            _open(crowd, parties)
            crowd.counted = held(running)[0]
            full_mb = running.rss_mb()
            crowd.told_s = parties[-1].ask("subscribe", ANSWER_S)
            if bound is not None:
                crowd.next_status = parties[0].ask("one more", ANSWER_S)
            crowd.opened = sum(party.ask("count", ANSWER_S) for party in parties)
        crowd.left = sum(wait_left(running))
        crowd.rss_mb = before_mb, full_mb, running.rss_mb()
    return crowd


def _open(crowd: Crowd, parties: "Sequence[_Party]") -> None:
    """Have all parties open their sockets, and wait for the last."""
    began_s = time.monotonic()
    for party in parties:
        party.say("open")
    for party in parties:
        crowd.refused.update(party.hear(OPEN_S))
    crowd.seconds = time.monotonic() - began_s


class _Party:
    """A process that holds sockets, and does what it is told."""

    def __init__(self, host: str, port: int, count: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._line, theirs = context.Pipe()
        self._process = context.Process(
            target=_hold, args=(host, port, count, theirs), daemon=True
        )
        self._process.start()
        theirs.close()

    def say(self, what: str) -> None:
        """Tell it what to do."""
        self._line.send(what)

    def hear(self, most_s: float) -> Any:
        """Return its answer.

        Raises:
            ServerFailed: none came in time.
        """
        try:
            if self._line.poll(most_s):
                return self._line.recv()
        except EOFError as exc:
            raise ServerFailed("a client of many sockets died") from exc
        raise ServerFailed(f"no answer of many sockets in {most_s:g} s")

    def ask(self, what: str, most_s: float) -> Any:
        """Tell it what to do, and return what came of it."""
        self.say(what)
        return self.hear(most_s + 5.0)

    def end(self) -> None:
        """Let go of all sockets."""
        self._process.kill()
        self._process.join(10)
        self._line.close()


@contextmanager
def _parties(running: Measured, count: int) -> Iterator[list[_Party]]:
    host, port = address(running)
    shares = [count // PARTIES + (at < count % PARTIES) for at in range(PARTIES)]
    parties = [_Party(host, port, share) for share in shares]
    try:
        yield parties
    finally:
        for party in parties:
            party.end()


def _hold(host: str, port: int, count: int, line: "Connection[Any, Any]") -> None:
    """Hold sockets, in the process of a party."""
    asyncio.run(Holder(host, port).serve(count, line))


class Holder:
    """Sockets of one process to one server."""

    def __init__(self, host: str, port: int) -> None:
        self._place = (host, port)
        self._guests: list[Guest] = []

    async def serve(self, count: int, line: "Connection[Any, Any]") -> None:
        """Do what is asked for until nobody asks."""
        while True:
            try:
                what = await asyncio.to_thread(line.recv)
            except EOFError:
                return
            if what == "open":
                line.send(await self.open(count))
            elif what == "subscribe":
                line.send(await self.subscribe())
            elif what == "one more":
                line.send(await self.dial())
            else:
                line.send(self.held())

    async def open(self, count: int) -> Counter[int]:
        """Open so many; return what others than 101 were answered."""
        waiting = asyncio.Semaphore(AT_ONCE)

        async def one() -> int:
            async with waiting:
                return await self.dial()

        found = Counter(await asyncio.gather(*(one() for _ in range(count))))
        del found[101]
        return found

    async def dial(self) -> int:
        """Open one; return what its handshake was answered with, 0: nothing."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(OPEN_S):
                _, guest = await loop.create_connection(Guest, *self._place)
                status = await guest.status
        except (OSError, TimeoutError):
            return 0
        if status == 101:
            self._guests.append(guest)
        return status

    async def subscribe(self) -> float | None:
        """Subscribe on the last one; return the seconds to its event."""
        began_s = time.monotonic()
        guest = self._guests[-1]
        guest.say(_SUBSCRIBE)
        with suppress(TimeoutError, asyncio.CancelledError):
            async with asyncio.timeout(ANSWER_S):
                await guest.heard
                return time.monotonic() - began_s
        return None

    def held(self) -> int:
        """Return how many are open."""
        return sum(not guest.is_gone for guest in self._guests)
