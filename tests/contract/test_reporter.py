"""What everybody does who reports how a part is."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from adapters.memory.upstream import MemoryDatabase, MemoryUpstream
from adapters.postgres.database import Database
from adapters.resilience.clock import SystemClock
from adapters.resilience.monitor import UpstreamMonitor
from domain.model.error import StoreUnavailable
from domain.model.health import ServiceStatus, UpstreamStatus
from domain.model.market import Channel
from domain.ports.upstream import DatabaseReporter, UpstreamReporter

NAME = "upbit.rest"


@pytest.fixture(params=["memory", "real"])
def upstream(request: pytest.FixtureRequest) -> UpstreamReporter:
    if request.param == "memory":
        return MemoryUpstream(
            UpstreamStatus(NAME, ServiceStatus.UNAVAILABLE, Channel.REST)
        )
    return UpstreamMonitor(NAME, Channel.REST, clock=SystemClock())


def test_an_upstream_has_one_status_per_name_and_channel(
    upstream: UpstreamReporter,
) -> None:
    told = [(item.name, item.channel) for item in upstream.statuses()]
    assert told == [(NAME, Channel.REST)]


def test_statuses_may_be_asked_for_again_and_again(upstream: UpstreamReporter) -> None:
    assert list(upstream.statuses()) == list(upstream.statuses())


@dataclass(frozen=True, slots=True)
class Known:
    """A reporter that has met with `expected`."""

    port: DatabaseReporter
    expected: ServiceStatus


@pytest.fixture(params=["memory", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str | None:
    if request.param == "memory":
        return None
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture(params=["answers", "away"])
async def known(
    request: pytest.FixtureRequest, database_url: str | None
) -> AsyncIterator[Known]:
    away = request.param == "away"
    expected = ServiceStatus.UNAVAILABLE if away else ServiceStatus.HEALTHY
    if database_url is None:
        yield Known(MemoryDatabase(expected), expected)
        return
    nowhere = "postgresql://kimp@/kimp?host=/nowhere"
    database = Database(nowhere if away else database_url)
    try:
        await database.ping()
    except StoreUnavailable:
        assert away
    yield Known(database, expected)
    await database.close()


def test_the_database_is_as_the_last_question_met_it(known: Known) -> None:
    assert known.port.status is known.expected
