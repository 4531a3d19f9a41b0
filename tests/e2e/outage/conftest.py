"""Fake venues, and a database behind a network that can be made to fall silent."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from typing import Any, TypeVar

import asyncpg
import pytest
from sqlalchemy import make_url

from adapters.postgres.url import parse_url
from tests.e2e.semantics.venue import stamp_ms
from tests.e2e.semantics.world import World, dunamu
from tests.integration.postgres.conftest import Network

T = TypeVar("T")
CALL_LIMIT_S = 20.0


class Distant:
    """A database of the test's own at the end of a wire; runs in a thread."""

    def __init__(self, url: str) -> None:
        self._near = url
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        parts = make_url(url)
        self._network = Network(f"{parts.query['host']}/.s.PGSQL.{parts.query['port']}")
        self._parts = parts

    def __enter__(self) -> "Distant":
        self._thread.start()
        self.do(self._network.listen())
        return self

    def __exit__(self, *_: object) -> None:
        self.do(self._network.hang_up())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(CALL_LIMIT_S)
        self._loop.close()

    @property
    def url(self) -> str:
        """The address that goes over the wire."""
        user, name = self._parts.username, self._parts.database
        return f"postgresql://{user}@127.0.0.1:{self._network.port}/{name}"

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine of the wire to its end and return its result."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(CALL_LIMIT_S)

    def freeze(self) -> None:
        """From now on nothing comes and nothing is refused."""
        self._loop.call_soon_threadsafe(self._network.freeze)

    def thaw(self) -> None:
        """Let everything through again."""
        self._loop.call_soon_threadsafe(self._network.thaw)

    def hang_up(self) -> None:
        """Cut every connection and refuse new ones."""
        self.do(self._network.hang_up())

    def listen(self) -> None:
        """Take connections again."""
        self.do(self._network.listen())

    def value(self, question: str) -> Any:
        """What Postgres itself answers, past the wire."""
        return self.do(self._value(question))

    async def _value(self, question: str) -> Any:
        connection = await asyncpg.connect(parse_url(self._near).dsn)
        try:
            return await connection.fetchval(question)
        finally:
            await connection.close()


@pytest.fixture
def distant(postgres_url: str) -> Iterator[Distant]:
    """A fresh, migrated database behind a wire."""
    with Distant(postgres_url) as distant:
        yield distant


@pytest.fixture
def world() -> Iterator[World]:
    """Both venues with a handful of coins, and a rate."""
    with World() as world:
        world.coin("BTC", "52000000", "39000", korean="비트코인", english="Bitcoin")
        world.coin("ETH", "3456000", "2600", korean="이더리움", english="Ethereum")
        world.upbit.add("USDT", "1320")
        world.rates["main/v1/forex/recent"] = dunamu("1300", stamp_ms())
        yield world
