"""Whatever comes in, no read's connection raises and no odd number gets through."""

import json
from decimal import Decimal

from hypothesis import example, given
from hypothesis import strategies as st

from adapters.resilience.session import Received
from adapters.resilience.stream_read import Answered
from adapters.upbit.read_session import UpbitReadSession
from domain.model.candle import Candle
from domain.model.event import QuoteUpdate
from domain.model.number import checked
from domain.model.order_book import OrderBook
from domain.model.trade import Trade

NOW_MS = 1_735_792_085_000
TOPICS = frozenset(
    {
        "ticker:KRW-BTC",
        "orderbook:KRW-BTC",
        "trade:KRW-BTC",
        "candle.1m:KRW-BTC",
    }
)
LITERALS = st.from_regex(
    r"-?(0|[1-9][0-9]{0,70})(\.[0-9]{1,70})?([eE][+-]?[0-9]{1,12})?", fullmatch=True
)
VALUES = st.one_of(
    st.sampled_from(["1", "2", "3.5", "1" * 16]),
    LITERALS,
    LITERALS.map(json.dumps),
    st.sampled_from(["null", "true", "[]", "{}", '"NaN"', '"BID"', '"ASK"', ""]),
    st.sampled_from(['"2025-01-02T04:28:00"', '"2025-01-02"', '"soon"']),
)
KEYS = ["tp", "ttms", "tms", "pcp", "atp24h", "op", "hp", "lp", "cdttmu", "catv"]
KEYS += ["catp", "tv", "ab", "sid"]
KINDS = st.sampled_from(["ticker", "orderbook", "trade", "candle.1m"])
UNITS = st.dictionaries(st.sampled_from(["ap", "bp", "as", "bs"]), VALUES)


def text_of(fields: dict[str, str]) -> str:
    return "{" + ",".join(f'"{key}":{value}' for key, value in fields.items()) + "}"


@st.composite
def frames(draw: st.DrawFn) -> bytes:
    fields = draw(st.dictionaries(st.sampled_from(KEYS), VALUES))
    units = ",".join(map(text_of, draw(st.lists(UNITS, max_size=3))))
    head = {"ty": json.dumps(draw(KINDS)), "cd": '"KRW-BTC"', "obu": f"[{units}]"}
    return text_of(head | fields).encode()


def received_of(frame: bytes) -> Received:
    session = UpbitReadSession("t1", lambda: None)
    session.watch(TOPICS, 1.0)
    session.frames_to_send(1.0)
    return session.receive(frame, NOW_MS, 1.0)


def assert_sound(value: object) -> None:
    positive: list[Decimal] = []
    if isinstance(value, Trade):
        positive = [value.price, value.volume]
        assert 0 < value.at_ms < NOW_MS * 2
    elif isinstance(value, Candle):
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


@example(b'{"ty":"ticker","cd":"KRW-BTC","tp":1.5}')
@example(b'{"ty":"orderbook","cd":"KRW-BTC","obu":[{"ap":2,"bp":1,"as":1,"bs":1}]}')
@example(b'{"ty":"trade","cd":"KRW-BTC","tp":1,"tv":1,"ttms":1,"ab":"BID","sid":1}')
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
