"""What every `FxSource` does."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import get_args

import pytest

from adapters.memory.fx_source import MemoryFxSource
from adapters.resilience.clock import SystemClock
from adapters.simulator.server import Simulator
from app.settings import ResilienceSettings, Settings
from app.upstream import UpstreamFactory
from app.venue_setting import FxSettings, FxSourceName
from domain.model.error import UpstreamUnavailable
from domain.model.fx import MAX_USD_KRW, MIN_USD_KRW
from domain.ports.fx_source import FxSource

SYSTEM_MS = SystemClock().now_ms()
WEEK_MS = 7 * 86_400_000


@dataclass(frozen=True, slots=True)
class Source:
    """A source, its name, and what breaks and mends it."""

    port: FxSource
    name: str
    fail: Callable[[], None]
    mend: Callable[[], None]


@pytest.fixture(params=["memory", *get_args(FxSourceName)])
async def source(request: pytest.FixtureRequest) -> AsyncIterator[Source]:
    if request.param == "memory":
        twin = MemoryFxSource()
        twin.set_rate(Decimal("1348.28"), SYSTEM_MS)

        def turn(down: str | None) -> None:
            twin.down = down

        yield Source(twin, "memory", lambda: turn("out of order"), lambda: turn(None))
        return
    async with Simulator() as simulator:
        base = f"{simulator.base_url}/fx"
        settings = Settings(
            fx=FxSettings(dunamu_url=base, frankfurter_url=base, open_er_api_url=base),
            resilience=ResilienceSettings(tries=1),
        )
        made = UpstreamFactory(settings, SystemClock()).rate(request.param)
        yield Source(
            made.source,
            request.param,
            lambda: simulator.refuse("fx", 503),
            lambda: simulator.restore("fx"),
        )
        await made.http.close()


async def test_it_has_a_name_and_a_pace(source: Source) -> None:
    assert source.port.name == source.name
    assert source.port.poll_interval_s >= 1


async def test_its_rate_is_won_per_dollar_under_its_own_name(source: Source) -> None:
    quote = await source.port.latest()
    assert quote.source == source.name
    assert isinstance(quote.rate, Decimal)
    assert MIN_USD_KRW <= quote.rate <= MAX_USD_KRW
    assert SYSTEM_MS - WEEK_MS < quote.as_of_ms < SYSTEM_MS + WEEK_MS


async def test_a_source_that_fails_is_unavailable_and_comes_back(
    source: Source,
) -> None:
    source.fail()
    with pytest.raises(UpstreamUnavailable):
        await source.port.latest()
    source.mend()
    assert (await source.port.latest()).rate > 0
