"""A run: sessions of all kinds in turn, and what must have stayed behind: nothing."""

import asyncio
import gc
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from bench.fuzz.app_driver import AppDriver
from bench.fuzz.byte_driver import ByteDriver
from bench.fuzz.corpus import examples, warm
from bench.fuzz.draw import Draw, session_draw
from bench.fuzz.finding import Findings, LogFindings, place_of
from bench.fuzz.fullness import fill
from bench.fuzz.growth import growth
from bench.fuzz.memory import Memory, memory_now
from bench.fuzz.oracle import Oracle
from bench.fuzz.pace import Pace
from bench.fuzz.talk_driver import TalkDriver
from bench.fuzz.world import WORLDS, World, open_world

Session = Callable[[Draw], Awaitable[int]]
Heard = Callable[[int, int], None]

SHARES: Final = {
    "bytes": 0.34,
    "direct": 0.1,
    "frames": 0.08,
    "app": 0.18,
    "app socket": 0.04,
    "talk": 0.26,
}
"""How often each kind of session is."""

WORLD_SHARES: Final = {"open": 0.8, "strict": 0.15, "closed": 0.05}
EVERY: Final = 20
"""Sessions after which time passes, prices change, and what is left is counted."""

FILLED: Final = 20_000
"""Inputs from which on a run begins with tables that are full: they grow no more."""

PARTS: Final = 20
"""Parts of a run: memory is measured before each and at the end (see growth.py)."""


@dataclass
class Result:
    """What a run found."""

    seed: int
    findings: Findings
    oracle: Oracle
    pace: Pace
    inputs: int = 0
    sessions: int = 0
    seconds: float = 0.0
    kinds: Counter[str] = field(default_factory=Counter)
    compared: int = 0
    direct: int = 0
    memory: list[Memory] = field(default_factory=list)


class Run:
    """Runs sessions one after the other until there were enough inputs."""

    def __init__(self, seed: int, heard: Heard | None = None) -> None:
        findings = Findings()
        pace = Pace(findings)
        self.result = Result(seed, findings, Oracle(findings), pace)
        self._heard = heard
        self._worlds: dict[str, World] = {}
        self._sessions: dict[tuple[str, str], Session] = {}
        self._bytes: list[ByteDriver] = []

    async def cases(self, count: int) -> Result:
        """Run at least so many inputs; return what was found."""
        with _listening(self.result.findings):
            await self._open()
            if count >= FILLED:
                warm()
                for world in self._worlds.values():
                    fill(world.deps)
            began_s = time.monotonic()
            await self._all(count)
            self.result.seconds = time.monotonic() - began_s
            await self._close()
        result = self.result
        grew = growth(result.memory)
        for what in [] if grew is None else grew.findings():
            result.findings.add("memory grows", what)
        result.compared = sum(driver.compared for driver in self._bytes)
        result.direct = sum(driver.direct for driver in self._bytes)
        return result

    async def only(self, number: int) -> Result:
        """Run one session, as `cases` would."""
        with _listening(self.result.findings):
            await self._open()
            await self._session(number)
            await self._settle(number)
            await self._close()
        return self.result

    async def _open(self) -> None:
        asyncio.get_running_loop().set_exception_handler(self._lost)
        await asyncio.to_thread(examples)
        for name in WORLDS:
            world = await open_world(name)
            self._worlds[name] = world
            self._open_drivers(name, world)

    def _open_drivers(self, name: str, world: World) -> None:
        given = (world, self.result.oracle, self.result.pace)
        by_bytes, app, talk = ByteDriver(*given), AppDriver(*given), TalkDriver(*given)
        self._bytes.append(by_bytes)
        sessions: dict[str, Session] = {
            "bytes": by_bytes.session,
            "direct": by_bytes.direct_session,
            "frames": by_bytes.socket_session,
            "app": app.session,
            "app socket": app.socket_session,
            "talk": talk.session,
        }
        self._sessions |= {(name, kind): run for kind, run in sessions.items()}

    async def _all(self, count: int) -> None:
        result, number, due = self.result, 0, 0
        while result.inputs < count:
            if result.inputs * PARTS >= due * count:
                due += 1
                result.memory.append(await self._memory())
            await self._session(number)
            number += 1
            if number % EVERY == 0:
                await self._settle(number)
        await self._settle(number)
        result.memory.append(await self._memory())

    async def _memory(self) -> Memory:
        """Measure; what is collected for it is not the worst that happens."""
        worst_s = self.result.pace.worst_collection_s
        found = await asyncio.to_thread(memory_now, self.result.inputs)
        self.result.pace.worst_collection_s = worst_s
        return found

    async def _session(self, number: int) -> None:
        result, draw = self.result, session_draw(self.result.seed, number)
        result.findings.begin(number)
        if self._heard is not None:
            self._heard(number, result.inputs)
        world, kind = _weighted(draw, WORLD_SHARES), _weighted(draw, SHARES)
        try:
            inputs = await self._sessions[world, kind](draw)
        except Exception as exc:  # noqa: BLE001 (told as a finding, the run goes on)
            result.findings.add(f"a session raised {place_of(exc)}", repr(exc))
            inputs = 1
        result.sessions += 1
        result.inputs += inputs
        result.kinds[f"{kind}, {world}"] += inputs

    async def _settle(self, number: int) -> None:
        """Let time pass and prices change; nothing of ended sessions may be left."""
        for world in self._worlds.values():
            await world.move(5.0, number // EVERY)
            for what in left_behind(world):
                self.result.findings.add(f"left behind: {what}")
        if len(asyncio.all_tasks()) > 1 + _OWN_TASKS:
            names = Counter(task.get_name() for task in asyncio.all_tasks())
            self.result.findings.add("tasks are left", repr(names))

    async def _close(self) -> None:
        for world in self._worlds.values():
            await world.close()
        self.result.pace.close()

    def _lost(self, _loop: object, context: dict[str, Any]) -> None:
        exc = context.get("exception")
        where = "" if exc is None else place_of(exc)
        kind = f"the loop was told: {context['message'][:60]} {where}"
        self.result.findings.add(kind, repr(context))


_OWN_TASKS: Final = 2
"""What the worlds themselves may have running at a time."""


def left_behind(world: World) -> list[str]:
    """Return what sessions that have ended still hold."""
    deps, found = world.deps, []
    if deps.traffic.sockets:
        found.append(f"{deps.traffic.sockets} sockets")
    guard = deps.guard
    if guard._sockets:  # noqa: SLF001 (only this looks into it)
        found.append("sockets of callers")
    if guard._subscriptions:  # noqa: SLF001 (only this looks into it)
        found.append("subscriptions of callers")
    if world.graphql.engine.groups:
        found.append("groups")
    if any(deps.traffic.subscriptions.values()):
        found.append("counted subscriptions")
    return found


def _weighted(draw: Draw, shares: dict[str, float]) -> str:
    return draw.choices(list(shares), list(shares.values()))[0]


@contextmanager
def _listening(findings: Findings) -> Iterator[None]:
    """Take whatever is logged as an error for a finding, for a while."""
    handler = LogFindings(findings)
    logging.getLogger().addHandler(handler)
    gc.collect()
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)
