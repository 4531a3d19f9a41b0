"""The last 24 hours in memory."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

import pytest

from adapters.memory.clock import FakeClock
from domain.model.bar import Bar, BarOrigin, BasisBar
from domain.model.error import StoreUnavailable
from domain.model.fx import PremiumBasis
from domain.model.interval import Interval
from domain.model.market import Quality
from domain.services.day_trail import (
    MEND_INTERVAL_S,
    RETRY_S,
    SLICE_MINUTES,
    DayTrail,
)

MINUTE = 60_000
OFFICIAL = PremiumBasis.OFFICIAL_FX


class Closes:
    """The question of `BarHistory` that fills memory."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, PremiumBasis], dict[int, Decimal]] = {}
        self.asked: list[tuple[int, int, PremiumBasis]] = []
        self.is_away = False

    def put(self, symbol: str, opened_ms: int, percent: str) -> None:
        self.kept.setdefault((symbol, OFFICIAL), {})[opened_ms] = Decimal(percent)

    async def closes(
        self, from_ms: int, to_ms: int, basis: PremiumBasis
    ) -> Mapping[str, Sequence[tuple[int, Decimal]]]:
        self.asked.append((from_ms, to_ms, basis))
        if self.is_away:
            raise StoreUnavailable("away")
        return {
            symbol: [pair for pair in closes.items() if from_ms <= pair[0] < to_ms]
            for (symbol, kept_basis), closes in self.kept.items()
            if kept_basis is basis
        }


def bar(symbol: str, opened_ms: int, percent: str, **more: object) -> Bar:
    number = Decimal(percent)
    basis = BasisBar(number, number, number, number, Decimal(1300), 1, Quality.LIVE)
    interval = more.get("interval", Interval.M1)
    assert isinstance(interval, Interval)
    return Bar(
        symbol,
        interval,
        opened_ms,
        Decimal(1),
        Decimal(1),
        {OFFICIAL: basis},
        BarOrigin.LIVE,
    )


async def told(trail: DayTrail, symbol: str = "BTC") -> list[tuple[int, str]]:
    points = await trail.points(symbol, OFFICIAL, 288)
    return [(point.at_ms, str(point.percent)) for point in points]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def closes() -> Closes:
    return Closes()


@pytest.fixture
def trail(closes: Closes, clock: FakeClock) -> DayTrail:
    return DayTrail(closes, clock)  # type: ignore[arg-type]  # the one question


@pytest.mark.parametrize("hours", [3, 48])
async def test_a_clock_that_was_ahead_leaves_no_points_of_the_future(
    trail: DayTrail, clock: FakeClock, hours: int
) -> None:
    now_ms = clock.now_ms()
    trail.note([bar("BTC", now_ms + hours * 60 * MINUTE, "9")])
    trail.note([bar("BTC", now_ms - MINUTE, "1.5")])
    assert await told(trail) == [(now_ms, "1.500000")]
    healed = replace(bar("BTC", now_ms - 5 * MINUTE, "1"), origin=BarOrigin.BACKFILLED)
    trail.note([healed])
    assert [at_ms for at_ms, _ in await told(trail)] == [now_ms - 4 * MINUTE, now_ms]


async def test_it_is_filled_with_exactly_a_day(
    trail: DayTrail, closes: Closes, clock: FakeClock
) -> None:
    now_ms = clock.now_ms()
    for minutes_ago in (1441, 1440, 700, 1):
        closes.put("BTC", now_ms - minutes_ago * MINUTE, f"{minutes_ago}.000001")
    assert await trail.fill()
    assert await told(trail) == [
        (now_ms - 1439 * MINUTE, "1440.000001"),
        (now_ms - 699 * MINUTE, "700.000001"),
        (now_ms, "1.000001"),
    ]
    assert min(asked[0] for asked in closes.asked) == now_ms - 1440 * MINUTE
    assert {asked[2] for asked in closes.asked} == set(PremiumBasis)


async def test_recorded_minutes_stand_over_what_is_read(
    trail: DayTrail, closes: Closes, clock: FakeClock
) -> None:
    opened_ms = clock.now_ms() - MINUTE
    trail.note([bar("BTC", opened_ms, "1.5"), bar("ETH", opened_ms, "-2")])
    trail.note([bar("BTC", opened_ms - 3_600_000, "9", interval=Interval.H1)])
    closes.put("BTC", opened_ms, "7")
    closes.put("BTC", opened_ms - MINUTE, "6")
    assert await trail.fill()
    end_ms = opened_ms + MINUTE
    assert await told(trail) == [(opened_ms, "6.000000"), (end_ms, "1.500000")]
    assert await told(trail, "ETH") == [(end_ms, "-2.000000")]
    assert await told(trail, "NOPE") == []


async def test_a_picture_is_drawn_anew_when_its_coin_moves(
    trail: DayTrail, clock: FakeClock
) -> None:
    opened_ms = clock.now_ms() - MINUTE
    trail.note([bar("BTC", opened_ms, "1")])
    first = await trail.points("BTC", OFFICIAL, 2)
    assert await trail.points("BTC", OFFICIAL, 2) == first
    trail.note([bar("BTC", opened_ms, "2")])
    assert (await trail.points("BTC", OFFICIAL, 2))[0].percent == 2


async def test_a_database_that_is_away_at_the_start_is_asked_again(
    trail: DayTrail, closes: Closes, clock: FakeClock
) -> None:
    closes.is_away = True
    closes.put("BTC", clock.now_ms() - MINUTE, "1")
    running = asyncio.create_task(trail.run())
    await clock.advance(0.0)
    assert await told(trail) == []
    closes.is_away = False
    await clock.advance(RETRY_S)
    for _ in range(50):
        await clock.sleep(0)
    assert len(await told(trail)) == 1
    running.cancel()


async def test_before_the_schema_is_there_nothing_is_asked(
    closes: Closes, clock: FakeClock
) -> None:
    trail = DayTrail(closes, clock, lambda: False)  # type: ignore[arg-type]  # a twin
    assert not await trail.fill()
    assert closes.asked == []


async def test_a_minute_that_was_missing_comes_when_it_is_healed(
    trail: DayTrail, closes: Closes, clock: FakeClock
) -> None:
    now_ms = clock.now_ms()
    missing = now_ms - 300 * MINUTE
    for minutes_ago in range(1, 1441):
        opened_ms = now_ms - minutes_ago * MINUTE
        if opened_ms != missing:
            closes.put("BTC", opened_ms, "1")
    assert await trail.fill()
    closes.asked.clear()
    slices = 1440 // SLICE_MINUTES
    done = [await trail.mend() for _ in range(slices)]
    assert sum(done) == 1
    assert closes.asked[0][0] <= missing < closes.asked[0][1]
    closes.put("BTC", missing, "8")
    done = [await trail.mend() for _ in range(slices)]
    assert sum(done) == 1
    assert (missing + MINUTE, "8.000000") in await told(trail)
    assert not any([await trail.mend() for _ in range(slices)])


async def test_mending_goes_on_by_itself(
    trail: DayTrail, closes: Closes, clock: FakeClock
) -> None:
    closes.put("BTC", clock.now_ms() - 10 * MINUTE, "1")
    running = asyncio.create_task(trail.run())
    for _ in range(50):
        await clock.sleep(0)
    begun = len(closes.asked)
    await clock.advance(MEND_INTERVAL_S + 1)
    for _ in range(50):
        await clock.sleep(0)
    assert len(closes.asked) > begun
    running.cancel()
