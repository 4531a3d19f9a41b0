"""What stands before every handler: faults on purpose, then the venue's limits."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from adapters.simulator import binance_answer, upbit_answer
from adapters.simulator.binance_weight import weight_of
from adapters.simulator.clock import Clock
from adapters.simulator.fault import Fault
from adapters.simulator.limit import BinanceLimit, UpbitLimit, Verdict
from adapters.simulator.violation import ViolationLog

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_OK = 200
_BANNED = 418
# Group names as recorded, not as documented (exchanges.md A1).
_UPBIT_GROUPS = (
    ("/v1/candles", "candles"),
    ("/v1/ticker", "ticker"),
    ("/v1/orderbook", "orderbook"),
    ("/v1/market", "market"),
)
_BINANCE_TOO_MANY, _BINANCE_DISCONNECTED = -1003, -1001


def json_answer(
    body: bytes, status: int = _OK, headers: dict[str, str] | None = None
) -> web.Response:
    """Return a JSON response of ready bytes."""
    return web.Response(
        body=body,
        status=status,
        headers=headers,
        content_type="application/json",
        charset="utf-8",
    )


def is_handshake(request: web.Request) -> bool:
    """Say whether a request wants to become a WebSocket."""
    return request.headers.get("Upgrade", "").lower() == "websocket"


class FaultGate:
    """Refuses what the fault says; for venues without limits."""

    def __init__(self, fault: Fault) -> None:
        self._fault = fault

    @web.middleware
    async def pass_through(
        self, request: web.Request, handler: Handler
    ) -> web.StreamResponse:
        """Answer with the fault's status, else let the handler answer."""
        if self._fault.refuses(handshake=is_handshake(request)):
            return json_answer(b'{"message":"refused"}', self._fault.status)
        return await handler(request)


class UpbitGate:
    """Upbit's limits per address and group, its answers where they are broken."""

    def __init__(self, fault: Fault, log: ViolationLog, now_ms: Clock) -> None:
        self._fault, self._log, self._now_ms = fault, log, now_ms
        self._limit = UpbitLimit()

    @web.middleware
    async def pass_through(
        self, request: web.Request, handler: Handler
    ) -> web.StreamResponse:
        """Answer 429 or 418 where a limit is broken, else let the handler answer."""
        handshake = is_handshake(request)
        if self._fault.refuses(handshake=handshake):
            status = self._fault.status
            return json_answer(upbit_answer.error(status, "refused"), status)
        verdict = self._judge(request, handshake=handshake)
        if verdict.rule:
            self._log.add("upbit", verdict.rule, request.path_qs, self._now_ms())
        if verdict.status != _OK:
            body = upbit_answer.error(verdict.status, _upbit_words(verdict))
            return json_answer(body, verdict.status, verdict.headers)
        response = await handler(request)
        if not handshake:
            response.headers.update(verdict.headers)
        return response

    def _judge(self, request: web.Request, *, handshake: bool) -> Verdict:
        remote, now_ms = request.remote or "", self._now_ms()
        origin = "Origin" in request.headers
        if handshake:
            return self._limit.connect(remote, now_ms, origin=origin)
        path = request.path
        group = next((name for part, name in _UPBIT_GROUPS if part in path), "default")
        return self._limit.request(remote, group, now_ms, origin=origin)


def _upbit_words(verdict: Verdict) -> str:
    if verdict.status == _BANNED:
        return f"Too many API requests. Blocked for {verdict.wait_ms // 1_000} seconds."
    return "Too many API requests."


class BinanceGate:
    """Binance's weight per address, its answers where it is used up."""

    def __init__(self, fault: Fault, log: ViolationLog, now_ms: Clock) -> None:
        self._fault, self._log, self._now_ms = fault, log, now_ms
        self._limit = BinanceLimit()

    @web.middleware
    async def pass_through(
        self, request: web.Request, handler: Handler
    ) -> web.StreamResponse:
        """Answer 429 or 418 where the limit is broken, else let the handler answer."""
        handshake = is_handshake(request)
        if self._fault.refuses(handshake=handshake):
            body = binance_answer.error(_BINANCE_DISCONNECTED, "Internal error.")
            return json_answer(body, self._fault.status)
        remote, now_ms = request.remote or "", self._now_ms()
        if handshake:
            verdict = self._limit.connect(remote, now_ms)
        else:
            weight = weight_of(request.path, request.query)
            verdict = self._limit.request(remote, weight, now_ms)
        if verdict.rule:
            self._log.add("binance", verdict.rule, request.path_qs, now_ms)
        if verdict.status != _OK:
            body = binance_answer.error(_BINANCE_TOO_MANY, "Way too many requests.")
            return json_answer(body, verdict.status, verdict.headers)
        response = await handler(request)
        if not handshake:
            response.headers.update(verdict.headers)
        return response
