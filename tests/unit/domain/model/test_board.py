"""The board: which coins, which ticks, what is a change."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from domain.model.coin import Listing
from domain.model.event import QuoteUpdate
from domain.model.fx import PremiumBasis
from domain.model.market import Exchange, Quality, Reason
from tests.unit.domain.model.conftest import Desk, Make, known

GONE = datetime(2026, 6, 20, tzinfo=UTC)


def test_a_board_without_coins_publishes_nothing(desk: Desk) -> None:
    assert desk.tick() is None
    assert desk.board.premiums() == ()
    assert desk.board.seq == 0


def test_every_coin_with_an_open_krw_market_is_on_the_board_at_once(
    desk: Desk, make: Make
) -> None:
    delisted = make.coin("OLD")
    closed = tuple(replace(item, until=GONE) for item in delisted.listings)
    desk.board.set_coins(
        [make.coin("BTC"), make.coin("ETH"), replace(delisted, listings=closed)]
    )
    assert desk.told() == {"BTC", "ETH"}
    assert desk.board.premium("OLD") is None
    found = desk.shown("BTC")
    assert (found.quality, found.reason) == (
        Quality.UNAVAILABLE,
        Reason.DOMESTIC_MISSING,
    )


def test_a_coin_with_two_fresh_legs_and_a_rate_is_live(open_desk: Desk) -> None:
    found = open_desk.shown("BTC")
    assert (found.quality, found.reason, found.percent) == (Quality.LIVE, None, 0)
    assert found.at_ms == found.last_live_ms == open_desk.now_ms


def test_nothing_new_is_no_tick(open_desk: Desk) -> None:
    seq = open_desk.board.seq
    open_desk.pass_s(1)
    assert open_desk.tick() is None
    assert open_desk.board.seq == seq


def test_a_tick_publishes_only_the_coins_that_changed_each_complete(
    open_desk: Desk,
) -> None:
    open_desk.pass_s(0.1)
    open_desk.trade("KRW-ETH", "53000000")
    tick = open_desk.next_tick()
    assert [premium.symbol for premium in tick.changed] == ["ETH"]
    assert tick.removed == ()
    assert tick.changed[0] is open_desk.board.premium("ETH")
    assert known(tick.changed[0].global_).price == 40000
    assert (tick.at_ms, tick.at_s) == (open_desk.now_ms, open_desk.now_s)


def test_a_coin_has_at_most_one_new_version_per_tick(open_desk: Desk) -> None:
    before = open_desk.shown("BTC").seq
    for price in ("1", "2", "3"):
        open_desk.trade("KRW-BTC", price)
    assert open_desk.premium().seq == before + 1
    assert known(open_desk.premium().domestic).price == 3


def test_tick_numbers_are_one_series_and_each_version_knows_its_tick(
    open_desk: Desk,
) -> None:
    first = open_desk.board.seq
    open_desk.trade("KRW-BTC", "1")
    assert open_desk.next_tick().seq == first + 1
    open_desk.trade("KRW-ETH", "1")
    assert open_desk.next_tick().seq == first + 2
    assert open_desk.shown("BTC").tick == first + 1
    assert open_desk.shown("ETH").tick == first + 2


def test_what_changed_since_a_tick_can_be_asked_at_any_later_time(
    open_desk: Desk,
) -> None:
    start = open_desk.board.seq
    for market in ("KRW-BTC", "KRW-ETH", "KRW-BTC"):
        open_desk.pass_s(0.1)
        open_desk.trade(market, str(open_desk.now_ms))
        open_desk.tick()

    def since(tick: int) -> list[str]:
        return [premium.symbol for premium in open_desk.board.changed_since(tick)]

    assert since(start) == ["BTC", "ETH"]
    assert since(start + 2) == ["BTC"]
    assert since(start + 3) == []
    assert sorted(since(-1)) == ["BTC", "ETH"]


def test_a_repeated_trade_at_the_same_price_is_a_change(open_desk: Desk) -> None:
    open_desk.pass_s(1)
    open_desk.trade("KRW-BTC", "52000000")
    assert open_desk.told() == {"BTC"}


def test_a_message_that_differs_in_received_at_only_is_none(open_desk: Desk) -> None:
    stamp = open_desk.now_ms
    open_desk.pass_s(1)
    open_desk.trade("KRW-BTC", "52000000", exchange_ms=stamp)
    assert open_desk.told() == set()


def test_received_at_is_the_last_message_that_carried_the_market_in_any_version(
    open_desk: Desk, make: Make
) -> None:
    stamp = open_desk.now_ms
    told = known(open_desk.shown("BTC").domestic)
    open_desk.pass_s(1)
    open_desk.trade("KRW-BTC", "52000000", exchange_ms=stamp)
    assert told.received_ms == stamp
    assert open_desk.board.received_ms(told) == stamp + 1000
    gone = make.quote("KRW-GONE", "1", received_ms=7)
    assert open_desk.board.received_ms(gone) == 7


def test_a_measured_skew_alone_is_no_change_and_corrects_the_next_version(
    open_desk: Desk,
) -> None:
    open_desk.board.set_skew(Exchange.UPBIT, 400)
    stamp = open_desk.now_ms
    open_desk.trade("KRW-BTC", "52000000", exchange_ms=stamp)
    assert open_desk.told() == set()
    open_desk.trade("KRW-BTC", "52000001", exchange_ms=stamp)
    assert known(open_desk.premium().domestic).age_ms(stamp + 1000) == 600
    assert known(open_desk.premium().global_).age_ms(stamp + 1000) == 1000


def test_a_skew_beyond_a_minute_is_used_as_a_minute(open_desk: Desk) -> None:
    for told, used in ((90_000, 60_000), (-90_000, -60_000)):
        open_desk.board.set_skew(Exchange.UPBIT, told)
        open_desk.pass_s(1)
        open_desk.trade("KRW-BTC", "1")
        assert known(open_desk.premium().domestic).skew_ms == used


def test_a_coin_without_a_usdt_market_has_no_global_market(
    desk: Desk, make: Make
) -> None:
    desk.open(make.coin("USDT", only_domestic=True))
    found = desk.premium("USDT")
    assert (found.quality, found.reason) == (
        Quality.UNAVAILABLE,
        Reason.NO_GLOBAL_MARKET,
    )
    assert known(found.domestic).quality is Quality.LIVE
    assert found.global_ is None


def test_a_halted_side_hides_the_number_and_keeps_both_legs_visible(
    open_desk: Desk,
) -> None:
    open_desk.tell(Exchange.BINANCE, QuoteUpdate("BTCUSDT", tradable=False))
    found = open_desk.premium()
    assert (found.percent, found.reason) == (None, Reason.HALTED)
    assert known(found.domestic).price == 52_000_000
    assert known(found.global_).price == 40_000
    open_desk.tell(Exchange.BINANCE, QuoteUpdate("BTCUSDT", tradable=True))
    assert open_desk.premium().quality is Quality.LIVE


def test_a_delisted_coin_leaves_with_a_removed_entry_once(
    open_desk: Desk, make: Make
) -> None:
    open_desk.board.set_coins([make.coin("BTC")])
    tick = open_desk.next_tick()
    assert (tick.changed, tick.removed) == ((), ("ETH",))
    assert open_desk.board.premium("ETH") is None
    assert open_desk.tick() is None


def test_news_of_a_coin_that_left_in_the_same_tick_are_not_told(
    open_desk: Desk, make: Make
) -> None:
    open_desk.trade("KRW-ETH", "1")
    open_desk.board.set_coins([make.coin("BTC")])
    open_desk.trade("KRW-ETH", "2")
    tick = open_desk.next_tick()
    assert (tick.changed, tick.removed) == ((), ("ETH",))


def test_a_coin_that_left_before_it_was_ever_told_is_not_removed(
    desk: Desk, make: Make
) -> None:
    desk.board.set_coins([make.coin("BTC")])
    desk.board.set_coins([])
    assert desk.tick() is None


def test_a_coin_that_left_and_came_back_between_ticks_was_never_away(
    open_desk: Desk, make: Make
) -> None:
    open_desk.board.set_coins([make.coin("BTC")])
    open_desk.board.set_coins([make.coin("BTC"), make.coin("ETH")])
    assert open_desk.tick() is None
    assert open_desk.board.premium("ETH") is not None


def test_a_coin_that_comes_back_later_goes_on_counting(
    open_desk: Desk, make: Make
) -> None:
    before = open_desk.shown("ETH").seq
    open_desk.board.set_coins([make.coin("BTC")])
    open_desk.tick()
    open_desk.board.set_coins([make.coin("BTC"), make.coin("ETH")])
    assert open_desk.premium("ETH").seq == before + 1


def test_a_new_name_or_warning_is_a_change(open_desk: Desk, make: Make) -> None:
    renamed = replace(make.coin("BTC"), korean_name="비트코인")
    open_desk.board.set_coins([renamed, make.coin("ETH")])
    assert open_desk.told() == {"BTC"}
    assert open_desk.shown("BTC").coin.korean_name == "비트코인"


def test_the_same_catalogue_again_changes_nothing(open_desk: Desk, make: Make) -> None:
    open_desk.board.set_coins([make.coin("BTC"), make.coin("ETH")])
    assert open_desk.tick() is None


def test_a_market_of_no_coin_on_the_board_touches_nothing(open_desk: Desk) -> None:
    open_desk.trade("KRW-XYZ", "1")
    assert open_desk.tick() is None


def test_both_windows_told_from_elsewhere_are_changes(open_desk: Desk) -> None:
    board = open_desk.board
    board.set_open_24h(open_desk.key("KRW-BTC"), Decimal(26_000_000))
    assert open_desk.told() == {"BTC"}
    day = open_desk.now_ms // 86_400_000
    board.set_open_utc(open_desk.key("BTCUSDT"), Decimal(20_000), day)
    assert open_desk.told() == {"BTC"}
    found = open_desk.shown("BTC")
    assert known(found.domestic).change_percent_rolling_24h == 100
    assert known(found.global_).change_percent_since_utc_midnight == 100


def test_a_window_of_an_unknown_market_changes_nothing(open_desk: Desk) -> None:
    open_desk.board.set_open_24h(open_desk.key("KRW-XYZ"), Decimal(1))
    open_desk.board.set_open_utc(open_desk.key("KRW-XYZ"), Decimal(1), 0)
    assert open_desk.tick() is None


def test_a_window_of_a_market_whose_coin_left_changes_nothing(
    open_desk: Desk, make: Make
) -> None:
    open_desk.board.set_coins([make.coin("BTC")])
    open_desk.tick()
    open_desk.board.set_open_24h(open_desk.key("KRW-ETH"), Decimal(1))
    assert open_desk.tick() is None


def test_a_change_since_midnight_turns_to_zero_at_midnight_without_a_trade(
    open_desk: Desk,
) -> None:
    day = open_desk.now_ms // 86_400_000
    board = open_desk.board
    board.set_open_utc(open_desk.key("KRW-BTC"), Decimal(26_000_000), day)
    assert known(open_desk.premium().domestic).change_percent_since_utc_midnight == 100
    left_s = ((day + 1) * 86_400_000 - open_desk.now_ms) / 1000
    open_desk.pass_s(left_s - 1)
    for exchange in Exchange:
        open_desk.tell(exchange)
    open_desk.tick()
    open_desk.pass_s(1)
    assert open_desk.told() == {"BTC"}
    assert known(open_desk.shown("BTC").domestic).change_percent_since_utc_midnight == 0


def test_the_summary_counts_the_published_board(open_desk: Desk) -> None:
    found = open_desk.board.summary()
    assert (found.live, found.stale, found.unavailable) == (2, 0, 0)
    assert (found.btc_percent, found.median_percent) == (0, 0)
    assert known(found.fx_rate).source == "dunamu"


def test_numbers_of_another_pair_do_not_stay_when_a_coin_gets_a_new_market(
    open_desk: Desk, make: Make
) -> None:
    renamed = replace(
        make.coin("ETH"), listings=(make.coin("ETH").listings[0], _listing("ETH2"))
    )
    assert open_desk.shown("ETH").percent is not None
    open_desk.board.set_coins([make.coin("BTC"), renamed])
    open_desk.down(Exchange.UPBIT)
    open_desk.trade("ETH2USDT", "1")
    found = open_desk.premium("ETH")
    assert found.reason is Reason.DOMESTIC_STALE
    assert found.percent is None


def test_a_market_that_left_and_came_back_is_live_when_it_is_carried_again(
    open_desk: Desk, make: Make
) -> None:
    open_desk.board.set_coins([make.coin("BTC")])
    open_desk.tick()
    open_desk.board.set_coins([make.coin("BTC"), make.coin("ETH")])
    assert open_desk.premium("ETH").reason is Reason.DOMESTIC_STALE
    open_desk.trade("KRW-ETH", "52000000")
    open_desk.trade("ETHUSDT", "40000")
    assert open_desk.premium("ETH").quality is Quality.LIVE


def test_a_delisted_tether_market_is_no_rate_any_more(
    open_desk: Desk, make: Make
) -> None:
    open_desk.board.set_coins([make.coin("BTC"), make.coin("USDT", only_domestic=True)])
    open_desk.trade("KRW-USDT", "1400")
    assert open_desk.premium("BTC").basis(PremiumBasis.KRW_USDT).fx is not None
    open_desk.board.set_coins([make.coin("BTC")])
    assert open_desk.premium("BTC").basis(PremiumBasis.KRW_USDT).fx is None


def _listing(symbol: str) -> Listing:
    return Listing(Exchange.BINANCE, f"{symbol}USDT", symbol, "USDT", curated=True)


def test_everything_is_newer_than_no_tick_and_nothing_than_the_last(
    open_desk: Desk,
) -> None:
    board = open_desk.board
    assert {p.symbol for p in board.changed_since(0)} == {"BTC", "ETH"}
    assert list(board.changed_since(board.seq)) == []


def test_the_age_of_a_quiet_coin_follows_the_skew_measured_last(
    open_desk: Desk,
) -> None:
    quote = known(open_desk.shown("ETH").domestic)
    later = quote.exchange_ms + 5_000
    assert open_desk.board.age_ms(quote, later) == 5_000
    open_desk.board.set_skew(Exchange.UPBIT, 2_000)
    assert open_desk.board.age_ms(quote, later) == 3_000
    assert open_desk.tick() is None


def test_a_pair_may_change_before_the_coin_was_ever_published(
    desk: Desk, make: Make
) -> None:
    coin = make.coin("ETH")
    desk.board.set_coins([coin])
    desk.board.set_coins([replace(coin, listings=(coin.listings[0], _listing("ETH2")))])
    assert desk.told() == {"ETH"}
    assert desk.shown("ETH").seq == 1


def test_before_the_global_list_is_heard_nobody_says_there_is_no_market(
    desk: Desk, make: Make
) -> None:
    btc = make.coin("BTC", only_domestic=True)
    tether = make.coin("USDT", only_domestic=True)
    desk.board.set_coins([btc, tether])
    desk.up(Exchange.UPBIT)
    desk.trade("KRW-BTC", "52000000")
    desk.trade("KRW-USDT", "1400")
    desk.tick()
    assert desk.shown("BTC").reason is Reason.GLOBAL_MISSING
    assert desk.shown("USDT").reason is Reason.NO_GLOBAL_MARKET
    desk.board.set_coins([btc, tether, make.coin("ETH")])
    desk.tick()
    assert desk.shown("BTC").reason is Reason.NO_GLOBAL_MARKET


def test_a_coin_that_comes_back_as_another_pair_has_none_of_its_old_numbers(
    open_desk: Desk, make: Make
) -> None:
    coins = [make.coin("BTC"), make.coin("ETH")]
    assert open_desk.shown("ETH").percent == 0
    open_desk.board.set_coins(coins[:1])
    open_desk.tick()
    eth = coins[1]
    moved = replace(eth.listings[1], market="ETH2USDT")
    open_desk.board.set_coins(
        [coins[0], replace(eth, listings=(eth.listings[0], moved))]
    )
    open_desk.trade("ETH2USDT", "1")
    open_desk.tick()
    found = open_desk.shown("ETH")
    assert (found.percent, found.reason) == (None, Reason.DOMESTIC_STALE)
