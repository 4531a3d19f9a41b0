"""Binance's WebSockets over recorded frames: who listens to which stream."""

import json
import re
from dataclasses import dataclass, field

from aiohttp import web

from adapters.simulator.binance_request import RefusedRequest, read_request
from adapters.simulator.replay_client import ReplayClient
from adapters.simulator.replay_stamp import Shift

_COMBINED = re.compile(
    rb'\s*\{\s*"stream"\s*:\s*"([^"]+)"\s*,\s*"data"\s*:\s*', re.DOTALL
)
_SHUTDOWN = "!serverShutdown"
# Answers to what the recording client said; nobody else asked for them.
_REPLIES = frozenset({"result", "id", "code"})
# Streams that tell a state: their last message is still true for who comes late.
_STATES = ("ticker", "miniTicker", "bookTicker", "kline_")


@dataclass(slots=True)
class _Listener:
    """`combined` wraps data in its stream's name."""

    combined: bool
    streams: dict[str, None] = field(default_factory=dict)


class BinanceReplay:
    """Gives each client the frames of its streams, wrapped as it connected.

    Whoever subscribes late gets the latest frame of a stream of states first (ticker,
    mini ticker, book ticker, kline), not of trades or arrays.
    """

    binary = False

    def __init__(self) -> None:
        self._listeners: dict[ReplayClient, _Listener] = {}
        self._audiences: dict[str, dict[ReplayClient, None]] = {}
        self._latest: dict[str, bytes] = {}

    def joined(self, client: ReplayClient, request: web.Request) -> bool:
        """Begin with the streams of the URL; True: it names some."""
        combined = request.path.endswith("/stream")
        path = request.match_info.get("streams", "")
        named = request.query.get("streams", "") if combined else path
        self._listeners[client] = _Listener(combined)
        streams = [each for each in named.split("/") if each]
        for stream in streams:
            self._listen(client, stream)
        return bool(streams)

    def heard(self, client: ReplayClient, text: str, shift: Shift) -> bool:
        """Carry out a method call and answer it; True: it subscribed to something."""
        try:
            request = read_request(text)
        except RefusedRequest as exc:
            client.put(_dump({"code": 2, "msg": str(exc)}))
            return False
        listener = self._listeners[client]
        if request.method == "SUBSCRIBE":
            client.put(_dump({"result": None, "id": request.id}))
            for stream in request.streams:
                self._listen(client, stream)
                latest = self._latest.get(stream)
                if latest is not None:
                    client.put(_wrapped(shift(latest), listener.combined))
            return True
        if request.method == "UNSUBSCRIBE":
            for stream in request.streams:
                listener.streams.pop(stream, None)
                self._audiences.get(stream, {}).pop(client, None)
            client.put(_dump({"result": None, "id": request.id}))
        else:
            client.put(_dump({"result": list(listener.streams), "id": request.id}))
        return False

    def left(self, client: ReplayClient) -> None:
        """Forget a client."""
        listener = self._listeners.pop(client, None)
        for stream in listener.streams if listener else ():
            self._audiences.get(stream, {}).pop(client, None)

    def play(self, payload: bytes, shift: Shift) -> None:
        """Put a frame to those who listen; what is about no stream, to all."""
        found = _COMBINED.match(payload)
        stream = found[1].decode("utf-8", "replace") if found else ""
        if not stream and _is_reply(payload):
            return
        if not stream or stream == _SHUTDOWN:
            for client, listener in self._listeners.items():
                client.put(_wrapped(shift(payload), listener.combined))
            return
        if stream.partition("@")[2].startswith(_STATES):
            self._latest[stream] = payload
        audience = self._audiences.get(stream)
        if audience:
            ours = shift(payload)
            for client in audience:
                client.put(_wrapped(ours, self._listeners[client].combined))

    def _listen(self, client: ReplayClient, stream: str) -> None:
        self._listeners[client].streams[stream] = None
        self._audiences.setdefault(stream, {})[client] = None


def _wrapped(payload: bytes, combined: bool) -> bytes:
    found = None if combined else _COMBINED.match(payload)
    if found is None or not payload.rstrip().endswith(b"}"):
        return payload
    return payload[found.end() :].rstrip()[:-1]


def _is_reply(payload: bytes) -> bool:
    try:
        message = json.loads(payload)
    except (ValueError, RecursionError):
        return False
    if not isinstance(message, dict) or "e" in message:
        return False
    return not _REPLIES.isdisjoint(message) or "error" in message


def _dump(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
