"""Asks a venue for the price at an instant: its last 1-minute candle before it.

One question at a time, spread out, so that the live feed finds the venue's limits
free; a venue that fails is given longer and longer pauses.
"""

from collections.abc import Iterable

from domain.model.coin import Listing
from domain.model.error import UnknownMarket, UpstreamUnavailable
from domain.model.interval import Interval
from domain.model.number import per_coin
from domain.model.patience import Patience
from domain.model.snapshot_day import Traded
from domain.ports.clock import Clock
from domain.ports.market_reader import MarketReader

# Five questions a second are half of what Upbit allows.
ASK_PAUSE_S = 0.2
# The pauses after failures in a row of one venue, and the longest of them.
FAILURE_PAUSES_S = (5.0, 15.0, 60.0)
PATIENT_S = 600.0
MAX_PAUSE_S = 900.0


class MinuteEvidence:
    """The venues' readers, asked one after the other."""

    def __init__(self, readers: Iterable[MarketReader], clock: Clock) -> None:
        self._readers = {reader.exchange: reader for reader in readers}
        self._clock = clock
        self._patience = {
            exchange: Patience(FAILURE_PAUSES_S, PATIENT_S, MAX_PAUSE_S)
            for exchange in self._readers
        }

    async def close(self, listing: Listing, at_ms: int) -> Traded | None:
        """Return the close per coin of the last minute that ended by an instant.

        `at_ms` is the beginning of a minute, Unix ms. However old the candle is: a last
        trade stands. None proves nothing: the venue has no such candle, or it is not
        closed yet. Returns after a pause.

        Raises:
            UpstreamUnavailable: no usable answer; raised after a longer pause.
            UnknownMarket: the venue has it no more; raised after a pause.
        """
        reader = self._readers[listing.exchange]
        patience = self._patience[listing.exchange]
        try:
            found = await reader.candles(listing.market, Interval.M1, 1, at_ms)
        except UnknownMarket:
            await self._heard(patience)
            raise
        except UpstreamUnavailable as exc:
            await self._clock.sleep(self._pause_s(patience, exc))
            raise
        await self._heard(patience)
        last = found[-1] if found else None
        if last is None or not last.closed:
            return None
        return Traded(per_coin(last.close, listing.multiplier), last.opened_ms)

    async def _heard(self, patience: Patience) -> None:
        patience.succeeded()
        await self._clock.sleep(ASK_PAUSE_S)

    def _pause_s(self, patience: Patience, exc: UpstreamUnavailable) -> float:
        pause_s = patience.failed(self._clock.monotonic())
        if exc.retry_at_ms is not None:
            held_s = (exc.retry_at_ms - self._clock.now_ms()) / 1000
            pause_s = max(pause_s, held_s)
        return min(pause_s, MAX_PAUSE_S)
