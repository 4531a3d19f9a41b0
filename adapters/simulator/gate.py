"""What stands before every handler: faults on purpose, then the venue's limits."""

from aiohttp import web

from adapters.simulator import binance_answer, upbit_answer
from adapters.simulator.answer import Handler, group_of, is_handshake, json_answer
from adapters.simulator.binance_weight import weight_of
from adapters.simulator.clock import Clock
from adapters.simulator.fault import Fault
from adapters.simulator.limit import BinanceLimit, UpbitLimit, Verdict
from adapters.simulator.throttle import (
    BANNED,
    BINANCE_TOO_MANY,
    Hold,
    binance_throttled,
    binance_words,
    source_throttled,
    upbit_throttled,
    upbit_words,
)
from adapters.simulator.violation import ViolationLog

__all__ = ["Handler", "json_answer"]

_OK = 200
_UNAVAILABLE = 503
_BINANCE_DISCONNECTED = -1001


class FaultGate:
    """Refuses what the fault says; for venues without limits of their own."""

    def __init__(self, fault: Fault, log: ViolationLog, now_ms: Clock) -> None:
        self._fault, self._now_ms = fault, now_ms
        self._hold = Hold("fx", fault, log, source_throttled)

    @web.middleware
    async def pass_through(
        self, request: web.Request, handler: Handler
    ) -> web.StreamResponse:
        """Answer with the fault's status, else let the handler answer."""
        group, sources = group_of(request.path), self._fault.sources
        held = self._hold.answer(request, group, self._now_ms(), handshake=False)
        status = self._fault.status or sources.get(group) or sources.get("all")
        if status:
            return json_answer(b'{"message":"refused"}', status)
        return await handler(request) if held is None else held


class UpbitGate:
    """Upbit's limits per address and group, its answers where they are broken."""

    def __init__(self, fault: Fault, log: ViolationLog, now_ms: Clock) -> None:
        self._fault, self._log, self._now_ms = fault, log, now_ms
        self._limit = UpbitLimit()
        self._hold = Hold("upbit", fault, log, upbit_throttled)

    @web.middleware
    async def pass_through(
        self, request: web.Request, handler: Handler
    ) -> web.StreamResponse:
        """Answer 429 or 418 where a limit is broken, else let the handler answer."""
        handshake, group = is_handshake(request), group_of(request.path)
        held = self._hold.answer(request, group, self._now_ms(), handshake=handshake)
        status = _fault_status(self._fault, handshake=handshake)
        if status:
            return json_answer(upbit_answer.error(status, "refused"), status)
        if held is not None:
            return held
        verdict = self._judge(request, group, handshake=handshake)
        if verdict.rule:
            self._log.add("upbit", verdict.rule, request.path_qs, self._now_ms())
        if verdict.status != _OK:
            wait_ms = verdict.wait_ms if verdict.status == BANNED else 0
            body = upbit_answer.error(verdict.status, upbit_words(wait_ms))
            return json_answer(body, verdict.status, verdict.headers)
        response = await handler(request)
        if not handshake:
            response.headers.update(verdict.headers)
        return response

    def _judge(self, request: web.Request, group: str, *, handshake: bool) -> Verdict:
        remote, now_ms = request.remote or "", self._now_ms()
        origin = "Origin" in request.headers
        if handshake:
            return self._limit.connect(remote, now_ms, origin=origin)
        return self._limit.request(remote, group, now_ms, origin=origin)


class BinanceGate:
    """Binance's weight per address, its answers where it is used up."""

    def __init__(self, fault: Fault, log: ViolationLog, now_ms: Clock) -> None:
        self._fault, self._log, self._now_ms = fault, log, now_ms
        self._limit = BinanceLimit()
        self._hold = Hold("binance", fault, log, binance_throttled)

    @web.middleware
    async def pass_through(
        self, request: web.Request, handler: Handler
    ) -> web.StreamResponse:
        """Answer 429 or 418 where the limit is broken, else let the handler answer."""
        handshake, now_ms = is_handshake(request), self._now_ms()
        group = group_of(request.path)
        held = self._hold.answer(request, group, now_ms, handshake=handshake)
        status = _fault_status(self._fault, handshake=handshake)
        if status:
            body = binance_answer.error(_BINANCE_DISCONNECTED, "Internal error.")
            return json_answer(body, status)
        if held is not None:
            return held
        verdict = self._judge(request, now_ms, handshake=handshake)
        if verdict.rule:
            self._log.add("binance", verdict.rule, request.path_qs, now_ms)
        if verdict.status != _OK:
            words = binance_words(verdict.status, now_ms + verdict.wait_ms)
            body = binance_answer.error(BINANCE_TOO_MANY, words)
            return json_answer(body, verdict.status, verdict.headers)
        response = await handler(request)
        if not handshake:
            response.headers.update(verdict.headers)
        return response

    def _judge(self, request: web.Request, now_ms: int, *, handshake: bool) -> Verdict:
        remote = request.remote or ""
        if handshake:
            return self._limit.connect(remote, now_ms)
        weight = weight_of(request.path, request.query)
        return self._limit.request(remote, weight, now_ms)


def _fault_status(fault: Fault, *, handshake: bool) -> int:
    """Return the status a fault answers, 0 where it lets the request pass."""
    if handshake and fault.stream_dead:
        return _UNAVAILABLE
    return fault.status if fault.refuses(handshake=handshake) else 0
