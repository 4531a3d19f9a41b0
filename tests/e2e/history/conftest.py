"""One archive for most questions: filled by `kimp backfill`, then served."""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import pytest

from tests.conftest import PostgresServer
from tests.e2e.history.command import Bench, Said
from tests.e2e.history.desk import NOW
from tests.e2e.history.minute_table import fill
from tests.e2e.history.story import DATABASES, Stories, lived_through
from tests.e2e.history.tape import MINUTE_S, at
from tests.e2e.history.venue import HistoryWorld
from tests.e2e.semantics.server import Server
from tests.e2e.semantics.world import dunamu, frankfurter

# The asserts of stories are told like those of tests.
for name in ("fault", "garbage", "retention"):
    pytest.register_assert_rewrite(f"tests.e2e.history.{name}_story")

# Minutes of TRX within the last 24 hours, beside those of test_week.
RECENT: Final = range(NOW - 5 * 3_600, NOW - 5 * 3_600 + 200 * MINUTE_S, MINUTE_S)
# 2026-10-03 is a Saturday: its rate is Friday's, from before the span.
DAYS: Final = ("2026-10-03", "2026-10-18")
HOURS: Final = ("2026-10-10", "2026-10-12")
MINUTES: Final = ("2026-10-14", "2026-10-15")
ETH_LISTED: Final = "2026-10-14T08:30:00"
USDC_LISTED: Final = "2026-10-14T12:00:00"
NO_XRP: Final = "2026-10-08"
LINES: Final = tuple(
    f"backfill {words}"
    for words in (
        f"--from {DAYS[0]} --to {DAYS[1]}",
        f"--from {HOURS[0]} --to {HOURS[1]} --interval 1h --symbols BTC,sats",
        f"--from {MINUTES[0]} --to {MINUTES[0]} --interval 1m"
        " --symbols BTC,XRP,ETH,SATS",
        f"--from {MINUTES[1]} --to {MINUTES[1]} --interval 1m --symbols BTC",
    )
)


def list_archive(world: HistoryWorld) -> None:
    """List coins with a past, and their rates."""
    world.market("DOGE", "201.5", 1)
    world.pair("DOGE", "0.15010", 5)
    world.market("BTC", "143000000", -3)
    world.pair("BTC", "107000.00", 2)
    world.market("XRP", "3456", 0, sparse=3)
    world.pair("XRP", "2.6100", 4)
    world.market("ETH", "3456000", -3, listed_s=at(ETH_LISTED))
    world.pair("ETH", "2600.51", 2)
    world.market("SATS", "0.00033100", 8, sparse=4)
    world.pair("1000SATS", "0.00025000", 8, sparse=4)
    world.market("AQT", "1500", 0)
    world.market("USDT", "1320.5", 1)
    world.market("USDC", "1322", 0, listed_s=at(USDC_LISTED))
    world.pair("USDC", "1.0001", 4)
    # No command fills it; see test_week.
    world.market("TRX", "377", 0)
    world.pair("TRX", "0.28500", 5)
    world.upbit.tape["KRW-XRP"].holes.add((86_400, at(NO_XRP)))
    world.rates["main/v1/forex/recent"] = dunamu("1300.00", (NOW - 60) * 1000)
    world.rates["main/v1/latest"] = frankfurter("1310.25", "2026-11-20")


@dataclass(frozen=True)
class Archive:
    """The server over the archive, its venues, and what the backfills said."""

    server: Server
    world: HistoryWorld
    bench: Bench
    said: tuple[Said, ...]


@pytest.fixture(scope="session")
def archive(
    tmp_path_factory: pytest.TempPathFactory, postgres_server: PostgresServer
) -> Iterator[Archive]:
    """Days, hours and minutes from candles; gaps up to now are left alone."""
    url = postgres_server.clone()
    shift_s = NOW - time.time()
    with HistoryWorld(shift_s) as world:
        list_archive(world)
        settings = {
            **world.settings(sources="dunamu,frankfurter"),
            "KIMP_DATABASE__URL": url,
            "KIMP_HISTORY__HEAL_DAYS": "0",
        }
        bench = Bench(tmp_path_factory.mktemp("archive"), settings, shift_s)
        days, *parts = [line.split() for line in LINES]
        said = (bench.run(*days), *bench.run_all(parts))
        # A first start makes room for this month.
        with bench.serve() as server:
            server.wait_live("TRX")
        fill(url, "TRX", RECENT)
        with bench.serve() as server:
            server.wait_live("BTC", "SATS")
            yield Archive(server, world, bench, said)
    postgres_server.drop(url)


@pytest.fixture
def server(archive: Archive) -> Server:
    """The archive's server."""
    return archive.server


@pytest.fixture
def world(archive: Archive) -> HistoryWorld:
    """The archive's venues."""
    return archive.world


@pytest.fixture(scope="session")
def stories(
    tmp_path_factory: pytest.TempPathFactory, postgres_server: PostgresServer
) -> Iterator[Stories]:
    """What test_passing_time asks about."""
    urls = [postgres_server.clone() for _ in range(DATABASES)]
    with lived_through(tmp_path_factory.mktemp("stories"), urls) as under_way:
        yield under_way
    for url in urls:
        postgres_server.drop(url)


@pytest.fixture(scope="session", autouse=True)
def _begin_early(request: pytest.FixtureRequest) -> None:
    """Begin them with the folder's first test: they wait while others work.

    Not where several processes share the tests: it is unknown then whose they are.
    """
    files = {item.path.name for item in request.session.items}
    if "PYTEST_XDIST_WORKER" not in os.environ and "test_passing_time.py" in files:
        request.getfixturevalue("stories")
