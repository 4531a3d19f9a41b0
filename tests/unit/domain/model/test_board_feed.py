"""LIVE, second half: what a market must have shown since the session began."""

from decimal import Decimal

import pytest

from domain.model.event import QuoteUpdate
from domain.model.market import Channel, Exchange, Quality, Reason
from tests.unit.domain.model.conftest import Desk, Make, known

UPBIT, BINANCE = Exchange.UPBIT, Exchange.BINANCE
LIVE, STALE = Quality.LIVE, Quality.STALE


def test_a_coin_without_a_trade_for_an_hour_on_a_live_feed_is_live(
    open_desk: Desk,
) -> None:
    for _ in range(720):
        open_desk.pass_s(5)
        open_desk.tell(UPBIT)
        open_desk.tell(BINANCE)
        open_desk.rate()
        open_desk.tick()
    assert open_desk.premium().quality is LIVE
    assert known(open_desk.premium().domestic).age_ms(open_desk.now_ms) == 3_600_000


@pytest.mark.parametrize(
    ("silent", "bound_s", "reason"),
    [
        (UPBIT, 10, Reason.DOMESTIC_STALE),
        (BINANCE, 5, Reason.GLOBAL_STALE),
    ],
)
def test_a_venue_silent_past_its_bound_makes_all_its_coins_stale_in_one_tick(
    open_desk: Desk, silent: Exchange, bound_s: int, reason: Reason
) -> None:
    heard = next(venue for venue in Exchange if venue is not silent)
    live_ms = open_desk.now_ms
    open_desk.pass_s(bound_s)
    open_desk.tell(heard)
    assert open_desk.told() == set()
    open_desk.pass_s(0.001)
    open_desk.tell(heard)
    assert open_desk.told() == {"BTC", "ETH"}
    found = open_desk.shown("BTC")
    assert (found.quality, found.reason, found.percent) == (STALE, reason, 0)
    assert found.at_ms == live_ms
    assert found.last_live_ms == open_desk.now_ms


def test_a_cut_makes_all_coins_of_the_venue_stale_at_once(open_desk: Desk) -> None:
    open_desk.down(BINANCE)
    assert open_desk.told() == {"BTC", "ETH"}
    assert open_desk.shown("ETH").reason is Reason.GLOBAL_STALE


def test_a_stale_premium_keeps_its_numbers_while_the_other_leg_and_the_rate_move_on(
    open_desk: Desk,
) -> None:
    at_ms = open_desk.now_ms
    open_desk.down(BINANCE)
    open_desk.pass_s(1)
    open_desk.rate("1400")
    open_desk.trade("KRW-BTC", "60000000")
    found = open_desk.premium()
    assert (found.percent, found.at_ms) == (0, at_ms)
    assert known(found.domestic).price == 60_000_000
    assert known(found.official.fx).rate == 1400


def test_after_a_cut_only_markets_carried_since_are_live_again(open_desk: Desk) -> None:
    open_desk.down(BINANCE)
    open_desk.tick()
    open_desk.pass_s(1)
    open_desk.up(BINANCE)
    open_desk.trade("BTCUSDT", "40001")
    open_desk.tick()
    assert open_desk.shown("BTC").quality is LIVE
    assert open_desk.shown("ETH").quality is STALE


def test_a_cut_and_a_new_session_within_one_tick_are_seen(open_desk: Desk) -> None:
    open_desk.pass_s(0.01)
    open_desk.down(BINANCE)
    open_desk.pass_s(0.01)
    open_desk.up(BINANCE)
    open_desk.trade("BTCUSDT", "40001")
    assert open_desk.told() == {"BTC", "ETH"}
    assert open_desk.shown("BTC").quality is LIVE
    assert open_desk.shown("ETH").reason is Reason.GLOBAL_STALE


def test_a_planned_renewal_keeps_every_coin_live(open_desk: Desk) -> None:
    open_desk.pass_s(1)
    open_desk.up(BINANCE, renewed=True)
    open_desk.tell(BINANCE)
    assert open_desk.told() == set()


def test_rest_fallback_is_a_session_of_its_own_live_with_channel_rest(
    open_desk: Desk,
) -> None:
    open_desk.down(BINANCE)
    open_desk.tick()
    open_desk.pass_s(2)
    open_desk.up(BINANCE, Channel.REST)
    open_desk.trade("BTCUSDT", "40002", channel=Channel.REST)
    found = open_desk.premium()
    assert (found.quality, known(found.global_).channel) == (LIVE, Channel.REST)
    assert open_desk.premium("ETH").quality is STALE


def test_a_rest_seed_carries_a_quiet_market_on_a_live_stream(open_desk: Desk) -> None:
    open_desk.down(BINANCE)
    open_desk.tick()
    open_desk.pass_s(1)
    open_desk.up(BINANCE)
    open_desk.trade("BTCUSDT", "40001")
    open_desk.trade("ETHUSDT", "40001", channel=Channel.REST, seed=True)
    found = open_desk.premium("ETH")
    assert (found.quality, known(found.global_).channel) == (LIVE, Channel.REST)


def test_a_rest_seed_alone_makes_nothing_live(desk: Desk, make: Make) -> None:
    desk.board.set_coins([make.coin("BTC")])
    desk.rate()
    desk.trade("KRW-BTC", "52000000", channel=Channel.REST, seed=True)
    desk.trade("BTCUSDT", "40000", channel=Channel.REST, seed=True)
    found = desk.premium()
    assert (found.quality, found.reason) == (STALE, Reason.DOMESTIC_STALE)
    assert found.percent is None


def test_an_older_trade_carries_its_market_though_the_price_stays(
    open_desk: Desk,
) -> None:
    stamp = open_desk.now_ms
    open_desk.down(BINANCE)
    open_desk.pass_s(1)
    open_desk.up(BINANCE)
    open_desk.tell(BINANCE)
    open_desk.tick()
    open_desk.trade("BTCUSDT", "39000", exchange_ms=stamp - 5)
    found = open_desk.premium()
    assert (found.quality, known(found.global_).price) == (LIVE, 40_000)


def test_a_book_alone_does_not_make_an_old_price_live(open_desk: Desk) -> None:
    open_desk.down(BINANCE)
    open_desk.pass_s(1)
    open_desk.up(BINANCE)
    book = QuoteUpdate("BTCUSDT", bid=Decimal(39_999), ask=Decimal(40_001))
    open_desk.tell(BINANCE, book)
    found = open_desk.premium()
    leg = known(found.global_)
    assert (leg.quality, leg.bid) == (STALE, 39_999)


def test_a_price_never_goes_back_in_exchange_time_from_one_channel_to_the_other(
    open_desk: Desk,
) -> None:
    stamp = open_desk.now_ms
    open_desk.up(BINANCE, Channel.REST)
    open_desk.trade("BTCUSDT", "40002", channel=Channel.REST, exchange_ms=stamp + 5)
    open_desk.trade("BTCUSDT", "40001", exchange_ms=stamp + 4)
    assert known(open_desk.premium().global_).price == 40_002
