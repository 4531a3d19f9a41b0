"""The order book around the best prices, drawn from the market's trade number."""

from collections.abc import Sequence
from typing import NamedTuple

from adapters.simulator.price_tick import UNIT, TickRule

DEPTH = 30
"""Levels on a side that its total counts; Upbit shows no more."""
DEEPEST = 1_000
"""Levels on a side of the whole book; Binance shows them."""

_MASK = (1 << 64) - 1
_MIX = 0x9E3779B97F4A7C15
# Mean level in mean trades.
_LEVEL_TRADES = 2.0
# A level has 8 to 263 grains; it and its mirror image from the other end of the side
# have 271 together, so a side's total is known without drawing all its levels.
_FEWEST, _PAIR = 8, 271
_MEAN_GRAINS = 136


class Level(NamedTuple):
    """A price and what waits there (units of 10^-8)."""

    price: int
    size: int


class Book(NamedTuple):
    """Both sides, best first; never crossed."""

    asks: tuple[Level, ...]
    bids: tuple[Level, ...]


class Top(NamedTuple):
    """Best prices, what waits there, and what waits on each whole side."""

    ask: Level
    bid: Level
    ask_total: int
    bid_total: int


class Side:
    """One side of a book at one trade: sizes by level, drawn from a seed."""

    __slots__ = ("_grain", "_seed")

    def __init__(self, seed: int, mean: int, lot: int) -> None:
        self._seed = seed
        # Between half and one and a half of the mean, in whole lots.
        varied = mean * (64 + (seed & 127)) // (128 * _MEAN_GRAINS)
        self._grain = max(varied // lot, 1) * lot

    @property
    def total(self) -> int:
        """What waits on the whole side."""
        return DEPTH // 2 * _PAIR * self._grain

    def size(self, level: int) -> int:
        """Return what waits on a level (0: the best)."""
        near = level if level >= DEPTH else min(level, DEPTH - 1 - level)
        grains = _FEWEST + ((self._seed * (near + near + 3) >> 23) & 255)
        return self._grain * (grains if near == level else _PAIR - grains)


def sides(seed: int, number: int, mean: int, lot: int) -> tuple[Side, Side]:
    """Return asks and bids of a market's book at the trade of this number."""
    asks = ((seed ^ number) * _MIX) & _MASK
    bids = ((asks ^ (asks >> 29)) * _MIX) & _MASK
    return Side(asks, mean, lot), Side(bids, mean, lot)


def mean_level(trade_value: float, price: int) -> int:
    """Return the size of a usual level; `trade_value` in quote currency."""
    return int(_LEVEL_TRADES * trade_value / price * UNIT * UNIT)


def ladder(best: int, step_sign: int, tick: TickRule, many: int) -> list[int]:
    """Return `many` prices from the best one away from the market.

    Bids end where the next step would reach 0.
    """
    prices = [best]
    while len(prices) < many:
        last = prices[-1]
        following = last + step_sign * tick.step(last - (step_sign < 0))
        if following <= 0:
            break
        prices.append(following)
    return prices


def grouped(levels: Sequence[Level], step: int, *, upwards: bool) -> list[Level]:
    """Sum the levels whose prices round to the same multiple of `step`."""
    sums: dict[int, int] = {}
    for price, size in levels:
        rounded = -(-price // step) * step if upwards else price // step * step
        sums[rounded] = sums.get(rounded, 0) + size
    return [Level(price, size) for price, size in sums.items() if price > 0]
