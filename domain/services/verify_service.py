"""Holds what is kept to what should be: complete, and as the venues' record has it.

It only reads. Source: docs/adr/0008; semantics.md "Bars and snapshots".
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from random import Random
from typing import Final

from domain.model.bar import PremiumBar
from domain.model.coin import Coin
from domain.model.coin_past import spells
from domain.model.completeness import DayCompleteness, missing_minutes
from domain.model.daily_rate import RateCalendar
from domain.model.error import UnknownMarket, UpstreamUnavailable
from domain.model.fx import PremiumBasis
from domain.model.identity import IdentityTable
from domain.model.interval import Interval
from domain.model.page import Direction
from domain.model.recheck import MinuteRecheck, recheck_minutes
from domain.model.snapshot import DAY_MS, AuditEntry, opens_ms, taken_ms
from domain.model.snapshot_day import pair_at
from domain.model.snapshot_evidence import Evidence, judged
from domain.ports.bar_history import BarHistory, BarQuery
from domain.ports.bar_store import BarStore
from domain.ports.clock import Clock
from domain.ports.snapshot_store import SnapshotStore
from domain.services.bar_maker import BarMaker, BarTask
from domain.services.minute_evidence import MinuteEvidence
from domain.services.rate_book import RateCalendars

# The newest minutes may still be on their way, or about to be healed.
SETTLE_MS: Final = 180_000
_MINUTE_MS: Final = Interval.M1.length_ms


@dataclass(frozen=True, slots=True)
class CoinDay:
    """A coin's UTC day."""

    symbol: str
    day: date


@dataclass(frozen=True, slots=True)
class DayRecheck:
    """What the venues' record says of a coin's day.

    `snapshot` are the fields in which its dated row differs, None: there is no row, or
    nothing proves it. `unavailable` says why the venues could not be asked.
    """

    coin_day: CoinDay
    minutes: MinuteRecheck
    snapshot: Sequence[AuditEntry] | None = None
    unavailable: str | None = None

    @property
    def is_right(self) -> bool:
        """Whether nothing contradicts it."""
        faults = self.minutes.faults or self.snapshot or self.unavailable
        return not faults


class VerifyService:
    """Counts what is missing and compares samples with the venues. Writes nothing."""

    def __init__(
        self,
        store: BarStore,
        history: BarHistory,
        snapshots: SnapshotStore,
        maker: BarMaker,
        evidence: MinuteEvidence,
        rates: RateCalendars,
        identity: IdentityTable,
        clock: Clock,
    ) -> None:
        self._store = store
        self._history = history
        self._snapshots = snapshots
        self._maker = maker
        self._evidence = evidence
        self._rates = rates
        self._identity = identity
        self._clock = clock

    async def completeness(
        self, coins: Collection[Coin], from_day: date, to_day: date
    ) -> Sequence[DayCompleteness]:
        """Return every day on which a coin has or lacks minutes, by coin and day.

        Raises:
            StoreUnavailable: the database is away.
        """
        symbols = {coin.symbol for coin in coins}
        from_ms, to_ms = opens_ms(from_day), self._end_ms(to_day)
        days: dict[tuple[str, date], DayCompleteness] = {}
        lasts_ms: dict[str, int] = {}
        for count in await self._store.day_counts(from_day, to_day):
            if count.symbol not in symbols:
                continue
            days[count.symbol, count.day] = DayCompleteness(
                count.symbol,
                count.day,
                live=count.live,
                backfilled=count.backfilled,
                impossible=count.impossible,
                stale=count.stale,
            )
            if count.last_ms is not None:
                lasts_ms[count.symbol] = count.last_ms
        if to_ms > from_ms:
            gaps = await self._store.gaps(from_ms, to_ms, symbols)
            trading = {coin.symbol for coin in coins if coin.domestic and coin.global_}
            missing = missing_minutes(gaps, lasts_ms, trading)
            for key, minutes in missing.items():
                known = days.get(key, DayCompleteness(*key))
                days[key] = replace(known, missing=minutes)
        return [days[key] for key in sorted(days)]

    def draw(
        self, days: Sequence[DayCompleteness], count: int, random: Random
    ) -> Sequence[CoinDay]:
        """Return so many coin-days that have minutes, at random, in order."""
        kept = [CoinDay(d.symbol, d.day) for d in days if d.live + d.backfilled]
        drawn = random.sample(kept, min(count, len(kept)))
        return sorted(drawn, key=lambda each: (each.symbol, each.day))

    async def recheck(self, coin: Coin, day: date) -> DayRecheck:
        """Compare a coin's minutes and snapshot of a day with the venues' record.

        Raises:
            StoreUnavailable: the database is away.
        """
        coin_day, minutes = CoinDay(coin.symbol, day), MinuteRecheck()
        try:
            rates = await self._rates.calendar(day, day)
            minutes = await self._minutes(coin, day, rates)
            snapshot = await self._snapshot(coin, day, rates)
        except (UpstreamUnavailable, UnknownMarket) as exc:
            return DayRecheck(coin_day, minutes, unavailable=str(exc))
        return DayRecheck(coin_day, minutes, snapshot)

    async def _minutes(
        self, coin: Coin, day: date, rates: RateCalendar
    ) -> MinuteRecheck:
        result = MinuteRecheck()
        from_ms, to_ms = opens_ms(day), self._end_ms(day)
        for spell in spells(coin, self._identity, Interval.M1, from_ms, to_ms):
            kept = await self._kept(coin.symbol, spell.from_ms, spell.to_ms)
            if spell.domestic is None or spell.global_ is None:
                result.add(recheck_minutes(kept, ()))
                continue
            task = BarTask(
                coin.symbol,
                spell.domestic,
                spell.global_,
                Interval.M1,
                spell.from_ms,
                spell.to_ms,
            )
            made = await self._maker.make(task, rates)
            result.add(recheck_minutes(kept, made.bars))
        return result

    async def _kept(
        self, symbol: str, from_ms: int, to_ms: int
    ) -> Sequence[PremiumBar]:
        limit = DAY_MS // _MINUTE_MS
        return [
            bar
            for basis in PremiumBasis
            for bar in await self._history.bars(
                BarQuery(
                    symbol, basis, Interval.M1, from_ms, to_ms, Direction.ASC, limit
                )
            )
        ]

    async def _snapshot(
        self, coin: Coin, day: date, rates: RateCalendar
    ) -> Sequence[AuditEntry] | None:
        rows = await self._snapshots.of_coin(coin.symbol, day, day, Direction.ASC, 1)
        at_ms, now_ms = taken_ms(day), self._clock.now_ms()
        pair = pair_at(coin, self._identity, at_ms)
        if not rows or pair is None or now_ms < at_ms + SETTLE_MS:
            return None
        domestic = await self._evidence.close(pair.domestic, at_ms)
        global_ = None
        if pair.global_ is not None:
            global_ = await self._evidence.close(pair.global_, at_ms)
        told = Evidence(
            domestic_price=None if domestic is None else domestic.price,
            global_price=None if global_ is None else global_.price,
            is_whole=True,
            # Without a premium no rate is missed, as where rows are verified.
            rate=None if pair.global_ is None else rates.on(day),
        )
        return judged(rows[0], told, now_ms).entries

    def _end_ms(self, day: date) -> int:
        """Return where a day's minutes end, those left out that may be on their way."""
        settled_ms = self._clock.now_ms() - SETTLE_MS
        return min(opens_ms(day) + DAY_MS, settled_ms - settled_ms % _MINUTE_MS)


def total(days: Sequence[DayCompleteness]) -> Mapping[str, DayCompleteness]:
    """Return the sums of each coin's days."""
    sums: dict[str, DayCompleteness] = {}
    for day in days:
        before = sums.get(day.symbol)
        sums[day.symbol] = day if before is None else before + day
    return sums
