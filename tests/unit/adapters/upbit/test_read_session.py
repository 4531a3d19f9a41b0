import json
from decimal import Decimal
from typing import Any

import pytest

from adapters.resilience.session import NOTHING, Received
from adapters.resilience.stream_read import Answered, ReadSession
from adapters.upbit.read_session import (
    CANDLES,
    MESSAGES_PER_S,
    REPEAT_S,
    UpbitReadSession,
    topic,
)
from domain.model.candle import Candle
from domain.model.event import QuoteUpdate
from domain.model.interval import Interval
from domain.model.order_book import BookLevel, OrderBook
from domain.model.trade import Side, Trade

# 2025-01-02 04:28:05 UTC
NOW_MS = 1_735_792_085_000
HOUR_MS = 3_600_000
TICKER = "ticker:KRW-BTC"
BOOK = "orderbook:KRW-BTC"
TRADE = "trade:KRW-BTC"
CANDLE = "candle.1m:KRW-BTC"


def session_of(*topics: str, offset_ms: int | None = None) -> UpbitReadSession:
    session = UpbitReadSession("t1", lambda: offset_ms)
    session.watch(frozenset(topics), 10.0)
    return session


def receive(session: UpbitReadSession, **frame: Any) -> Received:
    return session.receive(json.dumps(frame).encode(), NOW_MS, 10.0)


def values(received: Received) -> tuple[tuple[str, Any], ...]:
    assert isinstance(received, Answered)
    return received.values


def types_of(frame: str) -> dict[str, list[str]]:
    parts = json.loads(frame)
    return {part["type"]: part["codes"] for part in parts if "type" in part}


def test_it_is_a_read_session_that_asks_for_nothing_unasked() -> None:
    session: ReadSession = UpbitReadSession("t1", lambda: None)
    session.watch(frozenset(), 1.0)
    assert session.wake_at_s() is None
    assert session.frames_to_send(1.0) == []


def test_all_topics_go_in_one_message_of_snapshots() -> None:
    session = session_of(TICKER, BOOK, CANDLE, "ticker:KRW-ETH")
    (frame,) = session.frames_to_send(10.0)
    assert json.loads(frame) == [
        {"ticket": "t1"},
        {"type": "candle.1m", "codes": ["KRW-BTC"], "is_only_snapshot": True},
        {"type": "orderbook", "codes": ["KRW-BTC"], "is_only_snapshot": True},
        {"type": "ticker", "codes": ["KRW-BTC", "KRW-ETH"], "is_only_snapshot": True},
        {"format": "SIMPLE"},
    ]
    assert session.frames_to_send(10.1) == []


def test_a_new_topic_is_asked_together_with_all_that_is_still_missed() -> None:
    session = session_of(TICKER)
    session.frames_to_send(10.0)
    session.watch(frozenset({TICKER, BOOK}), 10.05)
    assert session.frames_to_send(10.05) == []
    assert session.wake_at_s() == 10.25
    (frame,) = session.frames_to_send(10.25)
    assert types_of(frame) == {"orderbook": ["KRW-BTC"], "ticker": ["KRW-BTC"]}


def test_what_is_still_missed_after_a_second_is_asked_again() -> None:
    session = session_of(TICKER)
    session.frames_to_send(10.0)
    assert session.wake_at_s() == 10.0 + REPEAT_S
    assert len(session.frames_to_send(10.0 + REPEAT_S)) == 1


def test_what_nobody_misses_any_more_is_asked_anew_when_somebody_does() -> None:
    session = session_of(TICKER)
    session.frames_to_send(10.0)
    session.watch(frozenset(), 10.1)
    assert session.wake_at_s() is None
    session.watch(frozenset({TICKER}), 10.3)
    assert len(session.frames_to_send(10.3)) == 1


def test_the_venues_limits_of_messages_hold_and_nobody_waits_for_a_minute() -> None:
    session = session_of()
    now_s, sent_s = 500.0, []
    for n in range(1_000):
        session.watch(frozenset({f"ticker:KRW-C{n}"}), now_s)
        at_s = session.wake_at_s()
        assert at_s is not None
        assert at_s - now_s <= 1.001 / MESSAGES_PER_S
        now_s = max(now_s, at_s)
        assert len(session.frames_to_send(now_s)) == 1
        sent_s.append(now_s)
    for first_s in sent_s:
        within = [at_s for at_s in sent_s if first_s <= at_s < first_s + 60.0]
        assert len(within) <= 100
        assert sum(at_s < first_s + 1.0 for at_s in within) <= 5


@pytest.mark.parametrize(
    "frame",
    [
        {"ty": "ticker", "cd": "KRW-BTC", "tp": 1.5, "ttms": 17},
        {
            "type": "ticker",
            "code": "KRW-BTC",
            "trade_price": 1.5,
            "trade_timestamp": 17,
        },
    ],
)
def test_a_ticker_answers_its_topic_in_both_formats(frame: dict[str, Any]) -> None:
    session = session_of(TICKER)
    found = values(receive(session, **frame))
    assert found == ((TICKER, QuoteUpdate("KRW-BTC", Decimal("1.5"), 17)),)


def test_a_book_answers_its_topic() -> None:
    unit = {"ap": 12, "as": 1, "bp": 11, "bs": 2}
    empty = {"ap": 13, "as": 1, "bp": 0, "bs": 0}
    received = receive(
        session_of(BOOK), ty="orderbook", cd="KRW-BTC", tms=99, obu=[unit, empty]
    )
    one, two = Decimal(1), Decimal(2)
    asks = (BookLevel(Decimal(12), one), BookLevel(Decimal(13), one))
    book = OrderBook("KRW-BTC", 99, (BookLevel(Decimal(11), two),), asks)
    assert values(received) == ((BOOK, book),)


def test_a_trade_answers_its_topic() -> None:
    received = receive(
        session_of(TRADE),
        ty="trade",
        cd="KRW-BTC",
        tp=10,
        tv=0.5,
        ab="ASK",
        ttms=17,
        sid=1234567890123456,
    )
    trade = Trade(
        "KRW-BTC", "1234567890123456", 17, Decimal(10), Decimal("0.5"), Side.SELL
    )
    assert values(received) == ((TRADE, trade),)


def candle_frame(opened: str, **changed: Any) -> dict[str, Any]:
    frame: dict[str, Any] = {"ty": "candle.1m", "cd": "KRW-BTC", "cdttmu": opened}
    frame |= {"op": 10, "hp": 12, "lp": 9, "tp": 11, "catv": 2, "catp": 20.5}
    return frame | changed


def test_a_candle_answers_its_topic_and_is_open_while_it_runs() -> None:
    session = session_of(CANDLE)
    running = values(receive(session, **candle_frame("2025-01-02T04:28:00")))
    assert running == (
        (
            CANDLE,
            Candle(
                market="KRW-BTC",
                interval=Interval.M1,
                opened_ms=NOW_MS - 5_000,
                open=Decimal(10),
                high=Decimal(12),
                low=Decimal(9),
                close=Decimal(11),
                base_volume=Decimal(2),
                quote_volume=Decimal("20.5"),
                closed=False,
            ),
        ),
    )
    before = values(receive(session, **candle_frame("2025-01-02T04:27:00")))
    assert before[0][1].closed


def test_whether_a_candle_runs_is_told_by_the_venues_clock() -> None:
    ours_is_ahead = session_of(CANDLE, offset_ms=6_000)
    ((_, found),) = values(receive(ours_is_ahead, **candle_frame("2025-01-02T04:27")))
    assert not found.closed


@pytest.mark.parametrize(
    ("frame", "kind"),
    [
        ({"ty": "ticker", "cd": "KRW-BTC", "tp": -1}, "price"),
        ({"ty": "ticker", "cd": "KRW-BTC", "tp": "NaN"}, "number"),
        ({"ty": "ticker", "cd": "KRW-BTC", "tp": 1, "ttms": NOW_MS * 2}, "number"),
        ({"ty": "trade", "cd": "KRW-BTC", "tp": 1, "tv": 1}, "shape"),
        (candle_frame("2025-01-02T04:28:05"), "candle"),
        (candle_frame("2025-01-02T04:28:00", hp=1), "candle"),
    ],
)
def test_what_cannot_be_used_is_a_reject_and_an_empty_answer(
    frame: dict[str, Any], kind: str
) -> None:
    received = receive(session_of(TICKER, TRADE, CANDLE), **frame)
    assert [reject.kind for reject in received.rejects] == [kind]
    assert [value for _, value in values(received)] == [None]


@pytest.mark.parametrize("frame", [b"{", b"", b"[]", b"\xff", b'{"ty":"ticker"}'])
def test_what_cannot_be_read_is_a_reject(frame: bytes) -> None:
    received = session_of(TICKER).receive(frame, NOW_MS, 10.0)
    assert len(received.rejects) == 1


@pytest.mark.parametrize(
    "frame",
    [
        {"status": "UP"},
        {"method": "LIST_SUBSCRIPTIONS", "result": []},
        {"ty": "ticker", "cd": "KRW-ETH", "tp": "NaN"},
        {"ty": "trade", "cd": "KRW-BTC", "tp": 1},
        {"ty": "candle.5m", "cd": "KRW-BTC"},
    ],
)
def test_what_nobody_misses_says_nothing(frame: dict[str, Any]) -> None:
    assert receive(session_of(TICKER), **frame) is NOTHING


def test_an_error_refuses_all_of_the_last_message() -> None:
    session = session_of(TICKER, BOOK)
    session.frames_to_send(10.0)
    received = receive(session, error={"name": "INVALID_PARAM", "message": "no"})
    assert isinstance(received, Answered)
    assert received.error == "INVALID_PARAM: no"
    assert received.refused == {TICKER, BOOK}


def test_all_intervals_but_days_and_weeks_have_a_channel() -> None:
    assert set(Interval) - set(CANDLES) == {Interval.D1, Interval.W1}
    assert topic(CANDLES[Interval.H4], "KRW-BTC") == "candle.240m:KRW-BTC"
