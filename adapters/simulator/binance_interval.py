"""The lengths of Binance's klines, by their names."""

from dataclasses import replace

from adapters.simulator.bar import HOUR_MS
from adapters.simulator.candle import (
    MONTH,
    SECOND,
    WEEK,
    Interval,
    days,
    hours,
    minutes,
)

INTERVALS: dict[str, Interval] = {
    "1s": SECOND,
    **{f"{many}m": minutes(many) for many in (1, 3, 5, 15, 30)},
    **{f"{many}h": hours(many) for many in (1, 2, 4, 6, 8, 12)},
    **{f"{many}d": days(many) for many in (1, 3)},
    "1w": WEEK,
    "1M": MONTH,
}
_KLINE, _UTC8 = "kline_", "@+08:00"


def of_stream(kind: str) -> tuple[str, Interval] | None:
    """Return name and length of `kline_1m` or `kline_1m@+08:00`, None of others."""
    name = kind.removeprefix(_KLINE).removesuffix(_UTC8)
    interval = INTERVALS.get(name)
    if interval is None or not kind.startswith(_KLINE):
        return None
    if kind.endswith(_UTC8):
        interval = replace(interval, zone_ms=8 * HOUR_MS)
    return name, interval
