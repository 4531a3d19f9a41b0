"""What scenarios do to the markets themselves: prices, listings, tickers."""

import re
from collections.abc import Mapping
from decimal import Decimal

from adapters.simulator.action import Idle
from adapters.simulator.coin import new_coin
from adapters.simulator.fault import Venue
from adapters.simulator.holding import Holding
from adapters.simulator.instrument import Instrument
from adapters.simulator.listing import EXCHANGES, TRADING, Exchange, new_market
from adapters.simulator.market import Market, UnknownInstrument
from adapters.simulator.price_tick import UNIT
from adapters.simulator.scenario_table import ENDING, JUMPING
from adapters.simulator.upbit_encoding import last_trade
from adapters.simulator.upbit_socket import UpbitSocket

BREAK = "BREAK"
_TICKER = re.compile(r"[A-Z0-9]{1,12}").fullmatch
# Everything else is priced in these, or turned into won by them.
_MONEY = frozenset({"BTC", "USDT", "USDC"})
_COLLISION_USD = 1.0


def exchange_of(venue: Venue) -> Exchange:
    """Return a venue with markets as what the market calls it."""
    return "binance" if venue == "binance" else "upbit"


class PriceJump(Idle):
    """A market trades at a multiple of its price, and at the end back again."""

    def __init__(self, market: Market) -> None:
        self._market = market

    def check(self, holding: Holding) -> None:
        """Refuse a market that is not there or does not trade."""
        _trading(self._market, holding, JUMPING)

    def begin(self, holding: Holding) -> None:
        """Jump."""
        self._move(holding, holding.number("factor"))

    def end(self, holding: Holding, *, relieved: bool) -> None:
        """Jump back, if the market is still there and trades."""
        exchange, symbol = _named(holding, JUMPING)
        instrument = self._market.instruments(exchange).get(symbol)
        if instrument is not None and instrument.listing.status == TRADING:
            self._move(holding, 1 / holding.number("factor"))

    def _move(self, holding: Holding, factor: float) -> None:
        exchange, symbol = _named(holding, JUMPING)
        instrument = self._market.instrument(exchange, symbol)
        wanted = max(int(instrument.price * factor), 1)
        step = instrument.listing.tick.step(wanted)
        snapped = max(wanted - wanted % step, step)
        self._market.set_price(exchange, symbol, Decimal(snapped) / UNIT)


class Delisting(Idle):
    """A market ends; what Upbit's stream then says of it is line.py's."""

    def __init__(self, market: Market, upbit: UpbitSocket) -> None:
        self._market, self._upbit = market, upbit
        self._gone: dict[tuple[str, ...], Instrument] = {}

    def check(self, holding: Holding) -> None:
        """Refuse a market that is not there, and those the others are priced in."""
        if holding.key in self._gone:
            return
        instrument = _trading(self._market, holding, ENDING)
        if instrument.listing.base in _MONEY:
            symbol = instrument.listing.symbol
            raise ValueError(f"symbol {symbol!r}: other markets are priced in it")

    def begin(self, holding: Holding) -> None:
        """End the market; `tend` says so."""
        exchange, symbol = _named(holding, ENDING)
        if exchange == "binance":
            instrument = self._market.instrument(exchange, symbol)
            self._market.set_status(instrument, BREAK)
        else:
            instrument = self._market.delist(exchange, symbol)
        self._gone[holding.key] = instrument

    def tend(self, holding: Holding, now_ms: int) -> None:
        """Send its last state again; Binance says nothing more."""
        if holding.venue == "upbit":
            self._upbit.publish(last_trade(self._gone[holding.key]), now_ms)

    def end(self, holding: Holding, *, relieved: bool) -> None:
        """Open the market again."""
        instrument = self._gone.pop(holding.key)
        if instrument.listing.exchange == "binance":
            self._market.set_status(instrument, TRADING)
        else:
            self._market.relist(instrument)


class NewListing(Idle):
    """A coin that was nowhere gets a market."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self._opened: dict[tuple[str, ...], list[Instrument]] = {}

    def check(self, holding: Holding) -> None:
        """Refuse what is no ticker, or one the venue has already."""
        ticker = holding.text("symbol")
        if _TICKER(ticker) is None:
            raise ValueError(f"symbol {ticker!r}: 1 to 12 of A-Z and 0-9")
        known = self._has(exchange_of(holding.venue), ticker)
        if known and holding.key not in self._opened:
            raise ValueError(f"symbol {ticker!r}: {holding.venue} has it already")

    def begin(self, holding: Holding) -> None:
        """Open the market."""
        self._open(holding, exchange_of(holding.venue), holding.number("usd"))

    def end(self, holding: Holding, *, relieved: bool) -> None:
        """Close what was opened."""
        for instrument in self._opened.pop(holding.key):
            self._market.withdraw(instrument)

    def _open(
        self, holding: Holding, exchange: Exchange, usd: float, series: int = 0
    ) -> None:
        economy = self._market.economy
        asset = economy.issue(new_coin(holding.text("symbol"), usd), series)
        opened = self._market.enlist(new_market(economy, exchange, asset))
        self._opened.setdefault(holding.key, []).append(opened)

    def _has(self, exchange: Exchange, ticker: str) -> Instrument | None:
        listed = self._market.instruments(exchange).values()
        return next((each for each in listed if each.listing.base == ticker), None)


class TickerCollision(NewListing):
    """Two coins of one ticker, one at each venue."""

    def begin(self, holding: Holding) -> None:
        """Open the venue's market, and the other's where it has none of the name."""
        here = exchange_of(holding.venue)
        self._opened[holding.key] = []
        if self._has(here, holding.text("symbol")):
            return  # inflicted at both venues: the other's turn opened both
        there = next(each for each in EXCHANGES if each != here)
        other = self._has(there, holding.text("symbol"))
        usd = _COLLISION_USD
        if other is None:
            self._open(holding, there, usd)
        else:
            usd = self._usd(other)
        self._open(holding, here, usd * holding.number("factor"), series=1)

    def _usd(self, instrument: Instrument) -> float:
        """Return dollars per coin at a market in won or dollars."""
        price = instrument.price / UNIT
        return price / self._market.fx() if instrument.listing.quote == "KRW" else price


def _named(holding: Holding, default: Mapping[Venue, str]) -> tuple[Exchange, str]:
    exchange = exchange_of(holding.venue)
    return exchange, holding.text("symbol") or default[holding.venue]


def _trading(
    market: Market, holding: Holding, default: Mapping[Venue, str]
) -> Instrument:
    exchange, symbol = _named(holding, default)
    try:
        instrument = market.instrument(exchange, symbol)
    except UnknownInstrument as exc:
        raise ValueError(
            f"symbol {symbol!r}: {exchange} lists no such market; /control/prices "
            "shows those there are"
        ) from exc
    if instrument.listing.status != TRADING:
        raise ValueError(f"symbol {symbol!r}: it does not trade")
    return instrument
