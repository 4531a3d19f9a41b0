"""What every `BarStore` does, in memory and in Postgres."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from domain.model.bar import Bar, BarOrigin, Gap, HoleReason
from domain.model.error import StoreUnavailable
from domain.model.fx import PremiumBasis
from domain.model.interval import Interval
from domain.model.market import Quality
from domain.ports.bar_store import DayCount

if TYPE_CHECKING:
    from tests.contract.bar.conftest import Bars, Make, Sample

DAY = date(2025, 1, 1)
HOUR_MS, DAY_MS = 3_600_000, 86_400_000
FAR_MS = 4 * 10**12
OFFICIAL, USDT = PremiumBasis.OFFICIAL_FX, PremiumBasis.KRW_USDT


async def kept(bars: Bars, at_ms: int) -> Bar | None:
    """The one minute of BTC that opened at an instant."""
    found = await bars.history.minutes_at(at_ms + 60_000, 0, ["BTC"])
    return found[0] if found else None


async def test_what_was_written_is_there_after_a_restart(
    make: Make, sample: Sample
) -> None:
    basis = sample.basis("-0.000001", samples=0, quality=Quality.STALE)
    whole = sample.bar(0, bases=dict.fromkeys(PremiumBasis, basis))
    assert await make().store.write_live([whole, sample.bar(1)]) == 2
    assert await kept(make(), sample.at(0)) == whole
    assert await kept(make(), sample.at(1)) == sample.bar(1)


async def test_digits_are_kept_as_they_are(bars: Bars, sample: Sample) -> None:
    price = Decimal("123456789012345678901234567890.000000000000000000100")
    await bars.store.write_live([sample.bar(0, domestic_close=price)])
    stored = await kept(bars, sample.at(0))
    assert stored is not None
    assert str(stored.domestic_close) == str(price)


async def test_writing_the_same_again_changes_nothing(
    bars: Bars, sample: Sample
) -> None:
    batch = [sample.bar(0), sample.bar(1)]
    assert await bars.store.write_live(batch) == 2
    assert await bars.store.write_live(batch) == 0
    made = [sample.made(Interval.H1, 0), sample.healed(2)]
    assert await bars.store.write_backfilled(made) == 2
    assert await bars.store.write_backfilled(made) == 0


async def test_nothing_to_write_is_nothing_written(bars: Bars) -> None:
    assert await bars.store.write_live([]) == 0
    assert await bars.store.write_backfilled([]) == 0
    await bars.store.write_holes([])
    assert await bars.store.last_minute_ms() is None


async def test_a_recorded_minute_takes_the_place_of_a_healed_one(
    bars: Bars, sample: Sample
) -> None:
    basis = sample.basis("7", samples=0)
    recorded = sample.bar(0, bases={OFFICIAL: basis})
    await bars.store.write_backfilled([sample.healed(0)])
    assert await bars.store.write_live([recorded]) == 1
    assert await bars.store.write_backfilled([sample.healed(0)]) == 0
    assert await kept(bars, sample.at(0)) == recorded


async def test_of_two_recorded_minutes_the_one_with_more_samples_stays(
    bars: Bars, sample: Sample
) -> None:
    def recorded(close: str, samples: int) -> Bar:
        return sample.bar(0, bases={OFFICIAL: sample.basis(close, samples=samples)})

    await bars.store.write_live([recorded("1", 5)])
    assert await bars.store.write_live([recorded("2", 4)]) == 0
    assert await kept(bars, sample.at(0)) == recorded("1", 5)
    assert await bars.store.write_live([recorded("3", 5)]) == 1
    assert await kept(bars, sample.at(0)) == recorded("3", 5)


async def test_only_minutes_are_recorded(bars: Bars, sample: Sample) -> None:
    with pytest.raises(ValueError, match="only minutes"):
        await bars.store.write_live([sample.made(Interval.H1, 0)])


async def test_a_healed_minute_gets_the_bases_it_lacked(
    bars: Bars, sample: Sample
) -> None:
    usdt = sample.basis("2")
    without_rate = sample.healed(
        0, bases={USDT: usdt}, fx_source=None, fx_as_of_ms=None
    )
    both = sample.healed(0, "4", bases={OFFICIAL: sample.basis("4"), USDT: usdt})
    other = sample.healed(0, bases={USDT: sample.basis("5")})
    assert await bars.store.write_backfilled([without_rate]) == 1
    assert await bars.store.write_backfilled([both]) == 1
    assert await bars.store.write_backfilled([other]) == 0
    assert await kept(bars, sample.at(0)) == both


async def test_larger_bars_from_candles_replace_earlier_ones(
    bars: Bars, sample: Sample
) -> None:
    first = sample.made(Interval.D1, 0, "1")
    assert await bars.store.write_backfilled([first]) == 1
    assert await bars.store.write_backfilled([sample.made(Interval.D1, 0, "2")]) == 1
    days = await bars.history.bars(sample.query(Interval.D1))
    assert [day.close for day in days] == [Decimal(2)]


async def test_a_time_beyond_calendars_keeps_no_other_bar_from_being_written(
    bars: Bars, sample: Sample, caplog: pytest.LogCaptureFixture
) -> None:
    beyond = [
        sample.bar(0, opened_ms=opened_ms)
        for opened_ms in (-60_000, 253_402_300_740_000, 10**18)
    ]
    with caplog.at_level(logging.WARNING):
        assert await bars.store.write_live([*beyond, sample.bar(0)]) == 1
        assert await bars.store.write_backfilled(beyond) == 0
    assert len(caplog.records) <= 1
    assert await bars.store.gaps(-(10**18), -1) == []
    assert await bars.store.settled("BTC", Interval.M1, 0, 10**18) == {sample.at(0)}


async def test_a_minute_goes_where_no_room_was_made(bars: Bars, sample: Sample) -> None:
    apart = [sample.bar(0), sample.bar(-200_000), sample.bar(200_000)]
    assert await bars.store.write_live(apart) == 3
    assert await bars.store.last_minute_ms() == sample.at(200_000)


async def test_room_is_made_once(make: Make, sample: Sample) -> None:
    for _ in range(2):
        await make().store.make_room(sample.at(0), sample.at(90_000))
    assert await make().store.write_live([sample.bar(0), sample.bar(50_000)]) == 2


async def test_settled_is_what_is_kept_with_the_official_rate_or_impossible(
    bars: Bars, sample: Sample
) -> None:
    usdt = {USDT: sample.basis()}
    await bars.store.write_live([sample.bar(0), sample.bar(1, bases=usdt)])
    await bars.store.write_backfilled([sample.healed(3), sample.made(Interval.H1, 0)])
    await bars.store.write_holes([sample.hole(5, 7)])
    span = (sample.at(0), sample.at(6))
    settled = await bars.store.settled("BTC", Interval.M1, *span)
    assert settled == {sample.at(minute) for minute in (0, 3, 5)}
    assert await bars.store.settled("BTC", Interval.H1, *span) == {sample.at(0)}
    assert await bars.store.settled("BTC", Interval.D1, *span) == frozenset()
    assert await bars.store.settled("ETH", Interval.M1, *span) == frozenset()


async def test_a_derived_hour_is_not_settled(bars: Bars, sample: Sample) -> None:
    await bars.store.write_live([sample.bar(minute) for minute in range(60)])
    await bars.derive(FAR_MS)
    span = (sample.at(0), sample.at(60))
    assert await bars.store.settled("BTC", Interval.H1, *span) == frozenset()


async def test_a_newer_word_about_a_hole_counts(bars: Bars, sample: Sample) -> None:
    await bars.store.write_holes([sample.hole(0, 10)])
    middle = sample.hole(4, 6, HoleReason.NO_RATE)
    await bars.store.write_holes([middle, sample.hole(10, 12)])
    span = ("BTC", Interval.M1, sample.at(0), sample.at(99))
    expected = [sample.hole(0, 4), middle, sample.hole(6, 12)]
    assert await bars.store.holes(*span) == expected
    await bars.store.write_holes([middle])
    assert await bars.store.holes(*span) == expected
    assert await bars.store.holes("BTC", Interval.M1, *span[2:3], sample.at(4)) == [
        sample.hole(0, 4)
    ]


async def test_an_impossible_span_beyond_calendars_is_left_out(
    bars: Bars, sample: Sample
) -> None:
    await bars.store.write_holes([sample.hole(5, 5), sample.hole(-(10**10), 0)])
    assert await bars.store.holes("BTC", Interval.M1, 0, FAR_MS) == []


async def test_a_hole_that_is_filled_is_closed(bars: Bars, sample: Sample) -> None:
    await bars.store.write_holes([sample.hole(0, 3)])
    await bars.store.write_holes([sample.hole(10, 12, HoleReason.NO_RATE)])
    usdt = {USDT: sample.basis()}
    await bars.store.write_backfilled(
        [sample.healed(1), sample.healed(10, bases=usdt), sample.healed(11)]
    )
    assert await bars.store.holes("BTC", Interval.M1, 0, FAR_MS) == [
        sample.hole(0, 1),
        sample.hole(2, 3),
        sample.hole(10, 11, HoleReason.NO_RATE),
    ]


async def test_gaps_lie_between_the_first_minute_and_the_end(
    bars: Bars, sample: Sample
) -> None:
    await bars.store.write_live([sample.bar(2), sample.bar(3), sample.bar(6)])
    await bars.store.write_live([sample.bar(4, symbol="ETH")])
    gaps = await bars.store.gaps(sample.at(0), sample.at(8))
    assert gaps == [
        Gap("BTC", sample.at(4), sample.at(6)),
        Gap("BTC", sample.at(7), sample.at(8)),
        Gap("ETH", sample.at(5), sample.at(8)),
    ]
    assert [gap.minutes for gap in gaps] == [2, 1, 3]
    assert await bars.store.gaps(sample.at(0), sample.at(8), ["ETH"]) == gaps[2:]
    assert await bars.store.gaps(sample.at(0), sample.at(8), []) == []


async def test_a_coin_with_an_earlier_minute_has_a_gap_from_the_beginning(
    bars: Bars, sample: Sample
) -> None:
    await bars.store.write_live([sample.bar(-50_000), sample.bar(3)])
    span = (sample.at(1) - 1, sample.at(5) - 59_999)
    assert await bars.store.gaps(*span) == [
        Gap("BTC", sample.at(1), sample.at(3)),
        Gap("BTC", sample.at(4), sample.at(5)),
    ]


async def test_an_impossible_minute_is_no_gap(bars: Bars, sample: Sample) -> None:
    await bars.store.write_live([sample.bar(0), sample.bar(9)])
    await bars.store.write_holes([sample.hole(0, 2), sample.hole(4, 5)])
    assert await bars.store.gaps(sample.at(0), sample.at(10)) == [
        Gap("BTC", sample.at(2), sample.at(4)),
        Gap("BTC", sample.at(5), sample.at(9)),
    ]


async def test_the_minutes_of_a_day_are_counted(bars: Bars, sample: Sample) -> None:
    stale = {OFFICIAL: sample.basis(), USDT: sample.basis(quality=Quality.STALE)}
    await bars.store.write_live([sample.bar(5), sample.bar(6, bases=stale)])
    await bars.store.write_backfilled([sample.healed(7)])
    await bars.store.write_live([sample.bar(1440, symbol="ETH")])
    # One hole lies over a minute that is kept, and over two days.
    await bars.store.write_holes(
        [sample.hole(7, 10), sample.hole(1438, 1441, symbol="XRP")]
    )
    first, last = sample.at(5), sample.at(7)
    counts = await bars.store.day_counts(date(2024, 12, 20), date(2025, 1, 9))
    second = date(2025, 1, 2)
    eth = sample.at(1440)
    assert counts == [
        DayCount("BTC", DAY, 2, 1, 2, 1, first, last),
        DayCount("ETH", second, 1, 0, 0, 0, eth, eth),
        DayCount("XRP", DAY, 0, 0, 2, 0, None, None),
        DayCount("XRP", second, 0, 0, 1, 0, None, None),
    ]
    assert await bars.store.day_counts(second, DAY) == []


async def test_what_ended_is_derived_once(bars: Bars, sample: Sample) -> None:
    await bars.store.write_live([sample.bar(0), sample.bar(0, symbol="ETH")])
    # The hour has not ended; then it has; then the day has.
    assert await bars.store.roll_up(sample.at(59), 10) == 0
    assert await bars.store.roll_up(sample.at(60), 10) == 2
    assert await bars.store.roll_up(sample.at(119), 10) == 0
    assert await bars.store.roll_up(sample.at(1440), 1) == 1
    assert await bars.store.roll_up(sample.at(1440), 1) == 1
    assert await bars.store.roll_up(sample.at(1440), 1) == 0
    assert await bars.store.roll_up(FAR_MS, 10) == 0


async def test_a_late_minute_is_derived_again(bars: Bars, sample: Sample) -> None:
    await bars.store.write_live([sample.bar(minute) for minute in (0, 70)])
    await bars.derive(FAR_MS)
    await bars.store.write_backfilled([sample.healed(30, "8")])
    assert await bars.store.roll_up(FAR_MS, 10) == 1
    hours = await bars.history.bars(sample.query(Interval.H1))
    assert [(hour.minutes, hour.close) for hour in hours] == [
        (2, Decimal(8)),
        (1, Decimal("3.25")),
    ]
    assert [hour.origin for hour in hours] == [BarOrigin.BACKFILLED, BarOrigin.LIVE]
    days = await bars.history.bars(sample.query(Interval.D1))
    assert [day.minutes for day in days] == [3]


async def test_months_are_dropped_when_all_of_them_is_derived(
    bars: Bars, sample: Sample
) -> None:
    await bars.store.write_live([sample.bar(minute) for minute in (0, 44_700)])
    february = int(datetime(2025, 2, 1, tzinfo=UTC).timestamp()) * 1000
    assert await bars.store.drop_minutes(february) == 0
    await bars.derive(FAR_MS)
    assert await bars.store.drop_minutes(february - 1) == 0
    assert await bars.store.drop_minutes(february) == 1
    assert await bars.store.drop_minutes(february) == 0
    assert await kept(bars, sample.at(0)) is None
    assert await bars.store.last_minute_ms() == sample.at(44_700)
    for interval in (Interval.H1, Interval.H4, Interval.D1, Interval.W1):
        found = await bars.history.bars(sample.query(interval))
        assert [bar.minutes for bar in found] == [1, 1]


async def test_a_minute_may_come_back_to_a_month_that_was_dropped(
    make: Make, sample: Sample
) -> None:
    writer, keeper = make(), make()
    await writer.store.write_live([sample.bar(0, "1"), sample.bar(100, "2")])
    await keeper.derive(FAR_MS)
    assert await keeper.store.drop_minutes(FAR_MS) == 1
    # The writer still believes that the month is there.
    assert await writer.store.write_backfilled([sample.healed(30, "3")]) == 1
    for _ in range(2):
        hours = await writer.history.bars(sample.query(Interval.H1))
        assert [hour.close for hour in hours] == [Decimal(3), Decimal(2)]
        days = await writer.history.bars(sample.query(Interval.D1))
        assert [(day.minutes, day.close) for day in days] == [(2, Decimal(2))]
        await keeper.derive(FAR_MS)


async def test_old_larger_bars_are_dropped(bars: Bars, sample: Sample) -> None:
    await bars.store.write_backfilled(
        [sample.made(Interval.H1, 0), sample.made(Interval.D1, 0)]
    )
    assert await bars.store.drop_bars(sample.at(59)) == 0
    assert await bars.store.drop_bars(sample.at(60)) == 1
    assert await bars.store.drop_bars(sample.at(1440)) == 1
    assert await bars.history.bars(sample.query(Interval.D1)) == []


async def test_what_is_derived_is_only_dropped_without_its_minutes(
    bars: Bars, sample: Sample
) -> None:
    await bars.store.write_live([sample.bar(0)])
    await bars.derive(FAR_MS)
    assert await bars.store.drop_bars(FAR_MS) == 0
    assert await bars.store.drop_minutes(FAR_MS) == 1
    assert await bars.store.drop_bars(sample.at(1439)) == 0
    assert await bars.store.drop_bars(sample.at(1440)) == 2
    assert await bars.history.bars(sample.query(Interval.H1)) == []


async def test_a_store_out_of_reach_says_so(lost: Bars, sample: Sample) -> None:
    store = lost.store
    asked: list[Callable[[], Awaitable[object]]] = [
        lambda: store.write_live([sample.bar(0)]),
        lambda: store.write_backfilled([sample.healed(0)]),
        lambda: store.write_holes([sample.hole(0, 1)]),
        lambda: store.settled("BTC", Interval.M1, 0, 1),
        lambda: store.official_rates("BTC", Interval.M1, 0, 1),
        lambda: store.holes("BTC", Interval.M1, 0, 1),
        lambda: store.gaps(0, FAR_MS),
        lambda: store.drop_future(0),
        lambda: store.day_counts(DAY, DAY),
        store.last_minute_ms,
        lambda: store.make_room(0, 1),
        lambda: store.roll_up(FAR_MS, 1),
        lambda: store.drop_minutes(FAR_MS),
        lambda: store.drop_bars(FAR_MS),
    ]
    for ask in asked:
        with pytest.raises(StoreUnavailable):
            await ask()
