"""Candles that follow from a market's name and an instant, and from nothing else.

Candles of different lengths are drawn apart on purpose: whoever answers a day from
minutes where the day's own candle was asked for, or the reverse, is found out.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from hashlib import blake2b
from typing import Final, NamedTuple

MINUTE_S: Final = 60
HOUR_S: Final = 3_600
DAY_S: Final = 86_400


def at(text: str) -> int:
    """Return Unix seconds of an ISO instant; without an offset it is UTC."""
    found = datetime.fromisoformat(text)
    return int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp())


def iso(at_s: float, zone: str = "Z") -> str:
    """Return an instant as ISO-8601 in UTC."""
    moment = datetime.fromtimestamp(at_s, UTC).replace(tzinfo=None)
    return moment.isoformat() + zone


def day_of(at_s: int) -> date:
    """Return the UTC day that holds an instant."""
    return datetime.fromtimestamp(at_s, UTC).date()


def days(first: str, last: str) -> list[date]:
    """Return every day from the first to the last, both inclusive."""
    begin, end = date.fromisoformat(first), date.fromisoformat(last)
    return [begin + timedelta(n) for n in range((end - begin).days + 1)]


class Candle(NamedTuple):
    """Texts of prices as the venue writes them."""

    open: str
    high: str
    low: str
    close: str
    volume: str
    value: str


def draw(*what: object) -> int:
    """Return a number below 2^64 that belongs to these words."""
    text = "|".join(map(str, what)).encode()
    return int.from_bytes(blake2b(text, digest_size=8).digest())


@dataclass
class Series:
    """All candles of one market.

    `listed_s`: nothing before. `sparse`: minutes exist only one time in so many.
    `holes`: (length, opening) that do not exist. `fixed`: (length, opening) that are
    as scripted.
    """

    market: str
    base: str
    places: int
    listed_s: int = 0
    sparse: int = 1
    holes: set[tuple[int, int]] = field(default_factory=set)
    fixed: dict[tuple[int, int], Candle] = field(default_factory=dict)
    swing: Fraction = Fraction(6, 1000)

    def exists(self, length_s: int, opened_s: int) -> bool:
        """Return whether something was traded in a candle's time."""
        if (length_s, opened_s) in self.fixed:
            return True
        if opened_s + length_s <= self.listed_s or (length_s, opened_s) in self.holes:
            return False
        if length_s == MINUTE_S and self.sparse > 1:
            return draw(self.market, "traded", opened_s) % self.sparse == 0
        return True

    def candle(self, length_s: int, opened_s: int) -> Candle | None:
        """Return a candle; None where nothing was traded."""
        if not self.exists(length_s, opened_s):
            return None
        scripted = self.fixed.get((length_s, opened_s))
        if scripted is not None:
            return scripted
        first, last, up, down = (
            self._price(length_s, opened_s, word) for word in ("o", "c", "h", "l")
        )
        high, low = max(first, last, up), min(first, last, down)
        volume = Decimal(1 + draw(self.market, length_s, opened_s, "v") % 10**9) / 10**6
        value = (volume * first).normalize()
        prices = (f"{first:f}", f"{high:f}", f"{low:f}", f"{last:f}")
        return Candle(*prices, f"{volume:f}", f"{value:f}")

    def _price(self, length_s: int, opened_s: int, word: str) -> Decimal:
        part = Fraction(draw(self.market, length_s, opened_s, word), 2**64) * 2 - 1
        exact = Fraction(self.base) * (1 + part * self.swing) * 10**self.places
        return Decimal(round(exact)).scaleb(-self.places)


@dataclass
class Rates:
    """Won per dollar by business day, as the ECB has them."""

    seed: str = "ecb"
    scripted: dict[date, str | None] = field(default_factory=dict)

    def on(self, day: date) -> str | None:
        """Return the rate dated with a day; None on weekends and holidays."""
        if day in self.scripted:
            return self.scripted[day]
        if day.weekday() >= 5:
            return None
        return f"{Decimal(128_000 + draw(self.seed, day) % 6_000) / 100:f}"

    def for_bar(self, day: date) -> str:
        """Return the rate of a bar of a day: dated so, else the latest before."""
        for back in range(60):
            rate = self.on(day - timedelta(back))
            if rate is not None:
                return rate
        raise AssertionError(f"no rate before {day}")
