"""Housekeeping: in order, in slices, and only while the database is there."""

import asyncio
import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from adapters.memory.clock import FakeClock
from domain.model.error import StoreUnavailable
from domain.services.bar_keeper import (
    CHORE_INTERVAL_S,
    KEEP_INTERVAL_S,
    RETRY_S,
    ROLL_UP_SLICE,
    BarKeeper,
    Retention,
    months_ahead_ms,
)

DAY_MS = 86_400_000


@dataclass
class House:
    """As much of a `BarStore` as housekeeping needs, and what was asked of it."""

    down: bool = False
    underived: int = 0
    old_months: int = 1
    asked: list[str] = field(default_factory=list)
    spans: list[tuple[int, int]] = field(default_factory=list)
    before: dict[str, int] = field(default_factory=dict)

    def note(self, what: str) -> None:
        if self.down:
            raise StoreUnavailable("gone")
        self.asked.append(what)

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
