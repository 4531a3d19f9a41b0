"""Whatever comes in, nothing is raised and no number outside the rules gets through."""

import json
from contextlib import suppress
from decimal import Decimal

from hypothesis import example, given
from hypothesis import strategies as st

from adapters.binance.answer import READERS
from adapters.binance.message import Trade
from adapters.binance.quote import exact
from adapters.binance.session import BinanceSession
from adapters.binance.wire import UndecodableFrame, decode
from adapters.resilience.session import Received
from domain.model.number import MalformedNumber, checked, parse_decimal

LITERALS = st.from_regex(
    r"-?(0|[1-9][0-9]{0,70})(\.[0-9]{1,70})?([eE][+-]?[0-9]{1,12})?", fullmatch=True
)
TEXTS = st.one_of(
    LITERALS,
    st.text(alphabet="0123456789+-._eE naN１٣\n", max_size=70),
    st.sampled_from(
        ["NaN", "sNaN", "Infinity", "-inf", "1_000", "１２", "1e999999999"]
    ),
)
VALUES = st.one_of(
    TEXTS.map(json.dumps),
    LITERALS,
    st.sampled_from(["null", "true", "[]", "{}", "[[1]]", '{"a":1}', ""]),
)
STAMPS = st.one_of(
    st.integers(-10, 2**70).map(str), st.sampled_from(["null", "1.5", '"7"', "1e3"])
)
SYMBOLS = st.sampled_from(["BTCUSDT", "ETHUSDT", "币安人生USDT", ""])
EVENTS = st.sampled_from(
    ["trade", "aggTrade", "24hrTicker", "24hrMiniTicker", "1hTicker", "kline", "x"]
)
KINDS = {"malformed", "shape", "unknown", "number", "price"}


def receive(frame: bytes | str) -> Received:
    session = BinanceSession()
    session.watch(frozenset({"BTCUSDT", "币安人生USDT"}), 0.0)
    return session.receive(frame, 1, 1.0)


def assert_sound(received: Received) -> None:
    """Check every value that reached the domain."""
    for batch in received.batches:
        for update in batch.updates:
            assert update.market in {"BTCUSDT", "币安人生USDT"}
            assert update.price is None or update.price > 0
            assert update.exchange_ms is None or 0 < update.exchange_ms < 2**53
            numbers = (
                update.price,
                update.bid,
                update.ask,
                update.base_volume_24h,
                update.quote_volume_24h,
                update.open_24h,
            )
            for number in numbers:
                assert number is None or checked(number) is number
    assert {reject.kind for reject in received.rejects} <= KINDS


@given(st.one_of(st.binary(max_size=300), st.text(max_size=300)))
def test_no_bytes_raise(frame: bytes | str) -> None:
    assert_sound(receive(frame))


@given(st.recursive(VALUES, lambda inner: st.lists(inner).map(str), max_leaves=5))
def test_no_json_raises(body: str) -> None:
    for reader in READERS.values():
        for text in (body, f"[{body}]", f'{{"symbols":{body}}}'):
            with suppress(UndecodableFrame):
                reader.read(text.encode())
    for frame in (body, f'{{"stream":"x","data":{body}}}'):
        assert_sound(receive(frame))


@given(event=EVENTS, symbol=SYMBOLS, price=VALUES, other=VALUES, stamp=STAMPS)
def test_no_event_brings_a_number_outside_the_rules(
    event: str, symbol: str, price: str, other: str, stamp: str
) -> None:
    body = (
        f'{{"e":"{event}","s":"{symbol}","p":{price},"c":{price},"E":{stamp},'
        f'"T":{stamp},"v":{other},"o":{other},"b":{other},"a":{price},"k":{other}}}'
    )
    whole = receive(f'{{"stream":"x","data":{body}}}')
    assert_sound(whole)
    # Raw, it says the same.
    raw = receive(body)
    assert (whole.batches, len(whole.rejects)) == (raw.batches, len(raw.rejects))


ITEMS = st.lists(st.tuples(SYMBOLS, VALUES, STAMPS), max_size=5)
GOOD = ("BTCUSDT", '"2.5"', "17")


@given(before=ITEMS, after=ITEMS)
@example(before=[("ETHUSDT", '"NaN"', "1")], after=[("", "", "")])
def test_no_item_of_the_array_harms_another(
    before: list[tuple[str, str, str]], after: list[tuple[str, str, str]]
) -> None:
    items = [item for item in (*before, GOOD, *after) if item[1]]
    body = ",".join(
        f'{{"e":"24hrMiniTicker","s":"{symbol}","c":{price},"E":{stamp}}}'
        for symbol, price, stamp in items
    )
    received = receive(f'{{"stream":"!miniTicker@arr","data":[{body}]}}')
    assert_sound(received)
    (batch,) = received.batches
    told = [(u.market, u.price, u.exchange_ms) for u in batch.updates]
    assert ("BTCUSDT", Decimal("2.5"), 17) in told


def read_number(literal: str) -> Decimal:
    message = decode(f'{{"e":"trade","s":"A","p":{literal},"T":1}}')
    assert isinstance(message, Trade)
    return exact(message.price)


@given(LITERALS)
@example("0E-8")
def test_a_json_number_is_taken_exactly_where_the_rules_take_it(literal: str) -> None:
    assert_taken_alike(literal, literal)


@given(TEXTS)
@example("0.35210000")
@example("1.e5")
@example("1\n")
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
