import struct

import pytest

from adapters.simulator.frame import BINARY, CLOSE, TEXT, close_frame, frame


@pytest.mark.parametrize("size", [0, 1, 125])
def test_a_short_frame_has_a_header_of_two_bytes(size: int) -> None:
    assert frame(TEXT, b"x" * size) == bytes((0x81, size)) + b"x" * size


@pytest.mark.parametrize("size", [126, 65_535])
def test_a_medium_frame_says_its_size_in_two_bytes(size: int) -> None:
    made = frame(BINARY, b"x" * size)
    assert made[:4] == b"\x82" + struct.pack("!BH", 126, size)
    assert len(made) == size + 4


def test_a_long_frame_says_its_size_in_eight_bytes() -> None:
    made = frame(BINARY, b"x" * 65_536)
    assert made[:10] == b"\x82" + struct.pack("!BQ", 127, 65_536)


def test_a_close_frame_has_code_and_a_reason_that_fits() -> None:
    made = close_frame(1008, "x" * 200)
    assert made[0] == 0x80 | CLOSE
    assert made[1] == 125
    assert made[2:4] == struct.pack("!H", 1008)
