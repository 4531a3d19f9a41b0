"""Fills spans of history: makes bars and puts them where they are kept."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from domain.model.candle import Candle
from domain.model.interval import Interval
from domain.model.market import Exchange
from domain.model.snapshot import utc_day
from domain.ports.bar_store import BarStore
from domain.ports.candle_archive import CandleArchive
from domain.services.bar_maker import BarMaker, BarTask, MadeBars
from domain.services.rate_book import RateCalendars

# Archived runs that are remembered, so that those of USDT are not sent to the archive
# again with every coin; at the cap the oldest is forgotten, and sent again.
MAX_ARCHIVED: Final = 64


@dataclass(frozen=True, slots=True)
class Filled:
    """What filling a task did.

    `written` rows changed in the store; `bars` were made, `holes` openings are
    impossible, `candles` were not in the archive or differed. `irregular` candles came
    twice or out of order, `unusable` ones of the legs could not be read.
    """

    written: int
    holes: int
    bars: int
    candles: int
    irregular: int = 0
    unusable: int = 0


@dataclass(frozen=True, slots=True)
class _Run:
    """Which candles of one market were archived: the openings, and how many."""

    exchange: Exchange
    market: str
    interval: Interval
    first_ms: int
    last_ms: int
    many: int


class BarFiller:
    """Makes the bars of a task and stores them with their holes and candles."""

    def __init__(
        self,
        maker: BarMaker,
        store: BarStore,
        archive: CandleArchive,
        rates: RateCalendars,
    ) -> None:
        self._maker = maker
        self._store = store
        self._archive = archive
        self._rates = rates
        self._archived: OrderedDict[_Run, None] = OrderedDict()

    async def fill(self, task: BarTask) -> Filled:
        """Write what a task's candles give; again changes nothing.

        Raises:
            UpstreamUnavailable: a venue or rate source gave no usable answer.
            StoreUnavailable: the database is away.
            InvalidArgument: more than 10,000 openings.
        """
        days = utc_day(task.from_ms), utc_day(max(task.from_ms, task.to_ms - 1))
        rates = await self._rates.calendar(*days)
        made = await self._maker.make(task, rates)
        candles = await self._save(made)
        written = 0
        if made.bars:
            written = await self._store.write_backfilled(made.bars)
        if made.holes:
            # After the bars: one without an official rate is a hole as well.
            await self._store.write_holes(made.holes)
        holes = sum(
            (hole.to_ms - hole.from_ms) // task.interval.length_ms
            for hole in made.holes
        )
        return Filled(
            written=written,
            holes=holes,
            bars=len(made.bars),
            candles=candles,
            irregular=made.irregular,
            unusable=made.unusable,
        )

    async def _save(self, made: MadeBars) -> int:
        """Archive the candles; before the bars, by which a task counts as done."""
        saved = 0
        for key, run in groupby(
            made.candles, key=lambda told: (told[0], told[1].market)
        ):
            candles = [candle for _, candle in run]
            mark = _mark(key[0], candles)
            if mark in self._archived:
                continue
            saved += await self._archive.save(key[0], candles)
            self._archived[mark] = None
            if len(self._archived) > MAX_ARCHIVED:
                self._archived.popitem(last=False)
        return saved


def _mark(exchange: Exchange, candles: Sequence[Candle]) -> _Run:
    first, last = candles[0], candles[-1]
    return _Run(
        exchange,
        first.market,
        first.interval,
        first.opened_ms,
        last.opened_ms,
        len(candles),
    )
