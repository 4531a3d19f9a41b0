"""A file of rates makes hours and days anew that were made with other ones."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.memory.bar_store import MemoryBarStore
from adapters.memory.clock import FakeClock
from adapters.memory.store import MemoryStore
from domain.model.backfill_plan import BackfillSpan
from domain.model.bar import HoleReason
from domain.model.daily_rate import DailyRate, RateCalendar
from domain.model.identity import IdentityRow, IdentityTable
from domain.model.interval import Interval
from domain.model.market import Exchange
from domain.model.snapshot import opens_ms
from tests.unit.domain.services.backfill.conftest import (
    SPAN,
    Bench,
    FakeFiller,
    coin_of,
)

BTC, USDT = coin_of("BTC"), coin_of("USDT", paired=False)
FIRST = SPAN.from_day
DAY_MS = 86_400_000


def file(rates: Mapping[date, int | str]) -> RateCalendar:
    return RateCalendar(
        [DailyRate(day, Decimal(rate), "csv") for day, rate in rates.items()]
    )


def november(day: int) -> date:
    return date(2025, 11, day)


async def kept(bench: Bench, span: BackfillSpan = SPAN) -> dict[int, Decimal]:
    """Return the rates of BTC by the opening's place in the span."""
    place = ("BTC", span.interval, span.from_ms, span.to_ms)
    found = await bench.store.official_rates(*place)
    length_ms = span.interval.length_ms
    return {(at - span.from_ms) // length_ms: rate for at, rate in found.items()}


async def test_a_day_kept_with_another_rate_is_made_anew_and_no_other(
    bench: Bench,
) -> None:
    await bench.service().run([BTC], SPAN)
    rates = file({FIRST: 1300, november(4): "1444.5", november(5): "1300.00"})
    tally = await bench.given(rates).run([BTC], SPAN)
    assert (tally.written, tally.renewed, tally.kept) == (1, 1, 8)
    assert (tally.changed, tally.other_minutes) == (0, 0)
    assert tally.is_complete
    at_ms = opens_ms(november(4))
    assert bench.filler.asked()[1:] == [("BTC", at_ms, at_ms + DAY_MS)]
    expected = dict.fromkeys(range(9), Decimal(1300))
    assert await kept(bench) == {**expected, 3: Decimal("1444.5")}


async def test_the_same_file_again_asks_for_nothing(bench: Bench) -> None:
    await bench.service().run([BTC], SPAN)
    rates = file({FIRST: 1444})
    tally = await bench.given(rates).run([BTC], SPAN)
    assert (tally.written, tally.renewed, tally.kept) == (9, 9, 0)
    tally = await bench.given(rates).run([BTC], SPAN)
    assert (tally.written, tally.renewed, tally.kept) == (0, 0, 9)
    assert tally.pieces_worked == 0
    assert len(bench.filler.tasks) == 2


async def test_without_a_file_other_rates_stay(bench: Bench) -> None:
    await bench.service().run([BTC], SPAN)
    bench.filler.rates = file({FIRST: 1444})
    tally = await bench.service().run([BTC], SPAN)
    assert (tally.written, tally.kept) == (0, 9)
    assert set((await kept(bench)).values()) == {Decimal(1300)}


async def test_hours_have_the_rate_of_their_day(bench: Bench) -> None:
    span = BackfillSpan(Interval.H1, FIRST, november(2))
    await bench.service().run([BTC], span)
    rates = file({FIRST: 1300, november(2): 1444})
    tally = await bench.given(rates).run([BTC], span)
    assert (tally.written, tally.renewed, tally.kept) == (24, 24, 24)
    found = await kept(bench, span)
    assert (found[23], found[24]) == (Decimal(1300), Decimal(1444))


async def test_where_the_file_has_no_rate_that_early_bars_stay(bench: Bench) -> None:
    await bench.service().run([BTC], SPAN)
    tally = await bench.given(file({november(8): 1444})).run([BTC], SPAN)
    assert (tally.written, tally.kept, tally.impossible_count) == (2, 7, 0)
    assert (await kept(bench))[6] == 1300


async def test_what_is_missing_is_made_with_what_has_another_rate(
    bench: Bench,
) -> None:
    half = BackfillSpan(Interval.D1, FIRST, november(4))
    await bench.service().run([BTC], half)
    tally = await bench.given(file({FIRST: 1444})).run([BTC], SPAN)
    assert (tally.written, tally.renewed, tally.kept) == (9, 4, 0)


async def test_a_bar_that_cannot_be_read_anew_is_missing_until_it_can(
    bench: Bench,
) -> None:
    await bench.service().run([BTC], SPAN)
    rates = file({FIRST: 1444})
    bench.filler.unusable = 2
    tally = await bench.given(rates).run([BTC], SPAN)
    assert (tally.written, tally.kept, tally.missing) == (7, 0, {"BTC": 2})
    bench.filler.unusable = 0
    tally = await bench.given(rates).run([BTC], SPAN)
    assert (tally.written, tally.renewed, tally.kept) == (2, 2, 7)
    assert tally.is_complete


async def test_a_bar_whose_candle_is_gone_is_impossible_and_asked_for_once(
    bench: Bench,
) -> None:
    await bench.service().run([BTC], SPAN)
    bench.filler.no_candle = {("BTC", SPAN.from_ms)}
    rates = file({FIRST: 1444})
    for _ in range(2):
        tally = await bench.given(rates).run([BTC], SPAN)
        assert list(tally.impossible) == [HoleReason.NO_DOMESTIC_CANDLE]
        assert tally.is_complete
    assert len(bench.filler.tasks) == 2


async def test_a_hole_beside_bars_of_another_rate_alone_is_not_asked_for_again(
    bench: Bench,
) -> None:
    bench.filler.no_candle = {("BTC", SPAN.from_ms)}
    await bench.service().run([BTC], SPAN)
    tally = await bench.given(file({FIRST: 1444})).run([BTC], SPAN)
    assert (tally.written, tally.impossible_count) == (8, 1)
    assert bench.filler.asked()[1:] == [("BTC", SPAN.from_ms + DAY_MS, SPAN.to_ms)]


async def test_days_on_which_the_ticker_meant_another_coin_stay_holes(
    bench: Bench,
) -> None:
    changed = datetime.fromtimestamp(opens_ms(november(5)) / 1000, UTC)
    rows = [IdentityRow(Exchange.UPBIT, "BTC", "OTHER", valid_until=changed)]
    bench.identity = IdentityTable(rows)
    await bench.service().run([BTC], SPAN)
    tally = await bench.given(file({FIRST: 1444})).run([BTC], SPAN)
    assert (tally.written, tally.renewed, tally.impossible_count) == (5, 5, 4)
    assert bench.filler.asked()[1:] == [("BTC", opens_ms(november(5)), SPAN.to_ms)]


async def test_redo_tells_new_rates_and_other_changes_apart(bench: Bench) -> None:
    await bench.service().run([BTC], SPAN)
    bench.filler.percent = 2
    service = bench.given(file({FIRST: 1300, november(8): 1444}))
    tally = await service.run([BTC], SPAN, redo=True)
    assert (tally.written, tally.renewed) == (2, 2)
    assert (tally.kept, tally.changed) == (7, 7)


async def test_where_nothing_is_kept_nothing_is_compared(bench: Bench) -> None:
    tally = await bench.given(file({FIRST: 1444})).run([USDT], SPAN)
    assert (tally.impossible_count, tally.renewed) == (9, 0)


async def test_minutes_with_another_rate_stay_and_are_counted(bench: Bench) -> None:
    span = BackfillSpan(Interval.M1, FIRST, FIRST)
    await bench.service().run([BTC], span)
    tally = await bench.given(file({FIRST: 1444})).run([BTC], span)
    assert (tally.written, tally.kept, tally.renewed) == (0, 1440, 0)
    assert tally.other_minutes == 1440
    assert tally.is_complete
    assert tally.pieces_worked == 0
    assert set((await kept(bench, span)).values()) == {Decimal(1300)}


async def test_a_minute_may_have_the_rate_of_the_day_that_it_was_carried_from(
    bench: Bench,
) -> None:
    span = BackfillSpan(Interval.M1, november(2), november(2))
    await bench.service().run([BTC], span)
    tally = await bench.given(file({FIRST: 1300, november(2): 1444})).run([BTC], span)
    assert (tally.kept, tally.other_minutes) == (1440, 0)
    tally = await bench.given(file({FIRST: 1301, november(2): 1444})).run([BTC], span)
    assert tally.other_minutes == 1440


async def test_a_database_that_is_away_is_a_failure(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bench.service().run([BTC], SPAN)
    asked = []

    async def away(*place: object) -> dict[int, Decimal]:
        asked.append(place)
        bench.kept.down = "away"
        bench.kept.reach()
        return {}

    monkeypatch.setattr(bench.store, "official_rates", away)
    service = bench.given(file({FIRST: 1444}))
    running = asyncio.create_task(service.run([BTC], SPAN))
    await bench.clock.until_sleeping()
    assert list(service.tally.reasons) == ["database: away"]
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


rates = st.dictionaries(
    st.integers(-1, 8).map(lambda n: FIRST + timedelta(days=n)),
    st.sampled_from([1300, 1301, 1444]),
    max_size=5,
)


@settings(max_examples=60)
@given(before=rates, after=rates)
def test_after_a_run_with_a_file_every_bar_has_its_rate_where_it_has_one(
    before: Mapping[date, int], after: Mapping[date, int]
) -> None:
    async def check() -> None:
        kept_store = MemoryStore()
        store = MemoryBarStore(kept_store)
        bench = Bench(FakeClock(), kept_store, store, FakeFiller(store))
        bench.filler.rates = file(before)
        await bench.service().run([BTC], SPAN)
        first = await kept(bench)
        calendar = file(after)
        tally = await bench.given(calendar).run([BTC], SPAN)
        assert tally.is_complete
        for place, rate in (await kept(bench)).items():
            told = calendar.on(FIRST + timedelta(days=place))
            assert rate == (first[place] if told is None else told.rate)
        asked = len(bench.filler.tasks)
        again = await bench.given(calendar).run([BTC], SPAN)
        assert (again.written, again.renewed) == (0, 0)
        # What has no rate yet is looked at again.
        assert again.impossible_count or len(bench.filler.tasks) == asked

    asyncio.run(check())
