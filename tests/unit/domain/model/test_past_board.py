"""Premiums rebuilt from their minute bars."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from domain.model.bar import Bar, BarOrigin, BasisBar
from domain.model.coin import Coin, Listing
from domain.model.fx import PremiumBasis
from domain.model.interval import Interval
from domain.model.market import Channel, Exchange, Quality, Reason
from domain.model.past_board import PastBoard, past_premium

AT = 1_767_225_600_000
UPBIT = Listing(Exchange.UPBIT, "KRW-BTC", "BTC", "KRW")
BINANCE = Listing(Exchange.BINANCE, "BTCUSDT", "BTC", "USDT")
COIN = Coin("BTC", "비트코인", "Bitcoin", (UPBIT, BINANCE))


def basis(percent: str, rate: str, quality: Quality = Quality.LIVE) -> BasisBar:
    number = Decimal(percent)
    return BasisBar(number, number, number, number, Decimal(rate), 1, quality)


def bar(**more: BasisBar) -> Bar:
    bases = {PremiumBasis(name): told for name, told in more.items()}
    return Bar(
        "BTC",
        Interval.M1,
        AT - 60_000,
        Decimal(52000000),
        Decimal(40000),
        bases,
        BarOrigin.LIVE,
        "dunamu",
        AT - 5_000,
    )


def test_numbers_are_those_of_the_bar() -> None:
    premium = past_premium(COIN, bar(OFFICIAL_FX=basis("1.5", "1290")), AT)
    assert premium.percent == Decimal("1.5")
    assert premium.official.absolute_krw == Decimal(400000)
    assert (premium.at_ms, premium.last_live_ms) == (AT, AT)
    assert (premium.seq, premium.tick) == (0, 0)
    assert premium.bases[1].reason is Reason.FX_MISSING
    assert premium.domestic is not None
    assert premium.domestic.channel is Channel.CACHE
    assert premium.domestic.exchange_ms == AT


def test_bases_may_disagree_in_sign() -> None:
    told = bar(OFFICIAL_FX=basis("1", "1290"), KRW_USDT=basis("-1", "1310"))
    assert past_premium(COIN, told, AT).sign_conflict


def test_where_every_basis_is_stale_the_legs_are() -> None:
    told = bar(
        OFFICIAL_FX=basis("1", "1290", Quality.STALE),
        KRW_USDT=basis("1", "1290", Quality.STALE),
    )
    premium = past_premium(COIN, told, AT)
    assert premium.reason is Reason.DOMESTIC_STALE
    assert premium.domestic is not None
    assert premium.domestic.quality is Quality.STALE
    assert premium.last_live_ms is None


def test_a_market_that_is_gone_still_has_its_price() -> None:
    gone = replace(BINANCE, until=datetime(2026, 1, 1, tzinfo=UTC))
    coin = replace(COIN, listings=(UPBIT, gone))
    premium = past_premium(coin, bar(OFFICIAL_FX=basis("1", "1290")), AT)
    assert premium.global_ is not None
    assert premium.global_.market == "BTCUSDT"
    never = replace(COIN, listings=(UPBIT,))
    told = past_premium(never, bar(OFFICIAL_FX=basis("1", "1290")), AT)
    assert told.global_ is None
    assert told.percent == 1


def test_a_rate_whose_bar_does_not_say_where_it_is_from_is_dated_with_it() -> None:
    told = replace(
        bar(OFFICIAL_FX=basis("1", "1290")), fx_source=None, fx_as_of_ms=None
    )
    rate = past_premium(COIN, told, AT).official.fx
    assert rate is not None
    assert (rate.source, rate.as_of_ms) == ("unknown", AT)


def test_without_rates_there_is_a_board_and_no_tether_percent() -> None:
    assert PastBoard(AT, [COIN], []).summary().tether_percent is None
    board = PastBoard(AT, [COIN], [bar(OFFICIAL_FX=basis("1", "1290"))])
    assert board.summary().tether_percent is None
    premium = board.premium("BTC")
    assert premium is not None
    assert premium.domestic is not None
    assert board.received_ms(premium.domestic) == AT
    assert board.age_ms(premium.domestic, AT + 7) == 7
    assert board.premium("NOPE") is None
