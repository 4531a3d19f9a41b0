"""One piece of a backfill: what it lacks, made and counted."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Protocol

from domain.model.backfill_plan import runs
from domain.model.backfill_tally import BackfillTally
from domain.model.bar import Hole, HoleReason
from domain.model.coin import Coin
from domain.model.coin_past import CoinSpell, spells
from domain.model.daily_rate import RateCalendar
from domain.model.identity import IdentityTable
from domain.model.interval import Interval
from domain.ports.bar_store import BarStore
from domain.services.backfill_standing import Standing, Standings
from domain.services.bar_filler import Filled
from domain.services.bar_maker import BarTask

# Impossible by what was known then: looked at again, for it may be known now.
RECONSIDERED: Final = frozenset({HoleReason.NO_RATE, HoleReason.NO_GLOBAL_MARKET})
NO_CANDLE: Final = frozenset(
    {HoleReason.NO_DOMESTIC_CANDLE, HoleReason.NO_GLOBAL_CANDLE}
)


class Filler(Protocol):
    """Makes the bars of a task and stores them (`BarFiller`)."""

    async def fill(self, task: BarTask) -> Filled:
        """Write what a task's candles give; doing it again is harmless.

        Raises:
            UpstreamUnavailable: a venue or rate source gave no usable answer.
            StoreUnavailable: the database is away.
        """
        ...


@dataclass(frozen=True, slots=True)
class Piece:
    """Bars of one coin: `from_ms` ≤ opened < `to_ms`; `redo`: also those there are."""

    coin: Coin
    interval: Interval
    from_ms: int
    to_ms: int
    redo: bool = False

    @property
    def openings(self) -> frozenset[int]:
        """Every bar's opening."""
        return frozenset(range(self.from_ms, self.to_ms, self.interval.length_ms))


class PieceWorker:
    """Does pieces and counts in a tally; by what the store says, not by claims.

    Hours and days kept with another official rate than the `given` one are made anew.
    """

    def __init__(
        self,
        filler: Filler,
        store: BarStore,
        identity: IdentityTable,
        tally: BackfillTally,
        given: RateCalendar | None = None,
    ) -> None:
        self._filler = filler
        self._store = store
        self._standings = Standings(store, given)
        self._identity = identity
        self._tally = tally

    async def do(self, piece: Piece) -> int:
        """Make what a piece lacks; return how many of its bars need no more work.

        Raises:
            UpstreamUnavailable: a venue or rate source gave no usable answer.
            StoreUnavailable: the database is away. Doing it again is harmless.
        """
        before = await self._standing(piece)
        wanted = _wanted(piece, before)
        changed = 0
        for spell, openings in self._by_spell(piece, wanted):
            changed += await self._fill(piece, spell, openings)
        after = await self._standing(piece) if wanted else before
        self._count(piece, before, after, changed)
        self._tally.pieces_worked += bool(wanted)
        return len(after.kept) + len(after.impossible)

    async def _standing(self, piece: Piece) -> Standing:
        place = (piece.coin.symbol, piece.interval, piece.from_ms, piece.to_ms)
        return await self._standings.of(*place)

    def _by_spell(
        self, piece: Piece, wanted: frozenset[int]
    ) -> Iterator[tuple[CoinSpell, frozenset[int]]]:
        """Yield what is wanted of each spell of the coin's markets."""
        if not wanted:
            return
        for spell in spells(
            piece.coin, self._identity, piece.interval, piece.from_ms, piece.to_ms
        ):
            inside = {at for at in wanted if spell.from_ms <= at < spell.to_ms}
            if inside:
                yield spell, frozenset(inside)

    async def _fill(
        self, piece: Piece, spell: CoinSpell, wanted: frozenset[int]
    ) -> int:
        """Write bars or holes of one spell; return how many rows changed."""
        changed = 0
        for from_ms, to_ms in runs(wanted, piece.interval):
            if spell.domestic is None or spell.global_ is None:
                place = (piece.coin.symbol, piece.interval, from_ms, to_ms)
                await self._store.write_holes([Hole(*place, _why(spell))])
                continue
            filled = await self._filler.fill(
                BarTask(
                    symbol=piece.coin.symbol,
                    domestic=spell.domestic,
                    global_=spell.global_,
                    interval=piece.interval,
                    from_ms=from_ms,
                    to_ms=to_ms,
                )
            )
            changed += filled.written
            self._tally.candles += filled.candles
            self._tally.irregular += filled.irregular
            self._tally.unusable += filled.unusable
        return changed

    def _count(
        self, piece: Piece, before: Standing, after: Standing, changed: int
    ) -> None:
        tally = self._tally
        fresh = len(after.kept - before.kept)
        tally.written += fresh
        tally.renewed += len(after.kept & before.outdated)
        tally.other_minutes += after.other_minutes
        tally.kept += len(after.kept) - fresh
        if piece.redo:
            tally.changed += max(0, changed - fresh)
        lacks = sorted(after.impossible.items())
        tally.note_impossible(piece.coin.symbol, lacks, piece.interval.length_ms)
        tally.pieces_done += 1


def _wanted(piece: Piece, standing: Standing) -> frozenset[int]:
    """Return the openings to be made.

    Where there is not a single bar, candles are asked for again: that costs two
    questions if there are none, and an empty answer may have been a venue's mistake.
    """
    if piece.redo:
        return piece.openings
    again = RECONSIDERED if standing.has_bars else RECONSIDERED | NO_CANDLE
    final = {
        opened_ms
        for opened_ms, reason in standing.impossible.items()
        if reason not in again
    }
    return piece.openings - standing.kept - final


def _why(spell: CoinSpell) -> HoleReason:
    """Return why a spell without two markets has no bars."""
    if not spell.is_sure:
        return HoleReason.IDENTITY_UNSURE
    if spell.global_ is None:
        return HoleReason.NO_GLOBAL_MARKET
    return HoleReason.NO_DOMESTIC_CANDLE
