"""Keeps the latest of everything in the store, and puts it back at start.

Source: design.md "Nothing evaporates". Written at most once a second, in one batch of
what changed; what the store could not take waits, merged, and is written later. What
waits is bounded by what there is, however long it waits: one row per market, coin and
rate source, in which the newer takes the place of the older.
"""

import logging
from collections.abc import Callable
from dataclasses import replace

from domain.model.alarm import Lapse, StoreAlarm
from domain.model.board import Tick
from domain.model.error import StoreUnavailable
from domain.model.fx import FxQuote
from domain.model.kept import KeptPremium
from domain.model.market import MarketKey
from domain.model.quote import Quote
from domain.ports.clock import Clock
from domain.ports.store import Latest, LatestRepository
from domain.services.board_service import BoardService

SAVE_INTERVAL_S = 1.0
# A rate that moves gives every coin a new version: counts and last numbers are written
# with every fifth batch only, which spares the database four fifths of its log. And
# with every try after a failure: then all that waits is written together.
SAVES_PER_PREMIUMS = 5
# Versions that may have been published after the last write of a server that was
# killed: ten ticks a second for a minute. Counting goes on above them.
UNCLEAN_RESERVE = 600

_log = logging.getLogger(__name__)


class LatestService:
    """Write-behind of quotes, rates and premium counts."""

    def __init__(
        self,
        repository: LatestRepository,
        board: BoardService,
        clock: Clock,
        coins_unread: Callable[[], str | None] = lambda: None,
    ) -> None:
        """Compose; `coins_unread` says why the stored coins are not read yet, or None.

        Before nothing is restored late, and nothing written: a quote whose coin is not
        known would be lost on its way back.
        """
        self._coins_unread = coins_unread
        self._repository = repository
        self._board = board
        self._clock = clock
        self._quotes: dict[MarketKey, Quote] = {}
        self._premiums: dict[str, KeptPremium] = {}
        self._rates: dict[str, FxQuote] = {}
        self._seq = 0
        self._saved_seq = 0
        self._restored = False
        self._saves = 0
        self._lapse: Lapse | None = None

    @property
    def unsaved_count(self) -> int:
        """How many rows wait to be written: quotes, premium counts and rates."""
        return len(self._quotes) + len(self._premiums) + len(self._unsaved_rates())

    @property
    def alarm(self) -> StoreAlarm | None:
        """Since when and why nothing can be kept; None: all is well, or not for long.

        It ends with the first write that succeeds, which is tried every second.
        """
        return None if self._lapse is None else self._lapse.alarm

    async def restore(self) -> None:
        """Put everything stored back onto the board; after the coins were loaded.

        Raises:
            StoreUnavailable: the database cannot be reached.
        """
        latest = await self._repository.load()
        reserve = 0 if latest.clean else UNCLEAN_RESERVE
        kept = [_counted_on(item, reserve) for item in latest.premiums]
        self._board.board.restore(
            latest.quotes, latest.rates, kept, latest.tick_seq + reserve, reserve
        )
        self._saved_seq = latest.tick_seq
        self._restored = True
        self._board.tick()

    def note(self, tick: Tick) -> None:
        """Remember what a tick changed; it is written with the next batch."""
        self._seq = tick.seq
        kept = self._board.board.kept_of(premium.symbol for premium in tick.changed)
        self._premiums.update((item.symbol, item) for item in kept)
        for premium in tick.changed:
            for quote in (premium.domestic, premium.global_):
                if quote is not None:
                    self._quotes[quote.key] = quote

    async def save(self, *, clean: bool = False) -> bool:
        """Write what changed since the last write; False: the store is away."""
        begun = Lapse(self._clock.monotonic(), self._clock.now_ms(), "")
        try:
            if not self._restored:
                await self._restore_late()
            batch = self._take(clean)
            if batch is None:
                return True
            await self._write(batch)
        except StoreUnavailable as exc:
            self._failed(str(exc), self._lapse or begun)
            return False
        self._wrote()
        return True

    async def run(self) -> None:
        """Write once a second for ever."""
        while True:
            await self._clock.sleep(SAVE_INTERVAL_S)
            await self.save()

    async def _restore_late(self) -> None:
        """Take the stored values in: the store was away at start."""
        unread = self._coins_unread()
        if unread is not None:
            raise StoreUnavailable(unread)
        await self.restore()

    async def _write(self, batch: Latest) -> None:
        try:
            await self._repository.save(batch)
        except BaseException:
            # Also when cancelled: the last flush is to have all of it.
            self._put_back(batch)
            raise
        self._saves += 1
        self._saved_seq = batch.tick_seq
        self._rates.update((rate.source, rate) for rate in batch.rates)

    def _take(self, clean: bool) -> Latest | None:
        rates = self._unsaved_rates()
        changed = self._quotes or self._premiums or rates
        # The first write marks the store as in use, so that a kill is noticed later.
        if not (changed or clean) and self._saves:
            return None
        premiums: tuple[KeptPremium, ...] = ()
        if clean or self._lapse or self._saves % SAVES_PER_PREMIUMS == 0:
            premiums, self._premiums = tuple(self._premiums.values()), {}
        batch = Latest(
            quotes=tuple(self._quotes.values()),
            rates=tuple(rates),
            premiums=premiums,
            tick_seq=max(self._seq, self._saved_seq, self._board.board.seq),
            clean=clean,
        )
        self._quotes = {}
        return batch

    def _put_back(self, batch: Latest) -> None:
        self._quotes = {quote.key: quote for quote in batch.quotes} | self._quotes
        self._premiums = {p.symbol: p for p in batch.premiums} | self._premiums

    def _unsaved_rates(self) -> list[FxQuote]:
        quotes = self._board.board.fx.quotes()
        return [rate for rate in quotes if self._rates.get(rate.source) != rate]

    def _failed(self, why: str, before: Lapse) -> None:
        now_s = self._clock.monotonic()
        if self._lapse is None:
            _log.warning("latest.unsaved", extra={"why": why})
        self._lapse = before.failed(why, now_s)
        if self._lapse.told_s != before.told_s:
            more = {"why": why, "for_s": round(now_s - before.began_s, 1)}
            _log.error("store.alarm", extra={**more, "unsaved": self.unsaved_count})

    def _wrote(self) -> None:
        lapse, self._lapse = self._lapse, None
        if lapse is not None:
            for_s = round(self._clock.monotonic() - lapse.began_s, 1)
            more = {"for_s": for_s, "was_alarm": lapse.alarm is not None}
            _log.info("store.recovered", extra=more)


def _counted_on(item: KeptPremium, reserve: int) -> KeptPremium:
    return replace(item, seq=item.seq + reserve)
