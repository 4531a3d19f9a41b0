import pytest

from adapters.simulator.coin import load_coins
from adapters.simulator.economy import Economy
from adapters.simulator.listing import (
    BINANCE_TRADES_PER_S,
    UPBIT_TRADES_PER_S,
    list_markets,
)

LISTINGS = list(list_markets(Economy(7, load_coins())))


def test_the_venues_are_as_busy_as_their_constants_say() -> None:
    for exchange, rate in (
        ("upbit", UPBIT_TRADES_PER_S),
        ("binance", BINANCE_TRADES_PER_S),
    ):
        rates = [each.trades_per_s for each in LISTINGS if each.exchange == exchange]
        assert sum(rates) == pytest.approx(rate)


def test_some_markets_trade_often_and_some_every_few_minutes() -> None:
    rates = {each.symbol: each.trades_per_s for each in LISTINGS}
    assert rates["KRW-BTC"] > 3
    assert 1 / rates["KRW-THETA"] > 150
    assert 1 / rates["KRW-USDE"] > 200


def test_halted_markets_never_trade() -> None:
    halted = [each for each in LISTINGS if each.status != "TRADING"]
    assert {each.status for each in halted} == {"BREAK", "HALT", "CANCEL_ONLY"}
    assert all(each.trades_per_s == 0 for each in halted)


def test_upbit_quotes_in_won_bitcoin_and_tether() -> None:
    quotes = {each.quote for each in LISTINGS if each.exchange == "upbit"}
    assert quotes == {"KRW", "BTC", "USDT"}
    symbols = {each.symbol for each in LISTINGS}
    assert {"KRW-USDT", "KRW-USDC", "BTC-ETH", "USDT-BTC"} <= symbols


def test_binance_has_more_than_tether_markets(start_ms: int) -> None:
    by_symbol = {each.symbol: each for each in LISTINGS}
    assert {"ETHBTC", "BTCEUR", "USDTTRY", "USDCUSDT", "币安人生USDT"} <= set(by_symbol)
    ratio = by_symbol["ETHUSDT"].fair(start_ms) / by_symbol["BTCUSDT"].fair(start_ms)
    assert by_symbol["ETHBTC"].fair(start_ms) == pytest.approx(ratio * 10**8)


def test_multiplied_units_trade_by_the_thousand(start_ms: int) -> None:
    economy = Economy(7, load_coins())
    listings = {each.symbol: each for each in list_markets(economy)}
    sats = economy.asset["SATS"].usd(start_ms)
    fair = listings["1000SATSUSDT"].fair(start_ms)
    assert fair == pytest.approx(sats * 1_000 * 10**8)


def test_won_prices_are_dollars_times_rate_and_premium(start_ms: int) -> None:
    economy = Economy(7, load_coins())
    listings = {each.symbol: each for each in list_markets(economy)}
    for symbol in ("BTC", "USDT", "ARK"):
        asset = economy.asset[symbol]
        premium = economy.common_premium(start_ms) + asset.own_premium(start_ms)
        won = asset.usd(start_ms) * economy.fx(start_ms) * (1 + premium)
        fair = listings[f"KRW-{symbol}"].fair(start_ms)
        assert fair == pytest.approx(won * 10**8)


def test_side_markets_follow_the_main_one(start_ms: int) -> None:
    listings = {each.symbol: each for each in LISTINGS}
    tether = listings["USDT-BTC"].fair(start_ms)
    assert tether == pytest.approx(listings["BTCUSDT"].fair(start_ms), rel=0.01)
    satoshi = listings["BTC-ETH"].fair(start_ms)
    assert satoshi == pytest.approx(listings["ETHBTC"].fair(start_ms), rel=0.01)


def test_the_rules_of_a_market_do_not_depend_on_the_seed() -> None:
    others = list_markets(Economy(8, load_coins()))
    for one, other in zip(LISTINGS, others, strict=True):
        assert (one.symbol, one.lot, one.trades_per_s, one.trade_value) == (
            other.symbol,
            other.lot,
            other.trades_per_s,
            other.trade_value,
        )
        assert one.tick.step(10**12) == other.tick.step(10**12)
