"""Frames made after exchanges.md A1, beside the recorded ones of tests/integration."""

import json
from decimal import Decimal

import pytest

from adapters.upbit.message import (
    Candle,
    ErrorReply,
    Orderbook,
    ShortCandle,
    ShortOrderbook,
    ShortTicker,
    ShortTrade,
    Status,
    SubscriptionList,
    Ticker,
    Trade,
)
from adapters.upbit.wire import (
    Format,
    UndecodableFrame,
    decode,
    subscription,
)

TICKER = (
    b'{"type":"ticker","code":"KRW-BTC","opening_price":158219000.00000000,'
    b'"trade_price":158200000.00000000,"prev_closing_price":158200000.00000000,'
    b'"change":"EVEN","change_price":0E-8,"change_rate":0,'
    b'"trade_timestamp":1758875206936,"market_state":"ACTIVE",'
    b'"is_trading_suspended":false,"delisting_date":null,'
    b'"acc_trade_price_24h":95088751392.9099200000000000,'
    b'"acc_trade_volume_24h":2083.83396972,"stream_type":"REALTIME"}'
)
SHORT_TICKER = (
    b'{"ty":"ticker","cd":"KRW-BTC","op":158219000.00000000,'
    b'"tp":158200000.00000000,"pcp":158200000.00000000,"c":"EVEN","cp":0E-8,"cr":0,'
    b'"ttms":1758875206936,"ms":"ACTIVE","its":false,"dd":null,'
    b'"atp24h":95088751392.9099200000000000,"atv24h":2083.83396972,"st":"REALTIME"}'
)


@pytest.mark.parametrize("expected", ["SIMPLE", "DEFAULT"])
@pytest.mark.parametrize("frame", [TICKER, SHORT_TICKER])
def test_a_ticker_says_the_same_in_both_formats_whichever_is_expected(
    frame: bytes, expected: Format
) -> None:
    message = decode(frame, expected)
    assert isinstance(message, Ticker | ShortTicker)
    assert message.code == "KRW-BTC"
    assert str(message.trade_price) == "158200000.00000000"
    assert str(message.prev_closing_price) == "158200000.00000000"
    assert str(message.acc_trade_price_24h) == "95088751392.9099200000000000"
    assert str(message.acc_trade_volume_24h) == "2083.83396972"
    assert message.trade_timestamp == 1758875206936
    assert message.market_state == "ACTIVE"
    assert message.is_trading_suspended is False


def test_text_frames_decode_as_binary_ones_do() -> None:
    assert decode(TICKER.decode()) == decode(TICKER)


def test_a_short_trade_and_a_full_one_say_the_same() -> None:
    full = decode(
        b'{"type":"trade","code":"KRW-ETH","trade_price":37625,'
        b'"trade_volume":8.428e-05,"trade_timestamp":1696585056846,'
        b'"prev_closing_price":37296,"sequential_id":1696585056846000}',
        "DEFAULT",
    )
    short = decode(
        b'{"ty":"trade","cd":"KRW-ETH","tp":37625,"tv":8.428e-05,'
        b'"ttms":1696585056846,"pcp":37296,"sid":1696585056846000}'
    )
    assert isinstance(full, Trade)
    assert isinstance(short, ShortTrade)
    for message in (full, short):
        assert message.trade_price == 37625
        assert message.trade_volume == Decimal("0.00008428")
        assert message.prev_closing_price == 37296
        assert message.trade_timestamp == 1696585056846
        assert message.sequential_id == 1696585056846000


def test_a_book_decodes_in_both_formats() -> None:
    full = decode(
        b'{"type":"orderbook","code":"KRW-ETH","timestamp":1746601573804,'
        b'"total_ask_size":4.7,"total_bid_size":2.6,"orderbook_units":'
        b'[{"ask_price":2.0,"bid_price":1.0,"ask_size":0.5,"bid_size":0.25}]}'
    )
    short = decode(
        b'{"ty":"orderbook","cd":"KRW-ETH","tms":1746601573804,"tas":4.7,"tbs":2.6,'
        b'"obu":[{"ap":2.0,"bp":1.0,"as":0.5,"bs":0.25}]}'
    )
    assert isinstance(full, Orderbook)
    assert isinstance(short, ShortOrderbook)
    for message in (full, short):
        best = message.orderbook_units[0]
        assert (best.ask_price, best.bid_price) == (2, 1)
        assert (best.ask_size, best.bid_size) == (Decimal("0.5"), Decimal("0.25"))
        assert (message.total_ask_size, message.total_bid_size) == (
            Decimal("4.7"),
            Decimal("2.6"),
        )
        assert message.timestamp == 1746601573804


def test_candles_of_any_length_are_known_in_both_formats() -> None:
    full = decode(
        b'{"type":"candle.240m","code":"KRW-ETH","opening_price":1.0,'
        b'"candle_acc_trade_price":860743.5307100000000000}'
    )
    short = decode(b'{"ty":"candle.1s","cd":"KRW-ETH","tp":2.50,"tms":17,"catp":3}')
    assert isinstance(full, Candle)
    assert str(full.candle_acc_trade_price) == "860743.5307100000000000"
    assert isinstance(short, ShortCandle)
    assert (str(short.trade_price), short.timestamp) == ("2.50", 17)


@pytest.mark.parametrize("frame", [b'{"status":"UP"}', b"UP", "UP"])
def test_the_answer_to_a_ping_is_a_status(frame: bytes | str) -> None:
    assert decode(frame) == Status("UP")


def test_an_error_is_a_reply_with_its_name() -> None:
    reply = decode(b'{"error":{"name":"NO_CODES","message":"no codes"}}')
    assert isinstance(reply, ErrorReply)
    assert (reply.error.name, reply.error.message) == ("NO_CODES", "no codes")


def test_a_list_of_subscriptions_is_known_in_both_formats() -> None:
    full = decode(b'{"method":"LIST_SUBSCRIPTIONS","result":[],"ticket":"x"}')
    short = decode(b'{"mthd":"LIST_SUBSCRIPTIONS","rslt":[],"tckt":"x"}')
    assert full == short == SubscriptionList("LIST_SUBSCRIPTIONS")


@pytest.mark.parametrize(
    ("frame", "kind"),
    [
        (b"", "malformed"),
        (b"nonsense", "malformed"),
        (TICKER[:-5], "malformed"),
        (b"\xff\xfe", "malformed"),
        (b'{"ty":"ticker","cd":"\xff","tp":1}', "malformed"),
        ("\udc80", "malformed"),
        (b"[" * 100_000, "shape"),
        (b'{"ty":"ticker","cd":"KRW-BTC","tp":' + b"[" * 100_000, "malformed"),
        (b"[]", "shape"),
        (b"7", "shape"),
        (b'{"ty":"ticker"}', "shape"),
        (b'{"ty":"ticker","cd":7,"tp":1}', "shape"),
        (b'{"ty":"ticker","cd":"KRW-BTC","tp":1,"ttms":"soon"}', "shape"),
        (b'{"type":"orderbook","code":"KRW-BTC","orderbook_units":{}}', "shape"),
        (b'{"error":7}', "shape"),
        (b'{"ty":"candle.1m"}', "shape"),
        (b"{}", "unknown"),
        (b'{"ty":"myOrder","cd":"KRW-BTC"}', "unknown"),
        (b'{"type":7}', "unknown"),
        (b'{"status":7}', "unknown"),
        (b'{"method":7}', "unknown"),
        (
            b'{"ty":"ticker","cd":"KRW-BTC","tp":1e9999999999999999999}',
            "number",
        ),
        (
            b'{"type":"ticker","code":"KRW-BTC","trade_price":1e9999999999999999999}',
            "number",
        ),
    ],
)
def test_a_frame_that_is_no_message_is_told_by_its_kind(
    frame: bytes | str, kind: str
) -> None:
    with pytest.raises(UndecodableFrame) as caught:
        decode(frame)
    assert caught.value.kind == kind
    assert caught.value.detail


def test_the_subscription_is_one_message_with_the_whole_union() -> None:
    text = subscription("t1", {"KRW-ETH", "KRW-BTC"}, book=True, format_="SIMPLE")
    assert json.loads(text) == [
        {"ticket": "t1"},
        {"type": "ticker", "codes": ["KRW-BTC", "KRW-ETH"]},
        {"type": "orderbook", "codes": ["KRW-BTC.1", "KRW-ETH.1"]},
        {"format": "SIMPLE"},
    ]


def test_the_subscription_can_do_without_the_book() -> None:
    text = subscription("t1", ["KRW-BTC"], book=False, format_="DEFAULT")
    assert json.loads(text) == [
        {"ticket": "t1"},
        {"type": "ticker", "codes": ["KRW-BTC"]},
        {"format": "DEFAULT"},
    ]
