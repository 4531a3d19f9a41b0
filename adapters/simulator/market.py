"""The whole simulated market: pure, synchronous, without a clock of its own.

`advance(now)` brings it to an instant and yields the trades on the way, each at the
moment the state is as the trade left it, so that frames can be written from it.
"""

from collections.abc import Iterator
from decimal import Decimal
from heapq import heapify, heappop, heappush
from random import Random

from adapters.simulator.coin import Coin, load_coins
from adapters.simulator.economy import Economy
from adapters.simulator.instrument import Instrument, Trade
from adapters.simulator.listing import Exchange, list_markets
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
        self._due = self._schedule(rate)

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
            else:
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

    def _schedule(self, rate: float) -> list[tuple[float, int, float, Instrument]]:
        due: list[tuple[float, int, float, Instrument]] = []
        for by_symbol in self._by_symbol.values():
            for instrument in by_symbol.values():
                per_ms = instrument.listing.trades_per_s * rate / 1_000
                if per_ms > 0:
                    first = self.now_ms + self._random.expovariate(per_ms)
                    due.append((first, len(due), per_ms, instrument))
        heapify(due)
        return due
