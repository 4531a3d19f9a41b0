"""What every test may use: a real Postgres, and what makes tests hold in any order.

A blocking call of ours on the event loop fails the test, hypothesis draws the same
examples each time in CI, and logs that a test sets up are set back.
"""

import asyncio
import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import asyncpg
import pytest
import structlog
from blockbuster import BlockBuster
from hypothesis import settings
from sqlalchemy import make_url

from adapters.postgres.embedded import EmbeddedPostgres
from adapters.postgres.migration import migrate
from adapters.postgres.url import parse_url
from app.log import NOISY

settings.register_profile("local", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")

# Workers are traced, the servers they start are not: it would double the time of all
# black-box tests, and what those servers run has tests of its own.
if "PYTEST_XDIST_WORKER" in os.environ:
    for name in [name for name in os.environ if name.startswith("COVERAGE_PROCESS")]:
        del os.environ[name]

OURS = ["app", "api", "domain", "adapters"]
# Where our own code is on the stack and a short block is meant: (file, function).
MAY_BLOCK = [
    # asyncpg looks for ~/.pgpass and TLS files, once per connection that it dials.
    ("asyncpg/connect_utils.py", "_parse_connect_dsn_and_args"),
    # The alembic command has its process, or here its thread and loop, to itself.
    ("adapters/postgres/upgrade.py", "_do_command"),
    # The tracer's own lock, held for a moment by another thread of the same process.
    ("coverage/collector.py", "lock_data"),
    # The first import of a module reads it, once in a process.
    ("<frozen importlib._bootstrap>", "_find_and_load"),
]
# Nothing here needs to survive a crash of the machine.
SETTINGS = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}


@pytest.fixture(scope="session", autouse=True)
def _watch_for_blocking() -> Iterator[None]:
    watchman = BlockBuster(OURS)
    for what in watchman.functions.values():
        for file, function in MAY_BLOCK:
            what.can_block_in(file, function)
    watchman.activate()
    yield
    watchman.deactivate()


@pytest.fixture(autouse=True)
def _restored_logs() -> Iterator[None]:
    """Set logs back: `main([...])` sets them up for its process, here a worker's."""
    root, served = logging.getLogger(), logging.getLogger("uvicorn.error")
    named = [logging.getLogger(name) for name in NOISY]
    handlers, filters = list(root.handlers), list(served.filters)
    levels = [(logger, logger.level) for logger in (root, *named)]
    yield
    root.handlers[:], served.filters[:] = handlers, filters
    for logger, level in levels:
        logger.setLevel(level)
    if structlog.is_configured():
        structlog.reset_defaults()
        _forget_bound_loggers()


def _forget_bound_loggers() -> None:
    """Let our modules' loggers bind anew; the first use kept them as it was set up."""
    proxy = type(structlog.get_logger())
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in OURS:
            for value in vars(module).values():
                if isinstance(value, proxy):
                    vars(value).pop("bind", None)


class PostgresServer:
    """A Postgres with a migrated template; every clone is a database of its own."""

    def __init__(self, url: str, runner: asyncio.Runner) -> None:
        self.url = url
        self._runner = runner
        self._numbers = count(1)
        self._template = str(make_url(url).database)
        self._admin = runner.run(asyncpg.connect(parse_url(self._url("postgres")).dsn))

    def clone(self, *, empty: bool = False) -> str:
        """Return the URL of a fresh database, migrated or with nothing in it."""
        name = f"test_{next(self._numbers)}"
        template = "template0" if empty else self._template
        self._run(f'CREATE DATABASE {name} TEMPLATE "{template}"')
        return self._url(name)

    def drop(self, url: str) -> None:
        """Drop a clone, whoever is still connected to it."""
        self._run(f"DROP DATABASE IF EXISTS {make_url(url).database} WITH (FORCE)")

    def lend(self) -> Iterator[str]:
        """Yield the URL of a fresh database, and drop it when that was used."""
        url = self.clone()
        yield url
        self.drop(url)

    def close(self) -> None:
        """Close the one connection that makes and drops clones."""
        self._runner.run(self._admin.close())

    def _url(self, name: str) -> str:
        url = make_url(self.url).set(database=name)
        return url.render_as_string(hide_password=False)

    def _run(self, statement: str) -> None:
        self._runner.run(self._admin.execute(statement))


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One server for the whole session, from the wheel's programs."""
    folder = Path(tempfile.mkdtemp(prefix="kimp-test-"))
    embedded = EmbeddedPostgres(folder, settings=SETTINGS)
    # A loop of its own, so that the ones of the tests are left alone.
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        url = runner.run(embedded.start())
        try:
            runner.run(migrate(url))
            server = PostgresServer(url, runner)
            yield server
            server.close()
        finally:
            runner.run(embedded.stop())
            shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """The URL of a migrated database that no other test has."""
    yield from postgres_server.lend()


@pytest.fixture
def other_url(postgres_server: PostgresServer) -> Iterator[str]:
    """The URL of a second one, for tests that need two."""
    yield from postgres_server.lend()


@pytest.fixture(scope="module")
def module_url(postgres_server: PostgresServer) -> Iterator[str]:
    """The URL of a migrated database that the tests of one module share."""
    yield from postgres_server.lend()
