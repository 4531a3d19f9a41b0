"""A board that follows, leads, and follows again."""

from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

from domain.model.board import Tick
from domain.model.board_news import BoardNews, BoardSigns, BoardState
from domain.model.event import FeedBatch, FeedUp, QuoteUpdate
from domain.model.fx import FxChain, FxQuote, FxSourcePlan
from domain.model.kept import KeptPremium
from domain.model.market import Channel, Exchange, MarketKey, Quality, Reason
from domain.model.premium import Premium
from domain.model.quote import Quote
from domain.model.shared_board import SharedBoard
from tests.contract.bus.board import NOW_MS, RATE, coin_of, premium_of, signs

KRW_BTC = MarketKey(Exchange.UPBIT, "KRW-BTC")


def board() -> SharedBoard:
    return SharedBoard(FxChain([FxSourcePlan("dunamu", 60.0)]))


def news(seq: int, *changed: Premium, removed: tuple[str, ...] = ()) -> BoardNews:
    return BoardNews(1, 0, seq, NOW_MS + seq, changed, removed)


def heard(one: SharedBoard, told: BoardNews, now_s: float = 0.0) -> Tick | None:
    one.follow(told)
    one.hear(NOW_MS, now_s)
    return one.tick(NOW_MS, now_s)


def quote(price: str = "52000000") -> Quote:
    market = premium_of("BTC", 1, 1).domestic
    assert market is not None
    return replace(market, price=Decimal(price))


def kept(seq: int) -> KeptPremium:
    return KeptPremium("BTC", seq, NOW_MS, None, {})


def restored(seq: int, *, unseen: int = 0, tick: int = 10) -> SharedBoard:
    one = board()
    one.set_coins([coin_of("BTC")])
    one.restore(
        [quote()], [FxQuote("dunamu", Decimal(1300), NOW_MS)], [kept(seq)], tick, unseen
    )
    return one


def test_before_anybody_is_heard_stored_numbers_are_published_once() -> None:
    one = restored(7)
    tick = one.tick(NOW_MS, 0.0)
    assert tick is not None
    assert tick.changed[0].seq == 8
    assert tick.changed[0].quality is not Quality.LIVE
    assert tick.seq == 11
    assert [rate.source for rate in one.rates(NOW_MS, 0.0)] == ["dunamu"]
    assert one.tick(NOW_MS, 0.1) is None or one.premium("BTC") is not None


def test_stored_numbers_never_take_the_place_of_the_leaders() -> None:
    one = board()
    one.set_coins([coin_of("BTC")])
    heard(one, news(20, premium_of("BTC", 30, 20)))
    one.restore([quote("1")], [], [kept(7)], 10)
    assert one.tick(NOW_MS, 0.1) is None
    premium = one.premium("BTC")
    assert premium is not None
    assert (premium.seq, one.seq) == (30, 20)


def test_a_leader_counts_on_where_the_row_ends_and_not_above_the_reserve() -> None:
    one = restored(607, unseen=600, tick=610)
    heard(one, news(12, premium_of("BTC", 9, 12)))
    one.lead()
    tick = one.tick(NOW_MS, 0.2)
    assert tick is not None
    assert (tick.seq, tick.changed[0].seq) == (13, 10)


def test_without_a_row_a_leader_counts_above_the_reserve() -> None:
    one = restored(607, unseen=600, tick=610)
    one.tick(NOW_MS, 0.0)
    one.lead()
    one.set_open_24h(KRW_BTC, Decimal(51_000_000))
    tick = one.tick(NOW_MS, 0.2)
    assert tick is not None
    assert (tick.seq, tick.changed[0].seq) == (611, 608)


def test_what_was_stored_and_is_read_late_raises_a_leaders_counts() -> None:
    one = board()
    one.set_coins([coin_of("BTC")])
    one.lead()
    first = one.tick(NOW_MS, 0.0)
    assert first is not None
    assert first.changed[0].seq == 1
    one.restore([], [], [kept(50)], 40)
    one.set_coins([replace(coin_of("BTC"), english_name="Other")])
    second = one.tick(NOW_MS, 0.2)
    assert second is not None
    assert (second.seq, second.changed[0].seq) == (41, 51)


def test_news_whose_number_was_used_here_wait_for_the_next_one() -> None:
    one = board()
    heard(one, news(5, premium_of("BTC", 1, 5)))
    silent = one.tick(NOW_MS + 6_000, 6.0)
    assert silent is not None
    assert silent.seq == 6
    assert heard(one, news(6, premium_of("ETH", 1, 6)), 6.1) is None
    tick = heard(one, news(7, premium_of("XRP", 1, 7)), 6.2)
    assert tick is not None
    assert tick.seq == 7
    assert {p.symbol for p in tick.changed} == {"BTC", "ETH", "XRP"}
    assert {p.tick for p in tick.changed} == {7}


def test_they_wait_for_one_tick_at_most() -> None:
    one = board()
    heard(one, news(5, premium_of("BTC", 1, 5)))
    one.tick(NOW_MS + 6_000, 6.0)
    assert heard(one, news(6, premium_of("ETH", 1, 6)), 6.1) is None
    tick = one.tick(NOW_MS, 6.2)
    assert tick is not None
    assert tick.seq == 7


def test_a_coin_that_leaves_while_silent_is_gone() -> None:
    one = board()
    heard(one, news(5, premium_of("BTC", 1, 5), premium_of("ETH", 1, 5)))
    one.tick(NOW_MS, 6.0)
    one.follow(news(9, removed=("BTC",)))
    tick = one.tick(NOW_MS, 7.0)
    assert tick is not None
    assert tick.removed == ("BTC",)
    back = heard(one, news(10), 7.1)
    assert back is not None
    assert [p.symbol for p in back.changed] == ["ETH"]


def test_silence_is_looked_at_twice_a_second_and_told_when_it_makes_a_difference() -> (
    None
):
    one = board()
    heard(one, news(5, premium_of("BTC", 1, 5)))
    assert one.tick(NOW_MS, 6.0) is not None
    assert one.tick(NOW_MS + 20 * 86_400_000, 6.1) is None
    tick = one.tick(NOW_MS + 20 * 86_400_000, 6.7)
    assert tick is not None
    assert tick.changed[0].reason is Reason.FX_MISSING


def test_rates_grow_stale_and_too_old_while_silent() -> None:
    one = board()
    heard(one, replace(news(1, premium_of("BTC", 1, 1)), signs=signs()))
    assert one.rates(NOW_MS, 0.0) == [RATE]
    assert one.summary().fx_rate == RATE
    stale = replace(RATE, quality=Quality.STALE)
    assert one.rates(NOW_MS, 6.0) == [stale]
    one.tick(NOW_MS, 6.0)
    assert one.summary().fx_rate == stale
    assert one.rates(NOW_MS + 864_000_001, 6.0) == []
    heard(one, news(1), 6.5)
    assert one.summary().fx_rate == RATE


def test_stamps_and_skew_are_the_leaders_until_we_have_our_own() -> None:
    one = board()
    heard(one, replace(news(1, premium_of("BTC", 1, 1)), signs=signs()))
    told = one.premium("BTC")
    assert told is not None
    assert told.domestic is not None
    assert one.received_ms(told.domestic) == signs().carried[KRW_BTC]
    now_ms = told.domestic.exchange_ms + 1_000
    assert one.age_ms(told.domestic, now_ms) == 1_003
    one.set_skew(Exchange.UPBIT, 500)
    assert one.age_ms(told.domestic, now_ms) == 500
    one.lead()
    assert one.received_ms(told.domestic) == told.domestic.received_ms


def test_stamps_of_coins_that_left_are_forgotten() -> None:
    one = board()
    heard(one, replace(news(1, premium_of("ETH", 1, 1)), signs=BoardSigns()))
    heard(one, replace(news(2), signs=signs()))
    assert one.signs.carried == {}


def lead_with_prices(one: SharedBoard, *more: QuoteUpdate) -> None:
    one.answer_rate(FxQuote("dunamu", Decimal(1300), NOW_MS), 0.0)
    for exchange, market in ((Exchange.UPBIT, "KRW-BTC"), (Exchange.BINANCE, "BTC")):
        one.observe(FeedUp(exchange, Channel.WEBSOCKET, 0.0))
        update = QuoteUpdate(market, Decimal(52_000_000), NOW_MS)
        updates = (update, *more)
        one.observe(FeedBatch(exchange, Channel.WEBSOCKET, NOW_MS, 0.1, updates))


def test_a_leaders_state_tells_when_markets_were_carried_last() -> None:
    one = board()
    one.set_coins([coin_of("BTC")])
    one.lead()
    lead_with_prices(one)
    one.tick(NOW_MS, 0.1)
    state = one.state(3, 4, NOW_MS)
    assert (state.term, state.position, state.seq) == (3, 4, 1)
    assert state.signs.carried == {}
    again = QuoteUpdate("KRW-BTC", Decimal(52_000_000), NOW_MS)
    later = NOW_MS + 700
    one.observe(FeedBatch(Exchange.UPBIT, Channel.WEBSOCKET, later, 0.8, (again,)))
    assert dict(one.carried_since(0)) == {KRW_BTC: later}
    assert dict(one.carried_since(later)) == {}


def test_doubts_of_the_leader_go_on_and_coins_not_listed_here_leave() -> None:
    one = board()
    one.set_coins([coin_of("BTC")])
    unsure = premium_of("BTC", 1, 1)
    bases = tuple(
        replace(b, quality=Quality.UNAVAILABLE, reason=Reason.IDENTITY_UNSURE)
        for b in unsure.bases
    )
    told = (replace(unsure, bases=bases), premium_of("ETH", 1, 1))
    guessed = coin_of("BTC")
    markets = tuple(
        replace(each, until=None, tradable=True, curated=False)
        for each in guessed.listings
    )
    one.set_coins([replace(guessed, listings=markets)])
    heard(one, news(1, *told))
    one.lead()
    assert one.guard.is_unsure("BTC")
    tick = one.tick(NOW_MS, 0.5)
    assert tick is not None
    assert tick.removed == ("ETH",)


def test_after_stepping_down_our_last_words_stand_until_the_bound() -> None:
    one = board()
    one.set_coins([coin_of("BTC")])
    one.lead()
    lead_with_prices(one)
    one.tick(NOW_MS, 0.1)
    one.step_down(NOW_MS, 0.2)
    assert not one.is_silent(5.0)
    assert one.is_silent(5.3)


def test_a_state_replaces_everything() -> None:
    one = board()
    heard(one, news(5, premium_of("BTC", 1, 5), premium_of("ETH", 3, 5)))
    one.adopt(BoardState(2, 9, NOW_MS, 7, (premium_of("ETH", 3, 8),), signs()))
    tick = one.tick(NOW_MS, 0.1)
    assert tick is not None
    assert (tick.seq, tick.changed, tick.removed) == (9, (), ("BTC",))


def test_a_tick_is_dated_by_its_leader_however_long_it_was_on_its_way() -> None:
    one = board()
    at = []
    for seq, late_s in enumerate((0.02, 0.0, 0.05, 0.0, 0.03), 1):
        now_s = 100.0 + seq / 10 + late_s
        told = replace(news(seq, premium_of("BTC", seq, seq)), at_ms=seq * 100)
        tick = heard(one, told, now_s)
        assert tick is not None
        assert tick.at_s <= now_s
        at.append(tick.at_s)
    steps = [later - before for before, later in pairwise(at[1:])]
    assert all(abs(step - 0.1) < 0.002 for step in steps)
    # A leader with another clock begins anew.
    told = replace(news(9, premium_of("BTC", 9, 9)), at_ms=-50_000)
    tick = heard(one, told, 101.0)
    assert tick is not None
    assert tick.at_s == 101.0
