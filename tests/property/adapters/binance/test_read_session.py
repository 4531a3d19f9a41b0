"""Whatever comes in, no read's connection raises and no odd number gets through."""

import json
from decimal import Decimal

from hypothesis import example, given
from hypothesis import strategies as st

from adapters.binance.read_session import BinanceReadSession
from adapters.resilience.session import Received
from adapters.resilience.stream_read import Answered
from domain.model.candle import Candle
from domain.model.event import QuoteUpdate
from domain.model.number import checked
from domain.model.order_book import OrderBook

NOW_MS = 1_735_792_085_000
TOPICS = frozenset({"btcusdt@ticker", "btcusdt@depth20@100ms", "btcusdt@kline_1m"})
LITERALS = st.from_regex(
    r"-?(0|[1-9][0-9]{0,70})(\.[0-9]{1,70})?([eE][+-]?[0-9]{1,12})?", fullmatch=True
)
VALUES = st.one_of(
    st.sampled_from(["1", "2", "3.5", "1" * 16]),
    LITERALS,
    LITERALS.map(json.dumps),
    st.sampled_from(["null", "true", "[]", "{}", '"NaN"', '"BID"', '"ASK"', ""]),
    st.sampled_from([str(NOW_MS - 5_000), str(NOW_MS)]),
)
KEYS = st.sampled_from(["c", "E", "o", "b", "a", "v", "q"])
BODY = st.sampled_from(["t", "o", "h", "l", "c", "v", "q", "x"])
STEPS = st.lists(st.lists(VALUES, min_size=1, max_size=3), max_size=3)


def text_of(fields: dict[str, str]) -> str:
    return "{" + ",".join(f'"{key}":{value}' for key, value in fields.items()) + "}"


def list_of(values: list[str]) -> str:
    return f"[{','.join(values)}]"


@st.composite
def frames(draw: st.DrawFn) -> bytes:
    stream = draw(st.sampled_from(sorted(TOPICS)))
    data = draw(st.dictionaries(KEYS, VALUES)) | {"s": '"BTCUSDT"'}
    if stream.endswith("100ms"):
        sides = [list_of([list_of(step) for step in draw(STEPS)]) for _ in "ba"]
        data = {"lastUpdateId": "1", "bids": sides[0], "asks": sides[1]}
    elif stream.endswith("1m"):
        body = draw(st.dictionaries(BODY, VALUES))
        data |= {"e": '"kline"', "k": text_of(body)}
    else:
        data |= {"e": '"24hrTicker"'}
    return text_of({"stream": json.dumps(stream), "data": text_of(data)}).encode()


def received_of(frame: bytes) -> Received:
    session = BinanceReadSession(lambda: None)
    session.watch(TOPICS, 1.0)
    session.frames_to_send(1.0)
    return session.receive(frame, NOW_MS, 1.0)


def assert_sound(value: object) -> None:
    positive: list[Decimal] = []
    if isinstance(value, Candle):
        positive = [value.open, value.high, value.low, value.close]
        assert value.low <= min(positive)
        assert value.high >= max(positive)
        assert value.base_volume >= 0
        assert value.opened_ms % 60_000 == 0
    elif isinstance(value, OrderBook):
        levels = (*value.bids, *value.asks)
        positive = [n for level in levels for n in (level.price, level.volume)]
        if value.bids and value.asks:
            assert value.bids[0].price <= value.asks[0].price
    else:
        assert isinstance(value, QuoteUpdate)
        assert value.price is not None
        positive = [value.price]
    for number in positive:
        assert checked(number) > 0


@example(
    b'{"stream":"btcusdt@ticker","data":'
    b'{"e":"24hrTicker","E":1,"s":"BTCUSDT","c":"1.5"}}'
)
@example(
    b'{"stream":"btcusdt@depth20@100ms","data":'
    b'{"lastUpdateId":1,"bids":[["1","1"]],"asks":[["2","1"]]}}'
)
@given(st.one_of(st.binary(), st.text().map(str.encode), frames()))
def test_nothing_is_raised_and_only_sound_values_answer(frame: bytes) -> None:
    received = received_of(frame)
    assert received.batches == ()
    if isinstance(received, Answered):
        for topic, value in received.values:
            assert topic in TOPICS
            if value is None:
                assert received.rejects
            else:
                assert_sound(value)
