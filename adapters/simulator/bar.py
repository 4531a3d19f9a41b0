"""Bars and trades as the history keeps them; prices, volumes in units of 10^-8."""

from collections.abc import Iterable
from typing import NamedTuple

from adapters.simulator.price_tick import UNIT

SECOND_MS = 1_000
MINUTE_MS = 60_000
HOUR_MS = 3_600_000
DAY_MS = 86_400_000


class Bar(NamedTuple):
    """Prices, volume and value in units of 10^-8; `last_ms` is of the last trade.

    `bought` and `bought_value` are the part in which the taker bought; `number` is
    the last trade's.
    """

    open_ms: int
    open: int
    high: int
    low: int
    close: int
    volume: int
    value: int
    trades: int
    last_ms: int
    bought: int = 0
    bought_value: int = 0
    number: int = 0


class Deal(NamedTuple):
    """One trade; `side` is the taker's, BID or ASK, `number` counts in the market."""

    time_ms: int
    price: int
    volume: int
    side: str
    number: int

    @property
    def value(self) -> int:
        """Price × volume, cut off at 10^-8."""
        return self.price * self.volume // UNIT


def join(first: Bar | None, second: Bar | None) -> Bar | None:
    """Return one bar for two that follow each other."""
    if first is None or second is None:
        return first or second
    return Bar(
        first.open_ms,
        first.open,
        first.high if first.high > second.high else second.high,
        first.low if first.low < second.low else second.low,
        second.close,
        first.volume + second.volume,
        first.value + second.value,
        first.trades + second.trades,
        second.last_ms,
        first.bought + second.bought,
        first.bought_value + second.bought_value,
        second.number,
    )


def single(start_ms: int, deal: Deal) -> Bar:
    """Return the bar of one trade."""
    price, volume, value = deal.price, deal.volume, deal.value
    bought = deal.side == "BID"
    return Bar(
        start_ms,
        price,
        price,
        price,
        price,
        volume,
        value,
        1,
        deal.time_ms,
        volume if bought else 0,
        value if bought else 0,
        deal.number,
    )


def fold(start_ms: int, deals: Iterable[Deal]) -> Bar | None:
    """Return the bar of trades in the order of their time, None where there is none."""
    total: Bar | None = None
    for deal in deals:
        total = join(total, single(start_ms, deal))
    return total
