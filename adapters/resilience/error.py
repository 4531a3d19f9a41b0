"""What can go wrong with an upstream, and the one table from the libraries to it.

    UpstreamUnavailable                (domain)
    ├── UpstreamFailed                 retried, counted by the breaker
    │   ├── RequestTimedOut
    │   ├── ConnectionFailed
    │   ├── ServerFailed               5xx
    │   └── UndecodableAnswer          garbage, or larger than allowed
    ├── RequestRejected                other than 2xx, 429, 418, 5xx: repeating is vain
    ├── RateLimited                    429: nothing is sent before its time
    │   └── AddressBanned              418: the same for the whole address
    └── BreakerOpen                    not even tried

Nothing above the adapters has heard of aiohttp or websockets.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import aiohttp
import websockets.exceptions
from aiohttp.http_exceptions import HttpProcessingError

from adapters.resilience.hold import growing_hold_s, retry_after_s, told_time_s
from domain.model.error import UpstreamUnavailable
from domain.ports.clock import Clock

MAX_EXCERPT_CHARS = 200
TOO_MANY_REQUESTS = 429
BANNED = 418
REQUEST_TIMEOUT = 408


class UpstreamFailed(UpstreamUnavailable):
    """The upstream is down or answers nonsense; another try may help."""


class RequestTimedOut(UpstreamFailed):
    """No complete answer within the time-out."""


class ConnectionFailed(UpstreamFailed):
    """No connection, or it broke."""


class ServerFailed(UpstreamFailed):
    """The upstream answered with a 5xx status."""

    def __init__(self, upstream: str, status: int, excerpt: str = "") -> None:
        super().__init__(upstream, _told(f"status {status}", excerpt))
        self.status = status


class UndecodableAnswer(UpstreamFailed):
    """The answer is not what the upstream is documented to say."""


class RequestRejected(UpstreamUnavailable):
    """The upstream is alive and refuses this very request."""

    def __init__(self, upstream: str, status: int, excerpt: str = "") -> None:
        super().__init__(upstream, _told(f"refused with status {status}", excerpt))
        self.status = status
        self.excerpt = excerpt[:MAX_EXCERPT_CHARS]


class RateLimited(UpstreamUnavailable):
    """Too many requests; nothing is sent before `retry_at_ms` (Unix ms)."""

    retry_at_ms: int

    def __init__(
        self, upstream: str, retry_at_ms: int, reason: str = "too many requests"
    ) -> None:
        super().__init__(upstream, reason)
        self.retry_at_ms = retry_at_ms


class AddressBanned(RateLimited):
    """The venue has banned our address until `retry_at_ms`."""

    def __init__(
        self, upstream: str, retry_at_ms: int, reason: str = "address banned"
    ) -> None:
        super().__init__(upstream, retry_at_ms, reason)


class BreakerOpen(UpstreamUnavailable):
    """Failed too often lately: not tried before `retry_at_ms` (None: not known)."""

    def __init__(self, upstream: str, retry_at_ms: int | None, reason: str) -> None:
        super().__init__(upstream, reason)
        self.retry_at_ms = retry_at_ms


def from_status(
    upstream: str, status: int, excerpt: str, hold_until_ms: int
) -> UpstreamUnavailable:
    """Return the condition that an HTTP status other than 2xx means.

    `hold_until_ms` (Unix ms) is when a 429 or 418 may be asked again.
    """
    if status == BANNED:
        return AddressBanned(upstream, hold_until_ms)
    if status == TOO_MANY_REQUESTS:
        return RateLimited(upstream, hold_until_ms)
    if status == REQUEST_TIMEOUT:
        return RequestTimedOut(upstream, "status 408")
    if status >= 500:
        return ServerFailed(upstream, status, excerpt)
    return RequestRejected(upstream, status, excerpt)


def _told(what: str, excerpt: str) -> str:
    return f"{what}: {excerpt[:MAX_EXCERPT_CHARS]}" if excerpt else what


def _timed_out(upstream: str, exc: Exception) -> UpstreamUnavailable:
    return RequestTimedOut(upstream, _text(exc))


def _no_connection(upstream: str, exc: Exception) -> UpstreamUnavailable:
    return ConnectionFailed(upstream, _text(exc))


def _undecodable(upstream: str, exc: Exception) -> UpstreamUnavailable:
    return UndecodableAnswer(upstream, _text(exc))


def _text(exc: Exception) -> str:
    # Some libraries' errors have no text (aiohttp's time-outs), some only a number.
    return f"{type(exc).__name__} {exc}".strip()[:MAX_EXCERPT_CHARS]


Translation = Callable[[str, Exception], UpstreamUnavailable]

# The first base that fits decides: an aiohttp time-out is a ClientError and a
# TimeoutError, and every TimeoutError is an OSError.
TABLE: tuple[tuple[type[Exception], Translation], ...] = (
    (TimeoutError, _timed_out),
    (aiohttp.ClientPayloadError, _undecodable),
    (aiohttp.ClientError, _no_connection),
    (HttpProcessingError, _undecodable),
    (websockets.exceptions.WebSocketException, _no_connection),
    (OSError, _no_connection),
    (EOFError, _no_connection),
    # A host name that IDNA cannot encode is a reason in health, not the process's end.
    (UnicodeError, _no_connection),
)
TRANSLATED = tuple(base for base, _ in TABLE)


def translate(upstream: str, exc: Exception, now_ms: int) -> UpstreamUnavailable:
    """Return our condition for a library's error of a type in `TABLE`.

    `now_ms` (Unix ms) is where a `Retry-After` of a refused handshake counts from.

    Raises:
        TypeError: no row of the table fits.
    """
    if isinstance(exc, websockets.exceptions.InvalidStatus):
        return _refused_handshake(upstream, exc, now_ms)
    for base, translation in TABLE:
        if isinstance(exc, base):
            return translation(upstream, exc)
    raise TypeError(f"no translation of {type(exc).__name__}")


@contextmanager
def translated(upstream: str, clock: Clock) -> Iterator[None]:
    """Turn the libraries' errors inside the block into ours, with their cause.

    Cancellation and surprises (bugs) pass through untouched.
    """
    try:
        yield
    except TRANSLATED as exc:
        raise translate(upstream, exc, clock.now_ms()) from exc


def _refused_handshake(
    upstream: str, exc: websockets.exceptions.InvalidStatus, now_ms: int
) -> UpstreamUnavailable:
    response = exc.response
    status = response.status_code
    excerpt = bytes(response.body or b"")[:MAX_EXCERPT_CHARS].decode("utf-8", "replace")
    hold_s = retry_after_s(response.headers.get("Retry-After"), now_ms)
    if hold_s is None:
        hold_s = told_time_s(excerpt)
    if hold_s is None:
        hold_s = growing_hold_s(0, banned=status == BANNED)
    return from_status(upstream, status, excerpt, now_ms + int(hold_s * 1000))
