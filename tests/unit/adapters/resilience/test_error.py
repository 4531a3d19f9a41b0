import asyncio
import socket
import ssl
from collections.abc import Iterator

import aiohttp
import pytest
import websockets
import websockets.exceptions
from aiohttp import http_exceptions
from websockets.datastructures import Headers
from websockets.http11 import Response

from adapters.resilience.error import (
    TABLE,
    AddressBanned,
    ConnectionFailed,
    RateLimited,
    RequestRejected,
    RequestTimedOut,
    ServerFailed,
    UndecodableAnswer,
    UpstreamFailed,
    from_status,
    translate,
    translated,
)
from domain.model.error import UpstreamUnavailable

NOW_MS = 1_760_000_000_000


def descendants(base: type[BaseException]) -> Iterator[type[BaseException]]:
    yield base
    for child in base.__subclasses__():
        yield from descendants(child)


def handshake(status: int, body: bytes = b"", **headers: str) -> Exception:
    named = Headers({name.replace("_", "-"): text for name, text in headers.items()})
    return websockets.exceptions.InvalidStatus(Response(status, "", named, body))


LIBRARY_BASES = (
    aiohttp.ClientError,
    http_exceptions.HttpProcessingError,
    websockets.exceptions.WebSocketException,
    TimeoutError,
    OSError,
)


@pytest.mark.parametrize("base", LIBRARY_BASES)
def test_every_error_of_the_libraries_has_a_row_in_the_table(
    base: type[BaseException],
) -> None:
    rows = tuple(row for row, _ in TABLE)
    for error in descendants(base):
        assert issubclass(error, rows), error


def test_no_public_exception_of_a_client_library_is_outside_the_bases() -> None:
    public = [getattr(websockets.exceptions, n) for n in websockets.exceptions.__all__]
    public += [
        value
        for name in aiohttp.__all__
        if isinstance(value := getattr(aiohttp, name), type)
        and issubclass(value, Exception)
        and not issubclass(value, (Warning, TypeError))
    ]
    outside = {
        error.__name__ for error in public if not issubclass(error, LIBRARY_BASES)
    }
    # A payload's end, told only to those who read by pieces; aiohttp's own WebSockets,
    # which we do not use.
    assert outside <= {"EofStream", "WebSocketError"}


@pytest.mark.parametrize(
    ("error", "condition"),
    [
        (TimeoutError("timed out during opening handshake"), RequestTimedOut),
        (aiohttp.ServerTimeoutError(), RequestTimedOut),
        (aiohttp.SocketTimeoutError(), RequestTimedOut),
        (aiohttp.ServerDisconnectedError(), ConnectionFailed),
        (aiohttp.ClientPayloadError("cut"), UndecodableAnswer),
        (aiohttp.InvalidURL("x"), ConnectionFailed),
        (http_exceptions.BadHttpMessage("?"), UndecodableAnswer),
        (ConnectionRefusedError(111, "refused"), ConnectionFailed),
        (socket.gaierror(-2, "unknown"), ConnectionFailed),
        (ssl.SSLCertVerificationError("expired"), ConnectionFailed),
        (websockets.exceptions.InvalidURI("x", "no"), ConnectionFailed),
        (websockets.exceptions.ConnectionClosedError(None, None), ConnectionFailed),
        (EOFError(), ConnectionFailed),
        (UnicodeError("label too long"), ConnectionFailed),
    ],
)
def test_a_library_error_becomes_our_condition_with_its_cause(
    error: Exception, condition: type[UpstreamFailed]
) -> None:
    class Clock:
        def now_ms(self) -> int:
            return NOW_MS

    with pytest.raises(condition) as caught, translated("upbit.rest", Clock()):  # type: ignore[arg-type]  # only now_ms is asked for
        raise error
    assert type(caught.value) is condition
    assert caught.value.__cause__ is error
    assert caught.value.upstream == "upbit.rest"
    assert type(error).__name__ in caught.value.reason


@pytest.mark.parametrize("passing", [asyncio.CancelledError(), KeyError("bug")])
def test_cancellation_and_bugs_pass_through(passing: BaseException) -> None:
    with pytest.raises(type(passing)) as caught, translated("x", None):  # type: ignore[arg-type]  # not asked for
        raise passing
    assert caught.value is passing


def test_an_error_without_a_row_is_refused() -> None:
    with pytest.raises(TypeError, match="no translation of KeyError"):
        translate("x", KeyError("a"), NOW_MS)


@pytest.mark.parametrize(
    ("status", "condition"),
    [
        (301, RequestRejected),
        (400, RequestRejected),
        (403, RequestRejected),
        (404, RequestRejected),
        (408, RequestTimedOut),
        (418, AddressBanned),
        (429, RateLimited),
        (451, RequestRejected),
        (500, ServerFailed),
        (503, ServerFailed),
    ],
)
def test_a_status_becomes_its_condition(
    status: int, condition: type[UpstreamUnavailable]
) -> None:
    error = from_status("u", status, "told " * 100, NOW_MS + 5)
    assert type(error) is condition
    assert len(str(error)) < 300
    if isinstance(error, RateLimited):
        assert error.retry_at_ms == NOW_MS + 5
    if isinstance(error, (RequestRejected, ServerFailed)):
        assert error.status == status


@pytest.mark.parametrize(
    ("error", "condition", "hold_ms"),
    [
        (handshake(429, Retry_After="7"), RateLimited, 7_000),
        (
            handshake(418, b'{"message":"blocked for 30 seconds"}'),
            AddressBanned,
            30_000,
        ),
        (handshake(429), RateLimited, 1_000),
        (handshake(418), AddressBanned, 60_000),
    ],
)
def test_a_handshake_refused_for_the_rate_tells_when_to_come_back(
    error: Exception, condition: type[RateLimited], hold_ms: int
) -> None:
    ours = translate("upbit.stream", error, NOW_MS)
    assert type(ours) is condition
    assert isinstance(ours, RateLimited)
    assert ours.retry_at_ms == NOW_MS + hold_ms


def test_a_refused_handshake_is_told_by_its_status() -> None:
    assert isinstance(translate("u", handshake(502), NOW_MS), ServerFailed)
    refused = translate("u", handshake(403, b"\xffgo away"), NOW_MS)
    assert isinstance(refused, RequestRejected)
    assert refused.status == 403
    assert "go away" in refused.excerpt
