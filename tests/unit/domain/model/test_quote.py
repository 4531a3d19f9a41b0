"""The latest state of a market, and the quote read from it."""

from dataclasses import replace
from decimal import Decimal
from typing import Any, TypedDict, Unpack

import pytest

from domain.model.event import FeedBatch, QuoteUpdate
from domain.model.market import Channel, Exchange, MarketKey, Quality
from domain.model.number import INT32_MAX
from domain.model.quote import MAX_AHEAD_MS, MarketState, Quote, QuoteBook
from tests.unit.domain.model.conftest import Make

KEY = MarketKey(Exchange.BINANCE, "BTCUSDT")
SATS = MarketKey(Exchange.BINANCE, "1000SATSUSDT")
T0 = 1_781_924_400_000
LIVE = Quality.LIVE


@pytest.fixture
def book() -> QuoteBook:
    """Bitcoin, and a market that trades a thousand coins at a time."""
    book = QuoteBook()
    book.watch(KEY, Decimal(1))
    book.watch(SATS, Decimal(1000))
    return book


class Said(TypedDict, total=False):
    """What an update may say beside its price."""

    bid: Decimal
    ask: Decimal
    base_volume_24h: Decimal
    quote_volume_24h: Decimal
    open_24h: Decimal
    open_utc: Decimal
    tradable: bool


def tell(
    book: QuoteBook,
    price: str | None,
    at_ms: int | None = T0,
    *,
    market: str = "BTCUSDT",
    received_s: float = 0.0,
    channel: Channel = Channel.WEBSOCKET,
    **said: Unpack[Said],
) -> list[MarketKey]:
    """Tell the book one update, received half a second after its stamp or T0."""
    amount = None if price is None else Decimal(price)
    update = QuoteUpdate(market, amount, at_ms, **said)
    received_ms = max(T0, at_ms or T0) + 500
    return book.apply(
        FeedBatch(Exchange.BINANCE, channel, received_ms, received_s, (update,))
    )


def state(book: QuoteBook, key: MarketKey = KEY) -> MarketState:
    """Return a watched market's state."""
    found = book.get(key)
    assert found is not None
    return found


def quote(book: QuoteBook, key: MarketKey = KEY, now_ms: int = T0) -> Quote:
    """Return the LIVE quote of a market that has a price."""
    found = state(book, key).quote(LIVE, now_ms)
    assert found is not None
    return found


def test_a_market_without_a_price_has_no_quote(book: QuoteBook) -> None:
    assert state(book).quote(LIVE, T0) is None


def test_a_quote_tells_price_both_stamps_and_the_channel(book: QuoteBook) -> None:
    assert tell(book, "40000.10", channel=Channel.REST) == [KEY]
    found = quote(book)
    assert found.key == KEY
    assert (found.price, found.exchange_ms) == (Decimal("40000.10"), T0)
    assert (found.received_ms, found.channel) == (T0 + 500, Channel.REST)


def test_where_the_venue_gives_no_stamp_the_receive_time_is_the_exchange_time(
    book: QuoteBook,
) -> None:
    tell(book, "40000", None)
    assert quote(book).exchange_ms == T0 + 500


def test_an_older_stamp_never_replaces_a_newer_one_but_the_market_was_carried(
    book: QuoteBook,
) -> None:
    tell(book, "40000", T0)
    assert tell(book, "39000", T0 - 1, received_s=9.0, open_24h=Decimal(1)) == [KEY]
    assert quote(book).price == 40000
    assert quote(book).change_percent_rolling_24h is None
    assert state(book).carried_s == 9.0
    assert book.rejects.older == 1


def test_an_equal_stamp_replaces_the_price(book: QuoteBook) -> None:
    tell(book, "40000", T0)
    tell(book, "40001", T0)
    assert quote(book).price == 40001


def test_stamps_of_different_markets_are_not_compared(book: QuoteBook) -> None:
    tell(book, "40000", T0)
    tell(book, "0.2", T0 - 60_000, market="1000SATSUSDT")
    assert quote(book, SATS).price == Decimal("0.0002")


@pytest.mark.parametrize("price", ["0", "-1", "0E-8"])
def test_a_price_that_is_not_positive_is_rejected_with_all_it_came_with(
    book: QuoteBook, price: str
) -> None:
    assert tell(book, price, bid=Decimal(1), ask=Decimal(2), received_s=9.0) == []
    assert state(book).quote(LIVE, T0) is None
    assert (state(book).bid, state(book).carried_s) == (None, None)
    assert book.rejects.not_positive == 1


def test_a_market_that_nobody_watches_is_counted(book: QuoteBook) -> None:
    assert tell(book, "1", market="ETHUSDT") == []
    assert book.rejects.unknown_market == 1


def test_prices_are_per_coin_and_volumes_in_coins(book: QuoteBook) -> None:
    tell(
        book,
        "0.00018",
        market="1000SATSUSDT",
        bid=Decimal("0.00017"),
        ask=Decimal("0.00019"),
        base_volume_24h=Decimal(5),
        quote_volume_24h=Decimal("0.0009"),
        open_24h=Decimal("0.00009"),
        open_utc=Decimal("0.00036"),
    )
    found = quote(book, SATS)
    assert found.price == Decimal("0.00000018")
    assert (found.bid, found.ask) == (Decimal("0.00000017"), Decimal("0.00000019"))
    assert found.base_volume_24h == 5000
    assert found.quote_volume_24h == found.price * found.base_volume_24h
    assert found.change_percent_rolling_24h == 100
    assert found.change_percent_since_utc_midnight == -50


def test_a_book_message_fills_bid_and_ask_only(book: QuoteBook) -> None:
    tell(book, "40000", received_s=1.0)
    assert tell(book, None, bid=Decimal(1), ask=Decimal(2), received_s=2.0) == [KEY]
    found = quote(book)
    assert (found.price, found.bid, found.ask) == (40000, 1, 2)
    assert found.exchange_ms == T0


def test_a_book_message_alone_does_not_carry_the_price(book: QuoteBook) -> None:
    tell(book, None, bid=Decimal(1), ask=Decimal(2), received_s=2.0)
    assert state(book).carried_s is None
    assert state(book).received_ms == T0 + 500


@pytest.mark.parametrize(("bid", "ask"), [("0", "2"), ("1", "0"), ("0", "0")])
def test_an_empty_side_of_the_book_is_unknown_and_not_zero(
    book: QuoteBook, bid: str, ask: str
) -> None:
    tell(book, "40000", bid=Decimal(1), ask=Decimal(2))
    tell(book, None, bid=Decimal(bid), ask=Decimal(ask))
    assert (quote(book).bid, quote(book).ask) == (None, None)


def test_a_crossed_book_is_counted_and_not_taken(book: QuoteBook) -> None:
    tell(book, "40000", bid=Decimal(1), ask=Decimal(2))
    tell(book, None, bid=Decimal(3), ask=Decimal(2))
    assert (quote(book).bid, quote(book).ask) == (1, 2)
    assert book.rejects.crossed == 1


def test_half_a_book_says_nothing(book: QuoteBook) -> None:
    tell(book, "40000", bid=Decimal(1))
    tell(book, None, ask=Decimal(2))
    assert (quote(book).bid, quote(book).ask) == (None, None)


def test_what_an_update_does_not_say_stays(book: QuoteBook) -> None:
    tell(
        book,
        "40000",
        base_volume_24h=Decimal(7),
        quote_volume_24h=Decimal(8),
        open_24h=Decimal(20000),
        tradable=False,
    )
    tell(book, "40000")
    found = quote(book)
    assert (found.base_volume_24h, found.quote_volume_24h) == (7, 8)
    assert found.change_percent_rolling_24h == 100
    assert state(book).tradable is False


def test_both_change_windows_are_null_until_known(book: QuoteBook) -> None:
    tell(book, "40000", open_24h=Decimal(0), open_utc=Decimal(0))
    assert quote(book).change_percent_rolling_24h is None
    assert quote(book).change_percent_since_utc_midnight is None


def test_both_windows_can_be_told_from_elsewhere_per_venue_unit(
    book: QuoteBook,
) -> None:
    tell(book, "0.4", market="1000SATSUSDT")
    day = T0 // 86_400_000
    assert book.set_open_24h(SATS, Decimal("0.2"))
    assert book.set_open_utc(SATS, Decimal("0.8"), day)
    assert quote(book, SATS).change_percent_rolling_24h == 100
    assert quote(book, SATS).change_percent_since_utc_midnight == -50


@pytest.mark.parametrize(
    ("key", "price"),
    [(MarketKey(Exchange.UPBIT, "KRW-BTC"), "1"), (KEY, "0"), (KEY, "-1")],
)
def test_a_base_of_no_market_or_not_positive_is_not_taken(
    book: QuoteBook, key: MarketKey, price: str
) -> None:
    assert not book.set_open_24h(key, Decimal(price))
    assert not book.set_open_utc(key, Decimal(price), 0)


class TestMidnight:
    """00:00 UTC passes, and the base is still yesterday's."""

    midnight = (T0 // 86_400_000 + 1) * 86_400_000

    def told_before(self, book: QuoteBook) -> None:
        tell(book, "40000", self.midnight - 1000, open_utc=Decimal(20000))

    def test_before_it_the_change_is_from_yesterdays_base(
        self, book: QuoteBook
    ) -> None:
        self.told_before(book)
        found = quote(book, now_ms=self.midnight - 1)
        assert found.change_percent_since_utc_midnight == 100

    def test_on_a_live_feed_without_a_trade_since_the_change_is_zero(
        self, book: QuoteBook
    ) -> None:
        self.told_before(book)
        found = quote(book, now_ms=self.midnight)
        assert found.change_percent_since_utc_midnight == 0

    def test_with_a_trade_since_the_change_is_unknown_until_the_new_base_is_told(
        self, book: QuoteBook
    ) -> None:
        self.told_before(book)
        tell(book, "41000", self.midnight)
        found = quote(book, now_ms=self.midnight)
        assert found.change_percent_since_utc_midnight is None
        book.set_open_utc(KEY, Decimal(40000), self.midnight // 86_400_000)
        found = quote(book, now_ms=self.midnight)
        assert found.change_percent_since_utc_midnight == Decimal("2.5")

    def test_on_a_feed_that_is_not_live_it_is_unknown(self, book: QuoteBook) -> None:
        self.told_before(book)
        found = state(book).quote(Quality.STALE, self.midnight)
        assert found is not None
        assert found.change_percent_since_utc_midnight is None


def test_a_restored_quote_is_cache_and_carried_by_no_session(book: QuoteBook) -> None:
    stored = Quote(
        exchange=KEY.exchange,
        market=KEY.market,
        price=Decimal(40000),
        exchange_ms=T0,
        received_ms=T0 + 9,
        channel=Channel.WEBSOCKET,
        quality=LIVE,
        bid=Decimal(1),
        ask=Decimal(2),
        base_volume_24h=Decimal(3),
        quote_volume_24h=Decimal(4),
    )
    book.restore(stored)
    assert quote(book) == replace(stored, channel=Channel.CACHE)
    assert state(book).carried_s is None


def test_a_restored_quote_never_replaces_what_was_heard(book: QuoteBook) -> None:
    tell(book, "40000")
    book.restore(replace(quote(book), price=Decimal(1)))
    assert quote(book).price == 40000


def test_a_restored_quote_of_a_market_nobody_watches_is_left(book: QuoteBook) -> None:
    tell(book, "40000")
    book.restore(replace(quote(book), market="ETHUSDT"))
    assert book.get(MarketKey(Exchange.BINANCE, "ETHUSDT")) is None


def test_a_market_begins_anew_when_its_unit_changes(book: QuoteBook) -> None:
    tell(book, "0.2", market="1000SATSUSDT")
    assert book.watch(SATS, Decimal(1000)).price is not None
    assert book.watch(SATS, Decimal(1)).price is None


@pytest.mark.parametrize(
    ("now_ms", "skew_ms", "age_ms"),
    [
        (T0 + 1500, 0, 1500),
        (T0 + 1500, 400, 1100),
        (T0 + 1500, -400, 1900),
        (T0 - 5, 0, 0),
        (T0 + 2**40, 0, INT32_MAX),
    ],
)
def test_age_is_now_minus_exchange_time_corrected_by_skew_and_within_an_int(
    book: QuoteBook, now_ms: int, skew_ms: int, age_ms: int
) -> None:
    tell(book, "40000")
    assert replace(quote(book), skew_ms=skew_ms).age_ms(now_ms) == age_ms


@pytest.mark.parametrize(
    "other",
    [
        {"price": Decimal(2)},
        {"exchange_ms": T0 + 1},
        {"bid": Decimal(2)},
        {"ask": Decimal(2)},
        {"quality": Quality.STALE},
        {"channel": Channel.REST},
        {"base_volume_24h": Decimal(2)},
        {"quote_volume_24h": Decimal(2)},
        {"change_percent_rolling_24h": Decimal(2)},
        {"change_percent_since_utc_midnight": Decimal(2)},
        {"market": "ETHUSDT"},
        {"exchange": Exchange.UPBIT},
    ],
)
def test_quotes_differ_by_anything_a_client_sees(
    make: Make, other: dict[str, Any]
) -> None:
    found = make.quote("BTCUSDT", "1")
    assert not found.says_same(replace(found, **other))


def test_ages_and_received_at_make_no_other_quote(make: Make) -> None:
    found = make.quote("BTCUSDT", "1")
    assert found.says_same(replace(found, received_ms=0, skew_ms=7))


def test_a_stamp_far_in_the_future_is_refused_and_holds_nothing_up(
    book: QuoteBook,
) -> None:
    tell(book, "40000", T0)
    ahead = [
        QuoteUpdate(key.market, Decimal(41000), T0 + MAX_AHEAD_MS + 1)
        for key in (KEY, SATS)
    ]
    batch = FeedBatch(Exchange.BINANCE, Channel.WEBSOCKET, T0, 9.0, tuple(ahead))
    assert book.apply(batch) == []
    assert quote(book).price == 40000
    assert (state(book).carried_s, state(book, SATS).carried_s) == (0.0, None)
    assert book.rejects.future == 2
    tell(book, "42000", T0 + 1)
    assert quote(book).price == 42000


def test_a_stamp_an_hour_ahead_of_our_clock_is_still_taken(book: QuoteBook) -> None:
    update = QuoteUpdate("BTCUSDT", Decimal(41000), T0 + MAX_AHEAD_MS)
    batch = FeedBatch(Exchange.BINANCE, Channel.WEBSOCKET, T0, 0.0, (update,))
    assert book.apply(batch) == [KEY]


@pytest.mark.parametrize(
    ("seed", "price", "channel"),
    [
        (True, "40000", Channel.WEBSOCKET),
        (True, "40001", Channel.REST),
        (False, "40000", Channel.REST),
    ],
)
def test_a_seed_that_repeats_the_stream_leaves_the_channel_as_it_was(
    book: QuoteBook, seed: bool, price: str, channel: Channel
) -> None:
    tell(book, "40000", T0)
    update = QuoteUpdate("BTCUSDT", Decimal(price), T0)
    batch = FeedBatch(Exchange.BINANCE, Channel.REST, T0, 1.0, (update,), seed)
    assert book.apply(batch) == [KEY]
    assert state(book).channel is channel
    assert state(book).carried_s == 1.0
