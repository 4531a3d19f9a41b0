"""Minutes of the future go, with all that was derived from them, in both stores."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from domain.model.fx import PremiumBasis
from domain.model.interval import Interval

if TYPE_CHECKING:
    from tests.contract.bar.conftest import Bars, Sample

FAR_MS = 4 * 10**12
OFFICIAL = PremiumBasis.OFFICIAL_FX


async def test_minutes_of_the_future_are_dropped_of_every_coin_and_origin(
    bars: Bars, sample: Sample
) -> None:
    await bars.store.write_live([sample.bar(minute) for minute in (0, 10, 11)])
    await bars.store.write_live([sample.bar(50_000, symbol="ETH")])
    await bars.store.write_backfilled([sample.healed(1500)])
    assert await bars.store.drop_future(sample.at(10)) == 3
    assert await bars.store.drop_future(sample.at(10)) == 0
    assert await bars.store.last_minute_ms() == sample.at(10)
    assert await bars.store.drop_future(sample.at(10) - 1) == 1
    assert await bars.store.drop_future(-(10**18)) == 1
    assert await bars.store.drop_future(10**18) == 0
    assert await bars.store.last_minute_ms() is None


async def test_where_nothing_is_kept_nothing_is_of_the_future(bars: Bars) -> None:
    assert await bars.store.drop_future(0) == 0


async def test_a_true_minute_takes_the_place_of_one_of_the_future(
    bars: Bars, sample: Sample
) -> None:
    false = sample.bar(60, bases={OFFICIAL: sample.basis("9", samples=500)})
    await bars.store.write_live([false])
    await bars.store.drop_future(sample.at(0))
    assert await bars.store.write_live([sample.bar(60)]) == 1
    found = await bars.history.minutes_at(sample.at(61), 0, ["BTC"])
    assert found == [sample.bar(60)]


async def test_what_is_derived_from_minutes_of_the_future_is_derived_again(
    bars: Bars, sample: Sample
) -> None:
    # Of two days: one has true minutes as well, the other has none.
    await bars.store.write_live(
        [sample.bar(minute, "9") for minute in (1, 30, 70, 1500)]
    )
    await bars.derive(FAR_MS)
    assert await bars.store.drop_future(sample.at(1)) == 3
    for _ in range(2):
        for interval in (Interval.H1, Interval.H4, Interval.D1, Interval.W1):
            found = await bars.history.bars(sample.query(interval))
            assert [(bar.opened_ms, bar.minutes) for bar in found] == [
                (interval.opened_ms(sample.at(0)), 1)
            ]
        await bars.derive(FAR_MS)
    await bars.store.write_live([sample.bar(30, "4")])
    hours = await bars.history.bars(sample.query(Interval.H1))
    assert [(hour.minutes, hour.close) for hour in hours] == [(2, Decimal(4))]
