"""The identity guard: a guessed pair far from the market is not shown as a premium.

Source: semantics.md "Premiums", identity guard. Equal tickers can be different coins;
a pair nobody checked by name that trades beyond 20 points from the median of the
checked ones for a minute is IDENTITY_UNSURE until it comes back below 15.
"""

from collections.abc import Mapping
from decimal import Decimal
from statistics import median

ENTER_POINTS = Decimal(20)
LEAVE_POINTS = Decimal(15)
ENTER_AFTER_S = 60.0
MIN_CURATED = 5


class IdentityGuard:
    """Which guessed pairs are unsure; fed with LIVE percents and our monotonic time."""

    def __init__(self) -> None:
        self._beyond_since: dict[str, float] = {}
        self._unsure: set[str] = set()

    def is_unsure(self, symbol: str) -> bool:
        """Whether the pair of this coin is doubted now."""
        return symbol in self._unsure

    def watch(
        self,
        curated: Mapping[str, Decimal],
        guessed: Mapping[str, Decimal],
        now_s: float,
    ) -> frozenset[str]:
        """Look at all LIVE premiums once and return the coins whose state turned.

        A guessed pair that is not LIVE now starts its minute anew when it is.
        Fewer than 5 curated LIVE premiums decide nothing.
        """
        for symbol in set(self._beyond_since) - set(guessed):
            del self._beyond_since[symbol]
        if len(curated) < MIN_CURATED:
            self._beyond_since.clear()
            return frozenset()
        middle = median(curated.values())
        return frozenset(
            symbol
            for symbol, percent in guessed.items()
            if self._turns(symbol, abs(percent - middle), now_s)
        )

    def doubt(self, symbol: str) -> None:
        """Take over a doubt that somebody else had."""
        self._unsure.add(symbol)

    def forget(self, symbol: str) -> None:
        """Drop what is known of a coin: it was curated, delisted or paired anew."""
        self._beyond_since.pop(symbol, None)
        self._unsure.discard(symbol)

    def _turns(self, symbol: str, distance: Decimal, now_s: float) -> bool:
        if symbol in self._unsure:
            if distance >= LEAVE_POINTS:
                return False
            self._unsure.discard(symbol)
            return True
        if distance <= ENTER_POINTS:
            self._beyond_since.pop(symbol, None)
            return False
        since = self._beyond_since.setdefault(symbol, now_s)
        if now_s - since < ENTER_AFTER_S:
            return False
        del self._beyond_since[symbol]
        self._unsure.add(symbol)
        return True
