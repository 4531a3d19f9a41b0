"""The line every board shows first."""

from dataclasses import replace
from decimal import Decimal

from domain.model.fx import PremiumBasis
from domain.model.market import Quality
from domain.model.premium import BasisPremium, Numbers, Premium
from domain.model.summary import summarise
from tests.unit.domain.model.conftest import Make


def premium(make: Make, symbol: str, percent: str | None, quality: Quality) -> Premium:
    """Return a version with a percent on every basis."""
    numbers = None if percent is None else Numbers(Decimal(percent), Decimal(0))
    bases = tuple(
        BasisPremium(basis, numbers, None, quality, None) for basis in PremiumBasis
    )
    return Premium(make.coin(symbol), None, None, bases, at_ms=0)


def test_an_empty_board_has_no_figures(make: Make) -> None:
    found = summarise([], None)
    assert (found.btc_percent, found.median_percent, found.tether_percent) == (
        *(None, None, None),
    )
    assert (found.live, found.stale, found.unavailable) == (0, 0, 0)


def test_the_median_is_over_live_premiums_only(make: Make) -> None:
    rows = [
        premium(make, "A", "1", Quality.LIVE),
        premium(make, "B", "5", Quality.LIVE),
        premium(make, "C", "3", Quality.LIVE),
        premium(make, "D", "90", Quality.STALE),
        premium(make, "E", None, Quality.UNAVAILABLE),
    ]
    found = summarise(rows, None)
    assert found.median_percent == 3
    assert (found.live, found.stale, found.unavailable) == (3, 1, 1)


def test_the_median_of_an_even_number_is_the_middle_rounded_half_even(
    make: Make,
) -> None:
    rows = [
        premium(make, "A", "0.000001", Quality.LIVE),
        premium(make, "B", "0.000002", Quality.LIVE),
    ]
    assert summarise(rows, None).median_percent == Decimal("0.000002")


def test_bitcoin_is_told_also_when_it_is_stale(make: Make) -> None:
    rows = [premium(make, "BTC", "2.5", Quality.STALE)]
    assert summarise(rows, None).btc_percent == Decimal("2.5")


def test_tether_is_what_a_dollar_of_it_costs_above_the_official_rate(
    make: Make,
) -> None:
    tether = premium(make, "USDT", None, Quality.UNAVAILABLE)
    priced = replace(tether, domestic=make.quote("KRW-USDT", "1313"))
    rate = make.rate("1300")
    assert summarise([priced], rate).tether_percent == 1
    assert summarise([priced], rate).fx_rate == rate
    assert summarise([priced], None).tether_percent is None
    assert summarise([tether], rate).tether_percent is None
