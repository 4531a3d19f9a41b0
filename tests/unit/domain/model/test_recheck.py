"""Kept minutes held to the candles."""

from dataclasses import replace
from decimal import Decimal

import pytest

from domain.model.bar import Bar, BarOrigin, BasisBar, PremiumBar
from domain.model.fx import PremiumBasis
from domain.model.interval import Interval
from domain.model.market import Quality
from domain.model.premium import compute
from domain.model.recheck import LIVE_TOLERANCE, MinuteRecheck, recheck_minutes

OFFICIAL, USDT = PremiumBasis.OFFICIAL_FX, PremiumBasis.KRW_USDT
KRW, DOLLARS = Decimal(52_520_000), Decimal(40_000)
RATES = {OFFICIAL: Decimal(1_300), USDT: Decimal(1_310)}


def kept(
    basis: PremiumBasis = OFFICIAL,
    *,
    origin: BarOrigin = BarOrigin.BACKFILLED,
    krw: Decimal = KRW,
    rate: Decimal | None = None,
    quality: Quality = Quality.LIVE,
    samples: int = 1,
    opened_ms: int = 0,
) -> PremiumBar:
    fx_rate = RATES[basis] if rate is None else rate
    close = compute(krw, DOLLARS, fx_rate).percent
    return PremiumBar(
        symbol="BTC",
        basis=basis,
        interval=Interval.M1,
        opened_ms=opened_ms,
        open=close,
        high=close,
        low=close,
        close=close,
        domestic_close=krw,
        global_close=DOLLARS,
        fx_rate=fx_rate,
        samples=samples,
        quality=quality,
        origin=origin,
        minutes=1,
    )


def made(*bases: PremiumBasis, krw: Decimal = KRW) -> Bar:
    told = {}
    for basis in bases or (OFFICIAL, USDT):
        close = compute(krw, DOLLARS, RATES[basis]).percent
        told[basis] = BasisBar(
            close, close, close, close, RATES[basis], 1, Quality.LIVE
        )
    return Bar(
        "BTC", Interval.M1, 0, krw, DOLLARS, told, BarOrigin.BACKFILLED, "frankfurter"
    )


def live(krw: Decimal = KRW, quality: Quality = Quality.LIVE) -> PremiumBar:
    return kept(origin=BarOrigin.LIVE, krw=krw, quality=quality)


def faults(result: MinuteRecheck) -> list[str]:
    return [fault.what for fault in result.faults]


def test_a_backfilled_minute_that_comes_out_the_same_is_right() -> None:
    result = recheck_minutes([kept(), kept(USDT)], [made()])
    assert (result.backfilled, result.rates, faults(result)) == (1, 0, [])


def test_another_close_of_a_leg_is_a_fault() -> None:
    result = recheck_minutes([kept(krw=KRW + 1)], [made()])
    assert faults(result) == ["closes 52520001/40000, candles 52520000/40000"]


def test_another_official_rate_is_counted_and_no_fault() -> None:
    result = recheck_minutes([kept(rate=Decimal(1_301))], [made()])
    assert (result.rates, faults(result)) == (1, [])


def test_another_stablecoin_rate_is_a_fault() -> None:
    result = recheck_minutes([kept(USDT, rate=Decimal(1_311))], [made()])
    assert faults(result) == ["KRW_USDT rate 1311, candles 1310"]


def test_a_percent_that_does_not_follow_from_its_closes_is_a_fault() -> None:
    wrong = replace(kept(), close=Decimal("7.25"))
    assert faults(recheck_minutes([wrong], [made()])) == [
        "OFFICIAL_FX 7.25 %, by its closes and rate 1 %"
    ]


@pytest.mark.parametrize(("samples", "count"), [(1, 1), (0, 0)])
def test_a_basis_without_a_rate_now_is_a_fault_unless_it_was_carried(
    samples: int, count: int
) -> None:
    result = recheck_minutes([kept(), kept(USDT, samples=samples)], [made(OFFICIAL)])
    assert len(result.faults) == count


def test_a_backfilled_minute_without_candles_now_is_a_fault() -> None:
    result = recheck_minutes([kept(opened_ms=60_000)], [made()])
    assert faults(result) == ["kept, but not in the candles now"]
    assert result.faults[0].opened_ms == 60_000


def test_the_distance_of_live_closes_is_measured() -> None:
    near = replace(live(KRW * Decimal("1.002")), opened_ms=60_000)
    candles = [made(), replace(made(), opened_ms=60_000)]
    result = recheck_minutes([live(), near], candles)
    assert (result.live, result.live_equal, faults(result)) == (2, 1, [])
    assert result.median_distance == Decimal("0.1")
    assert result.max_distance == Decimal("0.2")


def test_a_live_close_beyond_the_tolerance_is_a_fault() -> None:
    far = live(KRW * (1 + (LIVE_TOLERANCE + Decimal("0.001")) / 100))
    result = recheck_minutes([far], [made()])
    assert len(result.faults) == 1
    assert result.faults[0].what.startswith("live closes 53045725.2/40000")


def test_live_minutes_that_stood_on_a_stale_leg_are_not_compared() -> None:
    stale = live(KRW * 2, Quality.STALE)
    result = recheck_minutes([stale, replace(live(), opened_ms=60_000)], [made()])
    assert (result.live, result.unproven, faults(result)) == (0, 2, [])


def test_results_add_up() -> None:
    result = MinuteRecheck()
    assert (result.median_distance, result.max_distance) == (0, 0)
    result.add(recheck_minutes([live(KRW * 2)], [made()]))
    result.add(recheck_minutes([kept(krw=KRW * 2)], [made()]))
    assert (result.live, result.backfilled, len(result.faults)) == (1, 1, 2)
