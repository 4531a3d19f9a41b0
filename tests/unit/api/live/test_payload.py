"""Shared bytes, and the frames that each member's share of them goes in."""

import json

import pytest
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Frame, Opcode
from websockets.streams import StreamReader

from api.live.payload import (
    MIN_DEFLATED,
    Payload,
    deflated_start,
    head_of,
    text_frame,
)

NOW_MS = 1_767_225_600_123


def parsed(data: bytes) -> Frame:
    """Return the one frame in these bytes, as the library reads it."""
    reader = StreamReader()
    reader.feed_data(data)
    reader.feed_eof()
    # What a client agrees on with us: no window outlives its message.
    deflate = PerMessageDeflate(True, True, 15, 15)
    steps = Frame.parse(reader.read_exact, mask=False, extensions=[deflate])
    frame = None
    try:
        while True:
            next(steps)
    except StopIteration as done:
        frame = done.value
    assert not reader.buffer
    assert isinstance(frame, Frame)
    return frame


def test_a_message_is_the_head_the_data_and_the_servers_time() -> None:
    payload = Payload.of(b'{"premium":null}', NOW_MS)
    assert json.loads(head_of('a"b\n한') + payload.body) == {
        "id": 'a"b\n한',
        "type": "next",
        "payload": {
            "data": {"premium": None},
            "extensions": {"serverTime": "2026-01-01T00:00:00.123Z"},
        },
    }


@pytest.mark.parametrize("size", [0, 1, 20, 124, 125, 126, 127, 65_400, 65_535, 70_000])
def test_a_frame_of_any_size_is_read_as_one_text_message(size: int) -> None:
    payload, head = Payload(b"x" * size), head_of("1")
    frame = parsed(payload.start(len(head)) + head + payload.body)
    assert (frame.opcode, frame.fin, frame.rsv1) == (Opcode.TEXT, True, False)
    assert frame.data == head + payload.body
    longer = head_of("1" * 90)
    frame = parsed(payload.start(len(longer)) + longer + payload.body)
    assert frame.data == longer + payload.body
    assert parsed(text_frame(payload.body)).data == payload.body


def test_a_small_body_is_not_compressed() -> None:
    assert Payload(b"x" * (MIN_DEFLATED - 1)).deflated is None


@pytest.mark.parametrize(
    "name", ["1", "0" * 128, "d9d4bb2f-6fe6-4f4b-a1a1-7a1f37a1b9f0"]
)
@pytest.mark.parametrize("repeats", [60, 5_000])
def test_compressed_once_the_body_serves_every_head(name: str, repeats: int) -> None:
    payload = Payload(b'{"symbol":"BTC","percent":"1.234567"},' * repeats)
    blocks = payload.deflated
    assert blocks is not None
    assert payload.deflated is blocks
    assert len(blocks) < len(payload.body) / 4
    start = deflated_start(head_of(name), blocks)
    assert start[0] == 0xC1
    frame = parsed(start + blocks)
    assert (frame.opcode, frame.fin) == (Opcode.TEXT, True)
    assert bytes(frame.data) == head_of(name) + payload.body
