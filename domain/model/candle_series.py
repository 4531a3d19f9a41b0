"""A series of candles put together from closed ones and the one still running. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from domain.model.candle import Candle
from domain.model.interval import Interval
from domain.model.market import Channel, Exchange, Quality


@dataclass(frozen=True, slots=True)
class CandleSpan:
    """Which candles are wanted: the last `count` opened before `end_ms` (exclusive).

    `asked_ms` is the moment of asking by the venue's clock, `opened_ms` when the candle
    that runs then opened. With `running` that one is wanted as well, and `end_ms` is
    its opening; `before_ms` bounds those that begin while it is asked for.
    """

    exchange: Exchange
    market: str
    interval: Interval
    count: int
    end_ms: int
    opened_ms: int
    asked_ms: int
    running: bool
    before_ms: int | None = None


@dataclass(frozen=True, slots=True)
class CandleSeries:
    """Candles of one market, ascending, without doubles.

    `channels` are those that served, first that of the closed ones; CACHE where a
    stored value stands in: `quality` is STALE then, or where the running candle that
    was wanted could not be had.
    """

    exchange: Exchange
    market: str
    interval: Interval
    candles: tuple[Candle, ...]
    channels: tuple[Channel, ...]
    quality: Quality = Quality.LIVE


def span_of(
    exchange: Exchange,
    market: str,
    interval: Interval,
    count: int,
    before_ms: int | None,
    now_ms: int,
) -> CandleSpan:
    """Return the span that is asked for; `now_ms` is Unix ms by the venue's clock."""
    opened_ms = interval.opened_ms(now_ms)
    running = before_ms is None or before_ms > opened_ms
    end_ms = opened_ms
    if before_ms is not None and not running:
        # Every instant within one interval asks for the same candles.
        end_ms = interval.opened_ms(before_ms - 1) + interval.length_ms
    return CandleSpan(
        exchange,
        market,
        interval,
        count,
        end_ms,
        opened_ms,
        now_ms,
        running,
        before_ms,
    )


def joined(
    span: CandleSpan, closed: Iterable[Candle], running: Iterable[Candle]
) -> tuple[Candle, ...]:
    """Return the last `count` of both, ascending; closed ones win over equal ones.

    All but the newest opening at or after the span's running candle are closed.
    """
    found = {
        candle.opened_ms: candle
        for candle in running
        if span.before_ms is None or candle.opened_ms < span.before_ms
    }
    found.update((c.opened_ms, c) for c in closed if c.opened_ms < span.end_ms)
    ordered = [found[opened_ms] for opened_ms in sorted(found)][-span.count :]
    newest_ms = max(span.opened_ms, ordered[-1].opened_ms) if ordered else 0
    return tuple(_marked(c, c.opened_ms < newest_ms) for c in ordered)


def lacks_running(span: CandleSpan, running: Iterable[Candle]) -> bool:
    """Whether a new candle began meanwhile and the one before it is not told of."""
    opened = {candle.opened_ms for candle in running}
    rolled = any(opened_ms > span.opened_ms for opened_ms in opened)
    return rolled and span.opened_ms not in opened


def _marked(candle: Candle, closed: bool) -> Candle:
    return candle if candle.closed is closed else replace(candle, closed=closed)
