"""USDT and USDC as rates."""

import pytest

from domain.model.market import Quality
from domain.model.stable_rate import stable_rate
from tests.unit.domain.model.conftest import Make


def test_a_stable_coin_s_won_price_is_a_rate_of_its_own_instant(make: Make) -> None:
    quote = make.quote("KRW-USDT", "1402", Quality.STALE)
    rate = stable_rate("USDT", quote)
    assert rate is not None
    assert (rate.base, rate.quote, rate.source) == ("USDT", "KRW", "upbit")
    assert (rate.rate, rate.as_of_ms) == (1402, quote.exchange_ms)
    assert rate.quality is Quality.STALE


@pytest.mark.parametrize(
    ("price", "taken"),
    [("499.99", False), ("500", True), ("3000", True), ("3000.01", False)],
)
def test_a_rate_outside_its_bounds_is_none(make: Make, price: str, taken: bool) -> None:
    found = stable_rate("USDT", make.quote("KRW-USDT", price))
    assert (found is not None) is taken
