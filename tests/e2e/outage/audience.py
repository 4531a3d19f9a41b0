"""Who watches the server from outside: its health, its metrics, its subscribers."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Final

from tests.conftest import PostgresServer
from tests.e2e.outage.stage import Stage
from tests.e2e.semantics.server import PREMIUM, Events, Server, serving, until

# What a busy machine may add to a time that a rule promises.
SLACK_S: Final = 2.5
# design.md: polling begins within 5 s; a cut is over in 3 s, an outage in 5 s.
FALLBACK_LIMIT_S: Final = 5.0
CUT_LIMIT_S: Final = 3.0
RECOVERY_LIMIT_S: Final = 5.0
SIDES: Final = {"upbit": "domestic", "binance": "global"}
STALE: Final = {"upbit": "DOMESTIC_STALE", "binance": "GLOBAL_STALE"}

# Every root field of the schema, asked as clients ask.
EVERYTHING: Final = f"""{{
  premium(symbol: "BTC") {PREMIUM}
  premiums(first: 1000) {{ totalCount edges {{ node {PREMIUM} }}
    summary {{ btcPercent medianPercent tetherPercent live stale unavailable
      fxRate {{ rate quality }} }} }}
  coin(symbol: "BTC") {{ id symbol koreanName iconUrl warnings premium {{ percent }}
    listings {{ exchange market tradable since until }} }}
  coins(first: 100) {{ totalCount edges {{ node {{ id symbol }} }} }}
  fxRates {{ base quote rate source asOf ageMs quality }}
  health {{ status version startedAt database upstreams {{ name status channel breaker
    retryAt connectedSince lastMessageAt reconnects messagesPerSecond
    latencyMsP50 latencyMsP99 }} }}
}}"""
# Those that a venue alone can answer: an error with a code is honest here.
VENUE_ALONE: Final = (
    '{ tickers(exchange: %s, markets: ["%s"]) { price channel quality } }',
    '{ orderBook(exchange: %s, market: "%s", depth: 5) { channel quality } }',
    '{ candles(exchange: %s, market: "%s", first: 5) { channel quality } }',
    '{ trades(exchange: %s, market: "%s", first: 5) { channel quality } }',
)
HONEST_CODES: Final = {"UPSTREAM_UNAVAILABLE", "NOT_FOUND", "RATE_LIMITED"}


@contextmanager
def kimp(
    folder: Path, stage: Stage, postgres: PostgresServer, **settings: str
) -> Iterator[Server]:
    """Run the server against the stage, on an empty, migrated database of its own."""
    url = postgres.clone()
    at = {**stage.settings(), "KIMP_DATABASE__URL": url, "KIMP_LOG__FORMAT": "json"}
    with serving(folder, {**at, **settings}) as server:
        yield server
    postgres.drop(url)


def bounded(upbit_s: float, binance_s: float) -> dict[str, str]:
    """Return settings with other silence bounds."""
    return {
        "KIMP_UPBIT__SILENCE_BOUND_S": str(upbit_s),
        "KIMP_BINANCE__SILENCE_BOUND_S": str(binance_s),
    }


@dataclass
class Diary:
    """What a subscriber to one coin was told, and when (monotonic seconds)."""

    pages: list[tuple[float, Any]] = field(default_factory=list)

    def since(self, at_s: float) -> list[tuple[float, Any]]:
        """Return what was told from an instant on."""
        return [page for page in list(self.pages) if page[0] >= at_s]

    def first(
        self, at_s: float, holds: Callable[[Any], bool], what: str, limit_s: float
    ) -> tuple[float, Any]:
        """Return the first page after an instant that holds; wait for it."""

        def found() -> tuple[float, Any] | None:
            return next((p for p in self.since(at_s) if holds(p[1])), None)

        try:
            return until(found, what, max(0.0, at_s + limit_s - time.monotonic()))
        except AssertionError as exc:
            seen = [(round(t - at_s, 2), _brief(p)) for t, p in self.since(at_s)]
            raise AssertionError(f"{exc}; told: {seen}") from None

    def prices(self, side: str) -> list[tuple[str, str]]:
        """Return every (exchange time, price) of a leg, in the order told."""
        legs = [page[side] for _, page in list(self.pages)]
        return [(leg["exchangeTime"], leg["price"]) for leg in legs if leg is not None]

    def goes_forward(self, side: str) -> bool:
        """Return whether no price of a leg was older than the one before."""
        times = [time for time, _ in self.prices(side)]
        return times == sorted(times)


def _brief(page: Any) -> tuple[object, ...]:
    legs = [page[side] and page[side]["channel"] for side in ("domestic", "global")]
    return (page["quality"], page["reason"], *legs)


@contextmanager
def watching(server: Server, symbol: str = "BTC") -> Iterator[Diary]:
    """Keep a diary of a coin, in a thread of its own."""
    diary, over = Diary(), threading.Event()
    document = (
        f'subscription {{ premium(symbol: "{symbol}", throttleMs: 100) {PREMIUM} }}'
    )
    with server.events() as events:
        name = events.subscribe(document)
        diary.pages.append((time.monotonic(), events.data(name)))
        writer = threading.Thread(target=_write, args=(events, name, diary, over))
        writer.start()
        try:
            yield diary
        finally:
            over.set()
            writer.join(10.0)


def _write(events: Events, name: str, diary: Diary, over: threading.Event) -> None:
    while not over.is_set():
        try:
            told = events.data(name, 0.25)
        except TimeoutError:
            continue
        diary.pages.append((time.monotonic(), told))


@dataclass(frozen=True)
class Play:
    """A server and its stage; each test heals what it has ruined."""

    server: Server
    stage: Stage

    def heal(self) -> None:
        """Let both venues be well, and wait until both streams serve."""
        for name in SIDES:
            self.stage.revive(name)
        for name in SIDES:
            self.wait_primary(name)

    def wait_primary(self, name: str, limit_s: float = 30.0) -> None:
        """Wait until a venue's stream serves, and REST rests."""
        prices = (_PRICES[name] + number for number in count(1))

        def primary() -> bool:
            self.stage.push(name, "BTC", str(next(prices)))
            page = self.server.premium("BTC")
            return (
                page is not None
                and page["quality"] == "LIVE"
                and page[SIDES[name]]["channel"] == "WEBSOCKET"
                and total(metrics(self.server), "kimp_fallback_active", name) == 0
            )

        until(primary, f"{name} streams", limit_s)


_PRICES: Final = {"upbit": 52_000_000, "binance": 39_000}


def serves(name: str, channel: str) -> Callable[[Any], bool]:
    """Return whether a page's leg of a venue is LIVE and comes by a channel."""
    side = SIDES[name]

    def holds(page: Any) -> bool:
        leg = page[side]
        return leg is not None and (leg["channel"], leg["quality"]) == (channel, "LIVE")

    return holds


def side_by_side(work: Callable[[str], None]) -> None:
    """Run a case for each venue at once: it is mostly waiting."""
    with ThreadPoolExecutor(len(SIDES)) as pool:
        for job in [pool.submit(work, name) for name in SIDES]:
            job.result()


def metrics(server: Server) -> dict[str, float]:
    """Return every sample of /metrics by its name with labels as written."""
    status, text, _ = server.get("/metrics")
    assert status == 200
    lines = (line for line in text.splitlines() if line and line[0] != "#")
    parts = (line.rsplit(" ", 1) for line in lines)
    return {name: float(value) for name, value in parts}


def total(found: dict[str, float], name: str, *labels: str) -> float:
    """Return the sum of a metric's samples that have all these label texts."""
    return sum(
        value
        for key, value in found.items()
        if key.split("{")[0] == name and all(label in key for label in labels)
    )


def checks(server: Server) -> dict[str, Any]:
    """Return what /health says of each part."""
    status, text, _ = server.get("/health")
    assert status == 200
    found: dict[str, Any] = json.loads(text)["checks"]
    return found


def upstreams(server: Server) -> dict[str, Any]:
    """Return what Query.health says of each upstream."""
    document = """{ health { upstreams { name status channel breaker retryAt
      connectedSince lastMessageAt reconnects } } }"""
    found = server.ask(document)["health"]["upstreams"]
    return {upstream["name"]: upstream for upstream in found}


def ask_everything(server: Server) -> dict[str, Any]:
    """Ask every root field; nothing may fail but what only a venue can answer."""
    status, answer = server.post(json.dumps({"query": EVERYTHING}).encode())
    assert status == 200
    assert "errors" not in answer, answer
    for venue, market in (("UPBIT", "KRW-BTC"), ("BINANCE", "BTCUSDT")):
        for document in VENUE_ALONE:
            query = json.dumps({"query": document % (venue, market)}).encode()
            status, told = server.post(query)
            assert status == 200
            for error in told.get("errors", ()):
                assert error["extensions"]["code"] in HONEST_CODES, told
    for path in ("/health", "/metrics", "/schema.graphql"):
        assert server.get(path)[0] == 200
    data: dict[str, Any] = answer["data"]
    return data
