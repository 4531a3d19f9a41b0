"""Rates of the past without a network or a database."""

from collections.abc import Iterable, Sequence
from datetime import date

from adapters.memory.store import MemoryStore
from domain.model.daily_rate import DailyRate
from domain.model.error import UpstreamUnavailable


class MemoryFxHistory:
    """`FxHistory` that says what it was given.

    While `down` holds a reason, asking raises `UpstreamUnavailable` with it. `asked`
    are the spans of the questions.
    """

    def __init__(self, rates: Iterable[DailyRate] = ()) -> None:
        self._rates = {rate.day: rate for rate in rates}
        self.down: str | None = None
        self.asked: list[tuple[date, date]] = []

    def set_rates(self, *rates: DailyRate) -> None:
        """Add rates, in place of those of the same date."""
        self._rates.update((rate.day, rate) for rate in rates)

    async def daily(self, from_day: date, to_day: date) -> Sequence[DailyRate]:
        """Return the rates of a span and the latest before it, ascending."""
        self.asked.append((from_day, to_day))
        if self.down is not None:
            raise UpstreamUnavailable("fx.memory", self.down)
        return _span(self._rates, from_day, to_day)


class MemoryRateStore:
    """`RateStore` over a `MemoryStore`."""

    def __init__(self, store: MemoryStore | None = None) -> None:
        self.store = store or MemoryStore()

    async def save(self, rates: Sequence[DailyRate]) -> None:
        """Store rates, one per date; the last word counts."""
        self.store.reach()
        self.store.daily_rates.update((rate.day, rate) for rate in rates)

    async def load(self, from_day: date, to_day: date) -> Sequence[DailyRate]:
        """Return the kept rates of a span and the latest before it, ascending."""
        self.store.reach()
        return _span(self.store.daily_rates, from_day, to_day)


def _span(
    rates: dict[date, DailyRate], from_day: date, to_day: date
) -> Sequence[DailyRate]:
    before = max((day for day in rates if day < from_day), default=None)
    first = from_day if before is None else before
    return [rates[day] for day in sorted(rates) if first <= day <= to_day]
