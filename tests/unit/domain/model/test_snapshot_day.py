"""Which prices and markets count for a Seoul day."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from domain.model.coin import Coin, Listing
from domain.model.fx import FxRate
from domain.model.identity import IdentityRow, IdentityTable
from domain.model.market import Exchange, MarketKey, MarketWarning, Quality
from domain.model.snapshot import DailyPrices, taken_ms
from domain.model.snapshot_day import (
    ClosingPrices,
    Known,
    Traded,
    closing_row,
    current_row,
    pair_at,
)

DAY = date(2026, 11, 20)
CHANGE = taken_ms(DAY)
AT = datetime(2026, 11, 20, 15, tzinfo=UTC)
MOMENT = timedelta(milliseconds=1)
KRW = MarketKey(Exchange.UPBIT, "KRW-BTC")
USDT = MarketKey(Exchange.BINANCE, "BTCUSDT")
RATE = FxRate("USD", "KRW", Decimal(1300), "dunamu", CHANGE, Quality.LIVE)
NOBODY = IdentityTable([])


def upbit(**values: object) -> Listing:
    listing = Listing(Exchange.UPBIT, "KRW-BTC", "BTC", "KRW")
    return replace(listing, **values)  # type: ignore[arg-type] # any of its fields


def binance(**values: object) -> Listing:
    listing = Listing(Exchange.BINANCE, "BTCUSDT", "BTC", "USDT")
    return replace(listing, **values)  # type: ignore[arg-type] # any of its fields


def coin(*listings: Listing) -> Coin:
    return Coin("BTC", "비트코인", "Bitcoin", listings)


def traded(price: int, before_ms: int) -> Traded:
    return Traded(Decimal(price), CHANGE - before_ms)


def test_the_change_is_at_fifteen_hours_utc() -> None:
    assert datetime.fromtimestamp(CHANGE / 1000, UTC) == AT


def test_a_trade_at_the_change_is_the_next_days() -> None:
    prices = ClosingPrices(CHANGE)
    prices.take(KRW, traded(1, 1))
    prices.take(KRW, traded(2, 0))
    assert prices.closing(KRW) == traded(1, 1)
    assert prices.last(KRW) == traded(2, 0)
    assert prices.closing(USDT) is None


def test_what_traded_before_counts_although_it_comes_after() -> None:
    prices = ClosingPrices(CHANGE)
    prices.take(KRW, traded(1, 500))
    prices.take(KRW, traded(3, -20))
    prices.take_late(KRW, traded(2, 10))
    assert prices.closing(KRW) == traded(2, 10)
    assert prices.last(KRW) == traded(3, -20)


def test_an_older_trade_never_replaces_a_newer_one() -> None:
    prices = ClosingPrices(CHANGE)
    for at in (traded(1, 10), traded(2, 11), traded(3, 10)):
        prices.take(KRW, at)
    assert prices.closing(KRW) == prices.last(KRW) == traded(3, 10)


def test_the_next_day_begins_with_the_last_trade() -> None:
    prices = ClosingPrices(CHANGE)
    prices.take(KRW, traded(1, 10))
    prices.take(KRW, traded(2, -10))
    prices.begin(CHANGE + 86_400_000)
    assert prices.closing(KRW) == traded(2, -10)


def test_a_market_without_a_trade_keeps_its_price_for_days() -> None:
    prices = ClosingPrices(CHANGE)
    prices.take(KRW, traded(1, 10))
    for days in range(1, 4):
        prices.begin(CHANGE + days * 86_400_000)
    assert prices.closing(KRW) == traded(1, 10)


def test_going_back_drops_what_was_not_traded_yet() -> None:
    prices = ClosingPrices(CHANGE)
    prices.take(KRW, traded(1, 10))
    prices.take(USDT, traded(7, -5))
    prices.begin(CHANGE - 86_400_000)
    assert prices.closing(KRW) is None
    assert prices.last(USDT) == traded(7, -5)


@pytest.mark.parametrize(
    ("since", "until", "stands"),
    [
        (None, None, True),
        (AT, None, True),
        (AT + MOMENT, None, False),
        (None, AT, False),
        (None, AT + MOMENT, True),
        (AT - MOMENT, AT + MOMENT, True),
    ],
)
def test_a_coin_has_a_row_while_its_krw_market_stands(
    since: datetime | None, until: datetime | None, stands: bool
) -> None:
    listed = coin(upbit(since=since, until=until), binance())
    pair = pair_at(listed, NOBODY, CHANGE)
    assert (pair is not None) is stands


def test_a_global_market_that_came_later_is_none() -> None:
    pair = pair_at(coin(upbit(), binance(since=AT + MOMENT)), NOBODY, CHANGE)
    assert pair is not None
    assert pair.global_ is None
    assert not pair.is_curated


def test_a_market_listed_again_has_two_spells() -> None:
    gone = upbit(until=AT - timedelta(days=9), tradable=False)
    again = upbit(since=AT - timedelta(days=2))
    listed = coin(gone, again)
    days = {7: False, 1: True, 20: True}
    for back, stands in days.items():
        pair = pair_at(listed, NOBODY, CHANGE - back * 86_400_000)
        assert (pair is not None) is stands


def test_a_ticker_that_meant_another_asset_then_is_no_market_of_the_coin() -> None:
    rows = [
        IdentityRow(Exchange.UPBIT, "BTC", "OLD", valid_until=AT),
        IdentityRow(Exchange.UPBIT, "BTC", "BTC", Decimal(1000), valid_from=AT),
    ]
    table = IdentityTable(rows)
    assert pair_at(coin(upbit()), table, CHANGE - 1) is None
    pair = pair_at(coin(upbit()), table, CHANGE)
    assert pair is not None
    assert pair.domestic.multiplier == 1000
    assert pair.domestic.curated


def test_the_row_of_a_day_has_what_closed_it() -> None:
    prices = ClosingPrices(CHANGE)
    for key, price in ((KRW, 52_000_000), (USDT, 40_000)):
        prices.take(key, traded(price, 1))
        prices.take(key, traded(price + 1, 0))
    row = closing_row(
        DAY, coin(upbit(), binance()), NOBODY, Known(prices, RATE), is_comparable=True
    )
    assert row is not None
    assert (row.day, row.symbol, row.revision, row.verified_ms) == (DAY, "BTC", 1, None)
    assert row.prices == DailyPrices(
        Decimal(52_000_000), Decimal(40_000), Decimal(1300), "dunamu"
    )
    assert row.prices.percent == 0
    assert row.taken_at_ms == CHANGE


def test_the_row_of_a_coin_without_a_global_market_has_no_percent() -> None:
    prices = ClosingPrices(CHANGE)
    prices.take(KRW, traded(1300, 1))
    known = Known(prices, RATE)
    row = closing_row(DAY, coin(upbit()), NOBODY, known, is_comparable=True)
    assert row is not None
    assert row.prices == DailyPrices(Decimal(1300), None, Decimal(1300), "dunamu")
    assert row.prices.percent is None


def test_a_doubted_pair_has_both_prices_and_no_percent() -> None:
    prices = ClosingPrices(CHANGE)
    prices.take(KRW, traded(1300, 1))
    prices.take(USDT, traded(9, 1))
    listed, known = coin(upbit(), binance()), Known(prices, RATE)
    row = closing_row(DAY, listed, NOBODY, known, is_comparable=False)
    assert row is not None
    assert (row.prices.domestic_price, row.prices.global_price) == (1300, 9)
    assert row.prices.percent is None


def test_a_coin_that_was_not_listed_has_no_row() -> None:
    known = Known(ClosingPrices(CHANGE), None)
    late = coin(upbit(since=AT + MOMENT))
    assert closing_row(DAY, late, NOBODY, known, is_comparable=True) is None


def test_a_current_row_tells_what_is_known_now() -> None:
    prices = ClosingPrices(CHANGE)
    prices.take(KRW, traded(52_000_000, -30))
    prices.take(USDT, traded(40_000, -20))
    warned = (MarketWarning.DELISTING,)
    gone = Listing(Exchange.UPBIT, "BTC-OLD", "OLD", "KRW", until=AT)
    listed = replace(
        coin(upbit(warnings=warned), binance(), gone), icon_url="https://e.example/b"
    )
    row = current_row(listed, Known(prices, RATE), is_comparable=True)
    assert row is not None
    assert row.listed == ("BINANCE:BTCUSDT", "UPBIT:KRW-BTC")
    assert row.warnings == warned
    assert (row.korean_name, row.english_name) == ("비트코인", "Bitcoin")
    assert row.icon_url == "https://e.example/b"
    assert row.prices.percent == 0
    assert row.at_ms == CHANGE + 30


def test_a_current_row_without_prices_has_no_instant() -> None:
    known = Known(ClosingPrices(CHANGE), None)
    row = current_row(coin(upbit()), known, is_comparable=True)
    assert row is not None
    assert row.at_ms is None
    assert row.prices == DailyPrices(None, None, None, None)


def test_a_delisted_coin_has_no_current_row() -> None:
    known = Known(ClosingPrices(CHANGE), None)
    assert current_row(coin(upbit(until=AT)), known, is_comparable=True) is None
