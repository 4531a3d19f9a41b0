"""Takes the snapshot of each Seoul day, and keeps the current rows in the store.

Source: design.md "Snapshots". Prices come from the published ticks; around the date
change every message is heard as well, because a tick holds only the last of several
trades, and what traded before the change may arrive after it.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import date

from domain.model.board import Tick
from domain.model.coin import Coin
from domain.model.error import StoreUnavailable
from domain.model.event import FeedBatch, FeedEvent, QuoteUpdate
from domain.model.fx import FxRate
from domain.model.identity import IdentityTable
from domain.model.market import MarketKey, Reason
from domain.model.number import per_coin
from domain.model.snapshot import CurrentRow, DailySnapshot, seoul_day, taken_ms
from domain.model.snapshot_count import SnapshotCount
from domain.model.snapshot_day import (
    ClosingPrices,
    Known,
    Traded,
    closing_row,
    current_row,
)
from domain.ports.clock import Clock
from domain.ports.snapshot_store import SnapshotStore
from domain.services.board_service import BoardService

# Trades from before the change that arrive so much later still count.
GRACE_MS = 2_000
# A change noticed later than this was not seen: the machine slept, or its clock was
# set. The day is made from the venues' record instead.
LATE_MS = 30_000
# So long before the change every message is heard; a clock may be off by a minute
# before anybody has measured it.
NEAR_MS = 61_000
TURN_S = 1.0
# While the store is away it is tried again this often.
RETRY_S = 5.0
# Days that wait for the store; at the cap the oldest goes, and is made again later
# from the venues' record.
MAX_WAITING_DAYS = 60

_log = logging.getLogger(__name__)


class SnapshotTaker:
    """Hears ticks and messages, and freezes what was known at each date change."""

    def __init__(
        self,
        store: SnapshotStore,
        board: BoardService,
        identity: IdentityTable,
        clock: Clock,
        *,
        compare_interval_s: float = 60.0,
        skew_ms: Callable[[], int] = lambda: 0,
        count: SnapshotCount | None = None,
    ) -> None:
        """Compose; `skew_ms` tells by how much our clock is ahead of the venues'."""
        self._store = store
        self._board = board
        self._identity = identity
        self._clock = clock
        self._interval_s = compare_interval_s
        self._measure_skew_ms = skew_ms
        self._skew_ms = skew_ms()
        self.count = SnapshotCount() if count is None else count
        self._coins: Sequence[Coin] = ()
        self._day = seoul_day(self._now_ms())
        self._prices = ClosingPrices(self._change_ms)
        self._rate: FxRate | None = None
        self._frozen: dict[date, None] = {}
        self._waiting: dict[date, Sequence[DailySnapshot]] = {}
        self._compare_due_s = clock.monotonic() + compare_interval_s
        self._is_away = False

    # What goes in

    def set_coins(self, coins: Sequence[Coin]) -> None:
        """Take the catalogue."""
        self._coins = coins

    def note(self, tick: Tick) -> None:
        """Take the prices of a published tick."""
        self._note_rate()
        for premium in tick.changed:
            for quote in (premium.domestic, premium.global_):
                if quote is not None:
                    traded = Traded(quote.price, quote.exchange_ms)
                    self._prices.take(quote.key, traded)

    def hear(self, event: FeedEvent) -> None:
        """Take what a message says of the time before a date change that is near."""
        if not isinstance(event, FeedBatch):
            return
        received_ms = event.received_ms - self._skew_ms
        if received_ms < self._change_ms - NEAR_MS:
            return
        for update in event.updates:
            self._hear(MarketKey(event.exchange, update.market), update, received_ms)

    def _hear(self, key: MarketKey, update: QuoteUpdate, received_ms: int) -> None:
        state = self._board.board.book.get(key)
        if state is None or update.price is None or update.price <= 0:
            return
        at_ms = received_ms if update.exchange_ms is None else update.exchange_ms
        price = per_coin(update.price, state.multiplier)
        self._prices.take_late(key, Traded(price, at_ms))

    # What it does

    async def run(self) -> None:
        """Watch for the date change and write, for ever, side by side."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._run_watch(), name="snapshot.watch")
            group.create_task(self._run_store(), name="snapshot.store")

    def watch(self) -> None:
        """Look at the clock once: freeze the day that has ended, begin the next."""
        self._skew_ms = self._measure_skew_ms()
        now_ms = self._now_ms()
        late_ms = now_ms - self._change_ms - GRACE_MS
        if late_ms >= 0:
            self._end_day(late_ms)
            self._begin(seoul_day(now_ms))
        elif seoul_day(now_ms) < self._day:
            # The clock was ahead and was set right.
            self._begin(seoul_day(now_ms))
        self._note_rate()

    async def save(self) -> bool:
        """Store what waits, and compare the current rows if that is due.

        False: the store is away; what waits is kept.
        """
        try:
            await self._save_days()
            await self._save_current()
        except StoreUnavailable as exc:
            if not self._is_away:
                more = {"days": len(self._waiting), "why": str(exc)}
                _log.warning("snapshot.unsaved", extra=more)
            self._is_away = True
            return False
        self._is_away = False
        return True

    def current(self) -> list[CurrentRow]:
        """Return what is known of every coin with an open KRW market."""
        known = Known(self._prices, self._used_rate())
        rows = (
            current_row(coin, known, is_comparable=self._is_comparable(coin))
            for coin in self._coins
        )
        return [row for row in rows if row is not None]

    async def _run_watch(self) -> None:
        while True:
            self.watch()
            await self._clock.sleep(TURN_S)

    async def _run_store(self) -> None:
        while True:
            is_well = await self.save()
            await self._clock.sleep(TURN_S if is_well else RETRY_S)

    def _end_day(self, late_ms: int) -> None:
        day = self._day
        if day in self._frozen:
            return
        if late_ms > LATE_MS:
            self.count.missed_days += 1
            late = {"day": str(day), "late_s": late_ms // 1000}
            _log.warning("snapshot.missed", extra=late)
            return
        rows = self._closing(day)
        if rows:
            self._frozen[day] = None
            self._waiting[day] = rows
            self._bound()
        self._compare_due_s = self._clock.monotonic()

    def _closing(self, day: date) -> list[DailySnapshot]:
        # Of a server that began a moment ago nobody knows the rate before the change.
        known = Known(self._prices, self._rate or self._used_rate())
        rows = (
            closing_row(
                day,
                coin,
                self._identity,
                known,
                is_comparable=self._is_comparable(coin),
            )
            for coin in self._coins
        )
        return [row for row in rows if row is not None]

    def _bound(self) -> None:
        for held in (self._frozen, self._waiting):
            while len(held) > MAX_WAITING_DAYS:
                gone = next(iter(held))
                del held[gone]
                if held is self._waiting:
                    _log.error("snapshot.dropped", extra={"day": str(gone)})
        self.count.waiting = sum(map(len, self._waiting.values()))

    def _begin(self, day: date) -> None:
        self._day = day
        self._prices.begin(self._change_ms)

    async def _save_days(self) -> None:
        for day, rows in list(self._waiting.items()):
            new = await self._store.add(rows)
            # At the cap it may have been dropped meanwhile.
            self._waiting.pop(day, None)
            self._bound()
            self.count.taken += new
            more = {"day": str(day), "rows": len(rows), "new": new}
            _log.info("snapshot.taken", extra=more)

    async def _save_current(self) -> None:
        if self._clock.monotonic() < self._compare_due_s:
            return
        rows = self.current()
        if rows:
            self.count.current += await self._store.save_current(rows)
        self._compare_due_s = self._clock.monotonic() + self._interval_s

    @property
    def _change_ms(self) -> int:
        return taken_ms(self._day)

    def _now_ms(self) -> int:
        return self._clock.now_ms() - self._skew_ms

    def _note_rate(self) -> None:
        """Remember the rate in use; past the change it is the next day's."""
        if self._now_ms() < self._change_ms:
            self._rate = self._used_rate()

    def _used_rate(self) -> FxRate | None:
        fx = self._board.board.fx
        return fx.used(self._clock.now_ms(), self._clock.monotonic())

    def _is_comparable(self, coin: Coin) -> bool:
        premium = self._board.board.premium(coin.symbol)
        return premium is None or premium.reason is not Reason.IDENTITY_UNSURE
