"""What is asked of kept premiums. Every method may raise `StoreUnavailable`."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from domain.model.bar import Bar, PremiumBar
from domain.model.fx import PremiumBasis
from domain.model.interval import Interval
from domain.model.page import Direction


@dataclass(frozen=True, slots=True)
class BarQuery:
    """Bars of one coin and basis: `from_ms` ≤ opened < `to_ms`, at most `limit`.

    `after_ms` is the opening of the last bar already had, in the given direction.
    """

    symbol: str
    basis: PremiumBasis
    interval: Interval
    from_ms: int
    to_ms: int
    direction: Direction
    limit: int
    after_ms: int | None = None


@dataclass(frozen=True, slots=True)
class CloseStats:
    """Closes of one coin in a window, in percent; None where there is no close.

    `stdev` is that of the population. `below` counts the closes under, `equal` those
    at the value that was asked about.
    """

    samples: int
    mean: Decimal | None
    stdev: Decimal | None
    min: Decimal | None
    max: Decimal | None
    below: int
    equal: int


class BarHistory(Protocol):
    """Reads of premium bars, for people who wait: bounded in time."""

    async def bars(self, query: BarQuery) -> Sequence[PremiumBar]:
        """Return bars in the direction asked for.

        Minutes are as they are kept. A larger bar is derived from minutes where these
        cover it fully; else it is the one made from candles of that interval; else the
        one derived from what there is (see `PremiumBar.minutes`). H4 is made of hours
        and W1 of days as these are read, so candles stand in there part by part.
        Nothing is shorter than a minute.
        """
        ...

    async def minutes_at(
        self, at_ms: int, back_ms: int, symbols: Collection[str]
    ) -> Sequence[Bar]:
        """Return each coin's last minute that ended at or before an instant.

        At most `back_ms` before it; coins without one are left out.
        """
        ...

    async def closes(
        self, from_ms: int, to_ms: int, basis: PremiumBasis
    ) -> Mapping[str, Sequence[tuple[int, Decimal]]]:
        """Return every coin's minute closes in a span: (opened_ms, percent), ascending.

        For filling memory at start.
        """
        ...

    async def stats(
        self,
        values: Mapping[str, Decimal],
        basis: PremiumBasis,
        from_ms: int,
        to_ms: int,
        interval: Interval,
    ) -> Mapping[str, CloseStats]:
        """Return the closes of bars of M1 or H1 in a span, per coin.

        `values` holds for each coin the value its closes are compared with.
        """
        ...
