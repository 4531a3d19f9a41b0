"""Candles a venue gives by pages, from the newest back."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from domain.model.candle import Candle, CandleRun
from domain.model.interval import Interval


@dataclass(frozen=True, slots=True)
class CandlePage:
    """One answer: its usable candles in any order, how many rows, and unusable ones."""

    candles: Sequence[Candle]
    rows: int
    bad: int = 0


AskPage = Callable[[int, int | None], Awaitable[CandlePage]]


async def last_candles(
    ask: AskPage, count: int, before_ms: int | None, page_size: int
) -> tuple[Candle, ...]:
    """Return the last candles opened before an instant (None: now), ascending.

    `ask(count, before_ms)` brings at most `page_size`. A page that is not full is the
    last one, and so is one that brings nothing new: a venue that does not heed the
    instant would else be asked for ever. A candle that has a successor is closed,
    whatever our clock says.
    """
    found: dict[int, Candle] = {}
    page_before_ms = before_ms
    while len(found) < count:
        many = min(page_size, count - len(found))
        page = await ask(many, page_before_ms)
        fresh = {
            candle.opened_ms: candle
            for candle in page.candles
            if candle.opened_ms not in found
            and (before_ms is None or candle.opened_ms < before_ms)
        }
        found.update(fresh)
        if page.rows < many or not fresh:
            break
        page_before_ms = min(found)
    return _ascending(found)[-count:]


async def candles_between(
    ask: AskPage, interval: Interval, from_ms: int, to_ms: int, page_size: int
) -> CandleRun:
    """Return the candles with `from_ms` ≤ opened < `to_ms`.

    By the fewest pages: none is asked for that could only hold earlier candles, though
    where the venue has holes the last one may end before the span.
    """
    first_ms = interval.opened_ms(from_ms - 1) + interval.length_ms
    before_ms = interval.opened_ms(to_ms - 1) + interval.length_ms
    found: dict[int, Candle] = {}
    irregular = unusable = 0
    while before_ms > first_ms:
        many = min(page_size, (before_ms - first_ms) // interval.length_ms)
        page = await ask(many, before_ms)
        irregular += _irregular(page.candles, before_ms)
        unusable += page.bad
        fresh = {
            candle.opened_ms: candle
            for candle in page.candles
            if candle.opened_ms < before_ms
        }
        found.update(fresh)
        if page.rows < many or not fresh:
            break
        before_ms = min(fresh)
    candles = _ascending(found)
    earlier = [candle for candle in candles if candle.opened_ms < first_ms]
    last = next(reversed(earlier), None)
    return CandleRun(candles[len(earlier) :], last, irregular, unusable)


def _ascending(found: dict[int, Candle]) -> tuple[Candle, ...]:
    """Return candles in order; one that has a successor is closed."""
    last = [found[opened_ms] for opened_ms in sorted(found)]
    closed = (each if each.closed else replace(each, closed=True) for each in last[:-1])
    return (*closed, *last[-1:])


def _irregular(candles: Sequence[Candle], before_ms: int) -> int:
    """Count the candles of a page out of its order, told twice, or not asked for."""
    late = sum(candle.opened_ms >= before_ms for candle in candles)
    steps = [after.opened_ms - each.opened_ms for each, after in pairwise(candles)]
    rising, falling = sum(step > 0 for step in steps), sum(step < 0 for step in steps)
    return late + len(steps) - max(rising, falling)
