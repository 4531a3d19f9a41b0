"""Candles that many coins of a span need: read once, and kept a while."""

import asyncio
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Final

from domain.model.candle import CandleRun
from domain.model.error import UnknownMarket
from domain.model.interval import Interval
from domain.ports.market_reader import MarketReader

# Kept of one venue, some 30 MB at most; at either cap the run that was not used for
# longest goes, though the latest always stays.
MAX_RUNS: Final = 64
MAX_CANDLES: Final = 30_000


@dataclass(frozen=True, slots=True)
class _Span:
    market: str
    interval: Interval
    from_ms: int
    to_ms: int

    def holds(self, other: "_Span") -> bool:
        same = (self.market, self.interval) == (other.market, other.interval)
        return same and self.from_ms <= other.from_ms and other.to_ms <= self.to_ms


class CandleShare:
    """A venue's past candles; those of `markets` are read once for all who need them.

    A span within one that is kept is answered from it. Only for spans that have ended:
    what is kept does not change. Of one market one span is read at a time, so whoever
    comes meanwhile finds it.
    """

    def __init__(
        self,
        reader: MarketReader,
        markets: Collection[str],
        max_runs: int = MAX_RUNS,
        max_candles: int = MAX_CANDLES,
    ) -> None:
        self._reader = reader
        self._lines = {market: asyncio.Lock() for market in markets}
        self._max_runs, self._max_candles = max_runs, max_candles
        # None: the venue has no such market.
        self._runs: OrderedDict[_Span, CandleRun | None] = OrderedDict()

    async def read(
        self, market: str, interval: Interval, from_ms: int, to_ms: int
    ) -> CandleRun:
        """Return the candles of a span; `irregular` only where they were read now.

        Raises:
            UpstreamUnavailable: the venue gave no usable answer; that is not kept.
            UnknownMarket: the venue has no such market.
            InvalidArgument: a span of more than 10,000 openings.
        """
        line = self._lines.get(market)
        if line is None:
            return await self._reader.past_candles(market, interval, from_ms, to_ms)
        span = _Span(market, interval, from_ms, to_ms)
        async with line:
            kept = next((each for each in self._runs if each.holds(span)), None)
            if kept is None:
                return await self._load(span)
            self._runs.move_to_end(kept)
            run = self._runs[kept]
        if run is None:
            raise UnknownMarket(self._reader.exchange, market)
        return _part(run, span)

    async def with_earlier(
        self, run: CandleRun, market: str, interval: Interval, from_ms: int
    ) -> CandleRun:
        """Return a run with the last candle before its span, if there is one.

        Raises:
            UpstreamUnavailable: the venue gave no usable answer.
            UnknownMarket: the venue has no such market.
        """
        found = await self._reader.candles(market, interval, 1, from_ms)
        return replace(run, earlier=found[0] if found else None)

    async def _load(self, span: _Span) -> CandleRun:
        try:
            run = await self._reader.past_candles(
                span.market, span.interval, span.from_ms, span.to_ms
            )
        except UnknownMarket:
            self._keep(span, None)
            raise
        if not run.unusable:
            self._keep(span, run)
        return run

    def _keep(self, span: _Span, run: CandleRun | None) -> None:
        self._runs[span] = run
        while len(self._runs) > 1 and self._is_full():
            self._runs.popitem(last=False)

    def _is_full(self) -> bool:
        many = sum(
            0 if run is None else len(run.candles) for run in self._runs.values()
        )
        return len(self._runs) > self._max_runs or many > self._max_candles


def _part(run: CandleRun, span: _Span) -> CandleRun:
    earlier, candles = run.earlier, []
    for candle in run.candles:
        if candle.opened_ms < span.from_ms:
            earlier = candle
        elif candle.opened_ms < span.to_ms:
            candles.append(candle)
    return replace(run, candles=tuple(candles), earlier=earlier, irregular=0)
