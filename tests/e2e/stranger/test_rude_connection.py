"""Connections that break HTTP's customs: an end for each of them, harm for nobody."""

import contextlib
import re
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.stranger.conftest import BITCOIN, Raw, request_of

MEGABYTE = 1_000_000
HTTP_2 = (
    "Connection: Upgrade, HTTP2-Settings",
    "Upgrade: h2c",
    "HTTP2-Settings: AAMAAABk",
)
HANDSHAKE = (
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Protocol: graphql-transport-ws",
)


def _statuses(told: bytes) -> list[bytes]:
    return re.findall(rb"HTTP/1\.1 (\d{3}) ", told)


def test_a_header_without_an_end_is_refused(raw: Raw) -> None:
    told, taken = b"", 0
    with raw.connect() as connection:
        connection.sendall(b"POST /graphql HTTP/1.1\r\nHost: localhost\r\nX-Long: ")
        with contextlib.suppress(ConnectionError):
            for _ in range(20):
                connection.sendall(b"a" * MEGABYTE)
                taken += 1
        told = _until_quiet(connection)
    # A server that closes may be heard as a reset, before its answer is read.
    assert taken < 20
    assert _statuses(told) in ([b"431"], [])


def test_thousands_of_headers_are_refused_unread(raw: Raw) -> None:
    many = (f"x-{number}: a" for number in range(20_000))
    told = b""
    with raw.connect() as connection, contextlib.suppress(ConnectionError):
        connection.sendall(request_of(BITCOIN, *many))
        told = connection.recv(65_536)
    assert _statuses(told) == [b"431"]


def test_the_body_of_a_request_for_another_protocol_is_no_request(raw: Raw) -> None:
    inner = request_of(BITCOIN)
    whole = request_of(inner, *HTTP_2)
    head, body = whole[: -len(inner)], whole[-len(inner) :]
    with raw.connect() as connection:
        connection.sendall(head)
        told = _until_quiet(connection)
        with contextlib.suppress(ConnectionError):
            connection.sendall(body)
            told += _until_quiet(connection)
    assert len(_statuses(told)) == 1, told


def test_a_query_that_offers_http_2_is_answered(raw: Raw) -> None:
    with raw.connect() as connection:
        connection.sendall(request_of(BITCOIN, *HTTP_2))
        told = _until_quiet(connection)
    assert _statuses(told) == [b"200"]
    assert b'{"data":{"coin":{"symbol":"BTC"}}' in told


def _until_quiet(connection: Any) -> bytes:
    connection.settimeout(1)
    told = b""
    with contextlib.suppress(TimeoutError, ConnectionError):
        while more := connection.recv(65_536):
            told += more
    return told


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param(("X-Long: " + "a" * 9_000,), id="long header"),
        pytest.param(tuple(f"x-{n}: a" for n in range(200)), id="many headers"),
    ],
)
def test_a_handshake_that_cannot_be_read_is_refused(
    raw: Raw, odd: tuple[str, ...]
) -> None:
    head = request_of(b"", *HANDSHAKE, *odd, method="GET")
    assert _statuses(raw.exchange(head)) == [b"431"]


def test_a_handshake_with_a_body_has_an_end(raw: Raw) -> None:
    told = raw.exchange(request_of(b"{}", *HANDSHAKE, method="GET"))
    assert b"101" not in _statuses(told)


def test_long_documents_leave_nothing_behind(small: Any, raw: Raw) -> None:
    status = Path(f"/proc/{small.process.pid}/status")
    if not status.exists():
        pytest.skip("no /proc: the memory of another process is not told")
    padding = "x" * 120_000
    _ask_long(raw, padding, range(40))
    before_kib = _resident_kib(status)
    _ask_long(raw, padding, range(40, 340))
    # Parsed documents are kept within 40 MB; with their bodies it would be 130 MB.
    assert _resident_kib(status) - before_kib < 80_000


def _ask_long(raw: Raw, padding: str, numbers: range) -> None:
    for number in numbers:
        query = f"{{ __typename }} # {number} {padding}"
        body = b'{"query":"%b"}' % query.encode()
        for _ in range(2):
            with raw.connect() as connection:
                connection.sendall(request_of(body, "Connection: close"))
                assert connection.recv(65_536).startswith(b"HTTP/1.1 200")


def _resident_kib(status: Path) -> int:
    lines = status.read_text().splitlines()
    (resident,) = (line for line in lines if line.startswith("VmRSS"))
    return int(resident.split()[1])
