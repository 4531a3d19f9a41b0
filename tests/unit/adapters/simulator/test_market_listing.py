"""Markets that open, close and open again while the others go on."""

import pytest

from adapters.simulator.coin import new_coin
from adapters.simulator.listing import EXCHANGES, Exchange, Listing, new_market
from adapters.simulator.market import Market, UnknownInstrument

MINUTE_MS = 60_000


def new(market: Market, exchange: Exchange, usd: float = 2.0) -> Listing:
    asset = market.economy.issue(new_coin("NOVA", usd))
    return new_market(market.economy, exchange, asset)


@pytest.mark.parametrize(
    ("exchange", "symbol"), [("upbit", "KRW-NOVA"), ("binance", "NOVAUSDT")]
)
def test_a_new_market_has_no_past(
    market: Market, start_ms: int, exchange: Exchange, symbol: str
) -> None:
    opened = market.enlist(new(market, exchange))
    assert market.instrument(exchange, symbol) is opened
    assert opened.time_ms == start_ms
    before = start_ms - 60 * MINUTE_MS
    assert opened.history.bar(before, start_ms) is None
    traded = [
        trade
        for second in range(30)
        for trade in market.step(start_ms + second * 1_000)
    ]
    own = [trade for trade in traded if trade.instrument is opened]
    assert len(own) > 1
    assert own[0].time_ms == start_ms
    with pytest.raises(ValueError, match="already"):
        market.enlist(new(market, exchange))


def test_equal_coins_are_worth_the_same_and_another_series_is_not(
    market: Market, start_ms: int
) -> None:
    one, same = (market.economy.issue(new_coin("NOVA", 2.0)) for _ in range(2))
    other = market.economy.issue(new_coin("NOVA", 2.0), 1)
    later = start_ms + 86_400_000
    assert one.usd(later) == same.usd(later)
    assert one.usd(later) != other.usd(later)


def test_a_delisted_market_trades_no_more_until_it_is_back(
    market: Market, start_ms: int
) -> None:
    gone = market.delist("upbit", "KRW-XRP")
    with pytest.raises(UnknownInstrument):
        market.instrument("upbit", "KRW-XRP")
    with pytest.raises(UnknownInstrument):
        market.delist("upbit", "KRW-XRP")
    traded = market.step(start_ms + MINUTE_MS)
    assert all(trade.instrument is not gone for trade in traded)
    market.relist(gone)
    assert market.instrument("upbit", "KRW-XRP") is gone
    traded = market.step(start_ms + 2 * MINUTE_MS)
    assert any(trade.instrument is gone for trade in traded)


def test_a_market_in_break_stays_listed_and_does_not_trade(
    market: Market, start_ms: int
) -> None:
    halted = market.instrument("binance", "XRPUSDT")
    market.set_status(halted, "BREAK")
    assert halted.listing.status == "BREAK"
    traded = market.step(start_ms + MINUTE_MS)
    assert all(trade.instrument is not halted for trade in traded)
    market.set_status(halted, "TRADING")
    traded = market.step(start_ms + 2 * MINUTE_MS)
    assert any(trade.instrument is halted for trade in traded)


def test_what_is_withdrawn_does_not_come_back(market: Market, start_ms: int) -> None:
    coins = [market.enlist(new(market, exchange)) for exchange in EXCHANGES]
    assert market.delist("upbit", "KRW-NOVA") is coins[0]
    market.set_status(coins[1], "BREAK")
    for coin in coins:
        market.withdraw(coin)
    market.relist(coins[0])
    market.set_status(coins[1], "TRADING")
    assert "KRW-NOVA" not in market.instruments("upbit")
    assert "NOVAUSDT" not in market.instruments("binance")
    market.step(start_ms)
    for second in range(1, 60):
        traded = market.step(start_ms + second * 1_000)
        assert all(trade.instrument not in coins for trade in traded)
