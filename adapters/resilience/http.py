"""Requests to one upstream: paced, timed, retried, behind a breaker, in our errors."""

import random as chance
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import aiohttp
from yarl import URL

from adapters.resilience.breaker import AsyncBreaker
from adapters.resilience.error import (
    RateLimited,
    RequestRejected,
    UndecodableAnswer,
    from_status,
    translated,
)
from adapters.resilience.limiter import RequestLimiter
from adapters.resilience.monitor import UpstreamMonitor
from adapters.resilience.proxy import http_proxy
from adapters.resilience.retry import RetryPolicy
from adapters.resilience.session import Reject
from adapters.resilience.skew import ClockSkew
from domain.model.error import UpstreamUnavailable
from domain.ports.clock import Clock
from domain.ports.tracer import NO_TRACER, Tracer

NOT_FOUND = 404
# The kind of reject that a whole answer is.
BAD_ANSWER = "answer"
T = TypeVar("T")

DEFAULT_TIMEOUT_S = 10.0
# Binance's exchangeInfo, the largest answer we ask for, is a few MiB when unpacked.
DEFAULT_MAX_BODY_BYTES = 32 * 1024 * 1024
MAX_CONNECTIONS = 8
KEEPALIVE_S = 30.0
USER_AGENT = "kimchi-premium"
_CHUNK_BYTES = 64 * 1024
_EXCERPT_BYTES = 2_000


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """A 2xx answer; `headers` find names whatever their case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    rtt_s: float


class UpstreamHttp:
    """GET requests to one upstream. Close it when done.

    Redirects are not followed: a venue's API has none, and a limit belongs to a host.
    `on_recovered` is called with the first good answer after a failure.
    """

    def __init__(
        self,
        name: str,
        base_url: str,
        monitor: UpstreamMonitor,
        *,
        limiter: RequestLimiter,
        breaker: AsyncBreaker,
        retry: RetryPolicy,
        clock: Clock,
        timeout_s: float = DEFAULT_TIMEOUT_S,
        max_body_bytes: int = DEFAULT_MAX_BODY_BYTES,
        headers: Mapping[str, str] | None = None,
        random: Callable[[], float] = chance.random,
        on_recovered: Callable[[], None] | None = None,
        tracer: Tracer = NO_TRACER,
    ) -> None:
        self._name = name
        self._base_url = base_url.rstrip("/")
        self._monitor = monitor
        self._limiter = limiter
        self._breaker = breaker
        self._retry = retry
        self._clock = clock
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._max_body_bytes = max_body_bytes
        self._headers = {"Accept": "application/json", "User-Agent": USER_AGENT}
        self._headers.update(headers or {})
        if any(header.lower() == "origin" for header in self._headers):
            raise ValueError("Upbit limits requests with an Origin header to 1 in 10 s")
        self._random = random
        self._on_recovered = on_recovered
        self._tracer = tracer
        self._proxy = http_proxy(self._base_url)
        self._skew = ClockSkew()
        self._session: aiohttp.ClientSession | None = None
        self._sent = 0
        self._closed = False
        monitor.follow(breaker)

    @property
    def clock_offset_ms(self) -> int | None:
        """Our clock minus theirs, 0 within 2 s; None before the first answer."""
        return self._skew.offset_ms

    @property
    def sent(self) -> int:
        """How many requests were sent since the start, whatever became of them."""
        return self._sent

    async def get(
        self,
        path: str,
        params: Mapping[str, str] | None = None,
        *,
        group: str = "default",
        weight: int = 1,
        tries: int | None = None,
        probe: bool = False,
        refusals: Collection[int] = (NOT_FOUND,),
    ) -> HttpAnswer:
        """Return a 2xx answer.

        `group` and `weight` are for the limiter; `tries` overrides the policy's;
        `probe` is for a feed's own loop, which does not wait for an open breaker;
        `refusals` are the statuses that refuse this one question of a venue that is
        well, and so are no failure in its health.

        Raises:
            UpstreamUnavailable: a condition of `adapters.resilience.error`.
        """
        return await self.read(
            _as_it_is,
            path,
            params,
            group=group,
            weight=weight,
            tries=tries,
            probe=probe,
            refusals=refusals,
        )

    async def read(
        self,
        decode: Callable[[HttpAnswer], T],
        path: str,
        params: Mapping[str, str] | None = None,
        *,
        group: str = "default",
        weight: int = 1,
        tries: int | None = None,
        probe: bool = False,
        refusals: Collection[int] = (NOT_FOUND,),
        max_wait_s: float | None = None,
    ) -> T:
        """Return a decoded 2xx answer; like `get`, and garbage counts as a failure.

        `decode` raises `UndecodableAnswer` for what it cannot read. `max_wait_s` is
        the longest wait in line for the venue's limits (None: the limiter's own).
        """
        url = self._url(path, params)
        send = partial(self._read_once, decode, url, group, refusals)

        async def attempt() -> T:
            # Checked before the line, so that an open breaker answers at once, and
            # entered after it, so that no probe waits in line.
            self._breaker.check(probe=probe)
            await self._acquire(group, weight, max_wait_s)
            return await self._breaker.call(send, probe=probe)

        return await self._retry.run(
            attempt,
            clock=self._clock,
            random=self._random,
            tries=tries,
            on_wait=self._tell_retry,
        )

    def will_ask(self, at_ms: int) -> None:
        """Let health tell when the next question comes (Unix ms)."""
        self._monitor.retrying(at_ms)

    async def close(self) -> None:
        """Close all connections; nothing can be asked afterwards."""
        self._closed = True
        if self._session is not None:
            await self._session.close()

    def _url(self, path: str, params: Mapping[str, str] | None) -> URL:
        # Joined as text: a path prefix in the base is kept.
        url = URL(self._base_url + path)
        return url.update_query(params) if params else url

    def _tell_retry(self, wait_s: float) -> None:
        self._monitor.retrying(self._clock.now_ms() + round(wait_s * 1000))

    async def _acquire(self, group: str, weight: int, max_wait_s: float | None) -> None:
        try:
            await self._limiter.acquire(group, weight, max_wait_s)
        except RateLimited as exc:
            self._monitor.held(exc.retry_at_ms)
            raise

    async def _read_once(
        self,
        decode: Callable[[HttpAnswer], T],
        url: URL,
        group: str,
        refusals: Collection[int],
    ) -> T:
        try:
            with self._tracer.span(
                f"GET {self._name}", {"kimp.upstream": self._name, "kimp.group": group}
            ) as span:
                answer = await self._ask(url, group)
                span.set("http.response.status_code", answer.status)
            result = self._decoded(decode, answer)
        except RateLimited as exc:
            self._monitor.held(exc.retry_at_ms)
            raise
        except RequestRejected as exc:
            if exc.status in refusals:
                # The venue is well and has not this one thing: that costs its field.
                self._monitor.refused(exc.reason)
            else:
                self._monitor.failed(exc.reason)
            raise
        except UpstreamUnavailable as exc:
            self._monitor.failed(exc.reason)
            raise
        if self._monitor.succeeded(answer.rtt_s * 1000) and self._on_recovered:
            self._on_recovered()
        return result

    def _decoded(self, decode: Callable[[HttpAnswer], T], answer: HttpAnswer) -> T:
        before = sum(self._monitor.rejects.values())
        try:
            return decode(answer)
        except UndecodableAnswer as exc:
            # Not twice where its rows were counted one by one.
            if sum(self._monitor.rejects.values()) == before:
                self._monitor.rejected(Reject.of(BAD_ANSWER, exc.reason, answer.body))
            raise

    async def _ask(self, url: URL, group: str) -> HttpAnswer:
        sent_ms, sent_s = self._clock.now_ms(), self._clock.monotonic()
        self._sent += 1
        with translated(self._name, self._clock):
            async with self._open().get(
                url, proxy=self._proxy, allow_redirects=False, timeout=self._timeout
            ) as response:
                headers, status = response.headers, response.status
                headers_ms = self._clock.now_ms()
                body = await self._body(response)
        self._skew.observe(headers.get("Date"), headers.get("Age"), sent_ms, headers_ms)
        excerpt = (
            "" if status < 300 else body[:_EXCERPT_BYTES].decode("utf-8", "replace")
        )
        self._limiter.answered(group, status, headers, excerpt)
        if not 200 <= status < 300:
            hold_until_ms = self._limiter.retry_at_ms(group) or self._clock.now_ms()
            raise from_status(self._name, status, excerpt, hold_until_ms)
        return HttpAnswer(status, headers, body, self._clock.monotonic() - sent_s)

    async def _body(self, response: aiohttp.ClientResponse) -> bytes:
        body = bytearray()
        async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
            body += chunk
            if len(body) > self._max_body_bytes:
                reason = f"an answer of more than {self._max_body_bytes} bytes"
                raise UndecodableAnswer(self._name, reason)
        return bytes(body)

    def _open(self) -> aiohttp.ClientSession:
        if self._closed:
            raise RuntimeError(f"{self._name} is closed")
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=MAX_CONNECTIONS, keepalive_timeout=KEEPALIVE_S
                ),
                headers=self._headers,
                cookie_jar=aiohttp.DummyCookieJar(),
            )
            # It would send a GET twice when a connection is dropped, past our limits.
            self._session._retry_connection = False  # noqa: SLF001 - has no public name
        return self._session


def _as_it_is(answer: HttpAnswer) -> HttpAnswer:
    return answer
