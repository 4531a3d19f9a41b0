"""One soak: the story is played, everything is watched, the end has to be whole."""

import asyncio
import time
from collections.abc import Sequence

from adapters.simulator.server import Simulator
from bench.soak.check import Checker, Moment, moment_of, unheard_spans
from bench.soak.client import Audience
from bench.soak.figure import Figures, look
from bench.soak.report import Report
from bench.soak.stall import Stall
from bench.soak.story import (
    DATABASE_KILLED,
    INTERMISSION_S,
    NODE,
    SUBSCRIBER_GONE,
    Act,
)
from bench.soak.truth import Truth
from bench.soak.world import ServerProcess

# Everything relieved, the whole board has to be LIVE and true again within this.
RECOVERY_LIMIT_S = 20.0
# How long figures may need to come down after the last fault: holds, closing sockets.
SETTLE_S = 8.0
# With the market standing still, folds and answers are the same after this.
STANDSTILL_S = 1.5
THROTTLES_MS = (100, 500, 1_000)
WATCH_S = 2.0
LOOK_S = 30.0
# A fault disturbs its venue this much longer: a breaker's hold, a dial's wait.
LINGER_S = 8.0


class Soak:
    """Plays one story against one server."""

    def __init__(
        self, simulator: Simulator, server: ServerProcess, report: Report
    ) -> None:
        self._simulator = simulator
        self._server = server
        self._report = report
        self._truth = Truth(simulator.market)
        # Every trade is heard on its way to the sockets, none is changed.
        setattr(simulator.market, "advance", self._truth.listen())  # noqa: B010 - mypy lets no method be assigned
        self._checker = Checker(self._truth, server.bounds_s)
        self._audience = Audience(
            server.url, THROTTLES_MS, self._checker, report, self._moment
        )
        self._linger_s = {
            venue: bound_s + LINGER_S for venue, bound_s in server.bounds_s.items()
        }
        self._violations = 0
        self._market: asyncio.Task[None] | None = None
        self._live_before: set[str] = set()
        self._first: tuple[float, Figures] | None = None
        self._looking = asyncio.Lock()
        self._stall = Stall()

    async def run(self, story: Sequence[Act], seconds: float) -> None:
        """Play the story; what is wrong goes to the report."""
        self._market = asyncio.create_task(self._simulator.run(), name="market")
        watching = asyncio.create_task(self._watch(), name="watch")
        stalling = asyncio.create_task(self._stall.run(), name="stall")
        try:
            await asyncio.to_thread(self._server.wait_ready)
            await self._audience.learn_multipliers()
            await self._all_live()
            self._report.begin()
            self._audience.begin()
            looking = asyncio.create_task(self._look_often(), name="look")
            await self._play(story, seconds)
            looking.cancel()
            self._simulator.relieve()
            await self._whole_again()
            await self._nothing_grew(seconds)
            await self._same_everywhere()
        finally:
            others = (watching, stalling, self._market)
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)
            await self._audience.end()

    def _moment(self, asked_ms: int, answered_ms: int) -> Moment:
        now_s = self._report.now_s
        acts = self._report.acts
        disturbed, skewed = moment_of(acts, now_s, self._linger_s)
        unheard = unheard_spans(acts, answered_ms - round(now_s * 1000))
        stall_s = self._stall.recent_s + (answered_ms - asked_ms) / 1000
        return Moment(asked_ms, answered_ms, disturbed, skewed, stall_s, unheard)

    async def _play(self, story: Sequence[Act], seconds: float) -> None:
        looked = False
        for act in story:
            if act.at_s >= INTERMISSION_S[1] and not looked:
                looked = True
                await self._until(INTERMISSION_S[1] - 1.0)
                await self._look_first()
            await self._until(act.at_s)
            self._report.act(act)
            self._begin(act)
        await self._until(seconds)

    def _begin(self, act: Act) -> None:
        if act.what == DATABASE_KILLED:
            self._server.kill_database()
        elif act.what == SUBSCRIBER_GONE:
            self._audience.replace_one(int(act.at_s * 10))
        elif act.venue != NODE:
            self._simulator.inflict(
                act.what, venue=act.venue, for_s=act.for_s or None, **act.params
            )

    async def _until(self, at_s: float) -> None:
        early_s = at_s - self._report.now_s
        await asyncio.sleep(max(0.0, early_s))  # until the fault is due

    async def _look_often(self) -> None:
        """Tell what the server holds from time to time."""
        while True:
            await asyncio.sleep(LOOK_S)  # the pace of the looks
            try:
                self._report.note(f"holds {await self._look()}")
            except (ProcessLookupError, TimeoutError) as exc:
                self._report.blame("the server lives", repr(exc))

    async def _watch(self) -> None:
        """Look for rules broken at the venues' side, and for a server that is gone."""
        while True:
            await asyncio.sleep(WATCH_S)  # the pace of the looks
            kept = self._simulator.violations.listed()
            for each in kept[self._violations :]:
                self._report.blame(
                    "no rule of a venue is broken", f"{each.venue} {each.rule} {each}"
                )
            self._violations = len(kept)
            code = self._server.process.poll()
            if code is not None:
                self._report.blame("the server lives", f"it ended with {code}")
                return

    async def _all_live(self) -> None:
        """Wait for the first whole board and remember which coins were LIVE."""
        deadline_s = time.monotonic() + RECOVERY_LIMIT_S
        while time.monotonic() < deadline_s:
            coins = await self._audience.ask_board() or []
            self._live_before = {c["symbol"] for c in coins if c["quality"] == "LIVE"}
            whole = [c for c in coins if c["global"] is not None]
            if whole and len(self._live_before) > 0.9 * len(whole):
                self._report.note(f"{len(self._live_before)} coins LIVE")
                return
            await asyncio.sleep(0.2)  # the pace of asking, within the limit
        self._report.blame("the board comes up", f"{len(self._live_before)} LIVE")

    async def _look_first(self) -> None:
        self._first = (self._report.now_s, await self._look())
        self._report.note(f"intermission: {self._first[1]}")

    async def _look(self) -> Figures:
        async with self._looking:
            pid, told = self._server.process.pid, self._server.told
            return await asyncio.to_thread(look, pid, told)

    async def _whole_again(self) -> None:
        """The board is LIVE and true again within the limit."""
        began_s = time.monotonic()
        missing: set[str] = set(self._live_before)
        while missing and time.monotonic() < began_s + RECOVERY_LIMIT_S:
            coins = await self._audience.ask_board() or []
            live = {c["symbol"] for c in coins if c["quality"] == "LIVE"}
            missing = self._live_before - live
            await asyncio.sleep(0.1)  # the pace of asking, within the limit
        if missing:
            some = ", ".join(sorted(missing)[:10])
            self._report.blame(
                "all is LIVE again", f"{len(missing)} coins are not: {some}"
            )
            return
        spent_s = time.monotonic() - began_s
        self._report.note(f"all LIVE again {spent_s:.1f} s after the last fault")

    async def _nothing_grew(self, seconds: float) -> None:
        await asyncio.sleep(SETTLE_S)  # what was held is let go
        try:
            last = await self._look()
        except (ProcessLookupError, TimeoutError) as exc:
            self._report.blame("the server lives", repr(exc))
            return
        self._report.note(f"at the end: {last}")
        if self._first is None:
            self._report.note("too short a run to tell what grows")
            return
        minutes = (self._report.now_s - self._first[0]) / 60
        for grown in last.grown_from(self._first[1], minutes):
            self._report.blame("nothing grows", grown)

    async def _same_everywhere(self) -> None:
        """The market stands still: folds, answers and the truth are one."""
        if self._market is None:
            return
        self._market.cancel()
        await asyncio.sleep(STANDSTILL_S)  # what is on its way arrives
        coins = await self._audience.check_once() or []
        asked = {coin["symbol"]: coin for coin in coins}
        for subscriber in self._audience.subscribers:
            told = subscriber.coins
            if told.keys() != asked.keys():
                odd = sorted(told.keys() ^ asked.keys())[:10]
                self._report.blame("the fold is the board", f"differ in {odd}")
            for symbol in told.keys() & asked.keys():
                pairs = [
                    (told[symbol][n], asked[symbol][n]) for n in ("seq", "percent")
                ]
                if any(left != right for left, right in pairs):
                    self._report.blame("the fold is the board", f"{symbol}: {pairs}")
        self._report.note(
            f"{self._audience.answers} boards checked, "
            f"{sum(each.events for each in self._audience.subscribers)} events folded, "
            f"prices stamped by a clock ahead {self._checker.ahead}, swallowed by open "
            f"sockets {self._checker.missed} (until the next trade)"
        )
