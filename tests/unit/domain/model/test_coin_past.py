"""Which markets were a coin's at a time."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from domain.model.coin import Coin, Listing
from domain.model.coin_past import CoinSpell, spells
from domain.model.identity import IdentityRow, IdentityTable
from domain.model.interval import Interval
from domain.model.market import Exchange

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
NOTHING = IdentityTable([])
UPBIT = Listing(Exchange.UPBIT, "KRW-ABC", "ABC", "KRW")
BINANCE = Listing(Exchange.BINANCE, "ABCUSDT", "ABC", "USDT")


def at(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


def coin(*listings: Listing) -> Coin:
    return Coin("ABC", "가나다", "Abc", listings)


def told(one: Coin, identity: IdentityTable, days: int) -> list[CoinSpell]:
    return list(spells(one, identity, Interval.D1, 0, days * DAY_MS))


def test_markets_that_were_always_there_are_one_spell() -> None:
    assert told(coin(UPBIT, BINANCE), NOTHING, 9) == [
        CoinSpell(0, 9 * DAY_MS, UPBIT, BINANCE)
    ]


def test_no_time_has_no_spell() -> None:
    assert told(coin(UPBIT, BINANCE), NOTHING, 0) == []


def test_a_coin_without_a_global_market_has_none_and_is_sure() -> None:
    (spell,) = told(coin(UPBIT), NOTHING, 2)
    assert (spell.domestic, spell.global_, spell.is_sure) == (UPBIT, None, True)


def test_when_we_first_saw_a_market_says_nothing_of_the_time_before() -> None:
    seen_late = replace(BINANCE, since=at(3 * DAY_MS + 5))
    assert told(coin(UPBIT, seen_late), NOTHING, 9) == [
        CoinSpell(0, 9 * DAY_MS, UPBIT, seen_late)
    ]


def test_after_its_delisting_a_market_is_none() -> None:
    gone = replace(BINANCE, tradable=False, until=at(3 * DAY_MS))
    assert told(coin(UPBIT, gone), NOTHING, 9) == [
        CoinSpell(0, 3 * DAY_MS, UPBIT, gone),
        CoinSpell(3 * DAY_MS, 9 * DAY_MS, UPBIT, None),
    ]


def test_the_day_of_a_delisting_still_counts() -> None:
    gone = replace(BINANCE, tradable=False, until=at(3 * DAY_MS + HOUR_MS))
    first, second = told(coin(UPBIT, gone), NOTHING, 9)
    assert first.to_ms == second.from_ms == 4 * DAY_MS
    assert (first.global_, second.global_) == (gone, None)


def test_each_time_has_the_market_that_was_listed_then() -> None:
    old = replace(BINANCE, market="OLDUSDT", base_symbol="ABC", until=at(3 * DAY_MS))
    new = replace(BINANCE, since=at(3 * DAY_MS))
    first, second = told(coin(UPBIT, old, new), NOTHING, 9)
    assert (first.global_, second.global_) == (old, new)


def test_what_a_ticker_meant_before_is_no_market_of_the_coin() -> None:
    identity = IdentityTable(
        [
            IdentityRow(Exchange.UPBIT, "ABC", "OTHER", valid_until=at(4 * DAY_MS)),
            IdentityRow(
                Exchange.UPBIT,
                "ABC",
                "ABC",
                Decimal(1000),
                valid_from=at(4 * DAY_MS),
            ),
        ]
    )
    assert told(coin(UPBIT, BINANCE), identity, 9) == [
        CoinSpell(0, 4 * DAY_MS, None, BINANCE, is_sure=False),
        CoinSpell(
            4 * DAY_MS,
            9 * DAY_MS,
            replace(UPBIT, multiplier=Decimal(1000), curated=True),
            BINANCE,
        ),
    ]


def test_a_bar_in_which_a_ticker_changed_its_meaning_is_no_bar_of_the_coin() -> None:
    identity = IdentityTable(
        [IdentityRow(Exchange.BINANCE, "ABC", "OTHER", valid_until=at(4 * DAY_MS + 7))]
    )
    first, second = told(coin(UPBIT, BINANCE), identity, 9)
    assert (first.from_ms, first.to_ms, first.is_sure) == (0, 5 * DAY_MS, False)
    assert (second.global_, second.is_sure) == (BINANCE, True)


def test_changes_outside_the_span_make_no_spell() -> None:
    late = replace(BINANCE, until=at(20 * DAY_MS))
    assert len(told(coin(UPBIT, late), NOTHING, 9)) == 1
