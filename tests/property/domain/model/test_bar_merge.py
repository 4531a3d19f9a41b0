"""Merging bars: days made of hours equal days made of minutes."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from domain.model.bar import BarOrigin, PremiumBar
from domain.model.bar_merge import chosen, is_whole, merge, merged
from domain.model.fx import PremiumBasis
from domain.model.interval import Interval
from domain.model.market import Quality

START_MS = 1_735_689_600_000
MINUTE_MS = 60_000
LARGER = [interval for interval in Interval if interval.length_ms > MINUTE_MS]

percents = st.decimals(-99, 99, places=6)
prices = st.decimals(Decimal("0.000001"), 10**9, places=6)


@st.composite
def series(draw: st.DrawFn) -> list[PremiumBar]:
    """Some minutes of one coin, ascending, not all of them there."""
    places = draw(st.sets(st.integers(0, 500), min_size=1, max_size=40))
    return [
        PremiumBar(
            symbol="BTC",
            basis=PremiumBasis.KRW_USDT,
            interval=Interval.M1,
            opened_ms=START_MS + place * MINUTE_MS,
            open=draw(percents),
            high=draw(percents),
            low=draw(percents),
            close=draw(percents),
            domestic_close=draw(prices),
            global_close=draw(prices),
            fx_rate=draw(prices),
            samples=draw(st.integers(0, 9)),
            quality=draw(st.sampled_from(Quality)),
            origin=draw(st.sampled_from(BarOrigin)),
            minutes=1,
        )
        for place in sorted(places)
    ]


@given(minutes=series())
def test_larger_bars_may_be_made_in_steps(minutes: list[PremiumBar]) -> None:
    hours = merged(minutes, Interval.H1)
    for interval in (Interval.H4, Interval.D1):
        assert merged(hours, interval) == merged(minutes, interval)
    assert merged(merged(hours, Interval.D1), Interval.W1) == merged(
        minutes, Interval.W1
    )


@given(minutes=series(), interval=st.sampled_from(LARGER))
def test_a_larger_bar_holds_all_of_its_parts(
    minutes: list[PremiumBar], interval: Interval
) -> None:
    bars = merged(minutes, interval)
    assert sum(bar.minutes for bar in bars) == len(minutes)
    assert sum(bar.samples for bar in bars) == sum(bar.samples for bar in minutes)
    for bar in bars:
        parts = [
            part
            for part in minutes
            if bar.opened_ms <= part.opened_ms < bar.opened_ms + interval.length_ms
        ]
        first, last = parts[0], parts[-1]
        assert bar.interval is interval
        assert bar.opened_ms == interval.opened_ms(first.opened_ms)
        assert (bar.open, bar.close) == (first.open, last.close)
        assert (bar.domestic_close, bar.fx_rate) == (last.domestic_close, last.fx_rate)
        assert bar.high == max(part.high for part in parts)
        assert bar.low == min(part.low for part in parts)
        assert (bar.quality is Quality.LIVE) == all(
            part.quality is Quality.LIVE for part in parts
        )
        assert (bar.quality is Quality.UNAVAILABLE) == any(
            part.quality is Quality.UNAVAILABLE for part in parts
        )
        assert (bar.origin is BarOrigin.LIVE) == all(
            part.origin is BarOrigin.LIVE for part in parts
        )


@given(minutes=series(), interval=st.sampled_from(LARGER))
def test_the_direction_of_the_parts_is_that_of_the_bars(
    minutes: list[PremiumBar], interval: Interval
) -> None:
    assert merged(minutes[::-1], interval) == merged(minutes, interval)[::-1]


@given(minutes=series())
def test_what_minutes_cover_fully_is_chosen(minutes: list[PremiumBar]) -> None:
    made = merge(minutes, Interval.D1)
    assert chosen(None, None) is None
    for derived in merged(minutes, Interval.M3):
        assert chosen(derived, None) is derived
        assert chosen(None, made) is made
        assert (chosen(derived, made) is derived) == is_whole(derived)
