from decimal import Decimal

import pytest

from adapters.simulator.market import Market
from bench.soak.truth import KEPT_MS, Truth

START_MS = 1_795_000_000_000


@pytest.fixture
def market() -> Market:
    return Market(seed=1, rate=0, coins=4, start_ms=START_MS)


def heard(market: Market) -> Truth:
    truth = Truth(market)
    setattr(market, "advance", truth.listen())  # noqa: B010 - mypy refuses `market.advance =`
    return truth


def trade(market: Market, at_ms: int, price: str) -> None:
    for _ in market.advance(at_ms):
        pass
    market.trade("upbit", "KRW-BTC", price)
    for _ in market.advance(at_ms):
        pass


def test_a_span_holds_the_price_it_begins_with_and_all_that_came(
    market: Market,
) -> None:
    truth = heard(market)
    for second, price in ((1, "100"), (2, "200"), (3, "300")):
        trade(market, START_MS + second * 1_000, price)
    told = truth.told("upbit", "KRW-BTC", START_MS + 1_500, START_MS + 2_500)
    assert told == {Decimal(100), Decimal(200)}
    assert truth.last_ms("upbit", "KRW-BTC") == START_MS + 3_000
    assert truth.last_ms("upbit", "KRW-BTC", START_MS + 2_999) == START_MS + 2_000


def test_before_the_first_trade_the_price_is_that_of_the_start(market: Market) -> None:
    truth = heard(market)
    price = market.price("binance", "BTCUSDT")
    assert truth.told("binance", "BTCUSDT", START_MS, START_MS + 10) == {price}


def test_a_trade_that_was_asked_for_counts_at_once(market: Market) -> None:
    truth = heard(market)
    market.trade("upbit", "KRW-BTC", "123")
    told = truth.told("upbit", "KRW-BTC", START_MS, START_MS + 10)
    assert Decimal(123) in told


def test_old_trades_are_forgotten_but_the_last_before(market: Market) -> None:
    truth = heard(market)
    for second in range(1, 5):
        trade(market, START_MS + second * 1_000, str(second))
    later_ms = START_MS + KEPT_MS + 3_500
    trade(market, later_ms, "9")
    told = truth.told("upbit", "KRW-BTC", later_ms - 10, later_ms)
    assert told == {Decimal(4), Decimal(9)}
    assert Decimal(1) not in truth.told("upbit", "KRW-BTC", START_MS, later_ms)
