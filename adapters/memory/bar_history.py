"""`BarHistory` over the bars of a `MemoryStore`: looks at every bar, each time."""

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal

from adapters.memory.store import MemoryStore
from domain.model.bar import Bar, PremiumBar
from domain.model.fx import PremiumBasis
from domain.model.interval import Interval
from domain.model.number import multiply, subtract
from domain.model.page import Direction
from domain.model.spread import Spread
from domain.ports.bar_history import BarQuery, CloseStats

_ZERO = Decimal(0)


class MemoryBarHistory:
    """`BarHistory` over a `MemoryStore`."""

    def __init__(self, store: MemoryStore | None = None) -> None:
        self.store = store or MemoryStore()
        self._book = self.store.bars

    async def bars(self, query: BarQuery) -> Sequence[PremiumBar]:
        """Return bars in the direction asked for."""
        self.store.reach()
        bars = self._book.kept(query.symbol, query.basis, query.interval)
        found = [bar for bar in bars if query.from_ms <= bar.opened_ms < query.to_ms]
        after_ms = query.after_ms
        if query.direction is Direction.DESC:
            found.reverse()
        if after_ms is not None:
            found = [
                bar
                for bar in found
                if (bar.opened_ms > after_ms) is (query.direction is Direction.ASC)
                and bar.opened_ms != after_ms
            ]
        return found[: max(query.limit, 0)]

    async def minutes_at(
        self, at_ms: int, back_ms: int, symbols: Collection[str]
    ) -> Sequence[Bar]:
        """Return each coin's last minute that ended at or before an instant."""
        self.store.reach()
        found = []
        for symbol in sorted(set(symbols)):
            ended = [
                bar
                for bar in self._book.minutes.get(symbol, {}).values()
                if at_ms - back_ms <= bar.ends_ms <= at_ms
            ]
            if ended:
                found.append(max(ended, key=lambda bar: bar.opened_ms))
        return found

    async def closes(
        self, from_ms: int, to_ms: int, basis: PremiumBasis
    ) -> Mapping[str, Sequence[tuple[int, Decimal]]]:
        """Return every coin's minute closes in a span: (opened_ms, percent)."""
        self.store.reach()
        found = {}
        for symbol in sorted(self._book.minutes):
            bars = self._book.kept(symbol, basis, Interval.M1)
            closes = [
                (bar.opened_ms, bar.close)
                for bar in bars
                if from_ms <= bar.opened_ms < to_ms
            ]
            if closes:
                found[symbol] = closes
        return found

    async def stats(
        self,
        values: Mapping[str, Decimal],
        basis: PremiumBasis,
        from_ms: int,
        to_ms: int,
        interval: Interval,
    ) -> Mapping[str, CloseStats]:
        """Return the closes of bars of M1 or H1 in a span, per coin.

        Raises:
            ValueError: another interval.
        """
        if interval not in (Interval.M1, Interval.H1):
            raise ValueError(f"closes of {interval} are not asked for")
        self.store.reach()
        return {
            symbol: _stats_of(
                [
                    bar.close
                    for bar in self._book.kept(symbol, basis, interval)
                    if from_ms <= bar.opened_ms < to_ms
                ],
                value,
            )
            for symbol, value in values.items()
        }


def _stats_of(closes: Sequence[Decimal], value: Decimal) -> CloseStats:
    total = squares = _ZERO
    for close in closes:
        # Exact at any size: subtracting the negative is an addition without rounding.
        total = subtract(total, close.copy_negate())
        squares = subtract(squares, multiply(close, close).copy_negate())
    spread = Spread(len(closes), total, squares)
    return CloseStats(
        samples=len(closes),
        mean=spread.mean,
        stdev=spread.stdev,
        min=min(closes, default=None),
        max=max(closes, default=None),
        below=sum(close < value for close in closes),
        equal=sum(close == value for close in closes),
    )
