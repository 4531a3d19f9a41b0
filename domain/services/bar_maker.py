"""Makes premium bars from both venues' own candles.

Source: semantics.md "Bars and snapshots"; docs/adr/0008. A span of n candles costs
ceil(n / 200) questions of Upbit and ceil(n / 1000) of Binance, and one more of a venue
where a span of minutes does not begin with a candle.
"""

import asyncio
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from domain.model.bar import Bar, Hole, HoleReason
from domain.model.candle import Candle, CandleRun
from domain.model.candle_premium import PremiumSpan, SpanCandles, bars_of
from domain.model.coin import Listing
from domain.model.daily_rate import RateCalendar
from domain.model.error import UnknownMarket
from domain.model.interval import Interval
from domain.model.market import Exchange, MarketKey
from domain.model.stable_rate import STABLE_RATES
from domain.ports.market_reader import MarketReader
from domain.services.candle_share import CandleShare

# The pair that guessed ones are measured by: nobody doubts which coin it is.
SURE_SYMBOL: Final = "BTC"
SURE_DOMESTIC: Final = MarketKey(Exchange.UPBIT, "KRW-BTC")
SURE_GLOBAL: Final = MarketKey(Exchange.BINANCE, "BTCUSDT")


@dataclass(frozen=True, slots=True)
class BarTask:
    """One coin's bars of one interval: `from_ms` ≤ opened < `to_ms`, all ended.

    The listings are those the coin had then. `interval` is M1, H1 or D1; at most
    10,000 openings.
    """

    symbol: str
    domestic: Listing
    global_: Listing
    interval: Interval
    from_ms: int
    to_ms: int

    @property
    def span(self) -> PremiumSpan:
        """Which bars are wanted."""
        return PremiumSpan(
            self.symbol,
            self.interval,
            self.from_ms,
            self.to_ms,
            self.domestic.multiplier,
            self.global_.multiplier,
        )

    @property
    def is_sure(self) -> bool:
        """Whether somebody checked by name that both sides are one coin."""
        return self.domestic.curated and self.global_.curated


@dataclass(frozen=True, slots=True)
class MadeBars:
    """What became of a task: every opening of it is in a bar, a hole, or both.

    `candles` are those that were read, all closed, for the archive. `irregular` counts
    those that came twice or out of order, `unusable` rows of the legs that could not be
    read: where there are some, openings without a leg's candle are in neither.
    """

    bars: Sequence[Bar]
    holes: Sequence[Hole]
    candles: Sequence[tuple[Exchange, Candle]]
    irregular: int
    unusable: int = 0


class BarMaker:
    """Reads candles of both venues side by side and makes bars of them.

    What many coins of a span need (USDT and USDC in won; BTC for pairs that nobody
    checked) is read once.
    """

    def __init__(self, domestic: MarketReader, global_: MarketReader) -> None:
        stable = [key.market for _, key in STABLE_RATES.values()]
        self._domestic = CandleShare(domestic, [*stable, SURE_DOMESTIC.market])
        self._global = CandleShare(global_, [SURE_GLOBAL.market])

    async def make(self, task: BarTask, rates: RateCalendar) -> MadeBars:
        """Return the bars and holes of a task; again gives the same.

        Raises:
            UpstreamUnavailable: a venue gave no usable answer.
            InvalidArgument: more than 10,000 openings.
        """
        read = await _Reading(self._domestic, self._global, task).all()
        reason = read.missing(task)
        if reason is not None:
            hole = Hole(task.symbol, task.interval, task.from_ms, task.to_ms, reason)
            return MadeBars((), (hole,), tuple(read.told()), read.irregular)
        sure = bars_of(_sure_span(task), read.sure(), rates).bars
        made = bars_of(
            task.span, read.legs(task), rates, {bar.opened_ms: bar for bar in sure}
        )
        return MadeBars(
            bars=tuple(b for b in made.bars if not read.doubts(task, b.opened_ms)),
            holes=tuple(h for h in made.holes if not read.doubts_hole(task, h)),
            candles=tuple(read.told()),
            irregular=read.irregular + made.irregular,
            unusable=read.unusable(task),
        )


@dataclass(frozen=True, slots=True)
class _Read:
    """What was read, by market; None: the venue has no such market."""

    runs: Mapping[MarketKey, CandleRun | None]

    @property
    def irregular(self) -> int:
        return sum(run.irregular for run in self.runs.values() if run is not None)

    def missing(self, task: BarTask) -> HoleReason | None:
        if self.runs[task.domestic.key] is None:
            return HoleReason.NO_DOMESTIC_CANDLE
        if self.runs[task.global_.key] is None:
            return HoleReason.NO_GLOBAL_MARKET
        return None

    def unusable(self, task: BarTask) -> int:
        return sum(run.unusable for run in self._leg_runs(task).values())

    def doubts(self, task: BarTask, opened_ms: int) -> bool:
        """Whether a leg's candle is not there, and may be one that was unusable."""
        return any(
            run.unusable and all(each.opened_ms != opened_ms for each in run.candles)
            for run in self._leg_runs(task).values()
        )

    def doubts_hole(self, task: BarTask, hole: Hole) -> bool:
        """Whether the candles that a hole lacks may be among the unusable ones."""
        run = self._leg_runs(task).get(hole.reason)
        return run is not None and run.unusable > 0

    def _leg_runs(self, task: BarTask) -> Mapping[HoleReason, CandleRun]:
        legs = {
            HoleReason.NO_DOMESTIC_CANDLE: self.runs[task.domestic.key],
            HoleReason.NO_GLOBAL_CANDLE: self.runs[task.global_.key],
        }
        return {reason: run for reason, run in legs.items() if run is not None}

    def legs(self, task: BarTask) -> SpanCandles:
        return self._pair(task.domestic.key, task.global_.key)

    def sure(self) -> SpanCandles:
        return self._pair(SURE_DOMESTIC, SURE_GLOBAL)

    def told(self) -> Iterator[tuple[Exchange, Candle]]:
        """Yield every closed candle that was read."""
        for key in self.runs:
            closed = [candle for candle in self._candles(key) if candle.closed]
            yield from ((key.exchange, candle) for candle in closed)

    def _pair(self, domestic: MarketKey, global_: MarketKey) -> SpanCandles:
        stable = {basis: self._candles(key) for basis, (_, key) in STABLE_RATES.items()}
        return SpanCandles(self._candles(domestic), self._candles(global_), stable)

    def _candles(self, key: MarketKey) -> Sequence[Candle]:
        run = self.runs.get(key)
        if run is None:
            return ()
        return (*(() if run.earlier is None else (run.earlier,)), *run.candles)


class _Reading:
    """Reads all that a task needs, side by side."""

    def __init__(
        self, domestic: CandleShare, global_: CandleShare, task: BarTask
    ) -> None:
        self._shares = {Exchange.UPBIT: domestic, Exchange.BINANCE: global_}
        self._task = task

    async def all(self) -> _Read:
        legs = [self._task.domestic.key, self._task.global_.key]
        others = [key for _, key in STABLE_RATES.values()]
        if not self._task.is_sure:
            others += [SURE_DOMESTIC, SURE_GLOBAL]
        keys = list(dict.fromkeys([*legs, *others]))
        told = await _side_by_side([self._run(key, key in legs) for key in keys])
        runs = dict(zip(keys, told, strict=True))
        at_ms = self._carried_from([runs[key] for key in legs])
        if at_ms is not None:
            await self._read_rates_at(at_ms, runs)
        return _Read(runs)

    async def _run(self, key: MarketKey, is_leg: bool) -> CandleRun | None:
        task, share = self._task, self._shares[key.exchange]
        market, interval, from_ms = key.market, task.interval, task.from_ms
        try:
            run = await share.read(market, interval, from_ms, task.to_ms)
            if is_leg and self._looks_back(run):
                return await share.with_earlier(run, market, interval, from_ms)
        except UnknownMarket:
            return None
        return run

    def _carried_from(self, legs: Sequence[CandleRun | None]) -> int | None:
        """Return the minute whose bar the first one repeats; None: it has its own."""
        last = [run.earlier for run in legs if run is not None and self._is_late(run)]
        known = [candle.opened_ms for candle in last if candle is not None]
        is_carried = len(known) == len(legs) and self._task.interval is Interval.M1
        return max(known) if is_carried else None

    async def _read_rates_at(
        self, at_ms: int, runs: dict[MarketKey, CandleRun | None]
    ) -> None:
        """Add the dollars of a minute before the span, mostly read for that before."""
        ends_ms = at_ms + Interval.M1.length_ms
        for _, key in STABLE_RATES.values():
            run, share = runs[key], self._shares[key.exchange]
            if run is None:
                continue
            told = await share.read(key.market, Interval.M1, at_ms, ends_ms)
            runs[key] = replace(run, earlier=next(iter(told.candles), None))

    def _is_late(self, run: CandleRun) -> bool:
        """Whether the first opening has no candle."""
        first_ms = self._task.span.openings().start
        return not run.candles or run.candles[0].opened_ms != first_ms

    def _looks_back(self, run: CandleRun) -> bool:
        """Whether the span's first minutes hang on a candle that was not read."""
        if self._task.interval is not Interval.M1 or run.earlier is not None:
            return False
        return len(self._task.span.openings()) > 0 and self._is_late(run)


def _sure_span(task: BarTask) -> PremiumSpan:
    return PremiumSpan(SURE_SYMBOL, task.interval, task.from_ms, task.to_ms)


async def _side_by_side(
    asked: Sequence[Coroutine[Any, Any, CandleRun | None]],
) -> list[CandleRun | None]:
    """Return all answers; where one fails the others are given up."""
    tasks = [asyncio.create_task(each, name="bars.candles") for each in asked]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
