import json
from decimal import Decimal

import pytest

from adapters.resilience.session import NOTHING, StreamSession
from adapters.upbit.session import PING_IDLE_S, SUBSCRIBE_INTERVAL_S, UpbitSession
from domain.model.event import FeedBatch, QuoteUpdate
from domain.model.market import Channel, Exchange

BTC = frozenset({"KRW-BTC"})
BOTH = frozenset({"KRW-BTC", "KRW-ETH"})
TICKER = b'{"ty":"ticker","cd":"KRW-BTC","tp":158200000.5,"ttms":1758875206936}'
FULL_TICKER = b'{"type":"ticker","code":"KRW-BTC","trade_price":7}'
BOOK = b'{"ty":"orderbook","cd":"KRW-BTC","obu":[{"ap":2.0,"bp":1.0}]}'
ERROR = b'{"error":{"name":"INVALID_PARAM","message":"no such type"}}'


def session_at(now_s: float, *, book: bool = True) -> UpbitSession:
    session = UpbitSession("t1", book=book)
    session.watch(BTC, now_s)
    return session


def types_of(frame: str) -> dict[str, list[str]]:
    parts = json.loads(frame)
    return {part["type"]: part["codes"] for part in parts if "type" in part}


def prices_of(batch: FeedBatch) -> list[Decimal | None]:
    return [update.price for update in batch.updates]


def test_it_is_a_stream_session() -> None:
    session: StreamSession = UpbitSession("t1")
    assert session.wake_at_s() is None


def test_the_whole_union_is_asked_for_at_once_and_only_once() -> None:
    session = session_at(10.0)
    assert session.wake_at_s() == 10.0
    (frame,) = session.frames_to_send(10.0)
    assert types_of(frame) == {"ticker": ["KRW-BTC"], "orderbook": ["KRW-BTC.1"]}
    assert json.loads(frame)[0] == {"ticket": "t1"}
    assert session.frames_to_send(10.1) == []


def test_changes_are_sent_together_as_a_new_union_a_second_later() -> None:
    session = session_at(10.0)
    session.frames_to_send(10.0)
    session.watch(frozenset({"KRW-ETH"}), 10.1)
    session.watch(BOTH, 10.2)
    assert session.frames_to_send(10.3) == []
    assert session.wake_at_s() == 10.0 + SUBSCRIBE_INTERVAL_S
    (frame,) = session.frames_to_send(11.0)
    assert types_of(frame)["ticker"] == ["KRW-BTC", "KRW-ETH"]


def test_a_change_taken_back_is_not_sent() -> None:
    session = session_at(10.0)
    session.frames_to_send(10.0)
    session.watch(BOTH, 10.1)
    session.watch(BTC, 10.2)
    assert session.frames_to_send(20.0) == []


def test_nothing_watched_leaves_the_subscription_and_skips_its_data() -> None:
    session = session_at(10.0)
    session.frames_to_send(10.0)
    session.watch(frozenset(), 11.0)
    assert session.frames_to_send(20.0) == []
    (batch,) = session.receive(TICKER, 20_000, 20.0).batches
    assert batch.updates == ()


def test_without_markets_nothing_is_asked() -> None:
    session = UpbitSession("t1")
    session.watch(frozenset(), 1.0)
    assert session.frames_to_send(1.0) == []
    assert session.wake_at_s() == 1.0 + PING_IDLE_S


def test_a_quiet_minute_is_broken_by_a_ping_which_is_no_data() -> None:
    session = session_at(10.0)
    session.frames_to_send(10.0)
    session.receive(TICKER, 30_000, 30.0)
    assert session.wake_at_s() == 30.0 + PING_IDLE_S
    assert session.frames_to_send(89.9) == []
    assert session.frames_to_send(90.0) == ["PING"]
    assert session.frames_to_send(90.1) == []
    assert session.receive(b'{"status":"UP"}', 90_200, 90.2) == NOTHING
    assert session.wake_at_s() == 90.2 + PING_IDLE_S


def test_a_ticker_becomes_a_batch_with_both_stamps() -> None:
    received = session_at(0.0).receive(TICKER, 1758875207000, 12.5)
    assert received.rejects == ()
    assert received.batches == (
        FeedBatch(
            exchange=Exchange.UPBIT,
            channel=Channel.WEBSOCKET,
            received_ms=1758875207000,
            received_s=12.5,
            updates=(
                QuoteUpdate(
                    market="KRW-BTC",
                    price=Decimal("158200000.5"),
                    exchange_ms=1758875206936,
                ),
            ),
        ),
    )


def test_both_formats_decode_even_when_they_take_turns() -> None:
    session = session_at(0.0)
    for _ in range(2):
        (full,) = session.receive(FULL_TICKER, 1, 1.0).batches
        (short,) = session.receive(TICKER, 2, 2.0).batches
        assert prices_of(full) == [Decimal(7)]
        assert prices_of(short) == [Decimal("158200000.5")]


def test_a_market_that_is_not_watched_proves_the_feed_and_says_nothing() -> None:
    received = session_at(0.0).receive(TICKER.replace(b"BTC", b"ETH"), 1, 1.0)
    assert [batch.updates for batch in received.batches] == [()]


@pytest.mark.parametrize(
    ("frame", "kind"),
    [
        (b"nonsense", "malformed"),
        (b'{"ty":"ticker"}', "shape"),
        (b'{"ty":"myAsset"}', "unknown"),
        (b'{"ty":"ticker","cd":"KRW-BTC","tp":"NaN"}', "number"),
        (b'{"ty":"ticker","cd":"KRW-BTC","tp":1,"ttms":-5}', "number"),
        (b'{"ty":"ticker","cd":"KRW-BTC","tp":0E-8}', "price"),
    ],
)
def test_a_bad_frame_is_a_reject_and_no_data(frame: bytes, kind: str) -> None:
    received = session_at(0.0).receive(frame, 1, 1.0)
    assert received.batches == ()
    (reject,) = received.rejects
    assert (reject.kind, reject.frame) == (kind, frame)


def test_candles_are_known_and_no_data() -> None:
    assert session_at(0.0).receive(b'{"ty":"candle.1m","cd":"KRW-BTC"}', 1, 1.0) == (
        NOTHING
    )


def test_a_refusal_before_any_book_asks_again_without_the_book() -> None:
    session = session_at(10.0)
    session.frames_to_send(10.0)
    received = session.receive(ERROR, 10_100, 10.1)
    assert received.error == "INVALID_PARAM: no such type"
    assert session.frames_to_send(10.2) == []
    (frame,) = session.frames_to_send(11.0)
    assert types_of(frame) == {"ticker": ["KRW-BTC"]}
    session.receive(ERROR, 11_100, 11.1)
    assert session.frames_to_send(12.5) == []


def test_a_refusal_after_a_book_came_changes_nothing() -> None:
    session = session_at(10.0)
    session.frames_to_send(10.0)
    (batch,) = session.receive(BOOK, 10_100, 10.1).batches
    assert batch.updates == (QuoteUpdate("KRW-BTC", bid=Decimal(1), ask=Decimal(2)),)
    assert session.receive(ERROR, 10_200, 10.2).error is not None
    assert session.frames_to_send(12.0) == []


def test_the_book_is_an_option() -> None:
    (frame,) = session_at(10.0, book=False).frames_to_send(10.0)
    assert types_of(frame) == {"ticker": ["KRW-BTC"]}
