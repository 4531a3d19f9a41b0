"""Keeps the latest of everything in the store, and puts it back at start.

Source: design.md "Nothing evaporates". Written at most once a second, in one batch of
what changed; what the store could not take waits, merged, and is written later.
"""

import logging

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
# with every fifth batch only, which spares the database four fifths of its log.
SAVES_PER_PREMIUMS = 5
# Versions that may have been published after the last write of a server that was
# killed: ten ticks a second for a minute. Counting goes on above them.
UNCLEAN_RESERVE = 600

_log = logging.getLogger(__name__)


class LatestService:
    """Write-behind of quotes, rates and premium counts."""

    def __init__(
        self, repository: LatestRepository, board: BoardService, clock: Clock
    ) -> None:
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
        if not self._restored and not await self._late_restore():
            return False
        batch = self._take(clean)
        if batch is None:
            return True
        try:
            await self._repository.save(batch)
        except StoreUnavailable as exc:
            self._put_back(batch)
            _log.warning("latest.unsaved", extra={"why": str(exc)})
            return False
        self._saved_seq = batch.tick_seq
        self._rates.update((rate.source, rate) for rate in batch.rates)
        return True

    async def run(self) -> None:
        """Write once a second for ever."""
        while True:
            await self._clock.sleep(SAVE_INTERVAL_S)
            await self.save()

    async def _late_restore(self) -> bool:
        """Take the stored counts in when the store was away at start."""
        try:
            await self.restore()
        except StoreUnavailable:
            return False
        return True

    def _take(self, clean: bool) -> Latest | None:
        rates = [
            rate
            for rate in self._board.board.fx.quotes()
            if self._rates.get(rate.source) != rate
        ]
        changed = self._quotes or self._premiums or rates
        # The first write marks the store as in use, so that a kill is noticed later.
        if not (changed or clean) and self._saves:
            return None
        premiums: tuple[KeptPremium, ...] = ()
        if clean or self._saves % SAVES_PER_PREMIUMS == 0:
            premiums, self._premiums = tuple(self._premiums.values()), {}
        self._saves += 1
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


def _counted_on(item: KeptPremium, reserve: int) -> KeptPremium:
    return KeptPremium(
        item.symbol, item.seq + reserve, item.at_ms, item.last_live_ms, item.numbers
    )
