"""A candle: what was traded on one market in one interval."""

from dataclasses import dataclass
from decimal import Decimal

from domain.model.interval import Interval


@dataclass(frozen=True, slots=True)
class Candle:
    """Prices per venue unit of the market, volumes in base and quote money.

    `opened_ms` is Unix time (UTC). `closed` is False while the interval still runs.
    Venues that make no candle for a time without trades leave a hole: none is invented.
    """

    market: str
    interval: Interval
    opened_ms: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    base_volume: Decimal
    quote_volume: Decimal
    closed: bool = True


@dataclass(frozen=True, slots=True)
class CandleRun:
    """The candles of a span as a venue told them, ascending, once each.

    `earlier` is the last one before the span, where an answer happened to hold it;
    `irregular` counts those that came twice or out of order, `unusable` rows that could
    not be read: a candle that is not there may be one of them.
    """

    candles: tuple[Candle, ...] = ()
    earlier: Candle | None = None
    irregular: int = 0
    unusable: int = 0
