"""The markets of both venues, made from the coins: rules, busyness, fair price."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from adapters.simulator.coin import Coin
from adapters.simulator.economy import Asset, Economy
from adapters.simulator.price_tick import (
    UNIT,
    UPBIT_TICK,
    FixedTick,
    TickRule,
    binance_lot,
    binance_tick,
)

Exchange = Literal["upbit", "binance"]
EXCHANGES: tuple[Exchange, ...] = ("upbit", "binance")

UPBIT_TRADES_PER_S = 60.0
BINANCE_TRADES_PER_S = 80.0
NEW_TRADES_PER_S = 0.5
# Markets quoted in anything but the venue's main currency are quieter by this.
SIDE_MARKET_SHARE = 0.05
# Mean size of a trade in the venue's main currency; the quietest coins have a fifth.
UPBIT_TRADE_KRW = 700_000.0
BINANCE_TRADE_USD = 1_200.0
_BUSY_ACTIVITY = 10.0
_SMALLEST_SHARE = 0.2
TRADING = "TRADING"
# Dollars per unit of the quote currencies that are money.
_FIAT_USD = {"TRY": 0.0238, "EUR": 1.1624, "FDUSD": 0.9991, "USDT": 1.0}

Fair = Callable[[int], float]


@dataclass(frozen=True, slots=True)
class Listing:
    """One market as its venue lists it.

    `symbol` is the venue's code (KRW-BTC, BTCUSDT), `base` and `quote` its tickers.
    `fair` gives the price in units of 10^-8 at an instant in ms. `trades_per_s` is 0
    where trading is halted; `trade_value` is the mean of price × volume in quote.
    """

    exchange: Exchange
    symbol: str
    base: str
    quote: str
    coin: Coin
    status: str
    tick: TickRule
    lot: int
    trades_per_s: float
    trade_value: float
    fair: Fair


def list_markets(economy: Economy) -> Iterator[Listing]:
    """Yield every market of both venues, in the table's order."""
    coins = [asset.coin for asset in economy.asset.values()]
    upbit = _busyness(coins, lambda coin: coin.upbit_quotes, "KRW")
    binance = _busyness(coins, _tradable_quotes, "USDT")
    for asset in economy.asset.values():
        for quote in asset.coin.upbit_quotes:
            yield _upbit(economy, asset, quote, upbit * UPBIT_TRADES_PER_S)
        for quote in asset.coin.binance_quotes:
            yield _binance(economy, asset, quote, binance * BINANCE_TRADES_PER_S)


def new_market(economy: Economy, exchange: Exchange, asset: Asset) -> Listing:
    """Return the main market of a coin that is newly listed: KRW-x or xUSDT."""
    per_point = NEW_TRADES_PER_S / asset.coin.activity
    if exchange == "upbit":
        return _upbit(economy, asset, "KRW", per_point)
    return _binance(economy, asset, "USDT", per_point)


def _tradable_quotes(coin: Coin) -> Sequence[str]:
    return coin.binance_quotes if coin.binance_status == TRADING else ()


def _busyness(
    coins: Sequence[Coin], quotes: Callable[[Coin], Sequence[str]], main: str
) -> float:
    """Return the share of the venue's trades that one point of activity gets."""
    total = sum(
        coin.activity * (1.0 if quote == main else SIDE_MARKET_SHARE)
        for coin in coins
        for quote in quotes(coin)
    )
    return 1.0 / total if total else 0.0


def _size(coin: Coin) -> float:
    busy = min(coin.activity / _BUSY_ACTIVITY, 1.0)
    return _SMALLEST_SHARE + (1.0 - _SMALLEST_SHARE) * busy


def _upbit(economy: Economy, asset: Asset, quote: str, per_point: float) -> Listing:
    coin = asset.coin
    main = quote == "KRW"
    rate = per_point * coin.activity * (1.0 if main else SIDE_MARKET_SHARE)
    per_won = {"KRW": 1.0, "USDT": 1 / 1_400, "BTC": 1 / 1.6e8}[quote]
    return Listing(
        exchange="upbit",
        symbol=f"{quote}-{coin.symbol}",
        base=coin.symbol,
        quote=quote,
        coin=coin,
        status=TRADING,
        tick=UPBIT_TICK[quote],
        lot=1,
        trades_per_s=rate,
        trade_value=UPBIT_TRADE_KRW * per_won * _size(coin),
        fair=_upbit_fair(economy, asset, quote),
    )


def _upbit_fair(economy: Economy, asset: Asset, quote: str) -> Fair:
    bitcoin = economy.asset["BTC"]

    def won(t_ms: int) -> float:
        premium = economy.common_premium(t_ms) + asset.own_premium(t_ms)
        return UNIT * asset.usd(t_ms) * economy.fx(t_ms) * (1.0 + premium)

    def tether(t_ms: int) -> float:
        return UNIT * asset.usd(t_ms) * (1.0 + asset.own_premium(t_ms))

    def satoshi(t_ms: int) -> float:
        own = asset.own_premium(t_ms)
        return UNIT * asset.usd(t_ms) / bitcoin.usd(t_ms) * (1.0 + own)

    return {"KRW": won, "USDT": tether, "BTC": satoshi}[quote]


def _binance(economy: Economy, asset: Asset, quote: str, per_point: float) -> Listing:
    coin = asset.coin
    main = quote == "USDT"
    rate = per_point * coin.activity * (1.0 if main else SIDE_MARKET_SHARE)
    # The step belongs to the market, so it is taken from the table's prices: a run
    # that starts on another day has the same market rules.
    dollars = _FIAT_USD.get(quote) or economy.asset[quote].coin.price_usd
    level = coin.price_usd * coin.multiplier * UNIT / dollars
    return Listing(
        exchange="binance",
        symbol=f"{coin.binance_symbol}{quote}",
        base=coin.binance_symbol,
        quote=quote,
        coin=coin,
        status=coin.binance_status,
        tick=FixedTick(binance_tick(level)),
        lot=binance_lot(level * dollars),
        trades_per_s=rate if coin.binance_status == TRADING else 0.0,
        trade_value=BINANCE_TRADE_USD / dollars * _size(coin),
        fair=_binance_fair(economy, asset, quote),
    )


def _binance_fair(economy: Economy, asset: Asset, quote: str) -> Fair:
    scale = UNIT * asset.coin.multiplier
    if quote in _FIAT_USD:
        per_quote = scale / _FIAT_USD[quote]
        return lambda t_ms: per_quote * asset.usd(t_ms)
    other = economy.asset[quote]
    return lambda t_ms: scale * asset.usd(t_ms) / other.usd(t_ms)
