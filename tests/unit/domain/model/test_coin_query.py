"""Which coins a client wants, in which order."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from domain.model.coin import Coin, Listing
from domain.model.coin_query import CoinFilter, CoinOrder, CoinOrderField
from domain.model.market import Exchange, MarketWarning
from domain.model.page import Direction, PageRequest, paginate

GONE = datetime(2026, 1, 1, tzinfo=UTC)
BITCOIN = Coin(
    "BTC",
    "비트코인",
    "Bitcoin",
    (
        Listing(
            Exchange.UPBIT,
            "KRW-BTC",
            "BTC",
            "KRW",
            warnings=(MarketWarning.PRICE_FLUCTUATIONS,),
        ),
        Listing(Exchange.BINANCE, "BTCUSDT", "BTC", "USDT", until=GONE),
    ),
)


@pytest.mark.parametrize(
    "search", ["btc", "BT", "비트", "ㅂㅌㅋㅇ", "bit coin", "COIN", "", "  "]
)
def test_a_coin_is_found_by_symbol_korean_name_initials_or_english_name(
    search: str,
) -> None:
    assert CoinFilter(search=search).matches(BITCOIN)


@pytest.mark.parametrize("search", ["eth", "이더", "ㅇㄷ", "bitcoins"])
def test_a_coin_with_none_of_these_is_not_found(search: str) -> None:
    assert not CoinFilter(search=search).matches(BITCOIN)


def test_symbols_match_without_regard_to_case_and_an_empty_list_matches_nothing() -> (
    None
):
    assert CoinFilter.of(symbols=["btc", "nosuch"]).matches(BITCOIN)
    assert not CoinFilter.of(symbols=["eth"]).matches(BITCOIN)
    assert not CoinFilter.of(symbols=[]).matches(BITCOIN)


def test_exchange_and_warning_speak_of_open_listings() -> None:
    assert CoinFilter.of(exchange=Exchange.UPBIT).matches(BITCOIN)
    assert not CoinFilter.of(exchange=Exchange.BINANCE).matches(BITCOIN)
    warned = CoinFilter.of(warning=MarketWarning.PRICE_FLUCTUATIONS)
    assert warned.matches(BITCOIN)
    assert not CoinFilter.of(warning=MarketWarning.DELISTING).matches(BITCOIN)
    closed = replace(BITCOIN.listings[0], until=GONE)
    assert not warned.matches(replace(BITCOIN, listings=(closed,)))


def test_all_conditions_hold_at_once() -> None:
    both = CoinFilter.of(search="비트", symbols=["BTC"], exchange=Exchange.UPBIT)
    assert both.matches(BITCOIN)
    assert not replace(both, search="이더").matches(BITCOIN)


def test_equal_filters_have_equal_names_and_different_ones_do_not() -> None:
    of = CoinFilter.of

    assert of(symbols=["b", "A"]).name == of(symbols=["A", "B"]).name
    assert of(search="Bit Coin").name == of(search="bitcoin").name
    filters = [
        of(),
        of(search=""),
        of(search="b"),
        of(symbols=[]),
        of(symbols=["B"]),
        of(exchange=Exchange.UPBIT),
        of(warning=MarketWarning.DELISTING),
    ]
    assert len({wanted.name for wanted in filters}) == len(filters)


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (CoinOrder(), ["BTC", "ETH", "XRP"]),
        (CoinOrder(direction=Direction.DESC), ["XRP", "ETH", "BTC"]),
        (CoinOrder(CoinOrderField.KOREAN_NAME), ["BTC", "XRP", "ETH"]),
    ],
)
def test_coins_are_ordered_by_symbol_or_korean_name(
    order: CoinOrder, expected: list[str]
) -> None:
    coins = [Coin("ETH", "이더리움", ""), Coin("XRP", "엑스알피", ""), BITCOIN]
    page = paginate(coins, order.ordering(CoinFilter()), PageRequest(9))
    assert [coin.symbol for coin in page.rows] == expected


def test_an_ordering_is_named_by_field_and_filter() -> None:
    names = {
        CoinOrder(field).ordering(wanted).name
        for field in CoinOrderField
        for wanted in (CoinFilter(), CoinFilter(search="b"))
    }
    assert len(names) == 4
