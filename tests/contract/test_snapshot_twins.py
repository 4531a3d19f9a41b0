"""Snapshots in memory and in Postgres end up the same, whatever is done to them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from adapters.memory.snapshot_store import MemorySnapshotStore
from adapters.postgres.database import Database
from adapters.postgres.snapshot_store import PostgresSnapshotStore
from domain.model.market import MarketWarning
from domain.model.page import Direction
from domain.model.snapshot import (
    AuditEntry,
    AuditReason,
    CurrentRow,
    DailyPrices,
    DailySnapshot,
)
from domain.ports.snapshot_store import SnapshotStore

if TYPE_CHECKING:
    pass

FIRST = date(2026, 11, 20)
DAYS = [FIRST + timedelta(days=number) for number in range(3)]
# Few keys, so that the same rows meet again and again.
symbols = st.sampled_from(["BTC", "eth", "루나", "A'\"\\"])
prices = st.decimals(min_value=Decimal("1e-20"), max_value=10**29).filter(
    lambda value: value > 0
)
daily_prices = st.builds(
    DailyPrices,
    domestic_price=st.none() | prices,
    global_price=st.none() | prices,
    fx_rate=st.none() | st.sampled_from([Decimal(1300), Decimal("1300.01")]),
    fx_source=st.none() | st.sampled_from(["dunamu", "frankfurter"]),
    is_comparable=st.booleans(),
)
times_ms = st.integers(0, 3).map(lambda step: 1_767_225_600_000 + step * 7)
current_rows = st.builds(
    CurrentRow,
    symbol=symbols,
    korean_name=st.text("비트 a{},", max_size=4),
    english_name=st.text('Bi"\\', max_size=3),
    icon_url=st.none() | st.just("https://a.example/1.png"),
    listed=st.lists(st.sampled_from(["UPBIT:KRW-BTC", "a,b", ""]), max_size=2).map(
        tuple
    ),
    warnings=st.lists(st.sampled_from(MarketWarning), max_size=2).map(tuple),
    prices=daily_prices,
    at_ms=st.none() | times_ms,
)
rows = st.builds(
    DailySnapshot,
    day=st.sampled_from(DAYS),
    symbol=symbols,
    prices=daily_prices,
    revision=st.just(1),
    verified_ms=st.none() | times_ms,
)
entries = st.builds(
    AuditEntry,
    day=st.sampled_from(DAYS),
    symbol=symbols,
    revision=st.integers(2, 3),
    field=st.sampled_from(["domestic_price", "fx_rate"]),
    was=st.none() | st.just("1.5"),
    became=st.none() | st.just("x"),
    reason=st.sampled_from(AuditReason),
    at_ms=times_ms,
)
Deed = Callable[[SnapshotStore], Coroutine[Any, Any, object]]


def _save(batch: list[CurrentRow]) -> Deed:
    return lambda store: store.save_current(batch)


def _add(batch: list[DailySnapshot]) -> Deed:
    return lambda store: store.add(batch)


def _amend(row: DailySnapshot, revision: int, told: list[AuditEntry]) -> Deed:
    return lambda store: store.amend(replace(row, revision=revision), told)


def _confirm(day: date, which: list[str], at_ms: int) -> Deed:
    return lambda store: store.confirm(day, which, at_ms)


deeds = st.one_of(
    st.builds(_save, st.lists(current_rows, max_size=4)),
    st.builds(
        _add,
        st.lists(rows, max_size=5, unique_by=lambda row: (row.day, row.symbol)),
    ),
    st.builds(_amend, rows, st.integers(2, 3), st.lists(entries, max_size=2)),
    st.builds(_confirm, st.sampled_from(DAYS), st.lists(symbols, max_size=2), times_ms),
)


@dataclass(frozen=True, slots=True)
class Bench:
    """A database that is emptied before each example, and the loop it lives on."""

    database: Database
    run: Callable[[Coroutine[Any, Any, Any]], Any]

    async def empty(self) -> None:
        names = "current_row, daily_snapshot, snapshot_audit"
        async with self.database.transaction() as connection:
            await connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY"))


@pytest.fixture(scope="module")
def bench(module_url: str) -> Iterator[Bench]:
    database = Database(module_url)
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        yield Bench(database, runner.run)
        runner.run(database.close())


@settings(max_examples=60)
@given(done=st.lists(deeds, max_size=8))
def test_what_is_done_ends_the_same_in_both(bench: Bench, done: list[Deed]) -> None:
    async def check() -> None:
        await bench.empty()
        real, twin = PostgresSnapshotStore(bench.database), MemorySnapshotStore()
        for deed in done:
            assert await deed(real) == await deed(twin)
        assert await told(real) == await told(twin)

    bench.run(check())


async def told(store: SnapshotStore) -> list[object]:
    """Return everything a store says."""
    stored = await store.stored(DAYS[0], DAYS[1])
    answers: list[object] = [
        list(await store.load_current()),
        list(await store.unverified(DAYS[1])),
        await store.first_day(),
        await store.last_day(),
        {day: set(symbols) for day, symbols in stored.items()},
    ]
    for day in DAYS:
        answers.append(list(await store.of_day(day, 9)))
        answers.append(list(await store.of_day(day, 1, "BTC")))
        answers += [list(await store.audit(day, symbol)) for symbol in ("BTC", "루나")]
    for direction in Direction:
        query = ("BTC", None, DAYS[1], direction, 9, None)
        answers.append(list(await store.of_coin(*query)))
    return answers
