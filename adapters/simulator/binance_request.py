"""What a client asks of Binance's WebSocket, read and checked."""

import json
from dataclasses import dataclass
from typing import Literal

Method = Literal["SUBSCRIBE", "UNSUBSCRIBE", "LIST_SUBSCRIPTIONS"]
_METHODS: tuple[Method, ...] = ("SUBSCRIBE", "UNSUBSCRIBE", "LIST_SUBSCRIPTIONS")
ALL_MINI = "!miniTicker@arr"


class RefusedRequest(Exception):
    """A message Binance answers with `{"code": 2, "msg": …}`."""


@dataclass(frozen=True, slots=True)
class Request:
    """One method call; `id` comes back with the answer."""

    method: Method
    streams: tuple[str, ...]
    id: int | str | None


def read_request(text: str) -> Request:
    """Read a client's message.

    Raises:
        RefusedRequest: no JSON object, an unknown method, or params that are no list
            of stream names.
    """
    try:
        message = json.loads(text)
    except ValueError as exc:
        raise RefusedRequest("Invalid JSON") from exc
    if not isinstance(message, dict):
        raise RefusedRequest("Invalid request: expected an object")
    method = next((each for each in _METHODS if each == message.get("method")), None)
    if method is None:
        raise RefusedRequest(f"Invalid request: unknown method {message.get('method')}")
    identity = message.get("id")
    if identity is not None and not isinstance(identity, int | str):
        raise RefusedRequest("Invalid request: request ID must be an unsigned integer")
    streams = message.get("params", [])
    if not isinstance(streams, list) or not all(isinstance(s, str) for s in streams):
        raise RefusedRequest("Invalid request: params must be a list of strings")
    if method != "LIST_SUBSCRIPTIONS" and not streams:
        raise RefusedRequest("Invalid request: too few parameters")
    return Request(method, tuple(streams), identity)


def topic_of(stream: str) -> tuple[str, str]:
    """Return (symbol, kind) of a stream name; ("", name) where it has no symbol.

    Names are lower case: an upper-case symbol is a stream that never says anything.
    """
    symbol, at, kind = stream.partition("@")
    if not at or stream.startswith("!") or symbol != symbol.lower():
        return "", stream
    return symbol.upper(), kind
