"""What every `FxHistory` does."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from adapters.memory.fx_history import MemoryFxHistory
from adapters.resilience.clock import SystemClock
from adapters.simulator.fx_calendar import business_days
from adapters.simulator.server import Simulator
from app.settings import ResilienceSettings, Settings
from app.upstream import UpstreamFactory
from app.venue_setting import FxSettings
from domain.model.daily_rate import DailyRate
from domain.model.error import UpstreamUnavailable
from domain.model.fx import MAX_USD_KRW, MIN_USD_KRW

if TYPE_CHECKING:
    from domain.ports.fx_history import FxHistory


@dataclass(frozen=True, slots=True)
class Source:
    port: FxHistory
    fail: Callable[[], None]
    mend: Callable[[], None]


@pytest.fixture(params=["memory", "frankfurter"])
async def source(request: pytest.FixtureRequest) -> AsyncIterator[Source]:
    if request.param == "memory":
        days = business_days(date(2023, 12, 1), date(2024, 12, 31))
        twin = MemoryFxHistory(DailyRate(day, Decimal(1300), "memory") for day in days)

        def turn(down: str | None) -> None:
            twin.down = down

        yield Source(twin, lambda: turn("out of order"), lambda: turn(None))
        return
    async with Simulator() as simulator:
        settings = Settings(
            fx=FxSettings(frankfurter_url=f"{simulator.base_url}/fx"),
            resilience=ResilienceSettings(tries=1),
        )
        made = UpstreamFactory(settings, SystemClock()).rate_history()
        yield Source(
            made.source,
            lambda: simulator.refuse("fx", 503),
            lambda: simulator.restore("fx"),
        )
        await made.http.close()


async def test_a_year_has_its_working_days_in_order(source: Source) -> None:
    first, last = date(2024, 1, 1), date(2024, 12, 31)
    found = await source.port.daily(first, last)
    days = [each.day for each in found]
    assert days == sorted(set(days))
    assert set(business_days(first, last)) <= set(days)
    assert days[-1] <= last
    assert all(MIN_USD_KRW <= each.rate <= MAX_USD_KRW for each in found)
    assert all(after - each <= after.resolution * 5 for each, after in pairwise(days))


async def test_a_weekend_is_told_by_the_friday_before(source: Source) -> None:
    found = await source.port.daily(date(2024, 11, 16), date(2024, 11, 17))
    assert found[-1].day == date(2024, 11, 15)


async def test_before_the_first_fixing_there_is_none(source: Source) -> None:
    assert list(await source.port.daily(date(1998, 1, 1), date(1998, 12, 31))) == []


async def test_a_source_that_fails_is_unavailable_and_comes_back(
    source: Source,
) -> None:
    source.fail()
    with pytest.raises(UpstreamUnavailable):
        await source.port.daily(date(2024, 11, 1), date(2024, 11, 17))
    source.mend()
    assert await source.port.daily(date(2024, 11, 1), date(2024, 11, 17))


async def test_of_today_the_newest_there_is_is_told(source: Source) -> None:
    today = datetime.now(UTC).date()
    found = await source.port.daily(today, today)
    assert found
    assert found[-1].day <= today
