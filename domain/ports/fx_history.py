"""Dated official rates: where they come from, and where they are kept."""

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from domain.model.daily_rate import DailyRate


class FxHistory(Protocol):
    """A source of past rates."""

    async def daily(self, from_day: date, to_day: date) -> Sequence[DailyRate]:
        """Return the rates dated in a span, both ends inclusive, ascending.

        Weekends and holidays have none. The latest before `from_day` is included where
        the source has it, so that the first days have a rate.

        Raises:
            UpstreamUnavailable: no usable answer.
        """
        ...


class RateStore(Protocol):
    """Dated rates that are kept. Every method may raise `StoreUnavailable`."""

    async def save(self, rates: Sequence[DailyRate]) -> None:
        """Store rates, one per date: a newer word of any source replaces the older."""
        ...

    async def load(self, from_day: date, to_day: date) -> Sequence[DailyRate]:
        """Return the kept rates of a span and the latest before it, ascending."""
        ...
