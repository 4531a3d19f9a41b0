"""Headers, and parts that become whole."""

from adapters.nats.message import Header, Joiner, Part
from adapters.nats.wire import split


def part(number: int, parts: int, data: bytes = b"x", *, seq: int = 1) -> Part:
    return Part(Header(1, seq, number, parts), data, number, 0)


def test_headers_are_read_as_they_were_written() -> None:
    header = Header(term=7, seq=9, part=2, parts=3)
    fields = header.fields(41)
    assert fields["Nats-Expected-Last-Sequence"] == "41"
    assert Header.of(fields) == header
    assert header.is_readable


def test_a_message_that_is_not_ours_is_whole_and_unreadable() -> None:
    for fields in ({}, {"Kimp-Term": "x", "Kimp-Seq": "1"}):
        header = Header.of(fields)
        assert not header.is_readable
        assert Joiner().take(Part(header, b"?", 1, 0)) == b"?"


def test_parts_in_order_become_whole() -> None:
    joiner = Joiner()
    found = [joiner.take(part(n, 3, b"%d" % n)) for n in (1, 2, 3)]
    assert found == [None, None, b"123"]


def test_parts_whose_writer_stopped_halfway_are_dropped() -> None:
    joiner = Joiner()
    assert joiner.take(part(1, 3)) is None
    assert joiner.take(part(1, 2, b"a", seq=2)) is None
    assert joiner.take(part(2, 2, b"b", seq=2)) == b"ab"
    assert joiner.take(part(1, 3)) is None
    assert joiner.take(part(1, 1, b"whole")) == b"whole"
    assert joiner.take(part(2, 3)) is None, "its beginning was dropped"
    assert joiner.take(part(3, 3)) is None


def test_bytes_are_split_and_none_are_lost() -> None:
    assert split(b"", 4) == [b""]
    assert split(b"12345", 2) == [b"12", b"34", b"5"]
