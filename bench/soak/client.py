"""Those who use the server during a soak: subscribers that may leave, and pollers."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from decimal import Decimal
from typing import Any

import aiohttp

from bench.soak.check import Checker, Moment, disagreements, refused
from bench.soak.report import Report
from bench.subscriber import LEG, ProtocolBroken, Subscriber

POLL_S = 1.0
OTHER_POLL_S = 2.0
# A fold may be this much behind an answer: its throttle, a tick, a busy machine.
FOLD_LIMIT_S = 5.0
FOLD_STEP_S = 0.5
ANSWER_LIMIT_S = 10.0
_LEG = LEG.replace("{", "{ market", 1)
BOARD = f"""{{ premiums(first: 1000) {{ edges {{ node {{
  symbol seq percent quality reason domestic {_LEG} global {_LEG}
  bases {{ fx {{ source rate quality asOf }} }}
}} }} }} }}"""
LISTINGS = """{ coins(first: 1000) { edges { node {
  listings { market multiplier }
} } } }"""
OTHERS = (
    "{ coins(first: 20) { edges { node { symbol koreanName iconUrl } } } }",
    "{ health { status database upstreams { name status breaker retryAt } } }",
    '{ fxRates { source rate quality } premium(symbol: "BTC") { percent } }',
)
PATHS = ("/health", "/ready", "/metrics")


class Audience:
    """All clients of one server; what they see goes to the checker and the report."""

    def __init__(
        self,
        url: str,
        throttles_ms: tuple[int, ...],
        checker: Checker,
        report: Report,
        moment: Callable[[int, int], Moment],
    ) -> None:
        self.answers = 0
        self._url = url
        self._checker = checker
        self._report = report
        self._moment = moment
        self._throttles_ms = throttles_ms
        self._subscribers = [Subscriber(url, each) for each in throttles_ms]
        self._on_board: set[str] = set()
        self._listening: list[asyncio.Task[None]] = []
        self._tasks: set[asyncio.Task[None]] = set()
        limit = aiohttp.ClientTimeout(total=ANSWER_LIMIT_S)
        self._http = aiohttp.ClientSession(timeout=limit)

    @property
    def board(self) -> Subscriber:
        """The fastest subscriber."""
        return self._subscribers[0]

    @property
    def subscribers(self) -> list[Subscriber]:
        """All subscribers there are now."""
        return self._subscribers

    def begin(self) -> None:
        """Let everyone come."""
        self._listening = [
            self._spawn(self._listen(each)) for each in self._subscribers
        ]
        for work in (self._poll_board(), self._poll_others(), self._poll_paths()):
            _ = self._spawn(work)

    async def end(self) -> None:
        """Let everyone leave."""
        tasks = [*self._tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._http.close()

    def replace_one(self, number: int) -> None:
        """Let a subscriber vanish in the middle of it, and another come."""
        index = number % len(self._subscribers)
        self._listening[index].cancel()
        subscriber = Subscriber(self._url, self._throttles_ms[index])
        self._subscribers[index] = subscriber
        self._listening[index] = self._spawn(self._listen(subscriber))

    async def ask(self, document: str) -> dict[str, Any] | None:
        """Return a query's data, None where it failed in a way that is allowed."""
        answer = await self._fetch("POST", "/graphql", {"query": document})
        data: dict[str, Any] | None = answer and answer.get("data")
        return data

    async def ask_board(self) -> list[dict[str, Any]] | None:
        """Return every coin as a query tells it."""
        data = await self.ask(BOARD)
        if data is None:
            return None
        return [edge["node"] for edge in data["premiums"]["edges"]]

    async def learn_multipliers(self) -> None:
        """Take the units of every market."""
        data = await self.ask(LISTINGS)
        for edge in data["coins"]["edges"] if data else []:
            for listing in edge["node"]["listings"]:
                units = self._checker.multipliers
                units[listing["market"]] = Decimal(listing["multiplier"])

    async def check_once(self) -> list[dict[str, Any]] | None:
        """Ask for the board and compare it with the truth."""
        asked_ms = _now_ms()
        coins = await self.ask_board()
        if coins is None:
            return None
        if any(_markets(coin) - self._checker.multipliers.keys() for coin in coins):
            await self.learn_multipliers()
        moment = self._moment(asked_ms, _now_ms())
        for wrong in self._checker.wrong(coins, moment):
            self._report.blame("the board says what is so", wrong)
        self.answers += 1
        self._on_board = {coin["symbol"] for coin in coins}
        return coins

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _listen(self, subscriber: Subscriber) -> None:
        while True:
            try:
                await subscriber.run()
            except ProtocolBroken as exc:
                self._report.blame("events are in order", str(exc))
                subscriber.coins = {}

    async def _poll_board(self) -> None:
        while True:
            coins = await self.check_once()
            if coins is not None:
                for subscriber in self._subscribers:
                    if subscriber.is_told:
                        _ = self._spawn(self._compare(subscriber, coins))
            await asyncio.sleep(POLL_S)  # the pace of the polls

    async def _compare(self, subscriber: Subscriber, coins: list[Any]) -> None:
        """Ask that a fold catches up with an answer, and in time."""
        dials, deadline_s = subscriber.dials, time.monotonic() + FOLD_LIMIT_S
        wrong: list[str] = []
        while time.monotonic() < deadline_s:
            await asyncio.sleep(FOLD_STEP_S)  # the fold is behind by moments
            is_same = subscriber.is_told and subscriber.dials == dials
            if not is_same or subscriber not in self._subscribers:
                return
            still = [coin for coin in coins if coin["symbol"] in self._on_board]
            wrong = list(disagreements(subscriber.coins, still))
            if not wrong:
                return
        for each in wrong:
            self._report.blame("the fold is the board", each)

    async def _poll_others(self) -> None:
        while True:
            for document in OTHERS:
                await self._fetch("POST", "/graphql", {"query": document})
                await asyncio.sleep(OTHER_POLL_S / len(OTHERS))  # the pace of the polls

    async def _poll_paths(self) -> None:
        while True:
            for path in PATHS:
                await self._fetch("GET", path, None)
                await asyncio.sleep(OTHER_POLL_S / len(PATHS))  # the pace of the polls

    async def _fetch(self, method: str, path: str, body: Any) -> dict[str, Any] | None:
        url = self._url + path
        try:
            async with self._http.request(method, url, json=body) as answer:
                is_json = answer.content_type.endswith("json")
                found = await (answer.json() if is_json else answer.text())
        except (aiohttp.ClientError, TimeoutError) as exc:
            self._report.blame("every question is answered", f"{path}: {exc!r}")
            return None
        for wrong in refused(answer.status, found):
            self._report.blame("no failure is ours", f"{path}: {wrong}")
        return found if isinstance(found, dict) else None


def _markets(coin: dict[str, Any]) -> set[str]:
    return {leg["market"] for leg in (coin["domestic"], coin["global"]) if leg}


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
