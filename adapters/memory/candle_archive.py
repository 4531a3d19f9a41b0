"""Candles of the venues, kept until the process ends."""

from collections.abc import AsyncIterator, Sequence

from adapters.memory.store import MemoryStore
from domain.model.candle import Candle
from domain.model.interval import Interval
from domain.model.market import Exchange


class MemoryCandleArchive:
    """`CandleArchive` over a `MemoryStore`."""

    def __init__(self, store: MemoryStore | None = None) -> None:
        self.store = store or MemoryStore()

    async def save(self, exchange: Exchange, candles: Sequence[Candle]) -> int:
        """Store closed candles, replace those that differ; return how many changed."""
        self.store.reach()
        kept = self.store.candles
        changed = 0
        for candle in candles:
            if not candle.closed:
                continue
            key = (exchange, candle.market, candle.interval, candle.opened_ms)
            changed += kept.get(key) != candle
            kept[key] = candle
        return changed

    async def load(
        self,
        exchange: Exchange,
        market: str,
        interval: Interval,
        from_ms: int,
        to_ms: int,
    ) -> Sequence[Candle]:
        """Return the kept candles with `from_ms` ≤ opened < `to_ms`, ascending."""
        self.store.reach()
        return [
            candle
            for key, candle in sorted(self.store.candles.items())
            if key[:3] == (exchange, market, interval) and from_ms <= key[3] < to_ms
        ]

    async def stream(
        self, interval: Interval, from_ms: int, to_ms: int
    ) -> AsyncIterator[tuple[Exchange, Candle]]:
        """Yield the kept candles of all markets, by venue, market and time."""
        self.store.reach()
        for key, candle in sorted(self.store.candles.items()):
            if candle.interval is interval and from_ms <= candle.opened_ms < to_ms:
                yield key[0], candle
