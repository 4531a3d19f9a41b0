from asyncio import Transport

from adapters.simulator.connection import Connection
from adapters.simulator.frame import PING, TEXT, close_frame, frame


class Wire(Transport):
    """A transport that keeps what is written and says what it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.unsent = 0
        self.state = "open"

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written.append(bytes(data))

    def get_write_buffer_size(self) -> int:
        return self.unsent

    def is_closing(self) -> bool:
        return self.state != "open"

    def close(self) -> None:
        self.state = "closed"

    def abort(self) -> None:
        self.state = "aborted"


def test_frames_of_a_step_leave_in_one_write() -> None:
    wire = Wire()
    connection = Connection(wire, 0)
    connection.put(frame(TEXT, b"a"))
    connection.put(frame(TEXT, b"b"))
    assert connection.flush(100)
    assert wire.written == [frame(TEXT, b"a") + frame(TEXT, b"b")]
    assert connection.sent_ms == 100


def test_nothing_to_say_writes_nothing() -> None:
    wire = Wire()
    connection = Connection(wire, 0)
    assert connection.flush(100)
    assert wire.written == []
    assert connection.sent_ms == 0


def test_a_reader_behind_the_cap_is_cut() -> None:
    wire = Wire()
    connection = Connection(wire, 0, cap=10)
    wire.unsent = 10
    connection.put(b"fits")
    assert connection.flush(1)
    wire.unsent = 11
    connection.put(b"too much")
    assert not connection.flush(2)
    assert wire.state == "aborted"
    assert wire.written == [b"fits"]


def test_a_closed_connection_takes_no_more() -> None:
    wire = Wire()
    connection = Connection(wire, 0)
    connection.put(b"last words")
    connection.close(1008, "enough")
    assert wire.written == [b"last words" + close_frame(1008, "enough")]
    assert wire.state == "closed"
    connection.put(b"more")
    assert not connection.flush(1)
    connection.close(1008, "again")
    assert len(wire.written) == 1


def test_only_a_pong_with_the_pings_payload_counts() -> None:
    wire = Wire()
    connection = Connection(wire, 1_000)
    assert connection.owes_pong_ms(5_000) == 0
    connection.ping(20_000)
    connection.flush(20_000)
    assert wire.written == [frame(PING, b"20000")]
    assert not connection.pong(b"unsolicited", 21_000)
    assert connection.owes_pong_ms(25_000) == 5_000
    assert connection.pong(b"20000", 26_000)
    assert connection.owes_pong_ms(30_000) == 0


def test_a_cut_says_nothing() -> None:
    wire = Wire()
    Connection(wire, 0).abort()
    assert wire.state == "aborted"
    assert wire.written == []
