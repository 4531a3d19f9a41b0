"""What every market really cost, and when: the simulator's own trades, kept a while."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Literal

from adapters.simulator.instrument import Trade
from adapters.simulator.market import Market
from adapters.simulator.price_tick import UNIT

Venue = Literal["upbit", "binance"]
VENUES: tuple[Venue, ...] = ("upbit", "binance")
KEPT_MS = 120_000
"""Trades older than this are forgotten, save the last one before."""


class Truth:
    """Listens to a market's trades from now on; prices are as the venue writes them."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self._times: dict[tuple[Venue, str], list[int]] = {}
        self._prices: dict[tuple[Venue, str], list[Decimal]] = {}
        for venue in VENUES:
            for symbol in market.instruments(venue):
                self._begin(venue, symbol)

    def listen(self) -> Callable[[int], Iterator[Trade]]:
        """Return an `advance` that is the market's own and lets us hear every trade."""
        advance = self._market.advance

        def heard(now_ms: int) -> Iterator[Trade]:
            for trade in advance(now_ms):
                self._take(trade)
                yield trade

        return heard

    def last_ms(self, venue: Venue, symbol: str, before_ms: int | None = None) -> int:
        """Return when a market traded last, at all or until an instant."""
        last_ms = self._market.instrument(venue, symbol).time_ms
        if before_ms is None or last_ms <= before_ms:
            return last_ms
        times = self._times.get((venue, symbol), [0])
        return times[max(0, bisect_right(times, before_ms) - 1)]

    def told(self, venue: Venue, symbol: str, from_ms: int, to_ms: int) -> set[Decimal]:
        """Return every last price that held at some instant of a span."""
        key = (venue, symbol)
        if key not in self._times:
            self._begin(venue, symbol)
        times, prices = self._times[key], self._prices[key]
        first = max(0, bisect_right(times, from_ms) - 1)
        found = set(prices[first : bisect_right(times, to_ms)])
        instrument = self._market.instrument(venue, symbol)
        if instrument.time_ms <= to_ms:
            # A trade that was asked for is the last one before it is handed out.
            found.add(_price(instrument.price))
        return found

    def _begin(self, venue: Venue, symbol: str) -> None:
        instrument = self._market.instrument(venue, symbol)
        self._times[(venue, symbol)] = [0]
        self._prices[(venue, symbol)] = [_price(instrument.price)]

    def _take(self, trade: Trade) -> None:
        listing = trade.instrument.listing
        key = (listing.exchange, listing.symbol)
        if key not in self._times:
            self._begin(*key)
        times, prices = self._times[key], self._prices[key]
        times.append(max(trade.time_ms, times[-1]))
        prices.append(_price(trade.price))
        old = bisect_left(times, trade.time_ms - KEPT_MS) - 1
        if old > 0:
            del times[:old], prices[:old]


def _price(units: int) -> Decimal:
    return Decimal(units) / UNIT
