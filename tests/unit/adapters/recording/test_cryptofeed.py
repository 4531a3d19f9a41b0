import pytest

from adapters.recording.cryptofeed import Decoder, venue_of
from adapters.recording.event import Answer, Connected, Frame, MalformedLine, Sent

URL = b"wss://api.upbit.com/websocket/v1"


def test_a_connect_a_message_of_ours_and_frames_are_told_apart() -> None:
    decoder = Decoder()
    assert decoder.decode(URL + b" <-> 1618678261.681707") == Connected(
        at=1_618_678_261_681_707, venue="upbit", connection=1, url=URL.decode()
    )
    assert decoder.decode(URL + b' <- 1618678262.5: [{"ticket":"x"}]') == Sent(
        at=1_618_678_262_500_000, venue="upbit", connection=1, text='[{"ticket":"x"}]'
    )
    binary = decoder.decode(rb"""1618678263: b'{"cd":"KRW-\xec\x9b\x90"}'""")
    assert isinstance(binary, Frame)
    assert binary.payload == '{"cd":"KRW-원"}'.encode()
    text = decoder.decode(b'1618678263.1: {"a":": b"}')
    assert isinstance(text, Frame)
    assert text.payload == b'{"a":": b"}'
    again = decoder.decode(URL + b" <-> 1618678270")
    assert isinstance(again, Connected)
    assert again.connection == 2


def test_a_rest_answer_has_path_and_query() -> None:
    line = b"https://api.binance.com/api/v3/depth?symbol=NKNUSDT&limit=5 -> 1.5: {}"
    assert Decoder().decode(line) == Answer(
        at=1_500_000,
        venue="binance",
        path="/api/v3/depth",
        query={"symbol": "NKNUSDT", "limit": "5"},
        text="{}",
    )


@pytest.mark.parametrize("line", [b"", b"  ", b"configuration: {}"])
def test_lines_without_interest_are_nothing(line: bytes) -> None:
    assert Decoder().decode(line) is None


@pytest.mark.parametrize(
    "line",
    [
        b"\xff",
        b"Copyright (C)",
        b"1618678263.0: {}",  # before any connection
    ],
)
def test_what_is_no_line_of_such_a_recording_is_refused(line: bytes) -> None:
    with pytest.raises(MalformedLine):
        Decoder().decode(line)


@pytest.mark.parametrize(
    "literal", [b"b'x", b"b'x',", b"b'x'+b'y'", b"b'x'.y", b"b'\\xg'"]
)
def test_only_a_bytes_literal_is_evaluated(literal: bytes) -> None:
    decoder = Decoder()
    decoder.decode(URL + b" <-> 1")
    with pytest.raises(MalformedLine, match="bytes literal"):
        decoder.decode(b"2: " + literal)


def test_a_venue_is_known_by_its_host() -> None:
    assert venue_of("wss://stream.binance.com:9443/x") == "binance"
    assert venue_of("wss://ws.okx.com:8443/ws") == "ws.okx.com"
    assert venue_of("nonsense") == ""
