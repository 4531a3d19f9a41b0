"""What holds on the board after every tick, whatever happened before."""

from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from domain.model.event import FeedBatch, FeedDown, FeedEvent, FeedUp
from domain.model.feed import DEFAULT_BOUNDS_S
from domain.model.fx import MAX_USD_KRW, MIN_USD_KRW, FxRate, PremiumBasis
from domain.model.market import Channel, Exchange, Quality, Reason
from domain.model.premium import BasisPremium, Premium
from domain.model.quote import Quote
from tests.property.domain.model.conftest import Stories, World

LIVE, STALE, UNAVAILABLE = Quality


def begin_of_session(
    diary: list[FeedEvent], exchange: Exchange, channel: Channel, now_s: float
) -> float | None:
    """Return when the feed's session began if it is fresh, read off the diary."""
    up, began_s, data_s = False, 0.0, None
    for event in diary:
        if (event.exchange, event.channel) != (exchange, channel):
            continue
        if isinstance(event, FeedUp):
            if not (event.renewed and up):
                up, began_s, data_s = True, event.at_s, None
        elif isinstance(event, FeedDown):
            up = False
        elif up and not event.seed:
            data_s = event.received_s
    fresh = up and data_s is not None and now_s - data_s <= DEFAULT_BOUNDS_S[exchange]
    return began_s if fresh else None


def is_live(diary: list[FeedEvent], quote: Quote, now_s: float) -> bool:
    """Return whether a market is live by the two conditions of the contract."""
    begins = [
        began_s
        for channel in (Channel.WEBSOCKET, Channel.REST)
        if (began_s := begin_of_session(diary, quote.exchange, channel, now_s))
        is not None
    ]
    carried = [
        event.received_s
        for event in diary
        if isinstance(event, FeedBatch)
        for update in event.updates
        if update.market == quote.market and update.price
    ]
    return bool(begins and carried) and max(carried) >= min(begins)


def check_numbers(premium: Premium, basis: BasisPremium) -> None:
    """A LIVE number has both legs and the rate within their bounds, and is right."""
    legs, fx = (premium.domestic, premium.global_), basis.fx
    assert fx is not None
    assert [leg is not None and leg.quality for leg in legs] == [LIVE, LIVE]
    assert fx.quality is LIVE
    assert basis.numbers is not None
    domestic, global_ = legs
    assert domestic is not None
    assert global_ is not None
    fair = Fraction(global_.price) * Fraction(fx.rate)
    exact = (Fraction(domestic.price) / fair - 1) * 100
    assert Fraction(basis.numbers.percent) == Fraction(round(exact * 10**6), 10**6)
    assert Fraction(basis.numbers.absolute_krw) == Fraction(domestic.price) - fair


def check_official_rate(fx: FxRate, now_ms: int) -> None:
    """A LIVE rate is sane and at most 120 hours old."""
    assert MIN_USD_KRW <= fx.rate <= MAX_USD_KRW
    assert now_ms - fx.as_of_ms <= 120 * 3_600_000


def check_basis(world: World, premium: Premium, basis: BasisPremium) -> None:
    """Quality, reason and numbers of one basis agree with each other."""
    if basis.quality is LIVE:
        assert basis.reason is None
        check_numbers(premium, basis)
    elif basis.quality is STALE:
        assert basis.reason in (
            *(Reason.DOMESTIC_STALE, Reason.GLOBAL_STALE, Reason.FX_STALE),
        )
        assert basis.fx is not None
    else:
        assert basis.numbers is None
        absence = reason_of_absence(world, premium)
        assert basis.reason is (absence or Reason.FX_MISSING)


def check_signs(premium: Premium) -> None:
    """A conflict is one basis above and another below zero."""
    signs = {
        (basis.percent > 0) - (basis.percent < 0)
        for basis in premium.bases
        if basis.percent is not None
    }
    assert premium.sign_conflict is ({1, -1} <= signs)


def is_halted(diary: list[FeedEvent], premium: Premium) -> bool:
    """Return whether the list or the last word of a venue says so."""
    listings = [premium.coin.domestic, premium.coin.global_]
    words = {
        update.market: update.tradable
        for event in diary
        if isinstance(event, FeedBatch)
        for update in event.updates
        if update.tradable is not None
    }
    return any(
        not (listing.tradable and words.get(listing.market, True))
        for listing in listings
        if listing is not None
    )


def reason_of_absence(world: World, premium: Premium) -> Reason | None:
    """Return the first of the reasons that leave no number on any basis."""
    if premium.coin.global_ is None:
        return Reason.NO_GLOBAL_MARKET
    if premium.domestic is None:
        return Reason.DOMESTIC_MISSING
    if premium.global_ is None:
        return Reason.GLOBAL_MISSING
    return Reason.HALTED if is_halted(world.diary, premium) else None


def check_premium(world: World, premium: Premium) -> None:
    """Everything that is said of one coin is so now."""
    absence = reason_of_absence(world, premium)
    if absence is not None:
        assert {basis.reason for basis in premium.bases} == {absence}
    for quote in (premium.domestic, premium.global_):
        if quote is not None:
            live = is_live(world.diary, quote, world.now_s)
            assert quote.quality is (LIVE if live else STALE), quote.market
            assert quote.price > 0
    assert [basis.basis for basis in premium.bases] == list(PremiumBasis)
    for basis in premium.bases:
        check_basis(world, premium, basis)
    official = premium.official
    if official.quality is LIVE:
        assert official.fx is not None
        check_official_rate(official.fx, world.now_ms)
    check_signs(premium)
    assert premium.at_ms <= world.now_ms


@given(st.data())
def test_after_every_tick_the_whole_board_says_what_is_so(
    stories: Stories, data: st.DataObject
) -> None:
    world, batches = data.draw(stories)
    for batch in batches:
        for act in batch:
            act(world)
        world.tick()
        assert {p.symbol for p in world.board.premiums()} == set(world.board._seats)
        for premium in world.board.premiums():
            check_premium(world, premium)


@given(st.data())
def test_a_tick_leaves_nothing_untold(stories: Stories, data: st.DataObject) -> None:
    """Looking at every coin again, at the same instant, finds nothing new."""
    world, batches = data.draw(stories)
    for batch in batches:
        for act in batch:
            act(world)
        world.tick()
        world.board._dirty.update(world.board._seats)
        assert world.tick() is None


@given(st.data())
def test_counts_only_grow_and_a_price_never_goes_back_in_exchange_time(
    stories: Stories, data: st.DataObject
) -> None:
    world, batches = data.draw(stories)
    for batch in batches:
        for act in batch:
            act(world)
        world.tick()
    numbers = [tick.seq for tick in world.ticks]
    assert numbers == list(range(1, len(numbers) + 1))
    versions: dict[str, int] = {}
    stamps: dict[str, int] = {}
    for tick in world.ticks:
        assert not {p.symbol for p in tick.changed} & set(tick.removed)
        for premium in tick.changed:
            assert premium.tick == tick.seq
            assert premium.seq == versions.get(premium.symbol, 0) + 1
            versions[premium.symbol] = premium.seq
            for quote in (premium.domestic, premium.global_):
                if quote is not None:
                    assert quote.exchange_ms >= stamps.get(quote.market, 0)
                    stamps[quote.market] = quote.exchange_ms


@given(st.data())
def test_the_numbers_of_a_stale_premium_are_the_last_from_two_fresh_legs(
    stories: Stories, data: st.DataObject
) -> None:
    world, batches = data.draw(stories)
    last: dict[tuple[str, PremiumBasis], Decimal] = {}
    instants: dict[str, int] = {}
    for batch in batches:
        for act in batch:
            act(world)
        world.tick()
        for premium in world.board.premiums():
            legs = (premium.domestic, premium.global_)
            fresh = all(leg is not None and leg.quality is LIVE for leg in legs)
            for basis in premium.bases:
                key = (premium.symbol, basis.basis)
                if fresh and basis.percent is not None:
                    last[key] = basis.percent
                    instants[premium.symbol] = premium.at_ms
                elif basis.quality is STALE:
                    assert basis.percent == last.get(key)
            if premium.symbol in instants:
                assert premium.at_ms == instants[premium.symbol]
