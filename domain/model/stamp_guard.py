"""Tells a stamp from the future from a clock that is wrong. Pure.

A price stamped ahead, taken as it is, would refuse every true price until that time and
stand there looking live. A machine whose clock is behind sees every stamp ahead.
"""

from collections.abc import Iterable

from domain.model.event import QuoteUpdate
from domain.model.market import Exchange

# A stamp this little ahead is the difference of two clocks that are kept.
PLAIN_AHEAD_MS = 60_000
# No clock's error, but garbage.
MAX_AHEAD_MS = 3_600_000
# A clock's error is in the stamps of all busy markets; garbage is in a few.
SHARE = 0.9


class StampGuard:
    """Knows how far the last stamp of each market lies ahead of our clock.

    One market counts once, however often it tells: it cannot outvote the others.
    """

    def __init__(self) -> None:
        self._ahead_ms: dict[Exchange, dict[str, int]] = {}
        self._clock_ahead_ms: dict[Exchange, int] = {}

    def set_clock(self, exchange: Exchange, ahead_ms: int) -> None:
        """Tell by how much a venue's own clock is ahead of ours, as it was measured."""
        self._clock_ahead_ms[exchange] = ahead_ms

    def observe(
        self, exchange: Exchange, updates: Iterable[QuoteUpdate], received_ms: int
    ) -> None:
        """Learn from a message, before its stamps are judged."""
        ahead = self._ahead_ms.get(exchange)
        if ahead is None:
            ahead = self._ahead_ms[exchange] = {}
        for update in updates:
            stamp = update.exchange_ms
            if stamp is not None:
                ahead[update.market] = stamp - received_ms

    def is_from_future(self, exchange: Exchange, ahead_ms: int) -> bool:
        """Whether a stamp so far ahead is none that the venue means."""
        if ahead_ms <= PLAIN_AHEAD_MS:
            return False
        if ahead_ms > MAX_AHEAD_MS:
            return True
        known = sorted(self._ahead_ms.get(exchange, {"": 0}).values())
        usual_ms = known[int(SHARE * (len(known) - 1))]
        # Where most markets are quiet their stamps are old: the clock itself knows.
        usual_ms = max(usual_ms, self._clock_ahead_ms.get(exchange, 0))
        return ahead_ms > usual_ms + PLAIN_AHEAD_MS
