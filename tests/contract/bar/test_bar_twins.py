"""The bars in memory and those in Postgres give the same answers, whatever is done."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from adapters.memory.bar_history import MemoryBarHistory
from adapters.memory.bar_store import MemoryBarStore
from adapters.memory.store import MemoryStore
from adapters.postgres.bar_history import PostgresBarHistory
from adapters.postgres.bar_store import PostgresBarStore
from adapters.postgres.database import Database
from domain.model.bar import Bar, BarOrigin, BasisBar, Hole, HoleReason
from domain.model.fx import PremiumBasis
from domain.model.interval import Interval
from domain.model.market import Quality
from domain.model.page import Direction
from domain.ports.bar_history import BarHistory, BarQuery
from domain.ports.bar_store import BarStore

if TYPE_CHECKING:
    pass

# The last evening of a month and the next morning: two months, two days, a week's end.
START_MS = 1_764_539_100_000  # Sunday, 2025-11-30 21:45 UTC
MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
SPAN = 300
MONTHS = [1_761_955_200_000, 1_764_547_200_000, 1_767_225_600_000]
TABLES = ("premium_minute", "premium_bar", "premium_rollup", "premium_due")
KEPT = [interval for interval in Interval if interval.length_ms >= MINUTE_MS]
LARGER = KEPT[1:]

percents = st.integers(-3, 9).map(lambda n: Decimal(n) / 4)
symbols = st.sampled_from(["BTC", "ETH"])
qualities = st.sampled_from([Quality.LIVE, Quality.STALE])
bases = st.builds(
    BasisBar,
    open=percents,
    high=percents,
    low=percents,
    close=percents,
    fx_rate=st.sampled_from([Decimal("1391.25"), Decimal(1400)]),
    samples=st.integers(0, 3),
    quality=qualities,
)
# Whole runs of minutes, so that intervals are covered fully, too.
runs = st.tuples(st.integers(0, SPAN), st.sampled_from([1, 2, 15, 60, 130]))
shapes = st.fixed_dictionaries(
    {
        "symbol": symbols,
        "domestic_close": st.sampled_from([Decimal(100), Decimal("99.5")]),
        "global_close": st.just(Decimal("0.07")),
        "bases": st.dictionaries(st.sampled_from(PremiumBasis), bases, min_size=1),
        "fx_source": st.sampled_from([None, "dunamu"]),
        "fx_as_of_ms": st.sampled_from([None, START_MS]),
    }
)


Shape = dict[str, Any]
Run = tuple[int, int]


def minutes(shape: Shape, run: Run, origin: BarOrigin) -> list[Bar]:
    first, count = run
    return [
        Bar(
            interval=Interval.M1,
            opened_ms=START_MS + at * MINUTE_MS,
            origin=origin,
            **{**shape, "domestic_close": shape["domestic_close"] + at},
        )
        for at in range(first, first + count)
    ]


def larger(shape: Shape, interval: Interval, at: int) -> list[Bar]:
    opened_ms = interval.opened_ms(START_MS) + at * interval.length_ms
    origin = BarOrigin.BACKFILLED
    return [Bar(interval=interval, opened_ms=opened_ms, origin=origin, **shape)]


def hole(
    symbol: str, interval: Interval, run: tuple[int, int], why: HoleReason
) -> Hole:
    first, count = run
    from_ms = interval.opened_ms(START_MS + first * MINUTE_MS)
    return Hole(symbol, interval, from_ms, from_ms + count * interval.length_ms, why)


live = st.tuples(
    st.just("write_live"),
    st.builds(minutes, shapes, runs, st.just(BarOrigin.LIVE)),
)
healed = st.tuples(
    st.just("write_backfilled"),
    st.builds(minutes, shapes, runs, st.just(BarOrigin.BACKFILLED)),
)
from_candles = st.tuples(
    st.just("write_backfilled"),
    st.builds(larger, shapes, st.sampled_from(LARGER), st.integers(0, 4)),
)
holes = st.tuples(
    st.just("write_holes"),
    st.lists(
        st.builds(
            hole,
            symbols,
            st.sampled_from([Interval.M1, Interval.H1]),
            runs,
            st.sampled_from(HoleReason),
        ),
        max_size=3,
    ),
)
moments = st.one_of(
    st.integers(0, SPAN * 2).map(lambda at: START_MS + at * MINUTE_MS),
    st.sampled_from([START_MS + DAY_MS, START_MS + 2 * DAY_MS, MONTHS[1], MONTHS[2]]),
)
derivations = st.tuples(st.just("roll_up"), moments, st.integers(1, 5))
drops = st.tuples(
    st.sampled_from(["drop_minutes", "drop_bars", "drop_future"]), moments
)
operations = st.one_of(
    live, healed, from_candles, holes, derivations, derivations, drops
)


@dataclass(frozen=True, slots=True)
class Bench:
    """A database that is emptied before each example, and the loop it lives on."""

    database: Database
    run: Callable[[Coroutine[Any, Any, Any]], Any]

    async def empty(self) -> None:
        async with self.database.transaction() as connection:
            await connection.execute(
                text(f"TRUNCATE {', '.join(TABLES)}, premium_hole")
            )


@pytest.fixture(scope="module")
def bench(module_url: str) -> Iterator[Bench]:
    database = Database(module_url)
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        yield Bench(database, runner.run)
        runner.run(database.close())


async def answers(store: BarStore, history: BarHistory) -> list[Any]:
    """Everything that can be asked about the span."""
    from_ms, to_ms = START_MS + 30 * MINUTE_MS, START_MS + SPAN * MINUTE_MS
    told: list[Any] = [
        await store.gaps(from_ms, to_ms),
        await store.gaps(from_ms + 1, to_ms + 1, ["BTC", "XRP"]),
        await store.last_minute_ms(),
        await store.day_counts(date(2025, 11, 25), date(2025, 12, 3)),
        await history.minutes_at(to_ms, 5 * MINUTE_MS, ["ETH", "BTC", "XRP"]),
        await history.closes(from_ms, to_ms, PremiumBasis.KRW_USDT),
    ]
    for interval in (Interval.M1, Interval.H1):
        told.append(await store.settled("BTC", interval, from_ms, to_ms))
        told.append(await store.official_rates("BTC", interval, from_ms, to_ms))
        told.append(await store.holes("BTC", interval, from_ms, to_ms))
        values = {"BTC": Decimal("0.25"), "ETH": Decimal(0), "XRP": Decimal(1)}
        asked = (PremiumBasis.OFFICIAL_FX, from_ms, to_ms, interval)
        told.append(await history.stats(values, *asked))
    return told


async def read(history: BarHistory) -> list[Any]:
    """Bars of every length, whole and in pages."""
    told = []
    for interval, basis in product(KEPT, PremiumBasis):
        whole = BarQuery(
            "BTC",
            basis,
            interval,
            START_MS - 20 * DAY_MS,
            START_MS + 20 * DAY_MS,
            Direction.ASC,
            1000,
        )
        told.append((whole, await history.bars(whole)))
    for interval, direction in product(KEPT, Direction):
        page = BarQuery(
            "BTC",
            PremiumBasis.OFFICIAL_FX,
            interval,
            START_MS + 7 * MINUTE_MS,
            START_MS + 200 * MINUTE_MS,
            direction,
            2,
            START_MS + 90 * MINUTE_MS,
        )
        told.append((page, await history.bars(page)))
    return told


async def do(store: BarStore, operation: tuple[Any, ...]) -> object:
    name, *arguments = operation
    method: Callable[..., Awaitable[object]] = getattr(store, name)
    return await method(*arguments)


@settings(max_examples=40)
@given(steps=st.lists(operations, max_size=9))
def test_the_same_is_answered_by_both(bench: Bench, steps: list[Any]) -> None:
    async def check() -> None:
        await bench.empty()
        memory = MemoryStore()
        real, twin = PostgresBarStore(bench.database), MemoryBarStore(memory)
        # The same months in both: those of earlier examples are there in one.
        for store in (real, twin):
            await store.make_room(MONTHS[0], MONTHS[2])
        for step in steps:
            assert await do(real, step) == await do(twin, step), step[0]
        history, naive = PostgresBarHistory(bench.database), MemoryBarHistory(memory)
        assert await answers(real, history) == await answers(twin, naive)
        assert await read(history) == await read(naive)

    bench.run(check())


@settings(max_examples=20)
@given(steps=st.lists(st.one_of(live, healed), min_size=1, max_size=5), late=healed)
def test_what_is_derived_equals_what_is_counted_anew(
    bench: Bench, steps: list[Any], late: Any
) -> None:
    async def check() -> None:
        await bench.empty()
        store = PostgresBarStore(bench.database)
        history = PostgresBarHistory(bench.database)
        for step in steps:
            await do(store, step)
        fresh = await read(history)
        while await store.roll_up(START_MS + 9 * DAY_MS, 3):
            pass
        assert await read(history) == fresh
        await do(store, late)
        marked = await read(history)
        while await store.roll_up(START_MS + 9 * DAY_MS, 3):
            pass
        assert await read(history) == marked

    bench.run(check())
