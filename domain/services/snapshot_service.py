"""Daily snapshots: taken at the date change, proven by the minute, made up for.

Source: design.md "Snapshots", semantics.md "Bars and snapshots". Safe with two servers
on one database: a row is stored once per coin and day, and each revision once.
"""

import logging
from collections.abc import Callable, Iterable, Sequence

from domain.model.coin import Coin
from domain.model.error import StoreUnavailable
from domain.model.identity import IdentityTable
from domain.model.snapshot_count import SnapshotCount
from domain.ports.clock import Clock
from domain.ports.market_reader import MarketReader
from domain.ports.snapshot_store import SnapshotStore
from domain.services.board_service import BoardService
from domain.services.minute_evidence import MinuteEvidence
from domain.services.snapshot_catch_up import SnapshotCatchUp
from domain.services.snapshot_taker import SnapshotTaker
from domain.services.snapshot_verifier import SnapshotVerifier
from domain.services.snapshot_witness import SETTLE_S, DatedRates, SnapshotWitness

LOOK_INTERVAL_S = 300.0
# How soon to look again while no coin is known, or the store is away.
RETRY_S = 5.0

_log = logging.getLogger(__name__)


class SnapshotService:
    """Takes, verifies and catches up; hears of the board by itself."""

    def __init__(
        self,
        store: SnapshotStore,
        board: BoardService,
        readers: Iterable[MarketReader],
        rates: DatedRates,
        identity: IdentityTable,
        clock: Clock,
        *,
        compare_interval_s: float = 60.0,
        verify_after_s: float = SETTLE_S,
        skew_ms: Callable[[], int] = lambda: 0,
    ) -> None:
        """Compose; `readers` are asked for candles, one per venue.

        `rates(from, to)` gives dated rates, both ends inclusive; `skew_ms` tells by how
        much our clock is ahead of the venues'. `set_coins` is to be called with the
        catalogue.
        """
        self._clock = clock
        self.count = SnapshotCount()
        self._coins: dict[str, Coin] = {}
        self.taker = SnapshotTaker(
            store,
            board,
            identity,
            clock,
            compare_interval_s=compare_interval_s,
            skew_ms=skew_ms,
            count=self.count,
        )
        minutes = MinuteEvidence(readers, clock)
        witness = SnapshotWitness(minutes, rates, clock, skew_ms, verify_after_s)
        self._witness = witness
        work = (store, witness, identity, clock, self.count)
        self._verifier = SnapshotVerifier(*work)
        self._catch_up = SnapshotCatchUp(*work)
        board.on_tick(self.taker.note)
        board.on_event(self.taker.hear)

    def set_coins(self, coins: Sequence[Coin]) -> None:
        """Take the catalogue, delisted coins included."""
        self._coins = {coin.symbol: coin for coin in coins}
        self.taker.set_coins(coins)

    async def run_take(self) -> None:
        """Take each day as it ends, and keep the current rows stored, for ever."""
        await self.taker.run()

    async def run_prove(self) -> None:
        """Make what is missing and verify what is there, for ever."""
        while True:
            is_well = await self.prove()
            wait_s = LOOK_INTERVAL_S if is_well else RETRY_S
            await self._clock.sleep(min(wait_s, self._witness.next_in_s))

    async def prove(self) -> bool:
        """Look once for rows to make and to verify; False: it cannot be done now.

        Rows that were taken and wait for the store come first: they are no gap.
        """
        if not self._coins or self.count.waiting:
            return False
        self._witness.tidy()
        try:
            await self._catch_up.catch_up(self._coins.values())
            await self._verifier.verify(self._coins)
        except StoreUnavailable as exc:
            _log.info("snapshot.unproven", extra={"why": str(exc)})
            return False
        return True
