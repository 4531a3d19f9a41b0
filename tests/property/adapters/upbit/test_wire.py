"""Whatever comes in, nothing is raised and no number outside the rules gets through."""

import json
from contextlib import suppress
from decimal import Decimal
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from adapters.resilience.session import Received
from adapters.upbit.answer import READERS
from adapters.upbit.message import ShortTicker, Ticker
from adapters.upbit.quote import exact
from adapters.upbit.session import UpbitSession
from adapters.upbit.wire import UndecodableFrame, decode
from domain.model.number import MalformedNumber, checked, parse_decimal

LITERALS = st.from_regex(
    r"-?(0|[1-9][0-9]{0,70})(\.[0-9]{1,70})?([eE][+-]?[0-9]{1,12})?", fullmatch=True
)
TEXTS = st.one_of(
    LITERALS,
    st.text(alphabet="0123456789+-._eE naN１٣", max_size=70),
    st.sampled_from(
        ["NaN", "sNaN", "Infinity", "-inf", "1_000", "１２", "1e999999999"]
    ),
)
VALUES = st.one_of(
    LITERALS,
    TEXTS.map(json.dumps),
    st.sampled_from(["null", "true", "[]", "{}", "[[1]]", '{"a":1}', ""]),
)
STAMPS = st.one_of(
    st.integers(-10, 2**70).map(str), st.sampled_from(["null", "1.5", '"7"', "1e3"])
)
CODES = st.sampled_from(["KRW-BTC", "KRW-ETH", "BTC-ETH", ""])


def receive(frame: bytes | str) -> Received:
    session = UpbitSession("t1")
    session.watch(frozenset({"KRW-BTC"}), 0.0)
    return session.receive(frame, 1, 1.0)


def assert_sound(received: Received) -> None:
    """Check every value that reached the domain."""
    for batch in received.batches:
        for update in batch.updates:
            assert update.market == "KRW-BTC"
            assert update.price is None or update.price > 0
            assert update.exchange_ms is None or 0 < update.exchange_ms < 2**53
            numbers = (
                update.price,
                update.bid,
                update.ask,
                update.base_volume_24h,
                update.quote_volume_24h,
                update.open_utc,
            )
            for number in numbers:
                assert number is None or checked(number) is number
    assert not (received.batches and received.rejects)


@given(st.one_of(st.binary(max_size=300), st.text(max_size=300)))
def test_no_bytes_raise(frame: bytes | str) -> None:
    assert_sound(receive(frame))


@given(st.recursive(VALUES, lambda inner: st.lists(inner).map(str), max_leaves=5))
def test_no_json_raises(body: str) -> None:
    for reader in READERS.values():
        for text in (body, f"[{body}]"):
            with suppress(UndecodableFrame):
                reader.read(text.encode())
    assert_sound(receive(body))


@given(code=CODES, price=VALUES, volume=VALUES, stamp=STAMPS, state=VALUES)
@example(code="KRW-BTC", price="1", volume="1e-30", stamp="1", state='"ACTIVE"')
def test_no_ticker_brings_a_number_outside_the_rules(
    code: str, price: str, volume: str, stamp: str, state: str
) -> None:
    short = (
        f'{{"ty":"ticker","cd":"{code}","tp":{price},"atv24h":{volume},'
        f'"ttms":{stamp},"ms":{state}}}'
    )
    full = (
        f'{{"type":"ticker","code":"{code}","trade_price":{price},'
        f'"acc_trade_volume_24h":{volume},"trade_timestamp":{stamp},'
        f'"market_state":{state}}}'
    )
    for frame in (short, full):
        assert_sound(receive(frame))
    kinds = [[reject.kind for reject in receive(f).rejects] for f in (short, full)]
    assert kinds[0] == kinds[1]


@given(bid=VALUES, ask=VALUES)
def test_no_book_brings_a_number_outside_the_rules(bid: str, ask: str) -> None:
    units = f'[{{"ap":{ask},"bp":{bid}}}]'
    frame = f'{{"ty":"orderbook","cd":"KRW-BTC","obu":{units}}}'
    assert_sound(receive(frame))


def read_number(literal: str) -> Decimal:
    message: Any = decode(f'{{"ty":"ticker","cd":"A","tp":{literal}}}')
    assert isinstance(message, Ticker | ShortTicker)
    return exact(message.trade_price)


@given(LITERALS)
@example("0E-8")
@example("95078733694.3792000000000000")
def test_a_json_number_is_taken_exactly_where_the_rules_take_it(literal: str) -> None:
    assert_taken_alike(literal, literal)


@given(TEXTS)
@example("148737000.00000000")
def test_quoted_text_is_taken_exactly_where_the_rules_take_it(text: str) -> None:
    assert_taken_alike(json.dumps(text), text)


def assert_taken_alike(literal: str, text: str) -> None:
    try:
        expected = parse_decimal(text)
    except MalformedNumber:
        expected = None
    try:
        found = read_number(literal)
    except (MalformedNumber, UndecodableFrame):
        found = None
    if expected is None or found is None:
        assert expected is found
    else:
        # The sign of a zero is nobody's digit.
        assert found.as_tuple()[1:] == expected.as_tuple()[1:]
        assert found == expected
