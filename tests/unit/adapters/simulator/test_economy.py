from statistics import median

from adapters.simulator.coin import load_coins
from adapters.simulator.economy import Economy
from adapters.simulator.history import DAY_MS

ECONOMY = Economy(7, load_coins())


def test_the_dollar_stays_near_its_level_and_moves(start_ms: int) -> None:
    rates = [ECONOMY.fx(start_ms + n * DAY_MS) for n in range(400)]
    assert 1_370 < min(rates) < max(rates) < 1_430
    assert max(rates) - min(rates) > 5


def test_the_common_premium_is_one_to_three_percent(start_ms: int) -> None:
    premiums = [ECONOMY.common_premium(start_ms + n * DAY_MS) for n in range(400)]
    assert 0.0107 < min(premiums) < max(premiums) < 0.0293


def test_coins_keep_near_the_tables_price(start_ms: int) -> None:
    for asset in ECONOMY.asset.values():
        for n in range(0, 400, 40):
            share = asset.usd(start_ms + n * DAY_MS) / asset.coin.price_usd
            assert 0.6 < share < 1.6


def test_money_does_not_follow_the_crypto_factor(start_ms: int) -> None:
    for symbol in ("USDT", "USDC", "USDE", "FDUSD"):
        for n in range(30):
            dollars = ECONOMY.asset[symbol].usd(start_ms + n * DAY_MS)
            assert abs(dollars - 1) < 0.003


def test_premiums_of_coins_scatter_around_the_common_one_and_a_few_are_below_it(
    start_ms: int,
) -> None:
    own = [asset.own_premium(start_ms) for asset in ECONOMY.asset.values()]
    assert abs(median(own)) < 0.001
    assert sum(premium < -0.02 for premium in own) >= 3
    assert max(own) > 0.03
