"""Hears the venues, and the dated rates, about the end of a Seoul day."""

import logging
from collections.abc import Awaitable, Callable
from datetime import date, timedelta

from domain.model.coin import Listing
from domain.model.daily_rate import RateCalendar
from domain.model.error import UnknownMarket, UpstreamUnavailable
from domain.model.postponed import Postponed
from domain.model.snapshot import seoul_day, taken_ms
from domain.model.snapshot_day import Pair, Traded
from domain.model.snapshot_evidence import Evidence
from domain.ports.clock import Clock
from domain.services.minute_evidence import MinuteEvidence

# A venue may mend its last candle for a while after the minute.
SETTLE_S = 120.0
# A venue or source that is down is asked again for each row after so long, at first and
# at most: it is soon back, and pauses between questions keep it from being stormed.
UNHEARD_S = (30.0, 300.0)
# Days that are looked back at; rows of earlier ones stay as they are.
MAX_DAYS = 60
ONE_DAY = timedelta(days=1)

DatedRates = Callable[[date, date], Awaitable[RateCalendar]]

_log = logging.getLogger(__name__)


class SnapshotWitness:
    """Gathers evidence; what could not be told is postponed, coin by coin and day."""

    def __init__(
        self,
        minutes: MinuteEvidence,
        rates: DatedRates,
        clock: Clock,
        skew_ms: Callable[[], int] = lambda: 0,
        settle_s: float = SETTLE_S,
    ) -> None:
        """Compose; `rates(from, to)` gives dated rates, both ends inclusive.

        `skew_ms` tells by how much our clock is ahead of the venues'; so long after
        the change their record of it is believed to be final.
        """
        self._settle_ms = round(settle_s * 1000)
        self._minutes = minutes
        self._rates = rates
        self._clock = clock
        self._skew_ms = skew_ms
        self._postponed: Postponed[tuple[date, str]] = Postponed()
        self._unheard: Postponed[tuple[date, str]] = Postponed(*UNHEARD_S)

    @property
    def last_day(self) -> date:
        """The newest day whose record has settled."""
        return seoul_day(self._settled_ms) - ONE_DAY

    @property
    def first_day(self) -> date:
        """The oldest day that is looked at."""
        return self.last_day - (MAX_DAYS - 1) * ONE_DAY

    @property
    def next_in_s(self) -> float:
        """Seconds until another day has settled, or somebody is to be asked again."""
        ends_ms = taken_ms(seoul_day(self._settled_ms))
        settles_s = (ends_ms - self._settled_ms) / 1000
        now_s = self._clock.monotonic()
        due_s = self._unheard.next_due_s(now_s)
        return settles_s if due_s is None else min(settles_s, due_s - now_s)

    @property
    def _settled_ms(self) -> int:
        """The instant up to which the venues' record has settled, Unix ms."""
        return self._clock.now_ms() - self._skew_ms() - self._settle_ms

    def is_due(self, day: date, symbol: str) -> bool:
        """Whether a coin's day may be asked for now."""
        now_s = self._clock.monotonic()
        waits = (self._postponed, self._unheard)
        return all(each.is_due((day, symbol), now_s) for each in waits)

    def postpone(self, day: date, symbol: str) -> None:
        """Ask for a coin's day later, and the next time later still."""
        self._postponed.failed((day, symbol), self._clock.monotonic())

    def unheard(self, day: date, symbol: str) -> None:
        """Ask for a coin's day soon again: somebody did not answer."""
        self._unheard.failed((day, symbol), self._clock.monotonic())

    def settle(self, day: date, symbol: str) -> None:
        """Forget what was postponed of a coin's day."""
        self._postponed.succeeded((day, symbol))
        self._unheard.succeeded((day, symbol))

    def tidy(self) -> None:
        """Forget what was postponed of days that nobody looks at any more."""
        first = self.first_day
        for each in (self._postponed, self._unheard):
            each.forget(lambda key: key[0] < first)

    async def calendar(self, from_day: date, to_day: date) -> RateCalendar | None:
        """Return the dated rates of a span, None while they cannot be told.

        Raises:
            StoreUnavailable: the database, where rates are kept, is away.
        """
        try:
            return await self._rates(from_day, to_day)
        except UpstreamUnavailable as exc:
            _log.info("snapshot.rate_unknown", extra={"why": str(exc)})
            return None

    async def hear(
        self, day: date, symbol: str, pair: Pair, rates: RateCalendar | None
    ) -> Evidence | None:
        """Return the evidence of a coin's day, None: it was postponed.

        So it is where the KRW market is gone: when it went nobody knows.
        """
        at_ms = taken_ms(day)
        try:
            domestic = await self._minutes.close(pair.domestic, at_ms)
            global_ = await self._global(pair.global_, at_ms)
        except (UpstreamUnavailable, UnknownMarket) as exc:
            more = {"symbol": symbol, "day": str(day), "why": str(exc)}
            _log.info("snapshot.unproven", extra=more)
            is_gone = isinstance(exc, UnknownMarket)
            (self.postpone if is_gone else self.unheard)(day, symbol)
            return None
        if day > self.last_day:
            # The venue's answer has told that our clock is ahead: that day still runs.
            return None
        return Evidence(
            domestic_price=None if domestic is None else domestic.price,
            global_price=None if global_ is None else global_.price,
            is_whole=domestic is not None
            and (pair.global_ is None or global_ is not None),
            rate=None if rates is None else rates.on(day),
            needs_rate=pair.global_ is not None,
        )

    async def _global(self, listing: Listing | None, at_ms: int) -> Traded | None:
        if listing is None:
            return None
        try:
            return await self._minutes.close(listing, at_ms)
        except UnknownMarket:
            return None
