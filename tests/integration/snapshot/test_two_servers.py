"""Two servers keep the snapshots of one database."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from domain.model.interval import Interval
from domain.model.snapshot import DailyPrices, DailySnapshot, taken_ms
from domain.services.snapshot_taker import GRACE_MS
from tests.integration.snapshot.conftest import SYMBOLS, HastyClock, Venues

if TYPE_CHECKING:
    from tests.integration.snapshot.conftest import MakeServer

DAY = date(2026, 11, 20)
CHANGE = taken_ms(DAY)
HOUR_MS = 3_600_000
LATER_MS = 600_000
PRICES = DailyPrices(Decimal(2600), Decimal(2), Decimal(1300), "dunamu")


async def test_one_row_per_coin_and_day_and_it_stays_at_revision_one(
    serve: MakeServer,
) -> None:
    clock = HastyClock(CHANGE - HOUR_MS)
    venues = Venues(clock)
    servers = [serve(clock, venues), serve(clock, venues)]
    for server in servers:
        server.go_live()
        server.trade("2590", CHANGE - HOUR_MS)
    clock.set_now_ms(CHANGE + 10)
    for server in servers:
        server.trade("2600", CHANGE - 5)
        server.trade("2990", CHANGE + 5)
    clock.set_now_ms(CHANGE + GRACE_MS)
    await asyncio.gather(*(server.take() for server in servers))
    # The minute before the change is right; it moves on until the venues' day closes.
    venues.record("2600", CHANGE, Interval.M1)
    for hours in range(1, 10):
        venues.record(str(2600 + hours), CHANGE + hours * HOUR_MS, Interval.M1)
    venues.record("3100", CHANGE + 9 * HOUR_MS, Interval.D1)
    for hours in (0, 9, 23):
        clock.set_now_ms(CHANGE + hours * HOUR_MS + LATER_MS)
        await asyncio.gather(*(server.service.prove() for server in servers))
    rows = await servers[0].store.of_day(DAY, 1000)
    assert [row.symbol for row in rows] == SYMBOLS
    assert {row.revision for row in rows} == {1}
    assert {row.prices.domestic_price for row in rows} == {Decimal(2600)}
    assert all(row.verified_ms is not None for row in rows)
    counts = [server.service.count for server in servers]
    assert sum(count.taken for count in counts) == len(SYMBOLS)
    assert [count.amended for count in counts] == [0, 0]
    current = [count.current for count in counts]
    assert sum(count.compared for count in current) == 2 * len(SYMBOLS)
    assert sum(count.updated for count in current) == len(SYMBOLS)


async def test_wrong_rows_are_amended_once_by_whoever_comes_first(
    serve: MakeServer,
) -> None:
    clock = HastyClock(CHANGE + LATER_MS)
    venues = Venues(clock)
    first, second = serve(clock, venues), serve(clock, venues)
    wrong = replace(PRICES, domestic_price=Decimal(2750))
    await first.store.add([DailySnapshot(DAY, symbol, wrong) for symbol in SYMBOLS])
    venues.record("2600", CHANGE, Interval.M1)
    # The record says 2600 on both sides; what is wrong is put right once.
    await asyncio.gather(first.service.prove(), second.service.prove())
    await asyncio.gather(first.service.prove(), second.service.prove())
    rows = await first.store.of_day(DAY, 1000)
    assert {row.revision for row in rows} == {2}
    assert {row.prices.domestic_price for row in rows} == {Decimal(2600)}
    for symbol in (SYMBOLS[0], SYMBOLS[-1]):
        entries = await first.store.audit(DAY, symbol)
        assert [(e.field, e.was, e.became) for e in entries] == [
            ("domestic_price", "2750", "2600"),
            ("global_price", "2", "2600"),
        ]
    amended = first.service.count.amended + second.service.count.amended
    assert amended == len(SYMBOLS)


async def test_three_missed_days_are_made_once(serve: MakeServer) -> None:
    clock = HastyClock(CHANGE + 3 * 24 * HOUR_MS + LATER_MS)
    venues = Venues(clock)
    first, second = serve(clock, venues), serve(clock, venues)
    rows = [DailySnapshot(DAY, symbol, PRICES, 1, CHANGE) for symbol in SYMBOLS]
    await first.store.add(rows)
    days = [DAY + timedelta(days=number) for number in range(1, 4)]
    for day in days:
        venues.record(f"{2600 + day.day}", taken_ms(day), Interval.M1)
    await asyncio.gather(first.service.prove(), second.service.prove())
    made = [await first.store.of_day(day, 1000) for day in days]
    counts = [server.service.count for server in (first, second)]
    assert sum(count.caught_up for count in counts) == 3 * len(SYMBOLS)
    for day, found in zip(days, made, strict=True):
        assert [row.symbol for row in found] == SYMBOLS
        price = Decimal(2600 + day.day)
        rated = DailyPrices(price, price, Decimal(1311), "frankfurter")
        assert {row.prices for row in found} == {rated}
        assert {row.revision for row in found} == {1}
        assert all(row.verified_ms is not None for row in found)
    again = serve(clock, venues)
    await again.service.prove()
    assert [await again.store.of_day(day, 1000) for day in days] == made
    assert again.service.count.caught_up == 0
