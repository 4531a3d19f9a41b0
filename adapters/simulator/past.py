"""What a market traded before the simulator ran: made from its walk, always the same.

The minute is the grain: whether it has a trade, how many, at which prices. Its trades,
and so its seconds, are unfolded from its bar, so that they add up to it. Bars of up to
`EXACT_MS` are joined from minutes; longer ones begin and end with the trades of their
minutes, but high and low are those of a few looks between them.
"""

from collections.abc import Iterator
from math import exp

from adapters.simulator.bar import DAY_MS, HOUR_MS, MINUTE_MS, Bar, Deal, join
from adapters.simulator.listing import Listing
from adapters.simulator.price_tick import UNIT
from adapters.simulator.walk import salt, unit

# Nothing traded before (2021-01-01 UTC): a page that goes back further ends there.
LISTED_MS = 1_609_459_200_000
EXACT_MS = 5 * MINUTE_MS
NUMBER_MS = 100
"""Each made trade has the number of a tenth of a second: 600 in a minute at most."""
# Expected trades in a minute above which it surely has one.
_SURE = 30.0
# How much the volume of a minute, an hour, anything longer, and a day strays.
_MINUTE_STRAY, _HOUR_STRAY, _LONG_STRAY, _DAY_STRAY = 0.8, 0.1, 0.02, 0.3
# Looks at the walk within a bar, by its length.
_MINUTE_LOOKS = 3
_LOOKS = ((HOUR_MS, 2), (DAY_MS * 400, 8))
SEARCH = 20_160
"""Minutes without a trade that a search goes through before it gives up (14 days)."""
# The smallest share of the mean that one trade of a minute has.
_SMALLEST = 0.1


class Past:
    """The made bars and trades of one market; times are ms, ends exclusive."""

    __slots__ = ("_busy", "_day", "_listing", "_noise", "_per_ms")

    def __init__(self, listing: Listing, seed: int) -> None:
        name = f"{listing.exchange}/{listing.symbol}"
        self._listing = listing
        self._noise = salt(seed, f"volume/{name}")
        self._busy = salt(seed, f"busy/{name}")
        self._day = salt(seed, f"day/{name}")
        self._per_ms = listing.trades_per_s / 1_000

    def bar(self, start_ms: int, end_ms: int) -> Bar | None:
        """Return the bar of [start, end), None where nothing traded in it.

        `start_ms` is the start of a minute.
        """
        if end_ms - start_ms > EXACT_MS:
            return self._long(start_ms, end_ms)
        total: Bar | None = None
        for start in range(start_ms, end_ms, MINUTE_MS):
            total = join(total, self.minute(start, min(start + MINUTE_MS, end_ms)))
        return total

    def minute(self, start_ms: int, end_ms: int) -> Bar | None:
        """Return the bar of a minute or of its beginning."""
        if not self._trades_in(start_ms, end_ms):
            return None
        count = self._count(start_ms, end_ms)
        last = end_ms - 1
        looks = min(count - 1, _MINUTE_LOOKS)
        prices = [
            self.fair(start_ms + (last - start_ms) * look // looks)
            for look in range(looks)
        ]
        return self._made(start_ms, end_ms, [*prices, self.fair(last)], count)

    def deals(self, start_ms: int, end_ms: int) -> list[Deal]:
        """Return the trades of a minute or of its beginning, oldest first."""
        bar = self.minute(start_ms, end_ms)
        return [] if bar is None else list(self.unfold(bar))

    def price_at(self, t_ms: int) -> int:
        """Return the price of the last trade before an instant, if not long ago."""
        _, end = self._last_minute(t_ms, t_ms - SEARCH * MINUTE_MS)
        return self.fair((end or t_ms) - 1)

    def last_deal(self, t_ms: int) -> Deal | None:
        """Return the last trade before an instant, None where it is long ago."""
        start, end = self._last_minute(t_ms, t_ms - SEARCH * MINUTE_MS)
        return self.deals(start, end)[-1] if end else None

    def fair(self, t_ms: int) -> int:
        """Return the walk's price at an instant, on the market's step."""
        fair = self._listing.fair(t_ms)
        step = self._listing.tick.step(fair)
        return max(int(fair / step + 0.5), 1) * step

    def unfold(self, bar: Bar) -> Iterator[Deal]:
        """Yield trades that make this bar of a minute: its prices, volume, numbers."""
        many, left = bar.trades, bar.volume
        noise = self._noise ^ (bar.open_ms // MINUTE_MS)
        span = bar.last_ms - bar.open_ms
        lot = self._listing.lot if left >= many * self._listing.lot else 1
        for index, price in enumerate(self._path(bar)):
            later = many - 1 - index
            draw = unit(noise, index)
            volume, time_ms = left, bar.last_ms
            if later:
                share = _SMALLEST + 2.0 * (1.0 - _SMALLEST) * draw
                volume = max(int(left * share) // (later + 1) // lot, 1) * lot
                volume = min(volume, left - later * lot)
                time_ms = bar.open_ms + int(span * (index + draw) / many)
            left -= volume
            side = "BID" if unit(noise, ~index) < 0.5 else "ASK"
            yield Deal(time_ms, price, volume, side, bar.number - later)

    def _path(self, bar: Bar) -> Iterator[int]:
        """Yield the prices of a bar's trades: through high and low to the close."""
        ends = (bar.open, bar.close)
        between = [price for price in (bar.high, bar.low) if price not in ends]
        if unit(self._noise, bar.open_ms) < 0.5:
            between.reverse()
        many, parts = bar.trades, len(between) + 1
        at, price = 0, bar.open
        for part, target in enumerate((*between, bar.close), 1):
            until = many - 1 if part == parts else max(many * part // parts, 1)
            for index in range(at, until):
                step = self._listing.tick.step(price)
                drawn = price + (target - price) * (index - at) // (until - at)
                yield min(max(drawn // step * step, bar.low), bar.high)
            at, price = until, target
        yield bar.close

    # The grain

    def _trades_in(self, start_ms: int, end_ms: int) -> bool:
        if start_ms < LISTED_MS or not self._per_ms or end_ms <= start_ms:
            return False
        expected = self._per_ms * (end_ms - start_ms)
        cell = start_ms // MINUTE_MS
        return expected >= _SURE or unit(self._busy, cell) < 1.0 - exp(-expected)

    def _count(self, start_ms: int, end_ms: int) -> int:
        length = end_ms - start_ms
        expected = self._per_ms * length * self._share(start_ms, end_ms)
        return min(max(int(expected), 1), (length - 1) // NUMBER_MS + 1)

    def _share(self, start_ms: int, end_ms: int) -> float:
        """Return how busy a time is, around 1: its days' share times its own."""
        days = range(start_ms // DAY_MS, (end_ms - 1) // DAY_MS + 1)
        day = sum(_around(self._day, number, _DAY_STRAY) for number in days) / len(days)
        length = end_ms - start_ms
        stray = _HOUR_STRAY if length <= HOUR_MS else _LONG_STRAY
        if length <= MINUTE_MS:
            stray = _MINUTE_STRAY
        return day * _around(self._noise, start_ms // MINUTE_MS, stray)

    def _made(self, start_ms: int, end_ms: int, prices: list[int], count: int) -> Bar:
        listing = self._listing
        length, mean = end_ms - start_ms, sum(prices) // len(prices)
        expected = max(self._per_ms * length, 1.0) * self._share(start_ms, end_ms)
        volume = int(expected * listing.trade_value * UNIT) * UNIT // mean
        volume = max(volume // listing.lot, count) * listing.lot
        value = volume * mean // UNIT
        return Bar(
            start_ms,
            prices[0],
            max(prices),
            min(prices),
            prices[-1],
            volume,
            value,
            count,
            end_ms - 1 - self._late(start_ms, end_ms, count),
            volume // 2,
            value // 2,
            start_ms // NUMBER_MS + count - 1,
        )

    def _long(self, start_ms: int, end_ms: int) -> Bar | None:
        """Return the bar of many minutes without looking at each of them."""
        last, until = self._last_minute(end_ms, start_ms)
        if not until:
            return None
        looks = next(many for limit, many in _LOOKS if end_ms - start_ms <= limit)
        between = [
            self.fair(start_ms + (end_ms - 1 - start_ms) * look // looks)
            for look in range(1, looks)
        ]
        prices = [self._opening(start_ms, until), *between, self.fair(until - 1)]
        count = self._count(start_ms, end_ms)
        made = self._made(start_ms, end_ms, prices, count)
        late = self._late(last, until, self._count(last, until))
        number = last // NUMBER_MS + self._count(last, until) - 1
        return made._replace(last_ms=until - 1 - late, number=number)

    def _opening(self, start_ms: int, end_ms: int) -> int:
        """Return the first trade's price; there is one."""
        start, end = start_ms, min(start_ms + MINUTE_MS, end_ms)
        while not self._trades_in(start, end):
            start, end = end, min(end + MINUTE_MS, end_ms)
        return self.fair(start if self._count(start, end) > 1 else end - 1)

    def _late(self, start_ms: int, end_ms: int, count: int) -> int:
        """Return how long before the end the last trade was."""
        span = (end_ms - start_ms) // count
        return int(span * unit(self._noise, ~(start_ms // MINUTE_MS)))

    def _last_minute(self, t_ms: int, from_ms: int) -> tuple[int, int]:
        """Return start and end of the last minute with a trade, (0, 0) without one."""
        end = t_ms
        while end > max(from_ms, LISTED_MS) and self._per_ms:
            start = (end - 1) // MINUTE_MS * MINUTE_MS
            if self._trades_in(start, end):
                return start, end
            end = start
        return 0, 0


def _around(noise: int, cell: int, stray: float) -> float:
    return 1.0 + stray * (2.0 * unit(noise, cell) - 1.0)
