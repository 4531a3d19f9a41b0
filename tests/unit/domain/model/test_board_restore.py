"""Nothing evaporates: what a restarted board says before anything is heard."""

from dataclasses import replace
from decimal import Decimal

import pytest

from domain.model.fx import FxQuote, PremiumBasis
from domain.model.kept import KeptPremium
from domain.model.market import Channel, Exchange, Quality, Reason
from domain.model.premium import Numbers
from tests.unit.domain.model.conftest import Desk, Make, known

OFFICIAL = PremiumBasis.OFFICIAL_FX
NUMBERS = Numbers(Decimal("1.5"), Decimal(780_000))


@pytest.fixture
def restored(make: Make) -> Desk:
    """A board an hour later: two quotes, a rate and numbers were stored."""
    desk = make.desk()
    desk.board.set_coins([make.coin("BTC"), make.coin("ETH")])
    stored_ms = desk.now_ms
    desk.pass_s(3600)
    desk.board.restore(
        [
            make.quote("KRW-BTC", "52780000"),
            make.quote("BTCUSDT", "40000"),
            make.quote("KRW-GONE", "1"),
        ],
        [FxQuote("dunamu", Decimal(1300), stored_ms)],
        [KeptPremium("BTC", 41, stored_ms, stored_ms, {OFFICIAL: NUMBERS})],
        seq=900,
    )
    return desk


def test_a_restored_coin_answers_with_price_age_numbers_and_reason(
    restored: Desk, make: Make
) -> None:
    found = restored.premium()
    leg = known(found.domestic)
    assert leg.price == 52_780_000
    assert leg.age_ms(restored.now_ms) == 3_600_000
    assert (leg.channel, leg.quality) == (Channel.CACHE, Quality.STALE)
    assert (found.official.numbers, found.quality) == (NUMBERS, Quality.STALE)
    assert found.reason is Reason.DOMESTIC_STALE
    assert found.at_ms == found.last_live_ms == make.start_ms


def test_counts_survive_a_restart(restored: Desk) -> None:
    assert restored.next_tick().seq == 901
    assert restored.shown("BTC").seq == 42
    assert restored.shown("ETH").seq == 1


def test_a_restored_coin_is_live_only_after_both_feeds_carried_it(
    restored: Desk,
) -> None:
    restored.rate()
    for exchange in Exchange:
        restored.up(exchange)
        restored.tell(exchange)
    assert restored.premium().quality is Quality.STALE
    restored.trade("KRW-BTC", "52000000")
    assert restored.premium().reason is Reason.GLOBAL_STALE
    restored.trade("BTCUSDT", "40000")
    found = restored.premium()
    assert (found.quality, found.percent, found.at_ms) == (
        Quality.LIVE,
        0,
        restored.now_ms,
    )


def test_a_past_read_late_is_added_and_no_count_goes_down(
    open_desk: Desk, make: Make
) -> None:
    seq, tick = open_desk.shown("BTC").seq, open_desk.board.seq
    old = make.quote("KRW-BTC", "1", exchange_ms=1)
    kept = KeptPremium("BTC", 40, 5, 5, {OFFICIAL: NUMBERS})
    open_desk.board.restore([old], [], [kept], seq=900)
    open_desk.trade("KRW-BTC", "52000001")
    assert open_desk.next_tick().seq == tick + 901
    found = open_desk.shown("BTC")
    assert (found.seq, known(found.domestic).price) == (seq + 41, 52_000_001)


def test_what_should_outlive_a_restart_is_one_entry_per_coin_ever_published(
    open_desk: Desk, make: Make
) -> None:
    open_desk.board.set_coins([make.coin("BTC")])
    open_desk.tick()
    asked = open_desk.board.kept_of(["BTC", "ETH", "NEVER"])
    kept = {item.symbol: item for item in asked}
    assert kept.keys() == {"BTC", "ETH"}
    assert kept["BTC"].numbers[OFFICIAL].percent == 0
    assert kept["BTC"].last_live_ms == make.start_ms


def test_the_last_live_instant_stays_while_a_coin_is_not_live(open_desk: Desk) -> None:
    open_desk.down(Exchange.BINANCE)
    open_desk.pass_s(1)
    ended_ms = open_desk.now_ms
    assert open_desk.premium().last_live_ms == ended_ms
    open_desk.pass_s(5)
    open_desk.trade("KRW-BTC", "1")
    found = open_desk.premium()
    assert (found.last_live_ms, known(found.domestic).price) == (ended_ms, 1)


def test_a_coin_that_never_had_numbers_has_the_instant_of_its_version(
    desk: Desk, make: Make
) -> None:
    desk.board.set_coins([make.coin("BTC")])
    assert desk.premium().at_ms == desk.now_ms
    desk.pass_s(1)
    desk.trade("KRW-BTC", "1")
    found = desk.premium()
    assert (found.at_ms, found.last_live_ms) == (desk.now_ms, None)


def test_a_halted_coin_keeps_the_instant_of_its_last_numbers(
    open_desk: Desk, make: Make
) -> None:
    halted = make.coin("BTC")
    listings = (replace(halted.listings[0], tradable=False), halted.listings[1])
    open_desk.pass_s(1)
    open_desk.board.set_coins([replace(halted, listings=listings), make.coin("ETH")])
    found = open_desk.premium()
    assert (found.reason, found.at_ms) == (Reason.HALTED, make.start_ms)
