"""Fills days of the past with bars, many coins side by side, and outlasts failures."""

import asyncio
import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

from domain.model.backfill_plan import BackfillSpan
from domain.model.backfill_tally import BackfillTally
from domain.model.coin import Coin
from domain.model.daily_rate import RateCalendar
from domain.model.error import StoreUnavailable, UpstreamUnavailable
from domain.model.identity import IdentityTable
from domain.ports.bar_store import BarStore
from domain.ports.clock import Clock
from domain.services.backfill_piece import Filler, Piece, PieceWorker

# Pieces done side by side: enough that the venues' limits and not their latency is the
# bound, few enough that nobody waits too long in line for the limits.
IN_FLIGHT: Final = 8
# Nothing has gone well for so long, or can before: the rest is given up. It is time for
# one more try after a breaker has opened.
GIVE_UP_S: Final = 90.0
# What fails is tried again when the rest is done, so many times in all.
ROUNDS: Final = 3
ROUND_WAIT_S: Final = 5.0
# After a failure, one worker waits for so long before it asks again.
FAILURE_WAIT_S: Final = 1.0
# Venues may still correct a candle that has just ended.
SETTLE_MS: Final = 120_000

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Failure:
    """Why a piece could not be done, and when it may be tried again, Unix ms."""

    reason: str
    retry_at_ms: int | None


class BackfillService:
    """One run of a backfill; `tally` may be looked at while it runs."""

    def __init__(
        self,
        filler: Filler,
        store: BarStore,
        identity: IdentityTable,
        clock: Clock,
        *,
        in_flight: int = IN_FLIGHT,
        give_up_s: float = GIVE_UP_S,
        given: RateCalendar | None = None,
    ) -> None:
        """Compose; `give_up_s` without a success ends the run.

        `given` are official rates that hours and days kept with another one get, too;
        the filler is to have them.
        """
        self.tally = BackfillTally()
        self._worker = PieceWorker(filler, store, identity, self.tally, given)
        self._clock = clock
        self._in_flight = in_flight
        self._give_up_s = give_up_s
        self._done: Counter[str] = Counter()
        self._success_s = clock.monotonic()
        self._hold_until_ms = 0

    async def run(
        self, coins: Sequence[Coin], span: BackfillSpan, *, redo: bool = False
    ) -> BackfillTally:
        """Fill the span of every coin, oldest first; return what became of it.

        `redo` also makes what is kept already. A venue, rate source or database that
        does not answer costs what needs it: the tally tells.
        """
        self.tally.asked = span.bars * len(coins)
        self.tally.pieces = span.chunks * len(coins)
        # All coins of a time together: they share the rates of that time.
        pieces = (
            Piece(coin, span.interval, from_ms, to_ms, redo)
            for from_ms, to_ms in span.pieces()
            for coin in coins
        )
        try:
            await self._until_final(span)
            self._success_s = self._clock.monotonic()
            await self._rounds(pieces)
        finally:
            left = {coin.symbol: span.bars - self._done[coin.symbol] for coin in coins}
            self.tally.missing = {symbol: many for symbol, many in left.items() if many}
        return self.tally

    async def _until_final(self, span: BackfillSpan) -> None:
        wait_ms = span.to_ms + SETTLE_MS - self._clock.now_ms()
        if wait_ms > 0:
            _log.warning("backfill.waits", extra={"seconds": round(wait_ms / 1000)})
            await self._clock.sleep(wait_ms / 1000)

    async def _rounds(self, pieces: Iterator[Piece]) -> None:
        work = pieces
        failed = await self._round(work)
        for _ in range(ROUNDS - 1):
            if not failed or self.tally.gave_up:
                return
            await self._clock.sleep(ROUND_WAIT_S)
            work = chain(failed, work)
            failed = await self._round(work)

    async def _round(self, work: Iterator[Piece]) -> list[Piece]:
        """Do pieces side by side; return those that failed."""
        failed: list[Piece] = []
        async with asyncio.TaskGroup() as group:
            for number in range(self._in_flight):
                working = self._work(work, failed)
                group.create_task(working, name=f"backfill.{number}")
        return failed

    async def _work(self, pieces: Iterator[Piece], failed: list[Piece]) -> None:
        """Do pieces until there are none, or the run is given up."""
        for piece in pieces:
            if not await self._is_done(piece):
                failed.append(piece)
            if self.tally.gave_up:
                return

    async def _is_done(self, piece: Piece) -> bool:
        """Do a piece; False: it failed, and another one may do better."""
        while True:
            await self._held()
            if self.tally.gave_up:
                return False
            failure = await self._attempt(piece)
            if failure is None:
                return True
            await self._clock.sleep(FAILURE_WAIT_S)
            if failure.retry_at_ms is None:
                return False
            # Refused for a time, not failed: nobody asks before it is over.
            self._hold(failure.retry_at_ms)

    async def _attempt(self, piece: Piece) -> _Failure | None:
        """Do a piece; return why it could not be done."""
        try:
            done = await self._worker.do(piece)
        except UpstreamUnavailable as exc:
            failure = _Failure(str(exc), exc.retry_at_ms)
        except StoreUnavailable as exc:
            failure = _Failure(f"database: {exc}", None)
        else:
            self._done[piece.coin.symbol] += done
            self._success_s = self._clock.monotonic()
            return None
        self.tally.note_failure(failure.reason)
        self._expect(self._clock.monotonic())
        return failure

    def _hold(self, until_ms: int) -> None:
        self._hold_until_ms = max(self._hold_until_ms, until_ms)
        left_s = (until_ms - self._clock.now_ms()) / 1000
        self._expect(self._clock.monotonic() + left_s)

    def _expect(self, soonest_s: float) -> None:
        """Give up where the next success cannot come in time."""
        if soonest_s - self._success_s > self._give_up_s:
            self.tally.gave_up = True

    async def _held(self) -> None:
        while not self.tally.gave_up:
            wait_ms = self._hold_until_ms - self._clock.now_ms()
            if wait_ms <= 0:
                return
            await self._clock.sleep(wait_ms / 1000)
