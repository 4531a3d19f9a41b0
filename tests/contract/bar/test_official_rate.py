"""The official rates of kept bars, in memory and in Postgres."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from domain.model.bar import Bar
from domain.model.fx import PremiumBasis
from domain.model.interval import Interval

if TYPE_CHECKING:
    from tests.contract.bar.conftest import Bars, Sample

FAR_MS = 4 * 10**12
OFFICIAL, USDT = PremiumBasis.OFFICIAL_FX, PremiumBasis.KRW_USDT


def hour(sample: Sample, number: int, rate: str, **others: str) -> Bar:
    bases = {OFFICIAL: sample.basis(fx_rate=Decimal(rate))}
    return sample.made(Interval.H1, number, bases=bases, **others)


async def test_larger_bars_from_candles_tell_their_official_rate(
    bars: Bars, sample: Sample
) -> None:
    both = {
        OFFICIAL: sample.basis(fx_rate=Decimal("1444.125")),
        USDT: sample.basis(fx_rate=Decimal(1500)),
    }
    await bars.store.write_backfilled(
        [
            sample.made(Interval.H1, 0, bases=both),
            hour(sample, 1, "1391.250"),
            sample.made(Interval.H1, 2, bases={USDT: sample.basis()}),
            hour(sample, 3, "1400"),
            hour(sample, 1, "1300", symbol="ETH"),
            sample.made(Interval.D1, 0),
        ]
    )
    span = (sample.at(0), sample.at(180))
    found = await bars.store.official_rates("BTC", Interval.H1, *span)
    assert found == {sample.at(0): Decimal("1444.125"), sample.at(60): 1391.25}
    days = await bars.store.official_rates("BTC", Interval.D1, *span)
    assert days == {sample.at(0): 1391.25}
    assert await bars.store.official_rates("XRP", Interval.H1, *span) == {}


async def test_minutes_tell_their_official_rate(bars: Bars, sample: Sample) -> None:
    live = {OFFICIAL: sample.basis(fx_rate=Decimal("1388.5"))}
    await bars.store.write_live([sample.bar(0, bases=live)])
    await bars.store.write_backfilled(
        [sample.healed(1), sample.healed(2, bases={USDT: sample.basis()})]
    )
    found = await bars.store.official_rates("BTC", Interval.M1, 0, 10**18)
    assert found == {sample.at(0): Decimal("1388.5"), sample.at(1): 1391.25}


async def test_a_derived_hour_tells_no_rate(bars: Bars, sample: Sample) -> None:
    await bars.store.write_live([sample.bar(minute) for minute in range(60)])
    await bars.derive(FAR_MS)
    assert await bars.store.official_rates("BTC", Interval.H1, 0, FAR_MS) == {}


async def test_holes_have_no_rate(bars: Bars, sample: Sample) -> None:
    await bars.store.write_holes([sample.hole(0, 3)])
    assert await bars.store.official_rates("BTC", Interval.M1, 0, FAR_MS) == {}
