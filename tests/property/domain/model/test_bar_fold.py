"""Folded minute bars equal those of a model that keeps every sample."""

from dataclasses import dataclass, field
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from domain.model.bar import Bar, BarOrigin, BasisBar
from domain.model.bar_fold import MINUTE_MS, BarFold
from domain.model.board import Tick
from domain.model.fx import PremiumBasis
from domain.model.interval import Interval
from domain.model.market import Quality
from domain.model.premium import BasisPremium, Premium, compute
from tests.property.domain.model.conftest import Stories

LIVE, STALE = Quality.LIVE, Quality.STALE
# What one coin was told to be, and when; None: it left the board.
Told = list[tuple[int, Premium | None]]


@dataclass
class Diary:
    """Every version of every coin, and every minute in which somebody looked."""

    began_ms: int
    told: dict[str, Told] = field(default_factory=dict)
    looked: set[int] = field(default_factory=set)

    def look(self, at_ms: int) -> None:
        self.looked.add(at_ms // MINUTE_MS)

    def note(self, tick: Tick) -> None:
        self.look(tick.at_ms)
        for premium in tick.changed:
            self.told.setdefault(premium.symbol, []).append((tick.at_ms, premium))
        for symbol in tick.removed:
            self.told[symbol].append((tick.at_ms, None))

    def bars(self) -> list[Bar]:
        """Return the bars of all minutes that were watched to their end."""
        whole = sorted(m for m in self.looked if m + 1 in self.looked)
        found = (
            self._bar(symbol, minute)
            for minute in whole
            for symbol in sorted(self.told)
        )
        return [bar for bar in found if bar is not None]

    def _bar(self, symbol: str, minute: int) -> Bar | None:
        begin_ms, end_ms = minute * MINUTE_MS, (minute + 1) * MINUTE_MS
        until = [item for item in self.told[symbol] if item[0] < end_ms]
        before = [premium for at_ms, premium in until if at_ms < begin_ms]
        within = [premium for at_ms, premium in until if at_ms >= begin_ms]
        first = before[-1] if before and minute - 1 in self.looked else None
        bases = {}
        for basis in PremiumBasis:
            stood = [item(p, basis) for p in (first, *within)]
            bar = self._basis(basis, before, within, stood)
            if bar is not None:
                bases[basis] = bar
        if not bases:
            return None
        priced = speaking([p for _, p in until], None)
        official = None
        if PremiumBasis.OFFICIAL_FX in bases:
            spoken = speaking([p for _, p in until], PremiumBasis.OFFICIAL_FX)
            official = spoken.official.fx
        assert priced.domestic is not None
        assert priced.global_ is not None
        return Bar(
            symbol,
            Interval.M1,
            begin_ms,
            priced.domestic.price,
            priced.global_.price,
            bases,
            BarOrigin.LIVE,
            None if official is None else official.source,
            None if official is None else official.as_of_ms,
        )

    def _basis(
        self,
        basis: PremiumBasis,
        before: list[Premium | None],
        within: list[Premium | None],
        stood: list[BasisPremium | None],
    ) -> BasisBar | None:
        samples = [
            number
            for premium in within
            if premium is not None and premium.at_ms >= self.began_ms
            if (number := percent(premium, basis)) is not None
        ]
        every = [*before, *within]
        last = percent(every[-1], basis) if every else None
        numbers = samples or ([] if last is None else [last])
        if not numbers:
            return None
        live = all(s is not None and s.quality is LIVE for s in stood)
        rate = speaking(every, basis).basis(basis).fx
        assert rate is not None
        return BasisBar(
            numbers[0],
            max(numbers),
            min(numbers),
            numbers[-1],
            rate.rate,
            len(samples),
            LIVE if live else STALE,
        )


def item(premium: Premium | None, basis: PremiumBasis) -> BasisPremium | None:
    """Return a version's basis where it has a number."""
    if premium is None or premium.basis(basis).numbers is None:
        return None
    return premium.basis(basis)


def percent(premium: Premium | None, basis: PremiumBasis) -> Decimal | None:
    return None if premium is None else premium.basis(basis).percent


def speaks(premium: Premium, basis: PremiumBasis | None) -> bool:
    bases = PremiumBasis if basis is None else [basis]
    return any(item(premium, one) is not None for one in bases)


def is_fresh(premium: Premium) -> bool:
    legs = (premium.domestic, premium.global_)
    return all(leg is not None and leg.quality is LIVE for leg in legs)


def speaking(told: list[Premium | None], basis: PremiumBasis | None) -> Premium:
    """Return the version whose prices and rate stand with the number on a basis.

    The last from two fresh legs while the coin was on the board without a break, else
    the last with a number.
    """
    spells: list[list[Premium]] = [[]]
    for premium in told:
        if premium is None:
            spells.append([])
        elif speaks(premium, basis):
            spells[-1].append(premium)
    spell = [spell for spell in spells if spell][-1]
    fresh = [premium for premium in spell if is_fresh(premium)]
    return (fresh or spell)[-1]


@given(st.data())
def test_the_fold_equals_the_list_of_all_samples(
    stories: Stories, data: st.DataObject
) -> None:
    world, batches = data.draw(stories)
    fold, diary = BarFold(world.now_ms), Diary(world.now_ms)
    diary.look(world.now_ms)
    bars: list[Bar] = []
    for batch in batches:
        # Most minutes are to hold several ticks, and to end within the story.
        world.pass_ms(data.draw(st.sampled_from([0, 3_000, 15_000, 30_000])))
        for act in batch:
            act(world)
            if data.draw(st.booleans()):
                diary.look(world.now_ms)
                bars += fold.turn(world.now_ms)
        tick = world.tick()
        if tick is not None:
            diary.note(tick)
            bars += fold.take(tick)
    diary.look(world.now_ms)
    bars += fold.turn(world.now_ms)
    assert bars == diary.bars()


@given(st.data())
def test_every_bar_is_within_its_high_and_low_and_a_live_close_follows_from_it(
    stories: Stories, data: st.DataObject
) -> None:
    world, batches = data.draw(stories)
    fold = BarFold(world.now_ms)
    bars: list[Bar] = []
    for batch in batches:
        for act in batch:
            act(world)
            bars += fold.turn(world.now_ms)
        tick = world.tick()
        bars += [] if tick is None else fold.take(tick)
    for bar in bars:
        for basis in bar.bases.values():
            assert basis.low <= min(basis.open, basis.close)
            assert basis.high >= max(basis.open, basis.close)
            if basis.quality is LIVE:
                again = compute(bar.domestic_close, bar.global_close, basis.fx_rate)
                assert basis.close == again.percent
