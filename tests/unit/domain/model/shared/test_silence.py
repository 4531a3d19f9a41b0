"""What is said of a premium whose leader fell silent."""

from dataclasses import replace

import pytest

from domain.model.fx import PremiumBasis
from domain.model.market import Quality, Reason
from domain.model.premium import BasisPremium
from domain.model.quote import DAY_MS
from domain.model.silence import silenced, stale_rate
from tests.contract.bus.board import NOW_MS, RATE, premium_of

AGE_MS = 10 * DAY_MS


def test_a_live_number_stays_stale_with_its_last_live_instant() -> None:
    told = premium_of("BTC", 7, 7)
    live = replace(told.bases[0], quality=Quality.LIVE, reason=None)
    told = replace(told, bases=(live, *told.bases[1:]))
    said = silenced(told, NOW_MS + 5, NOW_MS + 9_000, AGE_MS)
    assert said.percent == told.percent
    assert (said.quality, said.reason) == (Quality.STALE, Reason.DOMESTIC_STALE)
    assert said.last_live_ms == NOW_MS + 5
    assert said.domestic is not None
    assert said.domestic.quality is Quality.STALE
    assert said.domestic.change_percent_since_utc_midnight is not None
    assert said.official.fx is not None
    assert said.official.fx.quality is Quality.STALE
    assert said.seq == 7


def test_one_that_was_stale_keeps_its_last_live_instant() -> None:
    told = premium_of("BTC", 7, 7)
    assert silenced(told, NOW_MS, NOW_MS, AGE_MS).last_live_ms == told.last_live_ms


def test_a_reason_for_no_number_stays_what_it_was() -> None:
    told = premium_of("BTC", 1, 1)
    said = silenced(told, NOW_MS, NOW_MS + 9_000, AGE_MS)
    assert said.bases[1] == told.bases[1]


def test_the_change_since_midnight_is_unknown_on_the_next_day() -> None:
    said = silenced(premium_of("BTC", 1, 1), NOW_MS, NOW_MS + DAY_MS, AGE_MS)
    assert said.domestic is not None
    assert said.domestic.change_percent_since_utc_midnight is None


def test_an_official_rate_beyond_its_age_is_none() -> None:
    said = silenced(premium_of("BTC", 1, 1), NOW_MS, NOW_MS + AGE_MS + 1, AGE_MS)
    official = said.official
    assert (official.quality, official.reason) == (
        Quality.UNAVAILABLE,
        Reason.FX_MISSING,
    )
    assert official.percent is official.fx is None


@pytest.mark.parametrize("base", ["USDT", "USDC"])
def test_a_stable_coin_is_a_price_and_has_no_such_age(base: str) -> None:
    rate = replace(RATE, base=base)
    assert stale_rate(rate, NOW_MS + 1) == replace(rate, quality=Quality.STALE)
    assert stale_rate(None, 0) is None
    told = premium_of("BTC", 1, 1)
    numbers = told.bases[0].numbers
    basis = BasisPremium(PremiumBasis.KRW_USDT, numbers, rate, Quality.LIVE, None)
    told = replace(told, bases=(told.bases[0], basis, told.bases[2]))
    said = silenced(told, NOW_MS, NOW_MS + AGE_MS + 1, AGE_MS)
    assert said.bases[1].percent == basis.percent
