"""Candles a venue gives by pages, from the newest back."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from domain.model.candle import Candle


@dataclass(frozen=True, slots=True)
class CandlePage:
    """One answer: its usable candles in any order, and how many rows it had."""

    candles: Sequence[Candle]
    rows: int


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
    last = [found[opened_ms] for opened_ms in sorted(found)[-count:]]
    closed = (each if each.closed else replace(each, closed=True) for each in last[:-1])
    return (*closed, *last[-1:])
