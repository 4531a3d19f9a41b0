"""Housekeeping: in order, in slices, and only while the database is there."""

import asyncio
import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from adapters.memory.clock import FakeClock
from domain.model.error import StoreUnavailable
from domain.services.bar_keeper import (
    AHEAD_MS,
    CHORE_INTERVAL_S,
    KEEP_INTERVAL_S,
    LOOK_INTERVAL_S,
    RETRY_S,
    ROLL_UP_SLICE,
    BarKeeper,
    Retention,
    months_ahead_ms,
)

HOUR_MS, DAY_MS = 3_600_000, 86_400_000


@dataclass
class House:
    """As much of a `BarStore` as housekeeping needs, and what was asked of it."""

    down: bool = False
    underived: int = 0
    old_months: int = 1
    asked: list[str] = field(default_factory=list)
    spans: list[tuple[int, int]] = field(default_factory=list)
    before: dict[str, int] = field(default_factory=dict)
    future: list[int] = field(default_factory=list)
    false: int = 0

    def note(self, what: str) -> None:
        if self.down:
            raise StoreUnavailable("gone")
        self.asked.append(what)

    async def drop_future(self, after_ms: int) -> int:
        if self.down:
            raise StoreUnavailable("gone")
        self.future.append(after_ms)
        dropped, self.false = self.false, 0
        return dropped

    async def make_room(self, from_ms: int, to_ms: int) -> None:
        self.note("room")
        self.spans.append((from_ms, to_ms))

    async def roll_up(self, before_ms: int, limit: int) -> int:
        self.note("roll_up")
        self.before["roll_up"] = before_ms
        done = min(self.underived, limit)
        self.underived -= done
        return done

    async def drop_minutes(self, before_ms: int) -> int:
        self.note("drop_minutes")
        self.before["minutes"] = before_ms
        return self.old_months

    async def drop_bars(self, before_ms: int) -> int:
        self.note("drop_bars")
        self.before["bars"] = before_ms
        return 7


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def keeper_of(
    house: House, clock: FakeClock, bars_days: int = 0, ready: bool = True
) -> BarKeeper:
    return BarKeeper(
        house,  # type: ignore[arg-type] # housekeeping is all that is asked
        clock,
        Retention(minutes_days=400, bars_days=bars_days),
        lambda: ready,
    )


@dataclass
class Venues:
    """By how much our clock is ahead, as far as they have told."""

    offset_ms: int | None = 0

    def told(self) -> int | None:
        return self.offset_ms


def witnessed(house: House, clock: FakeClock, venues: Venues) -> BarKeeper:
    return BarKeeper(
        house,  # type: ignore[arg-type] # housekeeping is all that is asked
        clock,
        Retention(minutes_days=400, bars_days=0),
        offset_ms=venues.told,
    )


def ms(*date: int) -> int:
    return int(datetime(*date, tzinfo=UTC).timestamp()) * 1_000  # type: ignore[misc,arg-type] # year, month, day


@pytest.mark.parametrize(
    ("at", "end"),
    [
        ((2026, 1, 1), (2026, 4, 1)),
        ((2026, 9, 30), (2026, 12, 1)),
        ((2026, 10, 31), (2027, 1, 1)),
        ((2026, 12, 31), (2027, 3, 1)),
    ],
)
def test_room_is_for_this_month_and_the_next_two(
    at: tuple[int, ...], end: tuple[int, ...]
) -> None:
    assert months_ahead_ms(ms(*at) + DAY_MS - 1, 2) == ms(*end)


async def test_room_comes_first_then_derivations_then_what_is_too_old(
    house: House, clock: FakeClock
) -> None:
    keeper = keeper_of(house, clock, bars_days=500)
    assert await keeper.keep()
    assert house.asked == ["room", "roll_up", "drop_minutes", "drop_bars"]
    now_ms = clock.now_ms()
    assert house.spans == [(now_ms, ms(2026, 4, 1))]
    assert house.before["minutes"] == now_ms - 400 * DAY_MS
    assert house.before["bars"] == now_ms - 500 * DAY_MS
    assert house.before["roll_up"] < now_ms
    assert (keeper.dropped_months, keeper.dropped_bars) == (1, 7)


async def test_larger_bars_stay_for_ever_by_default(
    house: House, clock: FakeClock
) -> None:
    await keeper_of(house, clock).keep()
    assert "drop_bars" not in house.asked


async def test_where_nothing_is_too_old_nothing_is_told(
    house: House, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    house.old_months = 0
    assert await keeper_of(house, clock).keep()
    assert caplog.records == []


async def test_days_are_derived_in_slices_until_none_is_left(
    house: House, clock: FakeClock
) -> None:
    house.underived = 2 * ROLL_UP_SLICE + 1
    keeper = keeper_of(house, clock)
    task = asyncio.create_task(keeper.keep())
    await clock.advance(1)
    assert task.done()
    assert keeper.derived_days == 2 * ROLL_UP_SLICE + 1
    assert house.asked.count("roll_up") == 4


async def test_derivations_are_looked_for_often_and_the_rest_hourly(
    house: House, clock: FakeClock
) -> None:
    task = asyncio.create_task(keeper_of(house, clock).run())
    await clock.advance(CHORE_INTERVAL_S - 1)
    assert house.asked.count("roll_up") == CHORE_INTERVAL_S // KEEP_INTERVAL_S
    assert house.asked.count("room") == 1
    await clock.advance(1)
    assert house.asked.count("room") == 2
    task.cancel()


async def test_while_the_database_is_away_it_is_tried_again_soon(
    house: House, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    house.down = True
    task = asyncio.create_task(keeper_of(house, clock).run())
    await clock.advance(RETRY_S)
    house.down = False
    assert house.asked == []
    await clock.advance(RETRY_S)
    assert house.asked == ["room", "roll_up", "drop_minutes"]
    told = [record.message for record in caplog.records]
    assert told == ["keeper.put_off", "keeper.dropped"]
    task.cancel()


async def test_before_the_schema_is_there_nothing_is_asked(
    house: House, clock: FakeClock
) -> None:
    task = asyncio.create_task(keeper_of(house, clock, ready=False).run())
    await clock.advance(RETRY_S)
    assert house.asked == []
    task.cancel()


async def test_the_future_is_dropped_first_and_told(
    house: House, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    house.false = 45_000
    house.old_months = 0
    keeper = keeper_of(house, clock)
    assert await keeper.keep()
    assert await keeper.keep()
    assert house.future == [clock.now_ms() + AHEAD_MS] * 2
    assert keeper.dropped_future == 45_000
    told = [(r.levelname, r.message, vars(r)["minutes"]) for r in caplog.records]
    assert told == [("WARNING", "keeper.future_dropped", 45_000)]


async def test_the_future_is_dropped_in_every_round(
    house: House, clock: FakeClock
) -> None:
    task = asyncio.create_task(keeper_of(house, clock).run())
    await clock.advance(3 * KEEP_INTERVAL_S - 1)
    assert len(house.future) == 3
    task.cancel()


async def test_while_the_database_is_away_the_future_is_dropped_as_soon_as_it_is_back(
    house: House, clock: FakeClock
) -> None:
    house.down = True
    keeper = keeper_of(house, clock)
    task = asyncio.create_task(keeper.run())
    await clock.advance(2 * RETRY_S)
    house.down, house.false = False, 3
    await clock.advance(RETRY_S)
    assert keeper.dropped_future == 3
    task.cancel()


async def test_before_a_venue_has_told_the_time_nothing_is_of_the_future(
    house: House, clock: FakeClock
) -> None:
    venues = Venues(None)
    task = asyncio.create_task(witnessed(house, clock, venues).run())
    await clock.advance(KEEP_INTERVAL_S)
    assert house.future == []
    assert house.asked.count("roll_up") == 2
    venues.offset_ms = 0
    await clock.advance(LOOK_INTERVAL_S)
    assert house.future == [clock.now_ms() + AHEAD_MS]
    task.cancel()


@pytest.mark.parametrize(
    ("offset_ms", "later_ms"), [(-50 * 365 * DAY_MS, 50 * 365 * DAY_MS), (HOUR_MS, 0)]
)
async def test_what_is_of_the_future_by_our_clock_alone_stays(
    house: House, clock: FakeClock, offset_ms: int, later_ms: int
) -> None:
    assert await witnessed(house, clock, Venues(offset_ms)).keep()
    assert house.future == [clock.now_ms() + later_ms + AHEAD_MS]


@pytest.mark.parametrize(("offset_ms", "true_ms"), [(3 * HOUR_MS, 0), (0, 3 * HOUR_MS)])
async def test_a_clock_that_is_set_back_begins_a_round_and_is_not_believed_alone(
    house: House, clock: FakeClock, offset_ms: int, true_ms: int
) -> None:
    task = asyncio.create_task(witnessed(house, clock, Venues(offset_ms)).run())
    await clock.advance(30)
    clock.set_now_ms(clock.now_ms() - 3 * HOUR_MS)
    await clock.advance(LOOK_INTERVAL_S)
    assert house.future[1:] == [clock.now_ms() + true_ms + AHEAD_MS]
    await clock.advance(KEEP_INTERVAL_S - 1)
    assert len(house.future) == 2
    task.cancel()
