"""Where daily snapshots are kept. Every method may raise `StoreUnavailable`."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Protocol

from domain.model.page import Direction
from domain.model.snapshot import AuditEntry, Compared, CurrentRow, DailySnapshot


class SnapshotStore(Protocol):
    """Current rows, the dated rows they become, and why a dated row was amended."""

    async def save_current(self, rows: Collection[CurrentRow]) -> Compared:
        """Compare each row with the stored one and write it only where it differs.

        `at_ms` alone is no difference, and never goes back. Of one coin's rows the
        last counts.
        """
        ...

    async def load_current(self) -> Sequence[CurrentRow]:
        """Return every current row, by symbol."""
        ...

    async def add(self, snapshots: Collection[DailySnapshot]) -> int:
        """Store dated rows where there is none yet; return how many were new."""
        ...

    async def amend(
        self, snapshot: DailySnapshot, entries: Sequence[AuditEntry]
    ) -> bool:
        """Replace the revision before with this one, and keep its audit entries.

        False, and nothing is written: the stored revision is another one.
        """
        ...

    async def confirm(
        self, day: date, symbols: Collection[str], verified_ms: int
    ) -> None:
        """Mark rows as compared with the venues' record and found right."""
        ...

    async def unverified(self, from_day: date) -> Sequence[DailySnapshot]:
        """Return the rows not yet verified since a day, by day and symbol."""
        ...

    async def first_day(self) -> date | None:
        """Return the oldest day with a snapshot, None without any."""
        ...

    async def last_day(self) -> date | None:
        """Return the newest day with a snapshot, None without any."""
        ...

    async def stored(
        self, from_day: date, to_day: date
    ) -> Mapping[date, Collection[str]]:
        """Return the symbols that have a row, by day, both ends inclusive.

        Days without a row are left out.
        """
        ...

    async def of_day(
        self, day: date, limit: int, after_symbol: str | None = None
    ) -> Sequence[DailySnapshot]:
        """Return the rows of one day by symbol, at most `limit`, after a symbol."""
        ...

    async def of_coin(
        self,
        symbol: str,
        from_day: date | None,
        to_day: date | None,
        direction: Direction,
        limit: int,
        after_day: date | None = None,
    ) -> Sequence[DailySnapshot]:
        """Return the rows of one coin, both ends inclusive, in the direction given.

        At most `limit`, those after `after_day` in that direction.
        """
        ...

    async def audit(self, day: date, symbol: str) -> Sequence[AuditEntry]:
        """Return what was amended, oldest first."""
        ...
