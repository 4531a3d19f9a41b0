"""Rates on the board: three bases, and which coins a new rate marks."""

from decimal import Decimal

import pytest

from domain.model.board import PremiumBoard
from domain.model.event import QuoteUpdate
from domain.model.fx import FxChain, FxQuote, FxSourcePlan, PremiumBasis, RateRefused
from domain.model.market import Exchange, Quality, Reason
from tests.unit.domain.model.conftest import Desk, Make, known

OFFICIAL, KRW_USDT, KRW_USDC = PremiumBasis


@pytest.fixture
def stable_desk(make: Make) -> Desk:
    """BTC, and the two dollar coins: USDT without, USDC with a global market."""
    desk = make.desk()
    desk.open(make.coin("BTC"), make.coin("USDT", only_domestic=True))
    desk.trade("KRW-USDT", "1310")
    desk.tick()
    return desk


def test_a_rate_change_marks_every_coin_with_a_global_leg_once(
    stable_desk: Desk,
) -> None:
    stable_desk.pass_s(1)
    stable_desk.rate("1301")
    stable_desk.rate("1302")
    tick = stable_desk.next_tick()
    assert [premium.symbol for premium in tick.changed] == ["BTC"]
    assert known(tick.changed[0].official.fx).rate == 1302


def test_the_price_of_tether_is_a_rate_of_every_coin(stable_desk: Desk) -> None:
    stable_desk.pass_s(1)
    stable_desk.trade("KRW-USDT", "1320")
    assert stable_desk.told() == {"BTC", "USDT"}
    basis = stable_desk.shown("BTC").basis(KRW_USDT)
    fx = known(basis.fx)
    assert (fx.base, fx.quote, fx.source) == ("USDT", "KRW", "upbit")
    assert fx.rate == 1320
    assert basis.percent == Decimal("-1.515152")
    assert fx.as_of_ms == stable_desk.now_ms


def test_each_basis_has_a_quality_and_a_reason_of_its_own(stable_desk: Desk) -> None:
    found = stable_desk.premium("BTC")
    assert [basis.reason for basis in found.bases] == [None, None, Reason.FX_MISSING]
    assert found.quality is Quality.LIVE
    assert found.bases[2].quality is Quality.UNAVAILABLE


def test_without_any_official_rate_the_basis_is_null_with_fx_missing(
    desk: Desk, make: Make
) -> None:
    desk.board.set_coins([make.coin("BTC")])
    for exchange in Exchange:
        desk.up(exchange)
    desk.trade("KRW-BTC", "52000000")
    desk.trade("BTCUSDT", "40000")
    found = desk.premium()
    assert (found.percent, found.reason) == (None, Reason.FX_MISSING)
    desk.rate()
    assert desk.premium().quality is Quality.LIVE


def test_a_refused_rate_changes_nothing(stable_desk: Desk) -> None:
    with pytest.raises(RateRefused):
        stable_desk.rate("1")
    assert stable_desk.tick() is None


def test_a_rate_grows_stale_by_itself_and_numbers_go_on_with_it(
    stable_desk: Desk,
) -> None:
    for _ in range(45):
        stable_desk.pass_s(4)
        stable_desk.tell(Exchange.UPBIT)
        stable_desk.tell(Exchange.BINANCE)
        assert stable_desk.told() == set()
    stable_desk.pass_s(1)
    assert stable_desk.told() == {"BTC"}
    found = stable_desk.shown("BTC")
    assert (found.quality, found.reason) == (Quality.STALE, Reason.FX_STALE)
    stable_desk.trade("KRW-BTC", "53000000")
    found = stable_desk.premium("BTC")
    assert found.percent == Decimal("1.923077")
    assert found.at_ms == stable_desk.now_ms


def test_a_dead_upbit_feed_makes_its_stable_rates_stale(stable_desk: Desk) -> None:
    stable_desk.down(Exchange.UPBIT)
    basis = stable_desk.premium("BTC").basis(KRW_USDT)
    quality = known(basis.fx).quality
    assert (quality, basis.reason) == (Quality.STALE, Reason.DOMESTIC_STALE)


def test_bases_that_disagree_in_sign_are_a_conflict(stable_desk: Desk) -> None:
    assert stable_desk.premium("BTC").sign_conflict is False
    stable_desk.trade("KRW-BTC", "52200000")
    assert stable_desk.premium("BTC").sign_conflict is True


def test_rates_are_told_with_the_used_one_first_then_usdt_then_usdc(
    make: Make,
) -> None:
    plans = [FxSourcePlan("dunamu", 60.0), FxSourcePlan("frankfurter", 3600.0)]
    desk = make.desk(board=PremiumBoard(FxChain(plans)))
    desk.board.set_coins([make.coin("USDC"), make.coin("USDT", only_domestic=True)])
    desk.trade("KRW-USDC", "1312")
    desk.trade("KRW-USDT", "1311")
    for source in ("frankfurter", "dunamu"):
        quote = FxQuote(source, Decimal(1300), desk.now_ms)
        desk.board.answer_rate(quote, desk.now_s)
    desk.pass_s(200)
    rates = desk.board.rates(desk.now_ms, desk.now_s)
    assert [(rate.base, rate.source) for rate in rates] == [
        ("USD", "frankfurter"),
        ("USD", "dunamu"),
        ("USDT", "upbit"),
        ("USDC", "upbit"),
    ]


def test_a_stable_coin_without_a_price_is_no_rate(desk: Desk, make: Make) -> None:
    desk.board.set_coins([make.coin("USDT", only_domestic=True)])
    desk.tell(Exchange.UPBIT, QuoteUpdate("KRW-USDT", tradable=True))
    assert desk.board.rates(desk.now_ms, desk.now_s) == []
