"""The WebSockets of one venue: handshake, reading, flushing, cutting."""

from typing import Protocol

from aiohttp import WSMsgType, web

from adapters.simulator.clock import Clock
from adapters.simulator.connection import Connection
from adapters.simulator.fault import Fault
from adapters.simulator.limit import MessageLimit
from adapters.simulator.network import Network
from adapters.simulator.skew import date_header
from adapters.simulator.traffic import Traffic

GOING_AWAY, POLICY_VIOLATION = 1001, 1008
_DATA = (WSMsgType.TEXT, WSMsgType.BINARY)
_COUNTED = (*_DATA, WSMsgType.PING, WSMsgType.PONG)


class Conversation(Protocol):
    """What a venue does with its sockets; the hub does the rest."""

    def joined(self, connection: Connection, request: web.Request) -> None:
        """A client has connected."""
        ...

    def heard(self, connection: Connection, text: str) -> None:
        """A client has sent a message."""
        ...

    def ponged(self, connection: Connection, payload: bytes) -> None:
        """A client has sent a pong."""
        ...

    def crowded(self, connection: Connection) -> None:
        """A client has sent more messages than it may; it is closed after this."""
        ...

    def left(self, connection: Connection) -> None:
        """A client has gone."""
        ...

    def message_limit(self) -> MessageLimit:
        """Return the limit of a new connection."""
        ...


class Hub:
    """All connections of one venue."""

    def __init__(self, conversation: Conversation, now_ms: Clock) -> None:
        self._conversation = conversation
        self._now_ms = now_ms
        # In the order they came: a fault tells the same story in every run.
        self._connections: dict[Connection, None] = {}
        self._network = Network("upbit", Fault(), Traffic(), 0)

    def attach(self, network: Network) -> None:
        """Let connections come through this network, with its faults and its count."""
        self._network = network

    @property
    def connections(self) -> tuple[Connection, ...]:
        """The connections that are open."""
        return tuple(self._connections)

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """Handle one connection from handshake to end."""
        # Frames bypass aiohttp's writer, so nothing may be compressed, and pings
        # count as messages, so they are read here.
        socket = web.WebSocketResponse(compress=False, autoping=False)
        network = self._network
        skewed = self._now_ms() + network.fault.skew_ms
        socket.headers["Date"] = date_header(skewed)
        await socket.prepare(request)
        transport = request.transport
        if transport is None:  # gone during the handshake
            return socket
        connection = Connection(transport, self._now_ms(), line=network.line())
        if network.fault.closing is not None:
            dismiss(connection, network.fault.closing)
            return socket
        self._connections[connection] = None
        try:
            self._conversation.joined(connection, request)
            self._send(connection)
            await self._read(socket, connection)
        finally:
            self._connections.pop(connection)
            self._conversation.left(connection)
        return socket

    async def _read(
        self, socket: web.WebSocketResponse, connection: Connection
    ) -> None:
        limit = self._conversation.message_limit()
        async for message in socket:
            now_ms = connection.heard_ms = self._now_ms()
            self._network.traffic.messages += message.type in _COUNTED
            if message.type in _COUNTED and not limit.allows(now_ms):
                self._conversation.crowded(connection)
                connection.close(POLICY_VIOLATION, "Too many requests")
                return
            if message.type is WSMsgType.PING:
                if connection.writes:
                    await socket.pong(message.data)
            elif message.type is WSMsgType.PONG:
                self._conversation.ponged(connection, bytes(message.data))
            elif message.type in _DATA:
                data = message.data
                text = data if isinstance(data, str) else _text(data)
                self._conversation.heard(connection, text)
            self._send(connection)

    def flush(self) -> None:
        """Write what was put since the last flush."""
        now_ms = self._now_ms()
        for connection in self.connections:
            connection.flush(now_ms)

    def cut(self) -> int:
        """Cut every connection without a word; return how many there were."""
        connections = self.connections
        for connection in connections:
            connection.abort()
        return len(connections)

    def dismiss(self, code: int, reason: str = "") -> None:
        """Close every connection with this code, 0 without one."""
        for connection in self.connections:
            dismiss(connection, code, reason)

    def freeze(self) -> None:
        """Stop reading on every connection."""
        for connection in self.connections:
            connection.freeze()

    def _send(self, connection: Connection) -> None:
        connection.flush(self._now_ms())


def dismiss(connection: Connection, code: int, reason: str = "") -> None:
    """Close a connection with this code, 0 without one."""
    if code:
        connection.close(code, reason)
    else:
        connection.abort()


def _text(data: bytes) -> str:
    # What is not UTF-8 is no JSON either, and is refused as such.
    return bytes(data).decode(errors="replace")
