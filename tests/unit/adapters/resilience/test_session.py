import pytest

from adapters.resilience.session import MAX_DETAIL_CHARS, MAX_REJECT_BYTES, Reject


@pytest.mark.parametrize("frame", [b"x" * 10_000_000, "x" * 10_000_000, "가" * 5_000])
def test_a_rejected_frame_is_kept_up_to_its_bound(frame: bytes | str) -> None:
    reject = Reject.of("syntax", "y" * 10_000, frame)
    assert len(reject.frame) == MAX_REJECT_BYTES
    assert len(reject.detail) == MAX_DETAIL_CHARS


def test_a_short_frame_is_kept_as_its_bytes() -> None:
    assert Reject.of("syntax", "why", "가").frame == "가".encode()
    assert Reject.of("syntax", "why", "\ud800").frame == b"?"
    assert Reject.of("syntax", "why", b"\xff").frame == b"\xff"
