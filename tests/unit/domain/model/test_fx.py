"""Rates: the chain, its bounds and ages."""

from decimal import Decimal

import pytest

from domain.model.fx import (
    DEFAULT_MAX_AGE_S,
    HOUR_MS,
    MAX_INSTANT_MS,
    FxChain,
    FxQuote,
    FxRate,
    FxSourcePlan,
    RateRefused,
)
from domain.model.market import Quality

NOW_MS = 1_781_924_400_000
NOW_S = 5_000.0
LIVE, STALE = Quality.LIVE, Quality.STALE


def quote(source: str, rate: str = "1300", age_ms: int = 0) -> FxQuote:
    """Return a source's words of some age."""
    return FxQuote(source, Decimal(rate), NOW_MS - age_ms)


@pytest.fixture
def chain() -> FxChain:
    """Three sources in order: every minute, every hour, every hour."""
    return FxChain(
        [
            FxSourcePlan("dunamu", 60.0),
            FxSourcePlan("frankfurter", 3600.0),
            FxSourcePlan("open_er_api", 3600.0),
        ]
    )


def used(chain: FxChain, now_s: float = NOW_S, now_ms: int = NOW_MS) -> FxRate:
    """Return the rate in use; there is one."""
    rate = chain.used(now_ms, now_s)
    assert rate is not None
    return rate


def test_without_any_rate_there_is_none_and_no_constant_stands_in(
    chain: FxChain,
) -> None:
    assert chain.used(NOW_MS, NOW_S) is None
    assert chain.rates(NOW_MS, NOW_S) == []


def test_used_is_the_first_live_source_in_configured_order(chain: FxChain) -> None:
    chain.answer(quote("open_er_api", "1303"), NOW_S)
    chain.answer(quote("frankfurter", "1302"), NOW_S)
    assert used(chain).source == "frankfurter"
    chain.answer(quote("dunamu", "1301"), NOW_S)
    rate = used(chain)
    assert (rate.source, rate.rate, rate.quality) == ("dunamu", Decimal(1301), LIVE)
    assert (rate.base, rate.quote, rate.as_of_ms) == ("USD", "KRW", NOW_MS)


def test_a_live_source_later_in_the_order_goes_before_a_stale_one(
    chain: FxChain,
) -> None:
    chain.answer(quote("dunamu"), NOW_S - 181)
    chain.answer(quote("open_er_api"), NOW_S)
    rates = chain.rates(NOW_MS, NOW_S)
    assert [(r.source, r.quality) for r in rates] == [
        ("open_er_api", LIVE),
        ("dunamu", STALE),
    ]


def test_without_a_live_source_the_first_stale_one_is_used(chain: FxChain) -> None:
    chain.restore(quote("open_er_api"))
    chain.restore(quote("frankfurter"))
    assert (used(chain).source, used(chain).quality) == ("frankfurter", STALE)


@pytest.mark.parametrize(
    ("source", "interval_s"), [("dunamu", 60), ("open_er_api", 3600)]
)
def test_a_source_is_live_for_three_poll_intervals_after_its_answer(
    chain: FxChain, source: str, interval_s: int
) -> None:
    chain.answer(quote(source), NOW_S)
    assert used(chain, NOW_S + 3 * interval_s).quality is LIVE
    assert used(chain, NOW_S + 3 * interval_s + 1).quality is STALE


def test_a_rate_of_more_than_120_hours_is_stale_though_its_source_answers(
    chain: FxChain,
) -> None:
    chain.answer(quote("dunamu", age_ms=120 * HOUR_MS), NOW_S)
    assert used(chain).quality is LIVE
    assert used(chain, now_ms=NOW_MS + 1).quality is STALE


def test_a_rate_past_its_maximum_age_is_none(chain: FxChain) -> None:
    limit_ms = int(DEFAULT_MAX_AGE_S * 1000)
    chain.answer(quote("dunamu", age_ms=limit_ms), NOW_S)
    assert used(chain).quality is STALE
    assert chain.used(NOW_MS + 1, NOW_S) is None


def test_the_maximum_age_is_a_setting() -> None:
    chain = FxChain([FxSourcePlan("dunamu", 60.0)], max_age_s=60.0)
    chain.answer(quote("dunamu", age_ms=60_001), NOW_S)
    assert chain.used(NOW_MS, NOW_S) is None


@pytest.mark.parametrize("rate", ["499.999999", "3000.000001", "0", "-1300"])
def test_a_rate_outside_500_to_3000_is_refused_and_changes_nothing(
    chain: FxChain, rate: str
) -> None:
    chain.answer(quote("dunamu", "1300"), NOW_S - 100)
    with pytest.raises(RateRefused, match="500 to 3000"):
        chain.answer(quote("dunamu", rate), NOW_S)
    assert used(chain).rate == 1300
    assert used(chain, NOW_S + 81).quality is STALE


@pytest.mark.parametrize("rate", ["500", "3000"])
def test_the_bounds_themselves_are_accepted(chain: FxChain, rate: str) -> None:
    chain.answer(quote("dunamu", rate), NOW_S)
    assert used(chain).rate == Decimal(rate)


def test_a_stored_rate_outside_the_bounds_is_refused_too(chain: FxChain) -> None:
    chain.restore(quote("dunamu", "1"))
    assert chain.used(NOW_MS, NOW_S) is None


def test_a_future_as_of_counts_as_age_zero(chain: FxChain) -> None:
    chain.answer(quote("frankfurter", age_ms=-3 * HOUR_MS), NOW_S)
    assert used(chain).quality is LIVE
    assert used(chain).age_ms(NOW_MS) == 0


def test_an_age_is_told_in_ms(chain: FxChain) -> None:
    chain.answer(quote("dunamu", age_ms=1500), NOW_S)
    assert used(chain).age_ms(NOW_MS) == 1500


def test_a_source_s_newest_words_count_also_after_an_instant_in_the_future(
    chain: FxChain,
) -> None:
    chain.answer(quote("dunamu", "1300", age_ms=-86_400_000), NOW_S - 300)
    chain.answer(quote("dunamu", "1200", age_ms=1), NOW_S)
    assert (used(chain).rate, used(chain).quality) == (Decimal(1200), LIVE)


def test_an_answer_of_the_same_instant_corrects_the_rate(chain: FxChain) -> None:
    chain.answer(quote("dunamu", "1300"), NOW_S)
    chain.answer(quote("dunamu", "1301"), NOW_S)
    assert used(chain).rate == 1301


def test_a_source_that_is_not_configured_is_a_mistake_of_the_caller(
    chain: FxChain,
) -> None:
    with pytest.raises(KeyError):
        chain.answer(quote("naver"), NOW_S)


def test_a_restored_rate_is_stale_until_its_source_answers(chain: FxChain) -> None:
    chain.restore(quote("dunamu"))
    assert used(chain).quality is STALE
    chain.answer(quote("dunamu"), NOW_S)
    assert used(chain).quality is LIVE


def test_a_restored_rate_never_replaces_a_fresh_one_nor_revives_a_dropped_source(
    chain: FxChain,
) -> None:
    chain.answer(quote("dunamu", "1300"), NOW_S)
    chain.restore(quote("dunamu", "1200"))
    chain.restore(quote("naver", "1200"))
    assert [rate.rate for rate in chain.rates(NOW_MS, NOW_S)] == [Decimal(1300)]


def test_the_words_of_every_source_are_given_out_for_keeping(chain: FxChain) -> None:
    words = [quote("dunamu"), quote("open_er_api", "1302")]
    for word in words:
        chain.answer(word, NOW_S)
    assert chain.quotes() == words


@pytest.mark.parametrize("as_of_ms", [0, -1, MAX_INSTANT_MS + 1])
def test_a_rate_of_an_instant_beyond_every_calendar_is_refused(
    chain: FxChain, as_of_ms: int
) -> None:
    with pytest.raises(RateRefused, match="9999"):
        chain.answer(FxQuote("dunamu", Decimal(1300), as_of_ms), NOW_S)
    assert chain.used(NOW_MS, NOW_S) is None
