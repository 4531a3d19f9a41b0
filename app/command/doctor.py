"""`kimp doctor`: say what is reachable, how fast, and what to do."""

import argparse
import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from adapters.resilience.clock import SystemClock
from api.graphiql import assets_present
from app.log import configure_log
from app.settings import Settings
from app.store import CannotStart, open_store
from app.upstream import UpstreamFactory
from domain.model.error import UpstreamUnavailable

PATIENCE_S = 12.0
_NETWORK = "check the network, a proxy or a firewall"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: well or not, how long it took, and what to do."""

    name: str
    well: bool
    took_s: float
    text: str

    @property
    def line(self) -> str:
        """One line for the terminal."""
        mark = "ok  " if self.well else "FAIL"
        return f"{mark} {self.name:<16} {self.took_s * 1000:7.0f} ms  {self.text}"


def run(settings: Settings, options: argparse.Namespace) -> int:
    """Look at every upstream, the database and the files; 1 when something is amiss."""
    configure_log("ERROR", settings.log.format)
    findings = asyncio.run(_look(settings))
    for finding in findings:
        print(finding.line)
    lost = [finding.name for finding in findings if not finding.well]
    if not lost:
        print("Everything is well: `make run` has all it needs.")
        return 0
    print(f"Not well: {', '.join(lost)}.")
    if any(name.endswith((".rest", ".stream")) for name in lost):
        print("To see the server without any exchange: `make demo`.")
    return 1


async def _look(settings: Settings) -> list[Finding]:
    # A doctor asks beside a live feed that may share the address: half the limits.
    factory = UpstreamFactory(_one_try(settings), SystemClock(), share=0.5)
    upbit, binance = factory.upbit(), factory.binance()
    rates = [factory.rate(name) for name in settings.fx.sources]
    binance_stream = f"{settings.binance.ws_url.rstrip('/')}/stream"

    async def markets(source: Callable[[], Awaitable[object]]) -> str:
        found = await source()
        return f"{len(found) if isinstance(found, list | tuple) else found} markets"

    async def opened(url: str) -> str:
        async with connect(url, origin=None, open_timeout=PATIENCE_S):
            return url

    async def rate_of(index: int) -> str:
        quote = await rates[index].source.latest()
        return f"{quote.rate} KRW per USD"

    looks: list[tuple[str, Callable[[], Awaitable[str]], str]] = [
        ("upbit.rest", lambda: markets(upbit.source.markets), _NETWORK),
        ("upbit.stream", lambda: opened(settings.upbit.ws_url), _NETWORK),
        ("binance.rest", lambda: markets(binance.source.markets), _NETWORK),
        ("binance.stream", lambda: opened(binance_stream), _NETWORK),
        *(
            (f"fx.{rate.source.name}", _bound(rate_of, index), _NETWORK)
            for index, rate in enumerate(rates)
        ),
        ("database", lambda: _database(settings), "check KIMP_DATABASE__URL"),
        ("graphiql", _files, "run `make web`"),
    ]
    try:
        return list(await asyncio.gather(*(_examine(*look) for look in looks)))
    finally:
        for http in (upbit.http, binance.http, *(rate.http for rate in rates)):
            await http.close()


def _one_try(settings: Settings) -> Settings:
    """Return the settings without patience: a doctor tells the first failure."""
    patience = settings.resilience.model_copy(update={"tries": 1})
    return settings.model_copy(update={"resilience": patience})


def _bound(
    question: Callable[[int], Awaitable[str]], index: int
) -> Callable[[], Awaitable[str]]:
    return lambda: question(index)


async def _examine(
    name: str, question: Callable[[], Awaitable[str]], advice: str
) -> Finding:
    began_s = time.monotonic()
    try:
        async with asyncio.timeout(PATIENCE_S):
            text, well = await question(), True
    except TimeoutError:
        text, well = f"no answer within {PATIENCE_S:.0f} s; {advice}", False
    except (CannotStart, UpstreamUnavailable, WebSocketException, OSError) as exc:
        text, well = f"{exc}; {advice}", False
    return Finding(name, well, time.monotonic() - began_s, text)


async def _database(settings: Settings) -> str:
    async with open_store(settings, SystemClock()) as store:
        if not store.is_migrated:
            raise CannotStart("the database refuses connections")
    where = "a server of yours" if settings.database.url else "embedded"
    return f"{where}, schema up to date"


async def _files() -> str:
    if not assets_present():
        raise CannotStart("its files are missing")
    return str(Path("api/static"))
