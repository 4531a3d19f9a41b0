"""What a request meets before its venue: networks that lose, delay and spoil it.

Everything is counted here, also what then gets no answer.
"""

from aiohttp import web

from adapters.simulator.answer import Handler, group_of, is_handshake
from adapters.simulator.clock import Clock
from adapters.simulator.garbage import broken
from adapters.simulator.network import Network
from adapters.simulator.skew import date_header, shifted


class Barrier:
    """The outermost middleware of a venue."""

    def __init__(self, network: Network, now_ms: Clock) -> None:
        self._network = network
        self._now_ms = now_ms

    @web.middleware
    async def pass_through(
        self, request: web.Request, handler: Handler
    ) -> web.StreamResponse:
        """Answer late, never or in pieces where a fault says so."""
        handshake = is_handshake(request)
        self._count(request, handshake=handshake)
        if await self._lost(request, handshake=handshake):
            return web.Response()  # goes nowhere: its connection is reset
        if handshake:
            await self._delay()
            if await self._lost(request, handshake=True):
                return web.Response()
            return await handler(request)
        response = await handler(request)
        self._spoil(response)
        await self._delay()
        if await self._lost(request, handshake=False):
            return web.Response()
        return response

    def _count(self, request: web.Request, *, handshake: bool) -> None:
        traffic = self._network.traffic
        if handshake:
            traffic.handshakes += 1
        else:
            traffic.requested(group_of(request.path))

    async def _lost(self, request: web.Request, *, handshake: bool) -> bool:
        """Say whether the request gets no answer; waits where its client does."""
        death = self._network.fault.death(handshake=handshake)
        if death is None:
            return False
        if death == "hang":
            await self._network.room.wait()
        if request.transport is not None:
            request.transport.abort()
        return True

    async def _delay(self) -> None:
        delay_ms = self._network.fault.delay_ms
        if delay_ms:
            await self._network.room.wait(self._now_ms() + delay_ms)

    def _spoil(self, response: web.StreamResponse) -> None:
        fault = self._network.fault
        response.headers["Date"] = date_header(self._now_ms() + fault.skew_ms)
        if not isinstance(response, web.Response) or not isinstance(
            response.body, bytes
        ):
            return
        if fault.skew_ms:
            response.body = shifted(response.body, fault.skew_ms)
        if fault.garbage is not None and fault.garbage.rest:
            kinds = fault.garbage.kinds
            response.body = broken(response.body, kinds, self._network.random)
