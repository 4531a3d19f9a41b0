"""One fault from its begin to the end of its consequences."""

import asyncio
import json
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from bench.control import Control
from bench.fault.case import BOUNDS_S, FALLBACK_S, HONEST_SLACK_S, Case
from bench.fault.watch import Watch, is_primary
from bench.process import Measured, ask
from bench.subscriber import Coins, Subscriber

# Requests of a venue within STAY_S that are no start any more.
QUIET_REQUESTS = 2
WARM_UP_LIMIT_S = 180.0
# How long a board may take to be all LIVE before a case, and after it.
SETTLE_LIMIT_S = 90.0
RECOVERY_LIMIT_S = 90.0
# How long a single fault gets to be noticed, and a recovery to prove that it stays.
NOTICE_S = 3.0
STAY_S = 3.0
POLL_S = 0.05


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was measured, in seconds; None: it did not happen.

    `honest_s` counts from the fault's begin, `fallback_s` from the moment of honesty,
    `recovered_s` from the fault's end. `affected` is how many coins left LIVE at most.
    """

    case: Case
    honest_s: float | None
    fallback_s: float | None
    recovered_s: float | None
    affected: int
    coins: int
    requests: int
    handshakes: int
    seconds: float
    violations: int
    relapsed: bool

    @property
    def misses(self) -> tuple[str, ...]:
        """What was promised and not kept, in words."""
        case, found = self.case, []
        if case.bound_s and (self.honest_s or 0.0) > case.bound_s + HONEST_SLACK_S:
            found.append("honest late")
        if case.falls_back and self.affected and self.fallback_s is None:
            found.append("no fallback")
        if self.fallback_s is not None and self.fallback_s > FALLBACK_S:
            found.append("fallback late")
        if self.recovered_s is None:
            found.append("not recovered")
        elif self.recovered_s > case.recovery_s:
            found.append("recovered late")
        if self.relapsed:
            found.append("relapsed")
        if self.violations:
            found.append("rules broken")
        return tuple(found)


class NotSettled(Exception):
    """The board was not all LIVE before a fault; measuring it would mean nothing."""


@dataclass(frozen=True, slots=True)
class World:
    """A simulator, a server on it, and its subscriber."""

    control: Control
    server: Measured
    board: Subscriber
    data_dir: Path

    async def warm_up(self) -> None:
        """Return when what a start asks for once (candles of every coin) is asked.

        Raises:
            NotSettled: requests went on beyond the limit.
        """
        deadline_s = time.monotonic() + WARM_UP_LIMIT_S
        while time.monotonic() < deadline_s:
            await self.control.clear_traffic()
            await asyncio.sleep(STAY_S)  # requests show within it
            seen = [await self.control.traffic(venue) for venue in BOUNDS_S]
            if all(requests <= QUIET_REQUESTS for requests, _ in seen):
                return
        raise NotSettled("the start")

    async def settle(self, case: Case) -> None:
        """Return when all coins that can be LIVE are, by the primary way.

        Raises:
            NotSettled: that took longer than the limit.
        """
        side = case.side

        def calm(coins: Coins) -> bool:
            known = [c for c in coins.values() if c["global"] is not None]
            live = [c for c in known if c["quality"] == "LIVE"]
            if side == "database":
                return len(live) > len(known) * 0.9
            return len(live) > len(known) * 0.9 and any(
                is_primary(coin, side) for coin in live
            )

        if await self.board.until(calm, SETTLE_LIMIT_S) is None:
            raise NotSettled(case.name)
        await asyncio.sleep(STAY_S)  # the calm must last

    async def measure(self, case: Case) -> Outcome:
        """Inflict a fault, wait it out, and return what happened.

        Raises:
            NotSettled: see `settle`.
        """
        await self.settle(case)
        if case.side == "database":
            return await self._kill_database(case)
        await self.control.clear_traffic()
        await self.control.clear_violations()
        watch = Watch.of(self.board.coins, case.side)
        stop = self.board.listen(watch.look)
        began_s = time.monotonic()
        await self._inflict(case)
        if case.held_s:
            await asyncio.sleep(case.held_s)  # how long the fault lasts
            await self.control.relieve()
            ended_s, ended_ms = time.monotonic(), time.time() * 1000
        else:
            ended_s, ended_ms = began_s, time.time() * 1000
            await self.board.until(lambda _: watch.left_s is not None, NOTICE_S)
        recovered_s = await self._recovery(watch, ended_s, ended_ms)
        requests, handshakes = await self.control.traffic(case.venue)
        seconds = time.monotonic() - began_s
        relapsed = await self._relapse(watch)
        stop()
        violations = await self.control.violations()
        for each in violations[:3]:
            print(f"violation: {each}", flush=True)
        return Outcome(
            case=case,
            honest_s=_between(began_s, watch.honest_s) if watch.lost else None,
            fallback_s=_between(watch.honest_s, watch.second_s)
            if case.falls_back
            else None,
            recovered_s=recovered_s,
            affected=watch.worst,
            coins=len(watch.coins),
            requests=requests,
            handshakes=handshakes,
            seconds=seconds,
            violations=len(violations),
            relapsed=relapsed,
        )

    async def _inflict(self, case: Case) -> None:
        for scenario, params in case.beside:
            await self.control.inflict(scenario, case.venue, params=params)
        for_s = case.held_s + 60.0 if case.scenario == "cut" and case.held_s else None
        await self.control.inflict(case.scenario, case.venue, for_s, case.params)

    async def _recovery(
        self, watch: Watch, ended_s: float, ended_ms: float
    ) -> float | None:
        if not watch.lost:
            return 0.0
        limit_s = RECOVERY_LIMIT_S + (60.0 if watch.side == "rate" else 0.0)
        at_s = await self.board.until(watch.recovered(ended_ms), limit_s)
        return _between(ended_s, at_s)

    async def _relapse(self, watch: Watch) -> bool:
        """Return whether a coin leaves LIVE again, with nothing being wrong."""

        def lost(coins: Coins) -> bool:
            return any(
                coins[symbol]["quality"] != "LIVE"
                for symbol in watch.coins
                if symbol in coins
            )

        if lost(self.board.coins):
            return False  # it never recovered: that is told already
        return await self.board.until(lost, STAY_S) is not None

    async def _kill_database(self, case: Case) -> Outcome:
        watch = Watch.of(self.board.coins, "domestic")
        stop = self.board.listen(watch.look)
        began_s = time.monotonic()
        killed = postmaster_pid(self.data_dir)
        os.kill(killed, signal.SIGKILL)
        told = back = None
        while back is None and time.monotonic() < began_s + RECOVERY_LIMIT_S:
            await asyncio.sleep(POLL_S)  # the database tells nobody
            is_well = await asyncio.to_thread(is_database_well, self.server.url)
            if not is_well:
                told = told or time.monotonic()
            elif runs_anew(self.data_dir, killed):
                back = time.monotonic()
        stop()
        return Outcome(
            case=case,
            honest_s=_between(began_s, told),
            fallback_s=None,
            recovered_s=_between(began_s, back),
            affected=watch.worst,
            coins=len(watch.coins),
            requests=0,
            handshakes=0,
            seconds=time.monotonic() - began_s,
            violations=0,
            relapsed=False,
        )


def is_database_well(url: str) -> bool:
    """Return what /health says of the database."""
    with ask(f"{url}/health", timeout=10) as answer:
        return bool(json.load(answer)["checks"]["database"]["status"] == "healthy")


def runs_anew(data_dir: Path, killed: int) -> bool:
    """Whether a database that is not the killed one has taken its place."""
    try:
        return postmaster_pid(data_dir) != killed
    except (OSError, ValueError, IndexError):
        return False  # between two, or in the middle of being written


def postmaster_pid(data_dir: Path) -> int:
    """Return the process of the embedded database in a data folder.

    Raises:
        FileNotFoundError: none runs there.
    """
    found = sorted(data_dir.rglob("postmaster.pid"))
    if not found:
        raise FileNotFoundError(f"no postmaster.pid below {data_dir}")
    return int(found[0].read_text().split()[0])


def _between(begin_s: float | None, end_s: float | None) -> float | None:
    if begin_s is None or end_s is None:
        return None
    return max(0.0, end_s - begin_s)
