"""What is stored, reconciled with what the venues list now."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from domain.model.catalog import (
    Reconciled,
    better_english_name,
    better_name,
    reconcile,
)
from domain.model.coin import Coin
from domain.model.identity import IdentityTable, parse_table
from domain.model.market import Exchange, MarketKey, MarketWarning, VenueMarket
from tests.unit.domain.model.conftest import known

UPBIT, BINANCE = Exchange.UPBIT, Exchange.BINANCE
NOW = datetime(2026, 11, 21, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
TABLE = parse_table(
    "exchange,symbol,valid_from,valid_until,asset,multiplier,note\n"
    "UPBIT,BTC,,,BTC,,\nBINANCE,BTC,,,BTC,,\n"
    "UPBIT,BTT,,,BTT,,\nBINANCE,BTTC,,,BTT,,\n"
    "BINANCE,1000SATS,,,SATS,1000,\n"
)


def krw(symbol: str) -> VenueMarket:
    """Return a KRW market of Upbit with names."""
    return VenueMarket(
        UPBIT, f"KRW-{symbol}", symbol, "KRW", True, f"{symbol} 코인", f"{symbol} Coin"
    )


def usdt(symbol: str) -> VenueMarket:
    """Return a USDT market of Binance."""
    return VenueMarket(BINANCE, f"{symbol}USDT", symbol, "USDT", True)


def look(
    stored: list[Coin] | Reconciled,
    upbit: list[VenueMarket],
    binance: list[VenueMarket],
    now: datetime = NOW,
    table: IdentityTable = TABLE,
) -> Reconciled:
    """Reconcile with both venues' lists."""
    before = stored.coins.values() if isinstance(stored, Reconciled) else stored
    return reconcile(before, {UPBIT: upbit, BINANCE: binance}, table, now)


def test_a_first_look_makes_coins_of_all_krw_markets_with_their_global_ones() -> None:
    found = look([], [krw("BTC"), krw("XYZ")], [usdt("BTC"), usdt("BNB")])
    assert found.coins.keys() == {"BTC", "XYZ"}
    bitcoin = found.coins["BTC"]
    assert (bitcoin.korean_name, bitcoin.english_name) == ("BTC 코인", "BTC Coin")
    assert [item.market for item in bitcoin.listings] == ["KRW-BTC", "BTCUSDT"]
    assert bitcoin.is_curated_pair
    assert found.coins["XYZ"].global_ is None
    assert set(found.changed) == set(found.coins.values())
    assert set(found.opened) == {
        MarketKey(UPBIT, "KRW-BTC"),
        MarketKey(UPBIT, "KRW-XYZ"),
        MarketKey(BINANCE, "BTCUSDT"),
    }


def test_a_market_that_stood_there_at_the_first_look_has_no_known_begin() -> None:
    found = look([], [krw("BTC")], [usdt("BTC")])
    assert [item.since for item in found.coins["BTC"].listings] == [None, None]


def test_a_market_that_comes_later_has_the_date_of_our_look() -> None:
    found = look(look([], [krw("BTC")], []), [krw("BTC"), krw("NEW")], [], LATER)
    assert found.coins["NEW"].listings[0].since == LATER
    assert found.changed == (found.coins["NEW"],)


def test_a_second_look_at_the_same_lists_changes_nothing() -> None:
    lists = ([krw("BTC"), krw("BTT")], [usdt("BTC"), usdt("BTTC")])
    found = look(look([], *lists), *lists, now=LATER)
    assert (found.changed, found.opened, found.closed) == ((), (), ())


def test_different_tickers_of_one_asset_are_one_coin_with_its_units() -> None:
    found = look([], [krw("BTT"), krw("SATS")], [usdt("BTTC"), usdt("1000SATS")])
    assert known(found.coins["BTT"].global_).base_symbol == "BTTC"
    assert found.coins["BTT"].is_curated_pair
    assert known(found.coins["SATS"].global_).multiplier == Decimal(1000)


def test_equal_tickers_without_a_row_are_a_guess() -> None:
    found = look([], [krw("XYZ")], [usdt("XYZ")])
    assert found.coins["XYZ"].global_ is not None
    assert not found.coins["XYZ"].is_curated_pair


def test_a_guess_never_stands_beside_a_checked_market() -> None:
    found = look([], [krw("BTT")], [usdt("BTT"), usdt("BTTC")])
    assert known(found.coins["BTT"].global_).market == "BTTCUSDT"
    assert found.conflicts == (usdt("BTT"),)


def test_markets_of_another_quote_are_left() -> None:
    bitcoin = VenueMarket(UPBIT, "BTC-ETH", "ETH", "BTC", True)
    found = look([], [krw("BTC"), bitcoin], [replace(usdt("BTC"), quote="FDUSD")])
    assert found.coins.keys() == {"BTC"}
    assert found.coins["BTC"].global_ is None


def test_a_delisted_market_is_closed_with_a_date_and_nothing_is_deleted() -> None:
    first = look([], [krw("BTC"), krw("OLD")], [usdt("BTC"), usdt("OLD")])
    found = look(first, [krw("BTC")], [usdt("BTC")], LATER)
    old = found.coins["OLD"]
    assert [(item.until, item.tradable) for item in old.listings] == [
        (LATER, False),
        (LATER, False),
    ]
    assert old.domestic is None
    assert set(found.closed) == {
        MarketKey(UPBIT, "KRW-OLD"),
        MarketKey(BINANCE, "OLDUSDT"),
    }
    again = look(found, [krw("BTC")], [usdt("BTC")], LATER + timedelta(hours=1))
    assert again.coins["OLD"] == old


def test_a_market_that_comes_back_is_opened_anew_beside_its_past() -> None:
    first = look([], [krw("BTC"), krw("OLD")], [])
    gone = look(first, [krw("BTC")], [], LATER)
    back_at = LATER + timedelta(days=1)
    found = look(gone, [krw("BTC"), krw("OLD")], [], back_at)
    past, present = found.coins["OLD"].listings
    assert (past.until, present.until, present.since) == (LATER, None, back_at)
    assert found.coins["OLD"].domestic == present


@pytest.mark.parametrize(
    ("upbit", "binance"), [([], [usdt("BTC")]), ([krw("BTC")], []), ([], [])]
)
def test_a_venue_whose_list_is_empty_was_not_heard(
    upbit: list[VenueMarket], binance: list[VenueMarket]
) -> None:
    first = look([], [krw("BTC")], [usdt("BTC")])
    found = look(first, upbit, binance, LATER)
    assert (found.changed, found.closed) == ((), ())


def test_a_venue_that_did_not_answer_changes_nothing() -> None:
    first = look([], [krw("BTC")], [usdt("BTC")])
    found = reconcile(first.coins.values(), {}, TABLE, LATER)
    assert found.coins == first.coins
    assert found.changed == ()


def test_halts_and_warnings_are_taken_as_the_venue_tells_them() -> None:
    first = look([], [krw("BTC")], [usdt("BTC")])
    warned = replace(krw("BTC"), warnings=(MarketWarning.PRICE_FLUCTUATIONS,))
    found = look(first, [warned], [replace(usdt("BTC"), tradable=False)], LATER)
    assert found.coins["BTC"].warnings == (MarketWarning.PRICE_FLUCTUATIONS,)
    assert known(found.coins["BTC"].global_).tradable is False
    assert known(found.coins["BTC"].global_).since is None


def test_a_global_list_alone_makes_no_coins() -> None:
    assert look([], [], [usdt("BTC")]).coins == {}


def test_a_coin_without_any_name_is_called_by_its_symbol() -> None:
    nameless = replace(krw("NEW"), korean_name="", english_name="")
    coin = look([], [nameless], []).coins["NEW"]
    assert (coin.korean_name, coin.english_name) == ("NEW", "NEW")


def test_the_name_of_a_coin_with_two_markets_is_the_checked_ones() -> None:
    table = parse_table(
        "exchange,symbol,valid_from,valid_until,asset,multiplier,note\n"
        "UPBIT,NEW,,,COIN,,\n"
    )
    markets = [
        replace(krw("COIN"), korean_name="추측"),
        replace(krw("NEW"), korean_name="확인"),
    ]
    found = look([], markets, [], table=table)
    assert found.coins["COIN"].korean_name == "확인"
    assert known(found.coins["COIN"].domestic).market == "KRW-NEW"


@pytest.mark.parametrize(
    ("known", "told", "kept"),
    [
        ("", "비트코인", "비트코인"),
        ("비트코인", "", "비트코인"),
        ("비트코인", "  ", "비트코인"),
        ("비트코인", "BTC", "비트코인"),
        ("비트코인", "Bitcoin", "비트코인"),
        ("비트코인", " 비트 코인 ", "비트 코인"),
        ("BTC", "비트코인", "비트코인"),
        ("Bitcoin", "비트코인", "비트코인"),
        ("Bitcoin", "BTC", "Bitcoin"),
        ("BTC", "BTC", "BTC"),
        ("", "BTC", "BTC"),
        ("", "", ""),
    ],
)
def test_a_good_korean_name_is_never_overwritten_by_a_worse_one(
    known: str, told: str, kept: str
) -> None:
    assert better_name(known, told, "BTC") == kept


@pytest.mark.parametrize(
    ("known", "told", "kept"),
    [
        ("", "Bitcoin", "Bitcoin"),
        ("Bitcoin", "", "Bitcoin"),
        ("Bitcoin", "BTC", "Bitcoin"),
        ("BTC", "Bitcoin", "Bitcoin"),
        ("Ripple", " XRP Ledger ", "XRP Ledger"),
        ("", "BTC", "BTC"),
    ],
)
def test_an_english_name_is_not_overwritten_by_nothing_or_the_bare_ticker(
    known: str, told: str, kept: str
) -> None:
    assert better_english_name(known, told, "BTC") == kept
