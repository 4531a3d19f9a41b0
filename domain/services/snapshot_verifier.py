"""Holds dated rows to the venues' own record of their instant.

Source: design.md "Snapshots". Evidence is the last 1-minute candle that ended at or
before 15:00:00 UTC; the venues' daily candles close nine hours later, at another price,
and are never looked at.
"""

import logging

from domain.model.coin import Coin
from domain.model.daily_rate import RateCalendar
from domain.model.identity import IdentityTable
from domain.model.snapshot import DailySnapshot
from domain.model.snapshot_count import SnapshotCount
from domain.model.snapshot_day import pair_at
from domain.model.snapshot_evidence import Verdict, judged
from domain.ports.clock import Clock
from domain.ports.snapshot_store import SnapshotStore
from domain.services.snapshot_witness import SnapshotWitness

_log = logging.getLogger(__name__)


class SnapshotVerifier:
    """Confirms what is right, amends what is not, and leaves what cannot be proven."""

    def __init__(
        self,
        store: SnapshotStore,
        witness: SnapshotWitness,
        identity: IdentityTable,
        clock: Clock,
        count: SnapshotCount,
    ) -> None:
        self._store = store
        self._witness = witness
        self._identity = identity
        self._clock = clock
        self._count = count

    async def verify(self, coins: dict[str, Coin]) -> None:
        """Compare every row that is not verified yet, of at most 60 days.

        Raises:
            StoreUnavailable: the database cannot be reached.
        """
        last_day = self._witness.last_day
        found = await self._store.unverified(self._witness.first_day)
        rows = [row for row in found if row.day <= last_day]
        self._count.unverified = len(rows)
        due = [row for row in rows if self._witness.is_due(row.day, row.symbol)]
        lacking = [row.day for row in due if row.prices.fx_rate is None]
        rates = None
        if lacking:
            rates = await self._witness.calendar(min(lacking), max(lacking))
        for row in due:
            await self._verify(row, coins.get(row.symbol), rates)

    async def _verify(
        self, row: DailySnapshot, coin: Coin | None, rates: RateCalendar | None
    ) -> None:
        pair = None
        if coin is not None:
            pair = pair_at(coin, self._identity, row.taken_at_ms)
        if pair is not None and pair.global_ is None:
            rates = None  # without a premium there is no rate to be missed
        elif not (row.prices.fx_rate or _has_rate(rates, row)):
            pair = None  # it could not be proven as a whole
        if pair is None:
            self._witness.postpone(row.day, row.symbol)
            return
        evidence = await self._witness.hear(row.day, row.symbol, pair, rates)
        if evidence is None:
            return
        await self._take(judged(row, evidence, self._clock.now_ms()))

    async def _take(self, verdict: Verdict) -> None:
        row = verdict.row
        if verdict.entries:
            if not await self._store.amend(row, verdict.entries):
                return  # another server was faster
            self._count.amended += 1
            _tell(verdict)
        elif row.verified_ms is not None:
            await self._store.confirm(row.day, [row.symbol], row.verified_ms)
        if row.verified_ms is None:
            self._witness.postpone(row.day, row.symbol)
            return
        self._witness.settle(row.day, row.symbol)
        self._count.verified += 1
        self._count.unverified -= 1


def _has_rate(rates: RateCalendar | None, row: DailySnapshot) -> bool:
    return rates is not None and rates.on(row.day) is not None


def _tell(verdict: Verdict) -> None:
    row = verdict.row
    changes = ", ".join(f"{e.field} {e.was} -> {e.became}" for e in verdict.entries)
    more = {"day": str(row.day), "symbol": row.symbol, "revision": row.revision}
    _log.warning("snapshot.amended", extra={**more, "changes": changes})
