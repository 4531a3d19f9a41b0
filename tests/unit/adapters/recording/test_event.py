import json

import pytest

from adapters.recording.event import (
    Answer,
    AnyEvent,
    Connected,
    Disconnected,
    End,
    Frame,
    Header,
    MalformedLine,
    Refused,
    Sent,
    decode,
    encode,
)

AT = 1_795_248_301_000_001
HEADER = Header(
    at=AT,
    software="kimchi-premium 0.1.0",
    started_at="2026-11-21T08:05:01.000+00:00",
    part=1,
    venues={"upbit": {"rest": "https://x", "stream": "wss://x"}},
)


@pytest.mark.parametrize(
    "event",
    [
        HEADER,
        Connected(at=AT, venue="upbit", connection=1, url="wss://x"),
        Connected(at=AT, venue="upbit", connection=1, url="wss://x", carried=True),
        Refused(at=AT, venue="binance", url="wss://x", reason="OSError"),
        Sent(at=AT, venue="upbit", connection=1, text="PING"),
        Frame.of(AT, "upbit", 1, '{"cd":"KRW-비트"}'.encode()),
        Frame.of(AT, "binance", 2, b"\xff\x00"),
        Frame.of(AT, "binance", 2, b""),
        Disconnected(at=AT, venue="upbit", connection=1, reason="closed by us"),
        Answer(at=AT, venue="fx", path="/v1/latest", text="{}", query={"base": "USD"}),
        End(at=AT, reason="signal", lines=7),
    ],
)
def test_every_event_is_one_line_and_comes_back_as_it_was(event: AnyEvent) -> None:
    line = encode(event)
    assert line.count(b"\n") == 1
    assert decode(line) == event


def test_a_header_begins_with_format_version_and_no_seed() -> None:
    keys = list(json.loads(encode(HEADER)).items())
    assert keys[:4] == [
        ("kind", "header"),
        ("format", "kimp-recording"),
        ("version", 1),
        ("seed", None),
    ]


def test_a_frame_is_text_where_it_is_utf_8_and_base64_where_not() -> None:
    assert Frame.of(AT, "upbit", 1, b"{}").text == "{}"
    odd = Frame.of(AT, "upbit", 1, b"\xff\xfe")
    assert (odd.text, odd.base64) == (None, "//4=")
    assert odd.payload == b"\xff\xfe"


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"", "truncated"),
        (b"{", "truncated"),
        (b'{"x":' + b"[" * 100_000, "recursion"),
        (b'{"kind":"nonsense","at":1}', "nonsense"),
        (b'{"kind":"frame","at":1}', "venue"),
        (b'{"kind":"frame","at":1,"venue":"upbit","connection":1}', "text or base64"),
        (
            b'{"kind":"frame","at":1,"venue":"u","connection":1,"text":"","base64":""}',
            "text or base64",
        ),
        (
            b'{"kind":"frame","at":1,"venue":"u","connection":1,"base64":"!"}',
            "base64",
        ),
    ],
)
def test_a_line_that_is_none_says_why(line: bytes, why: str) -> None:
    with pytest.raises(MalformedLine, match=f"(?i){why}"):
        decode(line)


@pytest.mark.parametrize(("field", "value"), [("version", 2), ("format", "other")])
def test_another_format_or_version_is_refused(field: str, value: object) -> None:
    body = {**json.loads(encode(HEADER)), field: value}
    with pytest.raises(MalformedLine, match="kimp-recording version 1 is read"):
        decode(json.dumps(body).encode())
