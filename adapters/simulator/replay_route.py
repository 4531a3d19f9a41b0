"""The paths of a replay: sockets and answers of both venues and the rates."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from aiohttp import WSMsgType, web

from adapters.simulator.replay_binance import BinanceReplay
from adapters.simulator.replay_client import ReplayClient
from adapters.simulator.replay_rest import RecordedAnswers
from adapters.simulator.replay_stamp import Shift
from adapters.simulator.replay_upbit import UpbitReplay

MAX_MESSAGE_BYTES = 1024 * 1024
"""The longest message of a client; a longer one ends its connection."""
_NOT_FOUND = {
    "upbit": b'{"error":{"name":404,"message":"not recorded"}}',
    "binance": b'{"code":-1000,"msg":"not recorded"}',
    "fx": b'{"message":"not recorded"}',
}


class Conversation(Protocol):
    """What a venue's side of its sockets does with recorded frames."""

    binary: bool

    def joined(self, client: ReplayClient, request: web.Request) -> bool:
        """A client has connected; True: it has subscribed by that."""
        ...

    def heard(self, client: ReplayClient, text: str, shift: Shift) -> bool:
        """A client has sent a message; True: it has subscribed by that."""
        ...

    def left(self, client: ReplayClient) -> None:
        """A client has gone."""
        ...

    def play(self, payload: bytes, shift: Shift) -> None:
        """Put a recorded frame to those who want it."""
        ...


class ReplayRoutes:
    """All paths, their clients, and what nobody could answer.

    `shift_of` gives a venue's mapping of stamps now, `subscribed` hears of the venue
    whenever one of its clients has subscribed.
    """

    def __init__(
        self, shift_of: Callable[[str], Shift], subscribed: Callable[[str], None]
    ) -> None:
        self.answers = RecordedAnswers()
        self.clients: dict[ReplayClient, None] = {}
        self.sent = 0
        self.unanswered: dict[str, int] = {}
        self._shift_of = shift_of
        self._subscribed = subscribed
        self._conversations: dict[str, Conversation] = {
            "upbit": UpbitReplay(),
            "binance": BinanceReplay(),
        }

    @property
    def venues(self) -> frozenset[str]:
        """The venues that have sockets."""
        return frozenset(self._conversations)

    def application(self) -> web.Application:
        """Return /upbit, /binance and /fx as one application."""
        application = web.Application()
        route = application.router.add_get
        route("/upbit/websocket/v1", self._socket_of("upbit"))
        route("/binance/stream", self._socket_of("binance"))
        route("/binance/ws", self._socket_of("binance"))
        route("/binance/ws/{streams:.+}", self._socket_of("binance"))
        route("/{venue:upbit|binance|fx}{path:/.*}", self._answer)
        return application

    def play(self, venue: str, payload: bytes) -> None:
        """Put a recorded frame to those who want it."""
        conversation = self._conversations.get(venue)
        if conversation is not None:
            conversation.play(payload, self._shift_of(venue))

    async def _answer(self, request: web.Request) -> web.Response:
        venue, path = request.match_info["venue"], request.match_info["path"]
        body = self.answers.find(venue, path, request.query)
        if body is None:
            asked = f"/{venue}{path}"
            self.unanswered[asked] = self.unanswered.get(asked, 0) + 1
            return _json(_NOT_FOUND[venue], 404)
        return _json(self._shift_of(venue)(body), 200)

    def _socket_of(
        self, venue: str
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        conversation = self._conversations[venue]

        async def serve(request: web.Request) -> web.StreamResponse:
            socket = web.WebSocketResponse(
                compress=False, max_msg_size=MAX_MESSAGE_BYTES
            )
            await socket.prepare(request)
            client = ReplayClient(socket, binary=conversation.binary)
            self.clients[client] = None
            writing = asyncio.create_task(client.write(), name=f"replay.{venue}")
            try:
                if conversation.joined(client, request):
                    self._subscribed(venue)
                await self._converse(venue, client, socket)
            finally:
                del self.clients[client]
                conversation.left(client)
                writing.cancel()
                await asyncio.gather(writing, return_exceptions=True)
                self.sent += client.sent
            return socket

        return serve

    async def _converse(
        self, venue: str, client: ReplayClient, socket: web.WebSocketResponse
    ) -> None:
        heard = self._conversations[venue].heard
        async for message in socket:
            if message.type is WSMsgType.TEXT and heard(
                client, message.data, self._shift_of(venue)
            ):
                self._subscribed(venue)


def _json(body: bytes, status: int) -> web.Response:
    return web.Response(
        body=body, status=status, content_type="application/json", charset="utf-8"
    )
