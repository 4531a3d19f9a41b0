"""The whole server in this process, but for its port, asked as a client does.

On a Postgres of its own and simulated venues in a process of theirs. Every coin has a
picture in the database, so that no icon is fetched.
"""

import asyncio
import json
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from starlette.applications import Starlette

from adapters.postgres.database import Database
from adapters.postgres.icon_repository import PostgresIconRepository
from adapters.resilience.clock import SystemClock
from app.settings import Settings
from app.store import open_store
from app.supervisor import supervise
from app.wiring import Server, build
from bench.process import simulator
from domain.ports.store import Icon
from domain.services.cache import Cache

START_LIMIT_S = 60.0
SETTLE_S = 5.0
ICON_BYTES = 8_000


@dataclass(frozen=True, slots=True)
class Site:
    """The server under measurement, its application and its database."""

    server: Server
    app: Starlette
    database: Database

    async def ask(self, path: str, query: str = "") -> bytes:
        """Return the body of an answer; fails where it is an error."""
        body = json.dumps({"query": query}).encode() if query else b""
        status, answer = await _call(self.app, path, body)
        if status != 200 or (query and b'"errors"' in answer):
            raise RuntimeError(f"{path} {query}: {status} {answer[:300]!r}")
        return answer

    def empty(self) -> None:
        """Empty every cache."""
        for cache in self.server.caches:
            if isinstance(cache, Cache):
                cache.clear()

    def counts(self) -> Mapping[str, Counter[str]]:
        """Return what became of the questions to each cache since the start."""
        return {
            cache.name: Counter(
                hits=cache.stats.hits,
                joined=cache.stats.coalesced,
                misses=cache.stats.misses,
            )
            for cache in self.server.caches
        }


async def _call(app: Starlette, path: str, body: bytes) -> tuple[int, bytes]:
    """Ask the application as an HTTP server does: POST with a body, else GET."""
    headers = [(b"content-type", b"application/json"), (b"host", b"bench")]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST" if body else "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("bench", 80),
    }
    told: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        told.append(message)

    await app(scope, receive, send)
    return told[0]["status"], b"".join(part.get("body", b"") for part in told[1:])


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Site]:
    """Run the server in this process, but for its port, until its coins are live."""
    clock = SystemClock()
    async with open_store(settings, clock) as store:
        server = build(settings, store, clock)
        stop = asyncio.Event()
        working = asyncio.create_task(supervise(list(server.workers), stop))
        site = Site(server, server.app, store.database)
        try:
            async with asyncio.timeout(START_LIMIT_S):
                while not await _is_live(site):  # noqa: ASYNC110 - none tells us
                    await asyncio.sleep(0.1)  # looked at again, within the limit
            icons = PostgresIconRepository(store.database)
            for coin in server.catalog.coins():
                picture = Random(coin.symbol).randbytes(ICON_BYTES)
                where = str(coin.icon_url)
                await icons.save(Icon(coin.symbol, picture, "image/png", where))
            await asyncio.sleep(SETTLE_S)  # the feeds run evenly by then
            yield site
        finally:
            stop.set()
            await working
            await server.close()


async def _is_live(site: Site) -> bool:
    answer = await site.ask("/graphql", "{ premiums(first: 1) { summary { live } } }")
    live: int = json.loads(answer)["data"]["premiums"]["summary"]["live"]
    return live > 100


@contextmanager
def own_settings() -> Iterator[Settings]:
    """Point the settings at a simulator and a folder of our own."""
    folder = tempfile.mkdtemp(prefix="kimp-bench-")
    kept = {name: os.environ.pop(name) for name in list(os.environ) if "KIMP_" in name}
    with simulator(0.2) as (_, venues):
        given = {"KIMP_DATA_DIR": str(Path(folder)), **venues}
        given["KIMP_UPBIT__ICON_URL"] = "http://127.0.0.1:9/{symbol}.png"
        os.environ.update(given)
        try:
            yield Settings()
        finally:
            for name in given:
                os.environ.pop(name, None)
            os.environ.update(kept)
            shutil.rmtree(folder, ignore_errors=True)
