"""What every `SnapshotStore` does."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from adapters.memory.snapshot_store import MemorySnapshotStore
from adapters.memory.store import MemoryStore
from adapters.postgres.database import Database
from adapters.postgres.snapshot_store import PostgresSnapshotStore
from domain.model.error import StoreUnavailable
from domain.model.market import MarketWarning
from domain.model.page import Direction
from domain.model.snapshot import (
    AuditEntry,
    AuditReason,
    Compared,
    CurrentRow,
    DailyPrices,
    DailySnapshot,
    taken_ms,
)
from domain.ports.snapshot_store import SnapshotStore

MakeStore = Callable[[], SnapshotStore]
NOWHERE = "postgresql://kimp@/kimp?host=/nowhere"

DAY = date(2026, 11, 20)
NEXT = DAY + timedelta(days=1)
AT = taken_ms(DAY)
PRICES = DailyPrices(Decimal("52000000"), Decimal("40000.5"), Decimal("1300"), "dunamu")
NOTHING = DailyPrices(None, None, None, None)
BTC = CurrentRow(
    symbol="BTC",
    korean_name="비트코인",
    english_name="Bitcoin",
    icon_url="https://example.org/BTC.png",
    listed=("BINANCE:BTCUSDT", "UPBIT:KRW-BTC"),
    warnings=(MarketWarning.INVESTMENT_WARNING, MarketWarning.DELISTING),
    prices=PRICES,
    at_ms=AT - 7,
)
BARE = CurrentRow("A'\"\\", "", "{a,b}", None, (), (), NOTHING, None)


def row(symbol: str = "BTC", day: date = DAY, **values: object) -> DailySnapshot:
    made = DailySnapshot(day, symbol, PRICES)
    return replace(made, **values)  # type: ignore[arg-type] # any of its fields


def entry(revision: int = 2, field: str = "domestic_price") -> AuditEntry:
    reason = AuditReason.MINUTE_EVIDENCE
    return AuditEntry(DAY, "BTC", revision, field, "52000000", None, reason, AT + 9)


@pytest.fixture
async def make(store_url: str | None) -> AsyncIterator[MakeStore]:
    """Makes stores over one fresh database; each call is a server of its own."""
    if store_url is None:
        kept = MemoryStore()
        yield lambda: MemorySnapshotStore(kept)
        return
    database = Database(store_url)
    yield lambda: PostgresSnapshotStore(database)
    await database.close()


@pytest.fixture(params=["memory", "postgres"])
async def lost(request: pytest.FixtureRequest) -> AsyncIterator[SnapshotStore]:
    if request.param == "memory":
        yield MemorySnapshotStore(MemoryStore(down="gone"))
        return
    database = Database(NOWHERE)
    yield PostgresSnapshotStore(database)
    await database.close()


async def test_a_fresh_store_has_nothing(make: MakeStore) -> None:
    store = make()
    assert list(await store.load_current()) == []
    assert await store.first_day() is None
    assert await store.last_day() is None
    assert dict(await store.stored(DAY, NEXT)) == {}
    assert list(await store.unverified(DAY)) == []
    assert list(await store.of_day(DAY, 10)) == []
    assert list(await store.of_coin("BTC", None, None, Direction.ASC, 10)) == []
    assert list(await store.audit(DAY, "BTC")) == []


async def test_current_rows_come_back_as_they_were_saved_by_symbol(
    make: MakeStore,
) -> None:
    assert await make().save_current([BTC, BARE]) == Compared(2, 0, 2)
    assert list(await make().load_current()) == [BARE, BTC]


async def test_saving_no_current_row_compares_nothing(make: MakeStore) -> None:
    assert await make().save_current([]) == Compared()


async def test_what_is_equal_is_compared_and_not_written(make: MakeStore) -> None:
    await make().save_current([BTC, BARE])
    assert await make().save_current([BTC, BARE]) == Compared(2, 2, 0)


@pytest.mark.parametrize(
    "change",
    [
        {"korean_name": "비트"},
        {"english_name": "Bit"},
        {"icon_url": None},
        {"listed": ("UPBIT:KRW-BTC",)},
        {"warnings": ()},
        {"prices": replace(PRICES, domestic_price=Decimal(1))},
        {"prices": replace(PRICES, global_price=None)},
        {"prices": replace(PRICES, fx_rate=Decimal("1300.01"))},
        {"prices": replace(PRICES, fx_source="frankfurter")},
        {"prices": replace(PRICES, is_comparable=False)},
    ],
    ids=lambda change: str(next(iter(change.items()))),
)
async def test_whatever_differs_is_written(
    make: MakeStore, change: dict[str, object]
) -> None:
    changed = replace(BTC, **change)  # type: ignore[arg-type] # any of its fields
    await make().save_current([BTC, BARE])
    assert await make().save_current([BARE, changed]) == Compared(2, 1, 1)
    assert list(await make().load_current()) == [BARE, changed]


async def test_the_instant_alone_is_no_difference(make: MakeStore) -> None:
    later = replace(BTC, at_ms=AT + 1)
    await make().save_current([BTC])
    assert await make().save_current([later]) == Compared(1, 1, 0)
    assert list(await make().load_current()) == [BTC]


@pytest.mark.parametrize(("at_ms", "kept_ms"), [(AT + 5, AT + 5), (AT - 90, AT - 7)])
async def test_the_instant_goes_along_with_a_difference_and_never_back(
    make: MakeStore, at_ms: int, kept_ms: int
) -> None:
    changed = replace(BTC, at_ms=at_ms, korean_name="비트")
    await make().save_current([BTC])
    await make().save_current([changed])
    assert list(await make().load_current()) == [replace(changed, at_ms=kept_ms)]


async def test_no_instant_takes_nothing_from_a_known_one(make: MakeStore) -> None:
    await make().save_current([BTC])
    await make().save_current([replace(BTC, prices=NOTHING, at_ms=None)])
    assert list(await make().load_current()) == [replace(BTC, prices=NOTHING)]


async def test_of_one_coin_twice_the_last_counts(make: MakeStore) -> None:
    other = replace(BTC, korean_name="비트")
    assert await make().save_current([BTC, other]) == Compared(1, 0, 1)
    assert list(await make().load_current()) == [other]


async def test_dated_rows_come_back_by_symbol(make: MakeStore) -> None:
    rows = [
        row("ETH", verified_ms=AT + 5),
        row("BTC", prices=replace(PRICES, is_comparable=False)),
        row("NEW", prices=NOTHING),
    ]
    assert await make().add(rows) == 3
    assert await make().add([row("BTC", NEXT)]) == 1
    assert list(await make().of_day(DAY, 10)) == [rows[1], rows[0], rows[2]]


async def test_numbers_keep_every_digit(make: MakeStore) -> None:
    tiny = DailyPrices(Decimal("1e-20"), Decimal("9" * 40 + ".1"), Decimal(1300), "x")
    await make().add([row(prices=tiny)])
    [found] = await make().of_day(DAY, 1)
    assert found.prices == tiny


async def test_a_dated_row_is_stored_once(make: MakeStore) -> None:
    await make().add([row()])
    assert await make().add([row(prices=NOTHING), row("ETH")]) == 1
    assert list(await make().of_day(DAY, 10)) == [row(), row("ETH")]
    assert await make().add([]) == 0


async def test_two_servers_at_once_store_each_row_once(make: MakeStore) -> None:
    rows = [row(f"C{number:03}") for number in range(300)]
    added = await asyncio.gather(make().add(rows), make().add(rows[::-1]))
    assert sum(added) == 300
    assert list(await make().of_day(DAY, 1000)) == rows


async def test_the_rows_of_a_day_come_in_pages(make: MakeStore) -> None:
    # Code points decide, whatever the locale of a server says of letters.
    symbols = ["1INCH", "BTC", "ETH", "a", "z", "루나"]
    await make().add([row(symbol) for symbol in reversed(symbols)])
    first = await make().of_day(DAY, 4)
    rest = await make().of_day(DAY, 4, first[-1].symbol)
    assert [found.symbol for found in (*first, *rest)] == symbols


@pytest.mark.parametrize(
    ("span", "found"),
    [
        ((None, None), [0, 1, 2, 3]),
        ((1, None), [1, 2, 3]),
        ((None, 2), [0, 1, 2]),
        ((1, 2), [1, 2]),
        ((3, 1), []),
    ],
)
async def test_the_rows_of_a_coin_come_both_ways(
    make: MakeStore, span: tuple[int | None, int | None], found: list[int]
) -> None:
    days = [DAY + timedelta(days=number) for number in range(4)]
    await make().add([row("BTC", day) for day in days] + [row("ETH")])
    from_day, to_day = (None if at is None else days[at] for at in span)
    for direction, order in ((Direction.ASC, found), (Direction.DESC, found[::-1])):
        rows = await make().of_coin("BTC", from_day, to_day, direction, 10)
        assert [item.day for item in rows] == [days[at] for at in order]


async def test_the_rows_of_a_coin_come_in_pages(make: MakeStore) -> None:
    days = [DAY + timedelta(days=number) for number in range(5)]
    await make().add([row("BTC", day) for day in days])
    for direction, order in ((Direction.ASC, days), (Direction.DESC, days[::-1])):
        first = await make().of_coin("BTC", None, None, direction, 2)
        rest = await make().of_coin("BTC", None, None, direction, 9, first[-1].day)
        assert [item.day for item in (*first, *rest)] == order


async def test_an_amendment_replaces_the_revision_before_and_is_audited(
    make: MakeStore,
) -> None:
    await make().add([row(), row("ETH")])
    amended = row().amended(replace(PRICES, domestic_price=Decimal(5)), AT + 9)
    entries = [entry(), entry(field="global_price")]
    assert await make().amend(amended, entries)
    assert list(await make().of_day(DAY, 9)) == [amended, row("ETH")]
    assert list(await make().audit(DAY, "BTC")) == entries
    assert list(await make().audit(DAY, "ETH")) == []


async def test_a_revision_is_made_once(make: MakeStore) -> None:
    await make().add([row()])
    amended = row().amended(NOTHING, AT + 9)
    other = row().amended(replace(PRICES, fx_source="x"), AT + 9)
    results = await asyncio.gather(
        make().amend(amended, [entry()]), make().amend(other, [entry()])
    )
    assert sorted(results) == [False, True]
    assert not await make().amend(row("NONE").amended(NOTHING, AT), [entry()])
    assert len(await make().audit(DAY, "BTC")) == 1


async def test_an_amendment_that_is_not_whole_stays_unverified(
    make: MakeStore,
) -> None:
    await make().add([row()])
    amended = replace(row().amended(NOTHING, AT), verified_ms=None)
    assert await make().amend(amended, [])
    assert list(await make().unverified(DAY)) == [amended]


async def test_rows_stay_unverified_until_they_are_confirmed(make: MakeStore) -> None:
    await make().add([row("B", NEXT), row("C"), row("A"), row("V", verified_ms=AT)])
    assert list(await make().unverified(DAY)) == [row("A"), row("C"), row("B", NEXT)]
    assert list(await make().unverified(NEXT)) == [row("B", NEXT)]
    await make().confirm(DAY, ["A", "NONE"], AT + 3)
    assert list(await make().unverified(DAY)) == [row("C"), row("B", NEXT)]
    [found] = await make().of_day(DAY, 1)
    assert found == row("A", verified_ms=AT + 3)


async def test_the_days_and_who_has_a_row_are_told(make: MakeStore) -> None:
    later = DAY + timedelta(days=9)
    await make().add([row("A"), row("B"), row("A", NEXT), row("A", later)])
    assert await make().first_day() == DAY
    assert await make().last_day() == later
    stored = await make().stored(DAY, NEXT)
    assert {day: set(symbols) for day, symbols in stored.items()} == {
        DAY: {"A", "B"},
        NEXT: {"A"},
    }


async def test_a_lost_store_says_so_to_every_question(lost: SnapshotStore) -> None:
    questions = [
        lost.save_current([BTC]),
        lost.load_current(),
        lost.add([row()]),
        lost.amend(row().amended(NOTHING, AT), [entry()]),
        lost.confirm(DAY, ["BTC"], AT),
        lost.unverified(DAY),
        lost.first_day(),
        lost.last_day(),
        lost.stored(DAY, NEXT),
        lost.of_day(DAY, 1),
        lost.of_coin("BTC", None, None, Direction.ASC, 1),
        lost.audit(DAY, "BTC"),
    ]
    for question in questions:
        with pytest.raises(StoreUnavailable):
            await question
