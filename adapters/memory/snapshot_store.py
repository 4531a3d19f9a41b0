"""Current rows and daily snapshots that are forgotten when the process ends."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date

from adapters.memory.store import MemoryStore
from domain.model.page import Direction
from domain.model.snapshot import AuditEntry, Compared, CurrentRow, DailySnapshot


class MemorySnapshotStore:
    """`SnapshotStore` over a `MemoryStore`."""

    def __init__(self, store: MemoryStore | None = None) -> None:
        self.store = store or MemoryStore()

    async def save_current(self, rows: Collection[CurrentRow]) -> Compared:
        """Compare each row with the stored one and write it only where it differs."""
        self.store.reach()
        unique = {row.symbol: row for row in rows}
        updated = 0
        for symbol, row in unique.items():
            known = self.store.current.get(symbol)
            if known is not None and replace(known, at_ms=row.at_ms) == row:
                continue
            self.store.current[symbol] = replace(row, at_ms=_later(known, row))
            updated += 1
        return Compared(len(unique), len(unique) - updated, updated)

    async def load_current(self) -> Sequence[CurrentRow]:
        """Return every current row, by symbol."""
        self.store.reach()
        return [self.store.current[symbol] for symbol in sorted(self.store.current)]

    async def add(self, snapshots: Collection[DailySnapshot]) -> int:
        """Store dated rows where there is none yet; return how many were new."""
        self.store.reach()
        before = len(self.store.snapshots)
        for row in snapshots:
            self.store.snapshots.setdefault((row.day, row.symbol), row)
        return len(self.store.snapshots) - before

    async def amend(
        self, snapshot: DailySnapshot, entries: Sequence[AuditEntry]
    ) -> bool:
        """Replace the revision before with this one, and keep its audit entries."""
        self.store.reach()
        key = (snapshot.day, snapshot.symbol)
        known = self.store.snapshots.get(key)
        if known is None or known.revision != snapshot.revision - 1:
            return False
        self.store.snapshots[key] = snapshot
        self.store.audits.extend(entries)
        return True

    async def confirm(
        self, day: date, symbols: Collection[str], verified_ms: int
    ) -> None:
        """Mark rows as compared with the venues' record and found right."""
        self.store.reach()
        for symbol in symbols:
            known = self.store.snapshots.get((day, symbol))
            if known is not None:
                found = replace(known, verified_ms=verified_ms)
                self.store.snapshots[day, symbol] = found

    async def unverified(self, from_day: date) -> Sequence[DailySnapshot]:
        """Return the rows not yet verified since a day, by day and symbol."""
        return [
            row
            for row in self._rows()
            if row.day >= from_day and row.verified_ms is None
        ]

    async def first_day(self) -> date | None:
        """Return the oldest day with a snapshot, None without any."""
        return min((row.day for row in self._rows()), default=None)

    async def last_day(self) -> date | None:
        """Return the newest day with a snapshot, None without any."""
        return max((row.day for row in self._rows()), default=None)

    async def stored(
        self, from_day: date, to_day: date
    ) -> Mapping[date, Collection[str]]:
        """Return the symbols that have a row, by day, both ends inclusive."""
        found: dict[date, set[str]] = {}
        for row in self._rows():
            if from_day <= row.day <= to_day:
                found.setdefault(row.day, set()).add(row.symbol)
        return found

    async def of_day(
        self, day: date, limit: int, after_symbol: str | None = None
    ) -> Sequence[DailySnapshot]:
        """Return the rows of one day by symbol, at most `limit`, after a symbol."""
        found = [
            row
            for row in self._rows()
            if row.day == day and (after_symbol is None or row.symbol > after_symbol)
        ]
        return found[:limit]

    async def of_coin(
        self,
        symbol: str,
        from_day: date | None,
        to_day: date | None,
        direction: Direction,
        limit: int,
        after_day: date | None = None,
    ) -> Sequence[DailySnapshot]:
        """Return the rows of one coin, both ends inclusive, in the direction given."""
        is_back = direction is Direction.DESC
        rows = [row for row in self._rows() if row.symbol == symbol]
        found = [
            row
            for row in sorted(rows, key=lambda row: row.day, reverse=is_back)
            if (from_day is None or row.day >= from_day)
            and (to_day is None or row.day <= to_day)
            and (after_day is None or _is_after(row.day, after_day, is_back=is_back))
        ]
        return found[:limit]

    async def audit(self, day: date, symbol: str) -> Sequence[AuditEntry]:
        """Return what was amended, oldest first."""
        self.store.reach()
        return [
            entry
            for entry in self.store.audits
            if (entry.day, entry.symbol) == (day, symbol)
        ]

    def _rows(self) -> list[DailySnapshot]:
        self.store.reach()
        return [self.store.snapshots[key] for key in sorted(self.store.snapshots)]


def _later(known: CurrentRow | None, row: CurrentRow) -> int | None:
    stamps = [item.at_ms for item in (known, row) if item is not None]
    return max((stamp for stamp in stamps if stamp is not None), default=None)


def _is_after(day: date, after: date, *, is_back: bool) -> bool:
    return day < after if is_back else day > after
