"""One market as it lives: last trade, best prices, book and statistics."""

from random import Random
from typing import NamedTuple

from adapters.simulator.book import Book, Level, Side, Top, ladder, mean_level, sides
from adapters.simulator.history import DAY_MS, HOUR_MS, MINUTE_MS, History
from adapters.simulator.listing import Listing
from adapters.simulator.price_tick import UNIT
from adapters.simulator.statistic import Day, Extreme, Rolling, Window, year_extremes
from adapters.simulator.walk import salt, unit

# Trade sizes are (−ln u)^1.5, whose mean is Γ(2.5): many small ones and a long tail.
_SIZE_POWER = 1.5
_SIZE_MEAN = 1.329340388
# The oldest last trade of a market that is open (Upbit's was 7,551 s, exchanges.md).
_OLDEST_TRADE_MS = 7_551_000
# Numbers of trades begin at the start's share of 1970's ms, so that they grow over
# restarts too (the busiest market has fewer than ten trades a second at rate 1).
_NUMBER_MS = 100


class Trade(NamedTuple):
    """One trade; price and volume in units of 10^-8, `number` counts in the market.

    `side` is `BID` where the taker bought and `ASK` where he sold (Upbit's words).
    """

    instrument: "Instrument"
    price: int
    volume: int
    side: str
    time_ms: int
    number: int


class Instrument:
    """The state of one market. It has no clock: calls bring their instant (ms)."""

    __slots__ = (
        "_fair",
        "_fair_ms",
        "_first_number",
        "_hour",
        "_opened",
        "_salt",
        "_shift",
        "_window",
        "_year",
        "ask",
        "bid",
        "day",
        "history",
        "listing",
        "number",
        "price",
        "side",
        "time_ms",
        "volume",
    )

    def __init__(self, listing: Listing, seed: int, start_ms: int) -> None:
        self.listing = listing
        self.history = history = History(listing, seed, start_ms)
        self._salt = salt(seed, f"book/{listing.exchange}/{listing.symbol}")
        self._shift = 1.0
        self._fair, self._fair_ms = 0.0, -1
        self._hour = start_ms // HOUR_MS
        self._window = Window(history, start_ms)
        self._opened = (-1, 0)
        self._year: tuple[Extreme, Extreme] | None = None
        self.number = self._first_number = start_ms // _NUMBER_MS
        self.bid = self.ask = 0
        self._quote(start_ms)
        self.price = history.price_at(start_ms)
        self.volume = int(listing.trade_value / self.price * UNIT * UNIT)
        self.side = "BID"
        wait = 2_000 / listing.trades_per_s if listing.trades_per_s else DAY_MS
        late = min(wait, _OLDEST_TRADE_MS) * unit(self._salt, start_ms)
        self.time_ms = start_ms - int(late)
        last = history.last_deal(start_ms)
        if last is not None:
            self.time_ms, self.price, self.volume, self.side, self.number = last
        midnight = start_ms - start_ms % DAY_MS
        self.day = Day(
            start_ms // DAY_MS,
            history.price_at(midnight),
            history.made(midnight, start_ms),
        )

    def draw(self, t_ms: int, fair_ms: int, random: Random) -> Trade:
        """Make the trade that falls due at `t_ms`, near the fair price of `fair_ms`."""
        lean = self._quote(fair_ms)
        listing = self.listing
        side, price = ("BID", self.ask) if random.random() < lean else ("ASK", self.bid)
        size = random.expovariate(1.0) ** _SIZE_POWER / _SIZE_MEAN
        volume = int(listing.trade_value * size / price * UNIT * UNIT)
        volume = max(volume - volume % listing.lot, listing.lot)
        return self._apply(price, volume, side, t_ms)

    def move(self, price: int, t_ms: int) -> None:
        """Shift the fair price so that it is `price` now and walks on from there."""
        self._shift = price / self.listing.fair(t_ms)
        self._fair_ms = -1
        self._quote(t_ms)

    def trade(self, price: int, volume: int, side: str, t_ms: int) -> Trade:
        """Book a trade that was asked for; best prices give way and never cross it."""
        step = self.listing.tick.step(price)
        if side == "BID":
            self.ask, self.bid = price, max(price - step, 1)
        else:
            self.bid, self.ask = price, price + step
        return self._apply(price, volume, side, t_ms)

    def roll(self, t_ms: int) -> None:
        """Begin a new UTC hour and day where the instant is in one."""
        hour = t_ms // HOUR_MS
        if hour > self._hour:
            self._hour = hour
            self._window.roll(hour)
            if t_ms // DAY_MS > self.day.number:
                self.day = Day(t_ms // DAY_MS, self.price, None)

    def rolling(self) -> Rolling:
        """Return the figures of the last 24 hours, to the hour."""
        return self._window.figures(self.price)

    def opened_24h(self, t_ms: int) -> int:
        """Return the price of 24 hours ago, to the minute."""
        minute = t_ms // MINUTE_MS
        if self._opened[0] != minute:
            price = self.history.price_at(minute * MINUTE_MS - DAY_MS)
            self._opened = (minute, price)
        return self._opened[1]

    def year(self) -> tuple[Extreme, Extreme]:
        """Return highest and lowest price of 52 weeks, with their days."""
        if self._year is None:
            self._year = year_extremes(self.history, self.time_ms)
        high, low = self._year
        if self.day.high > high.price:
            high = Extreme(self.day.high, self.time_ms)
        if self.day.low < low.price:
            low = Extreme(self.day.low, self.time_ms)
        return high, low

    def top(self) -> Top:
        """Return best prices and sizes."""
        asks, bids = self._sides()
        ask, bid = Level(self.ask, asks.size(0)), Level(self.bid, bids.size(0))
        return Top(ask, bid, asks.total, bids.total)

    def book(self, many: int) -> Book:
        """Return so many levels of each side, best first."""
        asks, bids = self._sides()
        tick = self.listing.tick
        ask_prices = ladder(self.ask, 1, tick, many)
        bid_prices = ladder(self.bid, -1, tick, many)
        return Book(
            tuple(Level(price, asks.size(n)) for n, price in enumerate(ask_prices)),
            tuple(Level(price, bids.size(n)) for n, price in enumerate(bid_prices)),
        )

    def _sides(self) -> tuple[Side, Side]:
        mean = mean_level(self.listing.trade_value, self.price)
        return sides(self._salt, self.number, mean, self.listing.lot)

    def _quote(self, t_ms: int) -> float:
        """Set best bid and ask around the fair price, return how near it is to ask."""
        if t_ms != self._fair_ms:
            self._fair = self.listing.fair(t_ms) * self._shift
            self._fair_ms = t_ms
        step = self.listing.tick.step(self._fair)
        below, rest = divmod(self._fair, step)
        self.bid = max(int(below), 1) * step
        self.ask = self.bid + step
        return rest / step

    def _apply(self, price: int, volume: int, side: str, t_ms: int) -> Trade:
        self.roll(t_ms)
        self.number = max(self.number, self._first_number) + 1
        value = price * volume // UNIT
        self.history.record(t_ms, price, volume, value, side, self.number)
        self.day.add(price, volume, side)
        self._window.add(price, volume)
        self.price, self.volume = price, volume
        self.side, self.time_ms = side, t_ms
        return Trade(self, price, volume, side, t_ms, self.number)
