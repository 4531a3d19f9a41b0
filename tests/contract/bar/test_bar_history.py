"""What every `BarHistory` does, in memory and in Postgres."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from domain.model.bar import BarOrigin, PremiumBar
from domain.model.error import StoreUnavailable
from domain.model.fx import PremiumBasis
from domain.model.interval import Interval
from domain.model.market import Quality
from domain.model.page import Direction
from domain.ports.bar_history import CloseStats

if TYPE_CHECKING:
    from tests.contract.bar.conftest import Bars, Sample

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
FAR_MS = 4 * 10**12
OFFICIAL, USDT = PremiumBasis.OFFICIAL_FX, PremiumBasis.KRW_USDT
NOTHING = CloseStats(0, None, None, None, None, 0, 0)


async def test_minutes_are_read_as_they_are_kept(bars: Bars, sample: Sample) -> None:
    both = {OFFICIAL: sample.basis("1"), USDT: sample.basis("2", samples=0)}
    await bars.store.write_live([sample.bar(0, bases=both), sample.bar(2)])
    query = sample.query(Interval.M1, basis=USDT)
    assert await bars.history.bars(query) == [
        PremiumBar(
            symbol="BTC",
            basis=USDT,
            interval=Interval.M1,
            opened_ms=sample.at(0),
            open=Decimal(1),
            high=Decimal(3),
            low=Decimal(0),
            close=Decimal(2),
            domestic_close=Decimal(158_219_000),
            global_close=Decimal("112345.67"),
            fx_rate=Decimal("1391.25"),
            samples=0,
            quality=Quality.LIVE,
            origin=BarOrigin.LIVE,
            minutes=1,
        )
    ]
    found = await bars.history.bars(sample.query(Interval.M1))
    assert [bar.opened_ms for bar in found] == [sample.at(0), sample.at(2)]


@pytest.mark.parametrize(
    ("direction", "after", "expected"),
    [
        (Direction.ASC, None, [1, 2]),
        (Direction.ASC, 2, [3, 4]),
        (Direction.ASC, 9, []),
        (Direction.DESC, None, [4, 3]),
        (Direction.DESC, 3, [2, 1]),
        (Direction.DESC, 0, []),
    ],
)
async def test_pages_follow_each_other_in_both_directions(
    bars: Bars,
    sample: Sample,
    direction: Direction,
    after: int | None,
    expected: list[int],
) -> None:
    await bars.store.write_live([sample.bar(minute) for minute in range(6)])
    found = await bars.history.bars(
        sample.query(
            Interval.M1,
            from_ms=sample.at(0) + 1,
            to_ms=sample.at(4) + 1,
            direction=direction,
            limit=2,
            after_ms=None if after is None else sample.at(after),
        )
    )
    assert [bar.opened_ms for bar in found] == [sample.at(at) for at in expected]


@pytest.mark.parametrize("interval", [Interval.M3, Interval.H1, Interval.D1])
async def test_a_larger_bar_is_derived_from_its_minutes(
    bars: Bars, sample: Sample, interval: Interval
) -> None:
    last = sample.basis("2", fx_rate=Decimal(1400), quality=Quality.STALE)
    await bars.store.write_live([sample.bar(0, "5"), sample.bar(1, "1")])
    await bars.store.write_backfilled(
        [sample.healed(2, bases={OFFICIAL: last}, global_close=Decimal(7))]
    )
    for _ in range(2):
        [bar] = await bars.history.bars(sample.query(interval))
        assert (bar.open, bar.high, bar.low, bar.close) == (4, 6, -1, 2)
        assert (bar.global_close, bar.fx_rate) == (7, 1400)
        assert (bar.samples, bar.minutes) == (9, 3)
        assert (bar.quality, bar.origin) == (Quality.STALE, BarOrigin.BACKFILLED)
        await bars.derive(FAR_MS)


async def test_a_candle_stands_in_where_minutes_do_not_cover_an_hour(
    bars: Bars, sample: Sample
) -> None:
    await bars.store.write_live([sample.bar(at) for at in range(60)])
    await bars.store.write_live([sample.bar(at) for at in range(61, 120)])
    await bars.store.write_live([sample.bar(130)])
    candles = [sample.made(Interval.H1, hour) for hour in (0, 1, 3)]
    await bars.store.write_backfilled(candles)
    for _ in range(2):
        hours = await bars.history.bars(sample.query(Interval.H1))
        assert [(hour.minutes, hour.close) for hour in hours] == [
            (60, Decimal("3.25")),
            (0, Decimal(9)),
            (1, Decimal("3.25")),
            (0, Decimal(9)),
        ]
        await bars.derive(FAR_MS)


async def test_four_hours_are_made_of_hours_as_they_are_read(
    bars: Bars, sample: Sample
) -> None:
    await bars.store.write_live([sample.bar(at, "1") for at in range(60)])
    await bars.store.write_backfilled(
        [sample.made(Interval.H1, hour) for hour in range(1, 8)]
    )
    four = await bars.history.bars(sample.query(Interval.H4))
    assert [(bar.minutes, bar.open, bar.close) for bar in four] == [
        (60, 0, 9),
        (0, 8, 9),
    ]
    await bars.store.write_backfilled([sample.made(Interval.H4, 0, "7")])
    four = await bars.history.bars(sample.query(Interval.H4))
    assert [bar.close for bar in four] == [7, 9]


async def test_a_week_is_made_of_days_and_begins_on_monday(
    bars: Bars, sample: Sample
) -> None:
    # The start is a Wednesday.
    await bars.store.write_backfilled(
        [sample.made(Interval.D1, day, str(day)) for day in range(7)]
    )
    weeks = await bars.history.bars(sample.query(Interval.W1))
    monday_ms = sample.at(0) - 2 * DAY_MS
    assert [week.opened_ms for week in weeks] == [monday_ms, monday_ms + 7 * DAY_MS]
    assert [week.close for week in weeks] == [4, 6]
    newest = sample.query(Interval.W1, direction=Direction.DESC, limit=1)
    assert await bars.history.bars(newest) == weeks[1:]


async def test_bars_that_open_before_the_span_are_left_out(
    bars: Bars, sample: Sample
) -> None:
    await bars.store.write_live([sample.bar(at) for at in range(0, 180, 10)])
    query = sample.query(Interval.H1, from_ms=sample.at(1), to_ms=sample.at(61))
    found = await bars.history.bars(query)
    assert [(bar.opened_ms, bar.minutes) for bar in found] == [(sample.at(60), 6)]


async def test_nothing_is_shorter_than_a_minute(bars: Bars, sample: Sample) -> None:
    await bars.store.write_live([sample.bar(0)])
    assert await bars.history.bars(sample.query(Interval.S1)) == []
    assert await bars.history.bars(sample.query(Interval.M1, limit=0)) == []
    assert await bars.history.bars(sample.query(Interval.M1, symbol="ETH")) == []


async def test_the_board_of_an_instant_is_of_minutes_that_had_ended(
    bars: Bars, sample: Sample
) -> None:
    eth = sample.bar(0, symbol="ETH")
    await bars.store.write_live([sample.bar(0), sample.bar(1), sample.bar(2), eth])
    found = await bars.history.minutes_at(
        sample.at(3) - 1, 60_000, ["ETH", "BTC", "XRP", "BTC"]
    )
    assert found == [sample.bar(1)]
    found = await bars.history.minutes_at(sample.at(3) - 1, 120_000, ["ETH", "BTC"])
    assert found == [sample.bar(1), eth]
    assert await bars.history.minutes_at(sample.at(3), 120_000, []) == []
    assert await bars.history.minutes_at(0, 120_000, ["BTC"]) == []
    assert await bars.history.minutes_at(10**18, 120_000, ["BTC"]) == []


async def test_closes_of_every_coin_are_told_in_order(
    bars: Bars, sample: Sample
) -> None:
    coins = [f"C{number:02}" for number in range(23)]
    await bars.store.write_live(
        [
            sample.bar(minute, str(minute), symbol=symbol)
            for symbol in coins
            for minute in (2, 0, 1)
        ]
    )
    await bars.store.write_live([sample.bar(0, bases={USDT: sample.basis()})])
    found = await bars.history.closes(sample.at(1), sample.at(3), OFFICIAL)
    expected = [(sample.at(1), Decimal(1)), (sample.at(2), Decimal(2))]
    assert found == dict.fromkeys(coins, expected)
    assert await bars.history.closes(sample.at(5), sample.at(9), OFFICIAL) == {}


async def test_statistics_are_exact(bars: Bars, sample: Sample) -> None:
    await bars.store.write_live(
        [sample.bar(at, close) for at, close in enumerate(("1", "2", "4", "4", "9"))]
    )
    values = {"BTC": Decimal(4), "ETH": Decimal(1)}
    asked = (OFFICIAL, sample.at(0), sample.at(4), Interval.M1)
    assert await bars.history.stats(values, *asked) == {
        # Sum 11, squares 37: the deviation is the root of 27 over 4.
        "BTC": CloseStats(
            4, Decimal("2.75"), Decimal("1.299038"), Decimal(1), Decimal(4), 2, 2
        ),
        "ETH": NOTHING,
    }
    assert await bars.history.stats({}, *asked) == {}


async def test_statistics_of_hours_are_of_hours_as_they_are_read(
    bars: Bars, sample: Sample
) -> None:
    await bars.store.write_live([sample.bar(at, "1") for at in range(60)])
    await bars.store.write_live([sample.bar(at, "2") for at in range(60, 70)])
    await bars.store.write_live([sample.bar(at, "6") for at in range(120, 130)])
    await bars.store.write_backfilled(
        [sample.made(Interval.H1, hour, "3") for hour in (0, 1, 3)]
    )
    asked = (OFFICIAL, sample.at(0), sample.at(1440), Interval.H1)
    for _ in range(2):
        told = await bars.history.stats({"BTC": Decimal(3)}, *asked)
        # 1 and 6 from minutes, twice 3 from candles.
        assert (told["BTC"].samples, told["BTC"].mean) == (4, Decimal("3.25"))
        assert (told["BTC"].below, told["BTC"].equal) == (1, 2)
        await bars.derive(FAR_MS)


async def test_statistics_are_of_minutes_or_hours(bars: Bars, sample: Sample) -> None:
    with pytest.raises(ValueError, match="D1"):
        await bars.history.stats({}, OFFICIAL, 0, FAR_MS, Interval.D1)


async def test_a_history_out_of_reach_says_so(lost: Bars, sample: Sample) -> None:
    history = lost.history
    asked: list[Callable[[], Awaitable[object]]] = [
        lambda: history.bars(sample.query(Interval.M1)),
        lambda: history.minutes_at(FAR_MS, 60_000, ["BTC"]),
        lambda: history.closes(0, FAR_MS, OFFICIAL),
        lambda: history.stats({"BTC": Decimal(1)}, OFFICIAL, 0, 1, Interval.M1),
    ]
    for ask in asked:
        with pytest.raises(StoreUnavailable):
            await ask()
