"""The premium: three bases, their quality, and one reason for each."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from domain.model.coin import Coin
from domain.model.fx import FxRate, PremiumBasis
from domain.model.market import Exchange, Quality, Reason
from domain.model.premium import (
    BasisPremium,
    Legs,
    Numbers,
    Premium,
    compute,
    evaluate,
    evaluate_basis,
    guard_percent,
)
from domain.model.quote import Quote
from tests.unit.domain.model.conftest import Make

OFFICIAL, USDT, USDC = PremiumBasis
LIVE, STALE, UNAVAILABLE = Quality
KEPT = Numbers(Decimal("1.5"), Decimal(100))


@pytest.fixture
def legs(make: Make) -> Legs:
    """Both sides LIVE at a premium of zero on 1300 won."""
    return Legs(make.quote("KRW-BTC", "52000000"), make.quote("BTCUSDT", "40000"), True)


def stale(quote: Quote | None) -> Quote:
    """Return the quote, no longer live."""
    assert quote is not None
    return replace(quote, quality=STALE)


def test_the_premium_is_won_over_dollars_in_won_and_its_difference_is_exact() -> None:
    krw, usdt, fx = Decimal(51_000_000), Decimal("40000.1"), Decimal("1300.01")
    found = compute(krw, usdt, fx)
    assert found.absolute_krw == krw - usdt * fx
    assert found.percent == round((krw / (usdt * fx) - 1) * 100, 6)


def test_a_percent_is_rounded_once_however_late_the_deciding_digit_comes() -> None:
    """Half a millionth of a percent, and one more in the 116th place."""
    usdt, fx = Decimal(f"1{'0' * 58}1e-30"), Decimal(f"{'9' * 59}e-30")
    found = compute(Decimal("1000000005" + "0" * 49), usdt, fx)
    assert found.percent == Decimal("0.000001")


def test_two_fresh_legs_and_a_fresh_rate_are_live_without_a_reason(
    legs: Legs, make: Make
) -> None:
    found = evaluate_basis(OFFICIAL, legs, make.rate("1300"), None)
    assert (found.quality, found.reason) == (LIVE, None)
    assert (found.percent, found.absolute_krw) == (0, 0)


def test_a_basis_without_numbers_has_neither_percent_nor_won(legs: Legs) -> None:
    found = evaluate_basis(OFFICIAL, legs, None, KEPT)
    assert (found.percent, found.absolute_krw) == (None, None)


@pytest.mark.parametrize(
    ("spoilt", "reason"),
    [
        ({"unsure": True}, Reason.IDENTITY_UNSURE),
        ({"has_global_market": False, "global_": None}, Reason.NO_GLOBAL_MARKET),
        ({"domestic": None}, Reason.DOMESTIC_MISSING),
        ({"global_": None}, Reason.GLOBAL_MISSING),
        ({"halted": True}, Reason.HALTED),
    ],
)
def test_what_cannot_be_compared_is_null_and_unavailable_with_its_reason(
    legs: Legs, make: Make, spoilt: dict[str, Any], reason: Reason
) -> None:
    found = evaluate_basis(OFFICIAL, replace(legs, **spoilt), make.rate("1300"), KEPT)
    assert (found.numbers, found.quality) == (None, UNAVAILABLE)
    assert found.reason is reason


def test_a_rate_never_known_is_null_and_unavailable(legs: Legs) -> None:
    found = evaluate_basis(OFFICIAL, legs, None, KEPT)
    assert (found.numbers, found.quality) == (None, UNAVAILABLE)
    assert found.reason is Reason.FX_MISSING


def test_the_one_reason_is_the_first_that_holds(legs: Legs, make: Make) -> None:
    """Spoil everything, then repair one thing after the other."""
    state: dict[str, Any] = {
        "unsure": True,
        "has_global_market": False,
        "domestic": None,
        "global_": None,
        "halted": True,
    }
    fx = None
    repairs: list[tuple[str, Any]] = [
        ("unsure", False),
        ("has_global_market", True),
        ("domestic", stale(legs.domestic)),
        ("global_", stale(legs.global_)),
        ("halted", False),
        ("fx", make.rate("1300", STALE)),
        ("domestic", legs.domestic),
        ("global_", legs.global_),
        ("fx", make.rate("1300")),
    ]
    told: list[Reason | None] = []
    for name, repaired in repairs:
        told.append(evaluate_basis(OFFICIAL, Legs(**state), fx, KEPT).reason)
        if name == "fx":
            fx = repaired
        else:
            state[name] = repaired
    assert told == list(Reason)
    assert evaluate_basis(OFFICIAL, Legs(**state), fx, KEPT).reason is None


@pytest.mark.parametrize(
    ("side", "reason"),
    [("domestic", Reason.DOMESTIC_STALE), ("global_", Reason.GLOBAL_STALE)],
)
def test_a_stale_leg_keeps_the_last_numbers_from_two_fresh_legs(
    legs: Legs, make: Make, side: str, reason: Reason
) -> None:
    aged = {
        "domestic": replace(legs, domestic=stale(legs.domestic)),
        "global_": replace(legs, global_=stale(legs.global_)),
    }[side]
    found = evaluate_basis(OFFICIAL, aged, make.rate("1400"), KEPT)
    assert (found.numbers, found.quality, found.reason) == (KEPT, STALE, reason)


def test_a_stale_leg_without_earlier_numbers_has_none(legs: Legs, make: Make) -> None:
    aged = replace(legs, global_=stale(legs.global_))
    found = evaluate_basis(OFFICIAL, aged, make.rate("1300"), None)
    assert (found.numbers, found.quality) == (None, STALE)


def test_a_stale_rate_still_gives_numbers_from_two_fresh_legs(
    legs: Legs, make: Make
) -> None:
    found = evaluate_basis(OFFICIAL, legs, make.rate("1300", STALE), KEPT)
    assert (found.percent, found.quality) == (0, STALE)
    assert found.reason is Reason.FX_STALE


def test_a_coin_without_a_global_market_has_no_rate_either(
    legs: Legs, make: Make
) -> None:
    alone = replace(legs, has_global_market=False, global_=None)
    found = evaluate_basis(OFFICIAL, alone, make.rate("1300"), None)
    assert (found.fx, found.reason) == (None, Reason.NO_GLOBAL_MARKET)


def test_another_unavailable_basis_still_shows_its_rate(legs: Legs, make: Make) -> None:
    rate = make.rate("1300")
    found = evaluate_basis(OFFICIAL, replace(legs, halted=True), rate, None)
    assert found.fx == rate


def test_bases_are_always_three_in_the_order_of_the_vocabulary(
    legs: Legs, make: Make
) -> None:
    rates = {USDC: make.rate("1400"), OFFICIAL: make.rate("1300"), USDT: None}
    bases = evaluate(legs, rates, {})
    assert [item.basis for item in bases] == [OFFICIAL, USDT, USDC]
    assert [item.reason for item in bases] == [None, Reason.FX_MISSING, None]
    assert bases[2].percent == Decimal("-7.142857")


def premium_of(
    coin: Coin, legs: Legs, rates: Mapping[PremiumBasis, FxRate | None]
) -> Premium:
    """Return a version of a premium."""
    bases = evaluate(legs, rates, {})
    return Premium(coin, legs.domestic, legs.global_, bases, at_ms=0)


def test_quality_reason_and_percent_speak_of_the_official_basis(
    legs: Legs, make: Make
) -> None:
    rates = {OFFICIAL: make.rate("1250", STALE), USDT: make.rate("1300")}
    found = premium_of(make.coin("BTC"), legs, rates)
    assert (found.symbol, found.percent) == ("BTC", Decimal(4))
    assert (found.quality, found.reason) == (STALE, Reason.FX_STALE)
    assert found.basis(USDT).quality is LIVE
    assert found.basis(USDC).reason is Reason.FX_MISSING


@pytest.mark.parametrize(
    ("percents", "conflict"),
    [
        (("1", "-1", None), True),
        (("-0.000001", None, "3"), True),
        (("1", "2", "3"), False),
        (("-1", "-2", "-3"), False),
        (("1", "0", "0"), False),
        (("0", "-1", None), False),
        ((None, None, None), False),
        (("1", None, None), False),
    ],
)
def test_bases_are_in_conflict_when_one_is_above_and_another_below_zero(
    make: Make, percents: tuple[str | None, ...], conflict: bool
) -> None:
    bases = tuple(
        BasisPremium(
            basis,
            None if text is None else Numbers(Decimal(text), Decimal(0)),
            None,
            STALE,
            Reason.FX_STALE,
        )
        for basis, text in zip(PremiumBasis, percents, strict=True)
    )
    found = Premium(make.coin("BTC"), None, None, bases, at_ms=0)
    assert found.sign_conflict is conflict


def test_a_version_already_tells_what_differs_by_ages_and_received_at_only(
    legs: Legs, make: Make
) -> None:
    coin, rates = make.coin("BTC"), {OFFICIAL: make.rate("1300")}
    found = premium_of(coin, legs, rates)
    assert legs.domestic is not None
    later = replace(legs, domestic=replace(legs.domestic, received_ms=9, skew_ms=9))
    assert found.tells(coin, later, found.bases)


def test_a_version_does_not_tell_another_coin_leg_or_basis(
    legs: Legs, make: Make
) -> None:
    coin, rates = make.coin("BTC"), {OFFICIAL: make.rate("1300")}
    found = premium_of(coin, legs, rates)
    others = [
        (replace(coin, korean_name="비트"), legs, found.bases),
        (coin, replace(legs, global_=None), found.bases),
        (coin, replace(legs, domestic=stale(legs.domestic)), found.bases),
        (coin, legs, evaluate(legs, {}, {})),
    ]
    assert not any(found.tells(*other) for other in others)
    nothing = Legs(None, None, True)
    unknown = premium_of(coin, nothing, rates)
    assert unknown.tells(coin, nothing, unknown.bases)
    assert not unknown.tells(coin, legs, unknown.bases)


def test_the_guard_looks_at_the_percent_as_if_the_pair_were_sure(
    legs: Legs, make: Make
) -> None:
    rates = {OFFICIAL: make.rate("1250")}
    assert guard_percent(replace(legs, unsure=True), rates) == 4


def test_the_guard_looks_at_nothing_that_would_not_be_live(
    legs: Legs, make: Make
) -> None:
    rates = {OFFICIAL: make.rate("1250")}
    aged = replace(legs, global_=stale(legs.global_))
    assert guard_percent(aged, rates) is None
    assert guard_percent(legs, {OFFICIAL: make.rate("1250", STALE)}) is None
    assert guard_percent(legs, {}) is None
    assert guard_percent(replace(legs, halted=True), rates) is None


def test_legs_are_fresh_only_where_both_are_live(legs: Legs) -> None:
    assert legs.fresh
    assert not replace(legs, domestic=stale(legs.domestic)).fresh
    assert not replace(legs, global_=None).fresh
    assert legs.domestic is not None
    assert legs.domestic.exchange is Exchange.UPBIT
