"""The coins of the simulated venues, from the table beside this file."""

import csv
from dataclasses import dataclass
from importlib.resources import files
from typing import Literal

Event = Literal[
    "WARNING",
    "PRICE_FLUCTUATIONS",
    "TRADING_VOLUME_SOARING",
    "DEPOSIT_AMOUNT_SOARING",
    "GLOBAL_PRICE_DIFFERENCES",
    "CONCENTRATION_OF_SMALL_ACCOUNTS",
]

# Everything else is priced in these, so they are there however few coins are asked for.
ALWAYS = frozenset({"BTC", "USDT", "USDC"})


@dataclass(frozen=True, slots=True)
class Coin:
    """One row of coin.csv.

    `symbol` is Upbit's ticker, `binance_symbol` Binance's ("" where it has none);
    `multiplier` coins make one unit of Binance's. `price_usd` is dollars per coin,
    `volatility` the standard deviation of a day, `activity` the relative number of
    trades, `premium_bp` what the coin's premium differs from the common one, in
    hundredths of a percent. `event` is "" or one of Upbit's market events.
    """

    symbol: str
    korean: str
    english: str
    upbit_quotes: tuple[str, ...]
    binance_symbol: str
    binance_quotes: tuple[str, ...]
    binance_status: str
    multiplier: int
    price_usd: float
    volatility: float
    activity: float
    premium_bp: float
    event: str


def new_coin(symbol: str, price_usd: float) -> Coin:
    """Return a coin of both venues that is not in the table."""
    return Coin(
        symbol=symbol,
        korean=f"새코인 {symbol}",
        english=f"New {symbol}",
        upbit_quotes=("KRW",),
        binance_symbol=symbol,
        binance_quotes=("USDT",),
        binance_status="TRADING",
        multiplier=1,
        price_usd=price_usd,
        volatility=0.05,
        activity=1.0,
        premium_bp=0.0,
        event="",
    )


def _coin(row: dict[str, str]) -> Coin:
    return Coin(
        symbol=row["symbol"],
        korean=row["korean"],
        english=row["english"],
        upbit_quotes=tuple(row["upbit_quotes"].split()),
        binance_symbol=row["binance_symbol"],
        binance_quotes=tuple(row["binance_quotes"].split()),
        binance_status=row["binance_status"],
        multiplier=int(row["multiplier"]),
        price_usd=float(row["price_usd"]),
        volatility=float(row["volatility"]),
        activity=float(row["activity"]),
        premium_bp=float(row["premium_bp"]),
        event=row["event"] or "",
    )


def _read_table() -> tuple[Coin, ...]:
    text = files(__package__).joinpath("coin.csv").read_text(encoding="utf-8")
    return tuple(_coin(row) for row in csv.DictReader(text.splitlines()))


# Read with the code: a market may be made inside an event loop, which must not block.
_TABLE = _read_table()


def load_coins(limit: int | None = None) -> tuple[Coin, ...]:
    """Return the table; with a limit only so many coins that trade in won.

    The order is the table's, the biggest first; BTC, USDT and USDC always belong to
    the answer (and count), coins of Binance only do with no limit.
    """
    if limit is None:
        return _TABLE
    won = [coin for coin in _TABLE if "KRW" in coin.upbit_quotes]
    rest = max(limit - len(ALWAYS), 0)
    chosen = {c.symbol for c in [c for c in won if c.symbol not in ALWAYS][:rest]}
    return tuple(coin for coin in won if coin.symbol in chosen | ALWAYS)
