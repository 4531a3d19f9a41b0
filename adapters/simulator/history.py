"""Candles and trades of one market: what really traded, before that what the walk says.

Minutes since the start are kept as they happened, and the last trades one by one, so a
candle asked for later agrees with the trades that were streamed. Older ones are made
from the fair price, which is a function of time (`past`), and so agree with each other
on every asking.
"""

from collections.abc import Iterable, Iterator

from adapters.simulator.bar import (
    DAY_MS,
    HOUR_MS,
    MINUTE_MS,
    SECOND_MS,
    Bar,
    Deal,
    fold,
    join,
    single,
)
from adapters.simulator.listing import Listing
from adapters.simulator.minute import KEPT_MINUTES, Minutes
from adapters.simulator.past import LISTED_MS, NUMBER_MS, SEARCH, Past
from adapters.simulator.tape import Tape

__all__ = [
    "DAY_MS",
    "HOUR_MS",
    "KEPT_MINUTES",
    "LISTED_MS",
    "MINUTE_MS",
    "Bar",
    "History",
    "join",
]


class History:
    """Bars of any interval of one market; times are ms since 1970, ends exclusive."""

    __slots__ = ("_current", "_minutes", "_past", "_since", "_tape", "_unfolded")

    def __init__(self, listing: Listing, seed: int, start_ms: int) -> None:
        self._past = Past(listing, seed)
        self._since = start_ms
        self._current: Bar | None = None
        self._minutes = Minutes()
        self._tape = Tape(start_ms)
        # The minute unfolded last: a page of seconds asks for it sixty times.
        self._unfolded: tuple[int, list[Deal]] = (-1, [])

    def record(
        self,
        t_ms: int,
        price: int,
        volume: int,
        value: int,
        side: str = "ASK",
        number: int = 0,
    ) -> None:
        """Add a trade; trades come in the order of their time."""
        deal = Deal(t_ms, price, volume, side, number)
        minute = t_ms - t_ms % MINUTE_MS
        bar = self._current
        made = single(minute, deal)._replace(value=value)
        if bar is not None and bar.open_ms == minute:
            self._current = join(bar, made)
        else:
            if bar is not None and self._minutes.add(bar):
                self._since = self._minutes.first_ms
            self._current = made
        self._tape.add(deal)

    def bar(self, start_ms: int, end_ms: int) -> Bar | None:
        """Return the bar of [start, end), None where nothing traded in it.

        It is of at most a second, or begins with a minute.
        """
        if end_ms - start_ms <= SECOND_MS:
            return fold(start_ms, self.deals(start_ms, end_ms))
        made = None
        if start_ms < self._since:
            made = self.made(start_ms, min(end_ms, self._since))
        return join(made, self._kept(start_ms, end_ms))

    def price_at(self, t_ms: int) -> int:
        """Return the price of the last trade before an instant, as far as is known."""
        if t_ms > self._since:
            kept = self._kept(t_ms - t_ms % MINUTE_MS - DAY_MS, t_ms)
            if kept is not None:
                return kept.close
        return self._past.price_at(min(t_ms, self._since))

    def last_deal(self, t_ms: int) -> Deal | None:
        """Return the last made trade before an instant, None where it is long ago."""
        return self._past.last_deal(t_ms)

    def made(self, start_ms: int, end_ms: int) -> Bar | None:
        """Return the bar that the walk gives, None where nothing traded in it."""
        return self._past.bar(start_ms, end_ms)

    def deals(self, start_ms: int, end_ms: int) -> list[Deal]:
        """Return the trades of [start, end), oldest first; not for long spans."""
        if start_ms >= self._tape.since_ms:
            return self._tape.deals(start_ms, end_ms)
        return list(self.onwards(start_ms, end_ms))

    def latest(self, end_ms: int, start_ms: int) -> Iterator[Deal]:
        """Yield the trades of [start, end), newest first, as far as they are read.

        Ends where there was no trade for `SEARCH` minutes.
        """
        last = (end_ms - 1) // MINUTE_MS * MINUTE_MS
        for deals in self._busy(range(last, start_ms - MINUTE_MS, -MINUTE_MS)):
            for deal in reversed(deals):
                if start_ms <= deal.time_ms < end_ms:
                    yield deal

    def onwards(self, start_ms: int, end_ms: int) -> Iterator[Deal]:
        """Yield the trades of [start, end), oldest first, as `latest` does."""
        first = start_ms - start_ms % MINUTE_MS
        for deals in self._busy(range(first, end_ms, MINUTE_MS)):
            for deal in deals:
                if start_ms <= deal.time_ms < end_ms:
                    yield deal

    def numbered(self, number: int, end_ms: int) -> Iterator[Deal]:
        """Yield the trades from this number on, oldest first, as `latest` does."""
        # Made trades have the number of a tenth of a second of their minute; how fast
        # the others came is not known.
        first = min(max(number * NUMBER_MS, LISTED_MS), self._since)
        empty = 0
        for minute in range(first - first % MINUTE_MS, end_ms, MINUTE_MS):
            bar = self.bar(minute, minute + MINUTE_MS)
            empty = 0 if bar else empty + 1
            if empty > SEARCH:
                return
            if bar is not None and bar.number >= number:
                for deal in self.onwards(minute, end_ms):
                    if deal.number >= number:
                        yield deal
                return

    def _busy(self, minutes: Iterable[int]) -> Iterator[list[Deal]]:
        empty = 0
        for minute in minutes:
            deals = self._minute(minute)
            empty = 0 if deals else empty + 1
            if empty > SEARCH:
                return
            yield deals

    def _minute(self, start_ms: int) -> list[Deal]:
        """Return the trades of a minute; without the tape, such as make its bar."""
        end_ms = start_ms + MINUTE_MS
        if start_ms >= self._tape.since_ms:
            return self._tape.deals(start_ms, end_ms)
        if self._unfolded[0] == start_ms:
            return self._unfolded[1]
        deals: list[Deal] = []
        if start_ms < self._since:
            deals += self._past.deals(start_ms, min(end_ms, self._since))
        if end_ms > self._tape.since_ms:
            return deals + self._tape.deals(self._tape.since_ms, end_ms)
        kept = self._kept(start_ms, end_ms)
        if kept is not None:
            first_ms = max(start_ms, min(self._since, kept.last_ms))
            deals += self._past.unfold(kept._replace(open_ms=first_ms))
        self._unfolded = start_ms, deals
        return deals

    def _kept(self, start_ms: int, end_ms: int) -> Bar | None:
        """Return the bar of the kept minutes that begin in [start, end)."""
        total = self._minutes.bar(start_ms, end_ms)
        current = self._current
        if current is not None and start_ms <= current.open_ms < end_ms:
            total = join(total, current)
        return total
