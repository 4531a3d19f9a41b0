import json
from decimal import Decimal
from typing import Any

import pytest

from adapters.binance.read_session import KLINES, BinanceReadSession, topic
from adapters.binance.session import REQUEST_INTERVAL_S, STREAMS_PER_REQUEST
from adapters.resilience.session import NOTHING, Received
from adapters.resilience.stream_read import Answered, ReadSession
from domain.model.candle import Candle
from domain.model.event import QuoteUpdate
from domain.model.interval import Interval
from domain.model.order_book import BookLevel, OrderBook

# 2025-01-02 04:28:05 UTC
NOW_MS = 1_735_792_085_000
TICKER = "btcusdt@ticker"
BOOK = "btcusdt@depth20@100ms"
KLINE = "btcusdt@kline_1m"


def session_of(*topics: str, offset_ms: int | None = None) -> BinanceReadSession:
    session = BinanceReadSession(lambda: offset_ms)
    session.watch(frozenset(topics), 10.0)
    return session


def receive(session: BinanceReadSession, frame: dict[str, Any]) -> Received:
    return session.receive(json.dumps(frame).encode(), NOW_MS, 10.0)


def on(stream: str, **data: Any) -> dict[str, Any]:
    return {"stream": stream, "data": data}


def values(received: Received) -> tuple[tuple[str, Any], ...]:
    assert isinstance(received, Answered)
    return received.values


def ticker(**changed: Any) -> dict[str, Any]:
    data = {"e": "24hrTicker", "E": 17, "s": "BTCUSDT", "c": "1.5", "b": "1", "a": "2"}
    return data | changed


def kline(**changed: Any) -> dict[str, Any]:
    body = {"t": NOW_MS - 5_000, "o": "10", "h": "12", "l": "9", "c": "11", "v": "2"}
    body |= {"q": "20.5", "x": False}
    return {"e": "kline", "E": NOW_MS, "s": "BTCUSDT", "k": body | changed}


def test_it_is_a_read_session_that_asks_for_nothing_unasked() -> None:
    session: ReadSession = BinanceReadSession(lambda: None)
    session.watch(frozenset(), 1.0)
    assert session.wake_at_s() is None
    assert session.frames_to_send(1.0) == []


def test_what_is_missed_is_subscribed_and_left_when_it_came() -> None:
    session = session_of(TICKER, BOOK)
    (frame,) = session.frames_to_send(10.0)
    assert json.loads(frame) == {
        "method": "SUBSCRIBE",
        "params": [BOOK, TICKER],
        "id": 1,
    }
    assert session.wake_at_s() is None
    session.watch(frozenset({BOOK}), 10.1)
    assert session.frames_to_send(10.1) == []
    assert session.wake_at_s() == 10.0 + REQUEST_INTERVAL_S
    (frame,) = session.frames_to_send(10.3)
    assert json.loads(frame) == {"method": "UNSUBSCRIBE", "params": [TICKER], "id": 2}


def test_what_is_missed_goes_before_what_is_left() -> None:
    session = session_of(TICKER)
    session.frames_to_send(10.0)
    session.watch(frozenset({KLINE}), 10.1)
    sent = [*session.frames_to_send(10.5), *session.frames_to_send(11.0)]
    methods = [json.loads(frame)["method"] for frame in sent]
    assert methods == ["SUBSCRIBE", "UNSUBSCRIBE"]
    assert session.wake_at_s() is None


def test_many_streams_go_by_pieces() -> None:
    names = [topic("ticker", f"C{n}USDT") for n in range(STREAMS_PER_REQUEST + 1)]
    session = session_of(*names)
    sent = [*session.frames_to_send(10.0), *session.frames_to_send(11.0)]
    pieces = [json.loads(frame)["params"] for frame in sent]
    assert [len(piece) for piece in pieces] == [STREAMS_PER_REQUEST, 1]
    assert sorted([*pieces[0], *pieces[1]]) == sorted(names)


def test_a_ticker_answers_its_stream() -> None:
    received = receive(session_of(TICKER), on(TICKER, **ticker()))
    update = QuoteUpdate("BTCUSDT", Decimal("1.5"), 17, Decimal(1), Decimal(2))
    assert values(received) == ((TICKER, update),)


def test_a_book_answers_its_stream_with_the_time_it_came() -> None:
    received = receive(
        session_of(BOOK),
        on(BOOK, lastUpdateId=1, bids=[["9", "1"]], asks=[["10", "2"], ["11", "0"]]),
    )
    bid, ask = BookLevel(Decimal(9), Decimal(1)), BookLevel(Decimal(10), Decimal(2))
    assert values(received) == ((BOOK, OrderBook("BTCUSDT", NOW_MS, (bid,), (ask,))),)


def test_a_candle_answers_its_stream() -> None:
    session = session_of(KLINE)
    ((stream, found),) = values(receive(session, on(KLINE, **kline())))
    assert stream == KLINE
    assert found == Candle(
        market="BTCUSDT",
        interval=Interval.M1,
        opened_ms=NOW_MS - 5_000,
        open=Decimal(10),
        high=Decimal(12),
        low=Decimal(9),
        close=Decimal(11),
        base_volume=Decimal(2),
        quote_volume=Decimal("20.5"),
        closed=False,
    )


@pytest.mark.parametrize(("told", "closed"), [(True, True), (None, False)])
def test_whether_a_candle_is_closed_is_the_venues_word_else_its_clocks(
    told: bool | None, closed: bool
) -> None:
    session = session_of(KLINE)
    ((_, found),) = values(receive(session, on(KLINE, **kline(x=told))))
    assert found.closed is closed


@pytest.mark.parametrize(
    ("frame", "kind"),
    [
        (on(TICKER, **ticker(c="0")), "price"),
        (on(TICKER, **ticker(c="NaN")), "number"),
        (on(TICKER, **ticker(E=NOW_MS * 2)), "number"),
        (on(TICKER, **ticker(s="ETHUSDT")), "shape"),
        (on(TICKER, e="24hrTicker"), "shape"),
        (on(TICKER, **kline()), "unknown"),
        (on(KLINE, **kline(t=NOW_MS)), "candle"),
        (on(KLINE, **kline(h="1")), "candle"),
        (on(BOOK, lastUpdateId=1, bids=[["11", "1"]], asks=[["10", "2"]]), "price"),
        (on(BOOK, lastUpdateId=1, bids=[["NaN", "1"]], asks=[]), "number"),
        (on(BOOK, lastUpdateId=1), "shape"),
    ],
)
def test_what_cannot_be_used_is_a_reject_and_an_empty_answer(
    frame: dict[str, Any], kind: str
) -> None:
    received = receive(session_of(TICKER, BOOK, KLINE), frame)
    assert [reject.kind for reject in received.rejects] == [kind]
    assert values(received) == ((frame["stream"], None),)


@pytest.mark.parametrize("frame", [b"{", b"", b"\xff", b'{"a":1}', b'{"stream":7}'])
def test_what_cannot_be_read_is_a_reject(frame: bytes) -> None:
    received = session_of(TICKER).receive(frame, NOW_MS, 10.0)
    assert len(received.rejects) == 1


@pytest.mark.parametrize(
    "frame",
    [
        on("ethusdt@ticker", garbage=1),
        {"result": None, "id": 1},
        {"result": None, "id": "x"},
    ],
)
def test_what_nobody_misses_says_nothing(frame: dict[str, Any]) -> None:
    session = session_of(TICKER)
    session.frames_to_send(10.0)
    assert receive(session, frame) is NOTHING


def test_a_refusal_tells_which_streams_and_they_may_be_asked_again() -> None:
    session = session_of(TICKER)
    session.frames_to_send(10.0)
    received = receive(session, {"code": 2, "msg": "Invalid request", "id": 1})
    assert isinstance(received, Answered)
    assert received.refused == {TICKER}
    assert received.error == "2: Invalid request"
    assert len(session.frames_to_send(11.0)) == 1


def test_a_refusal_of_nothing_known_refuses_nothing() -> None:
    received = receive(session_of(TICKER), {"code": 2, "msg": "Invalid JSON"})
    assert isinstance(received, Answered)
    assert received.refused == frozenset()


@pytest.mark.parametrize(
    "frame",
    [
        {"e": "serverShutdown", "E": 1},
        on("!serverShutdown", e="serverShutdown", E=1),
    ],
)
def test_a_server_that_goes_away_asks_for_another_connection(
    frame: dict[str, Any],
) -> None:
    assert receive(session_of(TICKER), frame).reconnect == "serverShutdown"


def test_every_interval_has_a_stream() -> None:
    assert set(KLINES) == set(Interval)
    assert topic(KLINES[Interval.W1], "BTCUSDT") == "btcusdt@kline_1w"


def test_requests_that_are_never_answered_are_forgotten() -> None:
    session = session_of()
    for n in range(200):
        session.watch(frozenset({topic("ticker", f"C{n}USDT")}), n)
        session.frames_to_send(float(n))
    assert len(session._open) == 64
