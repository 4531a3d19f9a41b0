"""Frames made after exchanges.md A2, beside the recorded ones of tests/integration."""

import json

import pytest

from adapters.binance.message import (
    AggTrade,
    BookTicker,
    DayTicker,
    DepthUpdate,
    Kline,
    MiniTicker,
    MiniTickers,
    PartialBook,
    Refusal,
    Reply,
    ServerShutdown,
    Trade,
    WindowTicker,
)
from adapters.binance.wire import (
    UndecodableFrame,
    decode,
    item_text,
    request,
    stream_name,
)

TRADE = (
    b'{"e":"trade","E":1672515782136,"s":"BNBBTC","t":12345,"p":"0.00100000",'
    b'"q":"100","T":1672515782137,"m":true,"M":true}'
)
MINI = (
    b'{"e":"24hrMiniTicker","E":1672515782136,"s":"BNBBTC","c":"0.0025","o":"0.0010",'
    b'"h":"0.0025","l":"0.0010","v":"10000","q":"18"}'
)
MINI_TICKER = MiniTicker("BNBBTC", "0.0025", 1672515782136, "0.0010", "10000", "18")


def combined(data: bytes, stream: bytes = b"x") -> bytes:
    return b'{"stream":"' + stream + b'","data":' + data + b"}"


@pytest.mark.parametrize("frame", [TRADE, combined(TRADE), combined(TRADE).decode()])
def test_raw_and_combined_frames_decode_alike(frame: bytes | str) -> None:
    assert decode(frame) == Trade("BNBBTC", "0.00100000", 1672515782137)


def test_an_aggregate_trade_carries_the_time_of_its_last_fill() -> None:
    body = b'{"e":"aggTrade","E":2,"s":"BNBBTC","a":1,"p":"0.001","q":"1","T":3}'
    assert decode(combined(body)) == AggTrade("BNBBTC", "0.001", 3)


def test_a_mini_ticker_alone_decodes() -> None:
    assert decode(combined(MINI)) == MINI_TICKER


@pytest.mark.parametrize("frame", [b"[" + MINI + b"]", combined(b" [" + MINI + b"]")])
def test_the_array_decodes_raw_and_combined(frame: bytes) -> None:
    assert decode(frame) == MiniTickers([MINI_TICKER])


def test_an_empty_array_is_an_array() -> None:
    assert decode(combined(b"[]")) == MiniTickers([])


def test_a_bad_item_of_the_array_costs_itself_only() -> None:
    items = [b'{"e":"24hrMiniTicker","s":"X"}', MINI, b"7", b'{"e":"trade"}']
    for frame in (combined(b"[" + b",".join(items) + b"]"), b"[" + items[0] + b"]"):
        message = decode(frame)
        assert isinstance(message, MiniTickers)
        assert message.bad[0].body == items[0]
        assert message.bad[0].detail
    message = decode(combined(b"[" + b",".join(items) + b"]"))
    assert isinstance(message, MiniTickers)
    assert message.items == [MINI_TICKER]
    assert [bad.body for bad in message.bad] == [items[0], items[2], items[3]]


def test_symbols_need_not_be_ascii() -> None:
    body = TRADE.replace(b"BNBBTC", "币安人生USDT".encode())
    message = decode(combined(body, "币安人生usdt@trade".encode()))
    assert isinstance(message, Trade)
    assert message.symbol == "币安人生USDT"
    assert stream_name(message.symbol, "aggTrade") == "币安人生usdt@aggTrade"


def test_a_day_ticker_carries_the_top_of_the_book() -> None:
    body = (
        b'{"e":"24hrTicker","E":5,"s":"BNBBTC","p":"0.0015","P":"250.00","c":"0.0025",'
        b'"b":"0.0024","B":"10","a":"0.0026","A":"100","o":"0.0010","v":"1","q":"18"}'
    )
    assert decode(combined(body)) == DayTicker(
        "BNBBTC", "0.0025", 5, "0.0010", "1", "18", "0.0024", "0.0026"
    )


def test_a_book_ticker_has_no_event_name_and_is_known_all_the_same() -> None:
    body = b'{"u":40,"s":"BNBUSDT","b":"25.35","B":"31.21","a":"25.36","A":"40.66"}'
    expected = BookTicker(40, "BNBUSDT", "25.35", "25.36", "31.21", "40.66")
    assert decode(combined(body)) == decode(body) == expected


def test_the_other_documented_kinds_are_known() -> None:
    kline = b'{"e":"kline","E":1,"s":"A","k":{"t":5,"o":"1","c":"2","x":true}}'
    depth = b'{"e":"depthUpdate","E":1,"s":"A","U":1,"u":2,"b":[["1","2"]],"a":[]}'
    partial = b'{"lastUpdateId":160,"bids":[["0.0024","10"]],"asks":[]}'
    window = b'{"e":"4hTicker","E":1,"s":"A","c":"0.0025","o":"0.0010"}'
    kinds = [type(decode(combined(b))) for b in (kline, depth, partial, window)]
    assert kinds == [Kline, DepthUpdate, PartialBook, WindowTicker]


@pytest.mark.parametrize(
    "frame",
    [
        b'{"e":"serverShutdown","E":1779235200000}',
        b'{"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1779235200000}}',
    ],
)
def test_a_server_that_goes_away_says_so_raw_and_combined(frame: bytes) -> None:
    assert decode(frame) == ServerShutdown(1779235200000)


def test_replies_and_refusals_name_their_request() -> None:
    assert decode(b'{"result":null,"id":1}') == Reply(1)
    assert decode(b'{"result":["a@trade"],"id":"x"}') == Reply("x")
    assert decode(b'{"code":2,"msg":"Invalid request"}') == Refusal(
        None, "2: Invalid request"
    )
    assert decode(b'{"error":{"code":3,"msg":"Invalid JSON"},"id":7}') == Refusal(
        7, "3: Invalid JSON"
    )
    assert decode(b'{"error":"no","id":7}') == Refusal(7, "no")
    assert decode(b'{"error":{},"msg":"no"}') == Refusal(None, "no")


@pytest.mark.parametrize(
    ("frame", "kind"),
    [
        (b"", "malformed"),
        (b"nonsense", "malformed"),
        (combined(TRADE)[:-3], "malformed"),
        (b"\xff\xfe", "malformed"),
        (b"[" * 100_000, "malformed"),
        (combined(b'{"a":' + b"[" * 100_000), "malformed"),
        ("\udc80", "malformed"),
        (b"7", "shape"),
        (combined(b"null"), "shape"),
        (combined(b'{"e":"trade","s":"A"}'), "shape"),
        (combined(b'{"e":"trade","s":"A","p":"1","T":"soon"}'), "shape"),
        (b'{"lastUpdateId":1}', "shape"),
        (b"{}", "unknown"),
        (combined(b'{"e":"executionReport"}'), "unknown"),
        (combined(b'{"e":["trade"]}'), "unknown"),
        (b'{"stream":"x"}', "unknown"),
        (combined(b'{"e":"trade","s":"A","p":1e9999999999999999999,"T":1}'), "number"),
    ],
)
def test_a_frame_that_is_no_message_is_told_by_its_kind(
    frame: bytes | str, kind: str
) -> None:
    with pytest.raises(UndecodableFrame) as caught:
        decode(frame)
    assert caught.value.kind == kind
    assert caught.value.detail


def test_requests_are_written_as_documented() -> None:
    assert json.loads(request("SUBSCRIBE", ["btcusdt@aggTrade"], 3)) == {
        "method": "SUBSCRIBE",
        "params": ["btcusdt@aggTrade"],
        "id": 3,
    }


def test_an_item_can_be_written_again() -> None:
    assert decode(b"[" + item_text(MINI_TICKER) + b"]") == MiniTickers([MINI_TICKER])
