"""The whole simulated market: pure, synchronous, without a clock of its own.

`advance(now)` brings it to an instant and yields the trades on the way, each at the
moment the state is as the trade left it, so that frames can be written from it.
"""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from heapq import heapify, heappop, heappush
from random import Random

from adapters.simulator.coin import Coin, load_coins
from adapters.simulator.economy import Economy
from adapters.simulator.instrument import Instrument, Trade
from adapters.simulator.listing import TRADING, Exchange, Listing, list_markets
from adapters.simulator.price_tick import UNIT, units

# A machine that slept, or a test that jumps, does not get the trades of hours at once:
# what is due before this is left out.
CATCH_UP_MS = 2_000


class UnknownInstrument(LookupError):
    """No such market on that exchange; the message names both."""


class Market:
    """All markets of both venues, moving by a seed.

    `rate` multiplies the trades per second (1: about 60 on Upbit, 80 on Binance;
    0: only what is asked for trades). `coins` limits the won markets (None: all, and
    the coins that only Binance has). Instants are ms since 1970.
    """

    def __init__(
        self,
        *,
        seed: int = 7,
        rate: float = 1.0,
        coins: int | None = None,
        start_ms: int,
    ) -> None:
        self.seed = seed
        self._rate = rate
        self.coins: tuple[Coin, ...] = load_coins(coins)
        self.economy = Economy(seed, self.coins)
        self.now_ms = start_ms
        self._random = Random(seed)  # noqa: S311 - a seeded market, no secret
        self._by_symbol: dict[Exchange, dict[str, Instrument]] = {
            "upbit": {},
            "binance": {},
        }
        for listing in list_markets(self.economy):
            instrument = Instrument(listing, seed, start_ms)
            self._by_symbol[listing.exchange][listing.symbol] = instrument
        self._asked: list[Trade] = []
        # Markets that trade no more, for now and for good.
        self._halted: set[Instrument] = set()
        self._withdrawn: set[Instrument] = set()
        self._due: list[tuple[float, int, float, Instrument]] = []
        self._orders = 0
        for by_symbol in self._by_symbol.values():
            for instrument in by_symbol.values():
                self._schedule(instrument)
        heapify(self._due)

    def instruments(self, exchange: Exchange) -> dict[str, Instrument]:
        """Return the markets of an exchange by their code, in listing order."""
        return self._by_symbol[exchange]

    def instrument(self, exchange: Exchange, symbol: str) -> Instrument:
        """Return one market.

        Raises:
            UnknownInstrument: the exchange does not list it.
        """
        try:
            return self._by_symbol[exchange][symbol]
        except KeyError as exc:
            raise UnknownInstrument(f"{exchange} has no {symbol}") from exc

    def price(self, exchange: Exchange, symbol: str) -> Decimal:
        """Return the last trade's price as the venue writes it."""
        return Decimal(self.instrument(exchange, symbol).price) / UNIT

    def fx(self, t_ms: int | None = None) -> float:
        """Return won per dollar at an instant (default: the market's own)."""
        return self.economy.fx(self.now_ms if t_ms is None else t_ms)

    def set_price(self, exchange: Exchange, symbol: str, price: str | Decimal) -> Trade:
        """Trade at this price and let the market go on from there.

        Raises:
            UnknownInstrument: the exchange does not list it.
            ValueError: no positive number.
        """
        instrument = self.instrument(exchange, symbol)
        instrument.move(units(price), self.now_ms)
        return self.trade(exchange, symbol, price)

    def trade(
        self,
        exchange: Exchange,
        symbol: str,
        price: str | Decimal | None = None,
        volume: str | Decimal | None = None,
        side: str = "BID",
    ) -> Trade:
        """Make one trade now; the next step hands it out with its own.

        Price and volume default to the last trade's. It is the market's last trade
        at once, the next drawn one is near the fair price again.

        Raises:
            UnknownInstrument: the exchange does not list it.
            ValueError: no positive number, or a side that is neither BID nor ASK.
        """
        if side not in ("BID", "ASK"):
            raise ValueError(f"side {side!r} is neither BID nor ASK")
        instrument = self.instrument(exchange, symbol)
        made = instrument.trade(
            instrument.price if price is None else units(price),
            instrument.volume if volume is None else units(volume),
            side,
            self.now_ms,
        )
        self._asked.append(made)
        return made

    def enlist(self, listing: Listing) -> Instrument:
        """Open a new market, which has no past; its first trade is now.

        Raises:
            ValueError: the exchange lists it already.
        """
        by_symbol = self._by_symbol[listing.exchange]
        if listing.symbol in by_symbol:
            raise ValueError(f"{listing.exchange} lists {listing.symbol} already")
        # Made as one where nothing ever traded: its history begins with its trades.
        quiet = replace(listing, trades_per_s=0.0)
        instrument = Instrument(quiet, self.seed, self.now_ms)
        instrument.listing = listing
        by_symbol[listing.symbol] = instrument
        self._schedule(instrument)
        heapify(self._due)
        self.trade(listing.exchange, listing.symbol)
        return instrument

    def delist(self, exchange: Exchange, symbol: str) -> Instrument:
        """Close a market and take it off the list.

        Raises:
            UnknownInstrument: the exchange does not list it.
        """
        instrument = self.instrument(exchange, symbol)
        del self._by_symbol[exchange][symbol]
        self._halted.add(instrument)
        return instrument

    def relist(self, instrument: Instrument) -> None:
        """Open a delisted market again, at the list's end; not a withdrawn one."""
        if instrument not in self._withdrawn:
            listing = instrument.listing
            self._by_symbol[listing.exchange][listing.symbol] = instrument
            self._halted.discard(instrument)

    def withdraw(self, instrument: Instrument) -> None:
        """Take a market away for good, listed or not."""
        listing = instrument.listing
        self._by_symbol[listing.exchange].pop(listing.symbol, None)
        self._withdrawn.add(instrument)
        self._halted.add(instrument)

    def set_status(self, instrument: Instrument, status: str) -> None:
        """Let a listed market trade (TRADING), or not (BREAK)."""
        instrument.listing = replace(instrument.listing, status=status)
        if status != TRADING:
            self._halted.add(instrument)
        elif instrument not in self._withdrawn:
            self._halted.discard(instrument)

    def advance(self, now_ms: int) -> Iterator[Trade]:
        """Bring the market to an instant and yield each trade as it happens.

        An instant before the market's own changes nothing. To be exhausted by the
        caller before anything else is asked of the market.
        """
        asked, self._asked = self._asked, []
        yield from asked
        if now_ms <= self.now_ms:
            return
        before, self.now_ms = self.now_ms, now_ms
        self._roll(before, now_ms)
        due, random = self._due, self._random
        earliest = now_ms - CATCH_UP_MS
        while due and due[0][0] <= now_ms:
            t_ms, order, per_ms, instrument = heappop(due)
            if t_ms < earliest:
                t_ms = earliest
            elif instrument in self._withdrawn:
                continue
            elif instrument not in self._halted:
                yield instrument.draw(int(t_ms), now_ms, random)
            following = t_ms + random.expovariate(per_ms)
            heappush(due, (following, order, per_ms, instrument))

    def step(self, now_ms: int) -> list[Trade]:
        """Bring the market to an instant and return the trades on the way."""
        return list(self.advance(now_ms))

    def _roll(self, before_ms: int, now_ms: int) -> None:
        if before_ms // 3_600_000 == now_ms // 3_600_000:
            return
        for by_symbol in self._by_symbol.values():
            for instrument in by_symbol.values():
                instrument.roll(now_ms)

    def _schedule(self, instrument: Instrument) -> None:
        """Add the first trade of a market, if it has any; the heap is to be made."""
        per_ms = instrument.listing.trades_per_s * self._rate / 1_000
        if per_ms > 0:
            first = self.now_ms + self._random.expovariate(per_ms)
            self._due.append((first, self._orders, per_ms, instrument))
            self._orders += 1
