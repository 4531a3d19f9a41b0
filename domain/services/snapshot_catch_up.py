"""Makes the snapshots of days that ended while nobody looked.

Source: design.md "Snapshots": from the same 1-minute evidence that verifies the others,
with the rate dated with the day.
"""

import asyncio
import logging
from collections.abc import Collection, Mapping
from datetime import date
from decimal import Decimal

from domain.model.coin import Coin
from domain.model.daily_rate import RateCalendar
from domain.model.identity import IdentityTable
from domain.model.page import Direction
from domain.model.snapshot import DailySnapshot, taken_ms
from domain.model.snapshot_count import SnapshotCount
from domain.model.snapshot_day import Pair, pair_at
from domain.model.snapshot_evidence import EMPTY, made
from domain.ports.clock import Clock
from domain.ports.snapshot_store import SnapshotStore
from domain.services.snapshot_witness import ONE_DAY, SnapshotWitness

# Guessed pairs are held to its percent, so its rows are made first.
LEADER = "BTC"
# Rows with a premium wait so long for a dated rate that cannot be told, so as to be
# made whole; then they are made without one, and amended when there is one.
RATE_PATIENCE_S = 900.0

_log = logging.getLogger(__name__)


class SnapshotCatchUp:
    """Finds the rows that are missing since the first day stored, and makes them."""

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
        self._told_cut = False
        self._unrated_since_s: float | None = None

    async def catch_up(self, coins: Collection[Coin]) -> None:
        """Make every missing row of a coin whose KRW market was there at the change.

        At most 60 days back. Where nothing is stored yet, nothing is missing.

        Raises:
            StoreUnavailable: the database cannot be reached.
        """
        first, last = await self._store.first_day(), self._witness.last_day
        if first is None or first > last or not coins:
            return
        bound = self._witness.first_day
        await self._tell_cut(bound)
        stored = await self._store.stored(max(first, bound), last)
        ranked = sorted(coins, key=lambda coin: (coin.symbol != LEADER, coin.symbol))
        missing = await self._missing(max(first, bound), last, ranked, stored)
        if not missing:
            return
        more = {"rows": len(missing), "from": str(missing[0][0]), "to": str(last)}
        _log.info("snapshot.catch_up", extra=more)
        rates = await self._witness.calendar(missing[0][0], last)
        waits = self._waits_for_rates(rates)
        for day, coin, pair in missing:
            if waits and pair.global_ is not None:
                self._witness.unheard(day, coin.symbol)
            else:
                await self._make(day, coin, pair, rates)

    def _waits_for_rates(self, rates: RateCalendar | None) -> bool:
        if rates is not None:
            self._unrated_since_s = None
            return False
        now_s = self._clock.monotonic()
        if self._unrated_since_s is None:
            self._unrated_since_s = now_s
        return now_s - self._unrated_since_s < RATE_PATIENCE_S

    async def _missing(
        self,
        first: date,
        last: date,
        coins: Collection[Coin],
        stored: Mapping[date, Collection[str]],
    ) -> list[tuple[date, Coin, Pair]]:
        missing = []
        day = first
        while day <= last:
            there = stored.get(day, ())
            for coin in coins:
                if coin.symbol in there or not self._witness.is_due(day, coin.symbol):
                    continue
                pair = pair_at(coin, self._identity, taken_ms(day))
                if pair is not None:
                    missing.append((day, coin, pair))
            day += ONE_DAY
            await asyncio.sleep(0)  # a day's board takes milliseconds: others come
        return missing

    async def _make(
        self, day: date, coin: Coin, pair: Pair, rates: RateCalendar | None
    ) -> None:
        evidence = await self._witness.hear(day, coin.symbol, pair, rates)
        if evidence is None:
            return
        row = DailySnapshot(day, coin.symbol, EMPTY)
        leading = await self._leading(day, pair)
        row = made(row, evidence, pair, leading, self._clock.now_ms())
        self._count.caught_up += await self._store.add([row])
        if row.verified_ms is None:
            self._witness.postpone(day, coin.symbol)
        else:
            self._witness.settle(day, coin.symbol)

    async def _leading(self, day: date, pair: Pair) -> Decimal | None:
        if pair.global_ is None or pair.is_curated:
            return None
        rows = await self._store.of_coin(LEADER, day, day, Direction.ASC, 1)
        return rows[0].prices.percent if rows else None

    async def _tell_cut(self, bound: date) -> None:
        if self._told_cut:
            return
        newest = await self._store.last_day()
        if newest is not None and newest < bound - ONE_DAY:
            lost = {"from": str(newest + ONE_DAY), "to": str(bound - ONE_DAY)}
            _log.warning("snapshot.catch_up_cut", extra=lost)
        self._told_cut = True
