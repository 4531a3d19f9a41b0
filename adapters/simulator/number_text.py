"""Numbers as the venues write them; all input is exact integers."""

from functools import lru_cache
from time import gmtime, strftime

from adapters.simulator.price_tick import UNIT

# Java's BigDecimal goes over to an exponent below 10^-6.
_SMALLEST_PLAIN_EXPONENT = -6
_PLAIN_FROM = UNIT // 10**6


def fixed(value: int) -> str:
    """Write units of 10^-8 with eight decimals: `158201000.00000000`."""
    if value < 0:
        return f"-{-value // UNIT}.{-value % UNIT:08d}"
    return f"{value // UNIT}.{value % UNIT:08d}"


def short(value: int) -> str:
    """Write units of 10^-8 with the decimals it needs, at least one: `103493000.0`."""
    whole, rest = divmod(abs(value), UNIT)
    sign = "-" if value < 0 else ""
    if not rest:
        return f"{sign}{whole}.0"
    return f"{sign}{whole}.{rest:08d}".rstrip("0")


def scaled(value: int, scale: int) -> str:
    """Write value × 10^-scale as Java's BigDecimal does: all zeros kept, `0E-8`."""
    sign, digits = ("-", str(-value)) if value < 0 else ("", str(value))
    exponent = len(digits) - 1 - scale
    if exponent >= _SMALLEST_PLAIN_EXPONENT:
        digits = digits.zfill(scale + 1)
        return f"{sign}{digits[:-scale]}.{digits[-scale:]}"
    point = "." if len(digits) > 1 else ""
    return f"{sign}{digits[0]}{point}{digits[1:]}E{exponent}"


def price(value: int) -> str:
    """Write units of 10^-8 as Upbit's stream does: like `fixed`, but `0E-8`."""
    if value >= _PLAIN_FROM:
        return f"{value // UNIT}.{value % UNIT:08d}"
    return scaled(value, 8)


class Stamp:
    """An instant in the venue's spellings of date and time."""

    __slots__ = ("compact_date", "compact_time", "date", "time")

    def __init__(self, second: int) -> None:
        parts = gmtime(second)
        self.date = strftime("%Y-%m-%d", parts)
        self.time = strftime("%H:%M:%S", parts)
        self.compact_date = self.date.replace("-", "")
        self.compact_time = self.time.replace(":", "")


@lru_cache(maxsize=4_096)
def stamp(second: int) -> Stamp:
    """Return the spellings of a UTC second; KST is the same nine hours later."""
    return Stamp(second)
