"""Valid price steps of both venues.

Prices are integers in units of 10^-8 everywhere in this package: exact, quick, and
fine enough for every market (Upbit's smallest step in KRW is 10^-8 as well).
"""

from bisect import bisect_right
from decimal import Decimal

UNIT = 100_000_000
"""Units in one whole coin or one unit of quote currency."""

# Upbit's KRW table: from this price on, this step (both in won).
_KRW = (
    ("0", "0.00000001"),
    ("0.00001", "0.0000001"),
    ("0.0001", "0.000001"),
    ("0.001", "0.00001"),
    ("0.01", "0.0001"),
    ("0.1", "0.001"),
    ("1", "0.01"),
    ("10", "0.1"),
    ("100", "1"),
    ("5000", "5"),
    ("10000", "10"),
    ("50000", "50"),
    ("100000", "100"),
    ("500000", "500"),
    ("1000000", "1000"),
)
# Upbit's USDT table, in USDT.
_USDT = (
    ("0", "0.00000001"),
    ("0.001", "0.000001"),
    ("0.01", "0.00001"),
    ("0.1", "0.0001"),
    ("1", "0.001"),
    ("10", "0.01"),
)
BINANCE_COARSEST = UNIT // 100


def units(text: str | Decimal) -> int:
    """Return a positive decimal number as units of 10^-8, cut off below.

    Raises:
        ValueError: no number, or nothing is left above 0.
    """
    try:
        value = int(Decimal(text) * UNIT)
    except (ArithmeticError, ValueError) as exc:
        raise ValueError(f"{text!r} is no decimal number") from exc
    if value <= 0:
        raise ValueError(f"{text!r} is no positive number")
    return value


class TickTable:
    """Steps that depend on the price, as Upbit has them."""

    __slots__ = ("_floors", "_steps")

    def __init__(self, rows: tuple[tuple[str, str], ...]) -> None:
        self._floors = [int(Decimal(floor) * UNIT) for floor, _ in rows]
        self._steps = [units(step) for _, step in rows]

    def step(self, price: float) -> int:
        """Return the step at a price (both in units of 10^-8)."""
        return self._steps[bisect_right(self._floors, price) - 1]


class FixedTick:
    """One step for a whole market, as Binance has it."""

    __slots__ = ("_step",)

    def __init__(self, step: int) -> None:
        self._step = step

    def step(self, price: float) -> int:
        """Return the step; the price does not matter."""
        return self._step


TickRule = TickTable | FixedTick

UPBIT_TICK: dict[str, TickRule] = {
    "KRW": TickTable(_KRW),
    "USDT": TickTable(_USDT),
    "BTC": FixedTick(1),
}


def binance_tick(price: float) -> int:
    """Return a step for a new Binance market: some 10,000 steps in the price.

    At most 0.01 and at least 10^-8 of the quote currency, a power of ten.
    """
    step = 1
    while step < BINANCE_COARSEST and step * 100_000 <= price:
        step *= 10
    return step


def binance_lot(price: float) -> int:
    """Return a quantity step worth at most one unit of quote currency, in units.

    A power of ten, at most one whole coin.
    """
    step = 1
    while step < UNIT and price * step * 10 <= UNIT * UNIT:
        step *= 10
    return step
