"""Candles as the venues gave them, for back-tests. May raise `StoreUnavailable`."""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from domain.model.candle import Candle
from domain.model.interval import Interval
from domain.model.market import Exchange


class CandleArchive(Protocol):
    """Closed candles per venue, market and interval; prices per venue unit."""

    async def save(self, exchange: Exchange, candles: Sequence[Candle]) -> int:
        """Store closed candles, replace those that differ; return how many changed."""
        ...

    async def load(
        self,
        exchange: Exchange,
        market: str,
        interval: Interval,
        from_ms: int,
        to_ms: int,
    ) -> Sequence[Candle]:
        """Return the kept candles with `from_ms` ≤ opened < `to_ms`, ascending."""
        ...

    def stream(
        self, interval: Interval, from_ms: int, to_ms: int
    ) -> AsyncIterator[tuple[Exchange, Candle]]:
        """Yield the kept candles of all markets, by venue, market and time."""
        ...
