import json
from decimal import Decimal

import pytest

from adapters.binance.session import (
    MAX_OPEN_REQUESTS,
    MAX_STREAMS,
    REQUEST_INTERVAL_S,
    STREAMS_PER_REQUEST,
    BinanceSession,
)
from adapters.resilience.session import NOTHING, StreamSession
from domain.model.event import FeedBatch, QuoteUpdate
from domain.model.market import Channel, Exchange

NET = "!miniTicker@arr"
BTC = frozenset({"BTCUSDT"})
BOTH = frozenset({"BTCUSDT", "ETHUSDT"})


def combined(data: str) -> bytes:
    return f'{{"stream":"x","data":{data}}}'.encode()


def mini(symbol: str, price: str = "2.5", event_ms: int = 17) -> str:
    return (
        f'{{"e":"24hrMiniTicker","E":{event_ms},"s":"{symbol}","c":"{price}","o":"2"}}'
    )


def trade(symbol: str, price: str = '"2.5"') -> bytes:
    return combined(f'{{"e":"aggTrade","s":"{symbol}","p":{price},"T":17}}')


def watching(markets: frozenset[str]) -> BinanceSession:
    session = BinanceSession()
    session.watch(markets, 0.0)
    return session


def drain(session: BinanceSession, now_s: float) -> list[dict[str, object]]:
    """Take all frames as the dialer does: whenever the session asks to be woken."""
    sent = []
    while (at_s := session.wake_at_s()) is not None:
        now_s = max(now_s, at_s)
        sent += [json.loads(frame) for frame in session.frames_to_send(now_s)]
    return sent


def updates_of(batches: tuple[FeedBatch, ...]) -> list[QuoteUpdate]:
    return [update for batch in batches for update in batch.updates]


def test_it_is_a_stream_session() -> None:
    session: StreamSession = BinanceSession()
    assert session.wake_at_s() is None
    assert session.frames_to_send(0.0) == []


def test_the_net_is_asked_for_first_and_alone_then_a_stream_per_market() -> None:
    session = watching(BOTH)
    assert drain(session, 0.0) == [
        {"method": "SUBSCRIBE", "params": [NET], "id": 1},
        {
            "method": "SUBSCRIBE",
            "params": ["btcusdt@aggTrade", "ethusdt@aggTrade"],
            "id": 2,
        },
    ]


def test_four_requests_at_most_fall_into_one_second() -> None:
    session = watching(frozenset(f"C{n:04}USDT" for n in range(1000)))
    times: list[float] = []
    for step in range(400):
        now_s = step / 100
        times += [now_s for _ in session.frames_to_send(now_s)]
    assert len(times) == 1 + -(-1000 // STREAMS_PER_REQUEST)
    for start in times:
        assert sum(start <= time < start + 1 for time in times) <= 4


def test_before_its_time_no_request_goes_out() -> None:
    session = watching(BTC)
    assert len(session.frames_to_send(0.0)) == 1
    assert session.frames_to_send(REQUEST_INTERVAL_S / 2) == []
    assert session.wake_at_s() == REQUEST_INTERVAL_S


def test_markets_that_are_no_longer_watched_are_unsubscribed_first() -> None:
    session = watching(BOTH)
    drain(session, 0.0)
    session.watch(frozenset({"ETHUSDT", "XRPUSDT"}), 5.0)
    sent = [(item["method"], item["params"]) for item in drain(session, 5.0)]
    assert sent == [
        ("UNSUBSCRIBE", ["btcusdt@aggTrade"]),
        ("SUBSCRIBE", ["xrpusdt@aggTrade"]),
    ]


def test_a_change_taken_back_in_time_is_not_sent() -> None:
    session = watching(BTC)
    drain(session, 0.0)
    session.watch(BOTH, 5.0)
    session.watch(BTC, 5.0)
    assert drain(session, 5.0) == []


def test_beyond_the_venues_limit_the_last_markets_have_the_net_only() -> None:
    session = watching(frozenset(f"C{n:04}USDT" for n in range(1500)))
    asked = [str(name) for item in drain(session, 0.0) for name in item["params"]]  # type: ignore[attr-defined]  # a list by the request's shape
    assert len(asked) == len(set(asked)) == MAX_STREAMS
    assert asked[0] == NET
    assert "c1022usdt@aggTrade" in asked
    assert "c1023usdt@aggTrade" not in asked
    (batch,) = session.receive(combined(f"[{mini('C1400USDT')}]"), 1, 1.0).batches
    assert [update.market for update in batch.updates] == ["C1400USDT"]


def test_the_streams_of_a_market_are_an_option() -> None:
    session = BinanceSession(("trade", "bookTicker"))
    session.watch(frozenset({"币安人生USDT"}), 0.0)
    _, request = drain(session, 0.0)
    assert request["params"] == ["币安人生usdt@bookTicker", "币安人生usdt@trade"]


def test_a_trade_becomes_a_batch_with_both_stamps() -> None:
    received = watching(BTC).receive(trade("BTCUSDT"), 1_000, 12.5)
    assert received.rejects == ()
    assert received.batches == (
        FeedBatch(
            exchange=Exchange.BINANCE,
            channel=Channel.WEBSOCKET,
            received_ms=1_000,
            received_s=12.5,
            updates=(QuoteUpdate("BTCUSDT", Decimal("2.5"), 17),),
        ),
    )


def test_of_the_array_only_watched_markets_are_told() -> None:
    items = ",".join(mini(symbol) for symbol in ("BTCUSDT", "DOGEBTC", "ETHUSDT"))
    received = watching(BOTH).receive(combined(f"[{items}]"), 1, 1.0)
    told = updates_of(received.batches)
    assert [update.market for update in told] == ["BTCUSDT", "ETHUSDT"]
    assert received.rejects == ()


def test_an_array_without_watched_markets_proves_the_feed() -> None:
    received = watching(BTC).receive(combined(f"[{mini('DOGEBTC', 'NaN')}]"), 1, 1.0)
    assert [batch.updates for batch in received.batches] == [()]
    assert received.rejects == ()


def test_a_bad_item_is_rejected_and_the_rest_is_used() -> None:
    items = ",".join(
        [
            mini("BTCUSDT", "1_0"),
            mini("ETHUSDT"),
            mini("XRPUSDT", "0"),
            '{"e":"24hrMiniTicker"}',
        ]
    )
    session = watching(frozenset({"BTCUSDT", "ETHUSDT", "XRPUSDT"}))
    received = session.receive(combined(f"[{items}]"), 1, 1.0)
    told = updates_of(received.batches)
    assert [update.market for update in told] == ["ETHUSDT"]
    kinds = [(reject.kind, reject.frame[:40]) for reject in received.rejects]
    assert [kind for kind, _ in kinds] == ["shape", "number", "price"]
    assert b"BTCUSDT" in received.rejects[1].frame
    assert "XRPUSDT" in received.rejects[2].detail


def test_an_array_of_which_nothing_can_be_read_is_no_data() -> None:
    received = watching(BTC).receive(combined("[7]"), 1, 1.0)
    assert received.batches == ()
    assert [reject.kind for reject in received.rejects] == ["shape"]


def test_an_empty_array_proves_the_feed() -> None:
    received = watching(BTC).receive(combined("[]"), 1, 1.0)
    assert [batch.updates for batch in received.batches] == [()]


def test_a_market_that_is_not_watched_proves_the_feed_and_says_nothing() -> None:
    received = watching(BTC).receive(trade("ETHUSDT", '"NaN"'), 1, 1.0)
    assert [batch.updates for batch in received.batches] == [()]
    assert received.rejects == ()


@pytest.mark.parametrize(
    ("frame", "kind"),
    [
        (b"nonsense", "malformed"),
        (combined('{"e":"trade"}'), "shape"),
        (combined('{"e":"outboundAccount"}'), "unknown"),
        (trade("BTCUSDT", '"NaN"'), "number"),
        (trade("BTCUSDT", '"0.000"'), "price"),
    ],
)
def test_a_bad_frame_is_a_reject_and_no_data(frame: bytes, kind: str) -> None:
    received = watching(BTC).receive(frame, 1, 1.0)
    assert received.batches == ()
    (reject,) = received.rejects
    assert (reject.kind, reject.frame) == (kind, frame)


@pytest.mark.parametrize(
    "frame",
    [
        b'{"e":"serverShutdown","E":1779235200000}',
        b'{"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1}}',
    ],
)
def test_a_server_that_goes_away_asks_for_a_new_connection(frame: bytes) -> None:
    received = watching(BTC).receive(frame, 1, 1.0)
    assert received.reconnect == "serverShutdown"
    assert received.batches == ()


def test_replies_are_no_data_and_forgotten() -> None:
    session = watching(BTC)
    drain(session, 0.0)
    assert session.receive(b'{"result":null,"id":1}', 1, 1.0) == NOTHING


def test_a_refusal_tells_what_was_refused_and_is_not_repeated() -> None:
    session = watching(BOTH)
    drain(session, 0.0)
    refusal = b'{"error":{"code":2,"msg":"Invalid request"},"id":2}'
    received = session.receive(refusal, 1, 1.0)
    assert received.error == (
        "SUBSCRIBE btcusdt@aggTrade and 1 more: 2: Invalid request"
    )
    assert session.wake_at_s() is None


def test_a_refusal_without_a_known_request_is_told_as_it_is() -> None:
    session = watching(BTC)
    received = session.receive(b'{"code":3,"msg":"Invalid JSON","id":[]}', 1, 1.0)
    assert received.error == "request: 3: Invalid JSON"


def test_requests_that_are_never_answered_are_forgotten_beyond_a_bound() -> None:
    session = watching(frozenset())
    for turn in range(MAX_OPEN_REQUESTS + 2):
        session.watch(BTC if turn % 2 else BOTH, 0.0)
        drain(session, 0.0)
    received = session.receive(b'{"code":2,"msg":"no","id":1}', 1, 1.0)
    assert received.error == "request: 2: no"


@pytest.mark.parametrize(
    "body",
    [
        '{"e":"kline","E":1,"s":"BTCUSDT","k":{"t":5}}',
        '{"lastUpdateId":160,"bids":[],"asks":[]}',
    ],
)
def test_kinds_that_say_no_quote_are_known_and_no_data(body: str) -> None:
    assert watching(BTC).receive(combined(body), 1, 1.0) == NOTHING
