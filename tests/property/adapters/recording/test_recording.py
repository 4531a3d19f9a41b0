"""Whatever stands in a file or frame: events, one kind of error, never a surprise."""

import gzip
import tempfile
from contextlib import suppress
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from adapters.recording.cryptofeed import Decoder
from adapters.recording.event import Frame, Header, MalformedLine, decode, encode
from adapters.recording.reader import UnreadableRecording, read
from adapters.simulator.replay_stamp import (
    TimeMap,
    shift_binance,
    shift_rate,
    shift_upbit,
)

HEADER = Header(at=0, software="test", started_at="", part=1, venues={})
PAYLOADS = st.lists(st.binary(max_size=200), max_size=20)


def lines_of(payloads: list[bytes]) -> bytes:
    frames = [Frame.of(n, "upbit", 1, each) for n, each in enumerate(payloads)]
    return encode(HEADER) + b"".join(map(encode, frames))


def payloads_in(data: bytes) -> list[bytes]:
    warnings: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.jsonl.gz.part"
        path.write_bytes(data)
        events = [each.event for each in read(path, warnings.append)]
    assert len(warnings) <= 1
    return [each.payload for each in events if isinstance(each, Frame)]


@given(PAYLOADS)
def test_every_frame_comes_back_byte_by_byte(payloads: list[bytes]) -> None:
    assert payloads_in(gzip.compress(lines_of(payloads))) == payloads


@given(PAYLOADS, st.floats(min_value=0, max_value=1), st.booleans())
def test_a_file_cut_anywhere_gives_the_frames_before(
    payloads: list[bytes], share: float, packed: bool
) -> None:
    whole = lines_of(payloads)
    data = gzip.compress(whole) if packed else whole
    found = payloads_in(data[: int(len(data) * share)])
    assert found == payloads[: len(found)]


@given(st.binary(max_size=400))
def test_any_bytes_are_events_or_one_kind_of_error(data: bytes) -> None:
    for file in (data, b"\x1f\x8b" + data, encode(HEADER) + data):
        with suppress(UnreadableRecording):
            payloads_in(file)


@given(st.binary(max_size=200))
def test_any_line_is_an_event_or_malformed(line: bytes) -> None:
    foreign = Decoder()
    foreign.decode(b"wss://api.upbit.com/websocket/v1 <-> 1.5")
    for read_line in (decode, foreign.decode):
        for each in (line, b"1.5: " + line, b"1.5: b'" + line):
            with suppress(MalformedLine):
                read_line(each)


@given(
    st.integers(min_value=11 * 10**11, max_value=2 * 10**12),
    st.integers(min_value=-(10**10), max_value=10**10),
)
def test_a_stamp_moved_there_and_back_is_the_same(stamp: int, by_ms: int) -> None:
    there, back = TimeMap(0, by_ms), TimeMap(by_ms, 0)
    upbit = b'{"cd":"KRW-BTC","tp":1.50,"ttms":%d,"tms":%d}' % (stamp, stamp)
    assert shift_upbit(shift_upbit(upbit, there), back) == upbit
    binance = b'{"e":"aggTrade","E":%d,"a":%d,"T":%d}' % (stamp, stamp, stamp)
    assert shift_binance(shift_binance(binance, there), back) == binance


@given(st.binary(max_size=300))
def test_what_has_no_stamp_is_not_touched(body: bytes) -> None:
    to_ours = TimeMap(0, 1)
    for shift in (shift_upbit, shift_binance, shift_rate):
        if not any(key in body for key in (b'"t', b'"date', b'"c', b'"E', b'"T')):
            assert shift(body, to_ours) == body
