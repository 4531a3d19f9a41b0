"""What a client asks of Binance's WebSocket, read and checked; words as documented."""

import json
from dataclasses import dataclass
from typing import Literal, NoReturn, get_args

Method = Literal[
    "SUBSCRIBE",
    "UNSUBSCRIBE",
    "LIST_SUBSCRIPTIONS",
    "SET_PROPERTY",
    "GET_PROPERTY",
]
METHODS: tuple[Method, ...] = get_args(Method)
ALL_MINI = "!miniTicker@arr"
COMBINED = "combined"
LONGEST_ID = 36
_ID_BITS = 63
_BAD_ID = "request ID must be an unsigned integer"


class RefusedRequest(Exception):
    """A message Binance answers with `{"code": …, "msg": …}`."""

    def __init__(self, message: str, code: int = 2, id_: object = None) -> None:
        super().__init__(message)
        self.code = code
        self.id = id_


@dataclass(frozen=True, slots=True)
class Request:
    """One method call; `id` comes back with the answer.

    `combined` is what SET_PROPERTY asks for.
    """

    method: Method
    streams: tuple[str, ...]
    id: int | str | None
    combined: bool = False


def read_request(text: str) -> Request:
    """Read a client's message.

    Raises:
        RefusedRequest: no JSON object, an unknown method, or params that do not fit.
    """
    message = _message(text)
    method, identity = _method(message), _identity(message)
    params = message.get("params", [])
    if not isinstance(params, list):
        _refuse("params must be a list")
    if method in ("SET_PROPERTY", "GET_PROPERTY"):
        return Request(method, (), identity, _combined(method, params, identity))
    if method == "LIST_SUBSCRIPTIONS" and params:
        _refuse("too many parameters")
    if method != "LIST_SUBSCRIPTIONS" and not params:
        _refuse("too few parameters")
    if not all(isinstance(stream, str) for stream in params):
        _refuse("params must be a list of strings")
    return Request(method, tuple(params), identity)


def _refuse(problem: str) -> NoReturn:
    raise RefusedRequest(f"Invalid request: {problem}")


def _message(text: str) -> dict[str, object]:
    try:
        message = json.loads(text)
    except json.JSONDecodeError as exc:
        where = f"expected value at line {exc.lineno} column {exc.colno}"
        raise RefusedRequest(f"Invalid JSON: {where}", 3) from exc
    if not isinstance(message, dict):
        _refuse("expected an object")
    return message


def _method(message: dict[str, object]) -> Method:
    if "method" not in message:
        _refuse("missing field `method` at line 1 column 1")
    for method in METHODS:
        if method == message["method"]:
            return method
    named = ", ".join(f"`{method}`" for method in METHODS)
    _refuse(f"unknown variant {message['method']}, expected one of {named}")


def _identity(message: dict[str, object]) -> int | str | None:
    identity = message.get("id")
    if identity is None:
        return None
    if isinstance(identity, str):
        fits = identity.isalnum() and len(identity) <= LONGEST_ID
    elif isinstance(identity, int) and not isinstance(identity, bool):
        fits = -(1 << _ID_BITS) <= identity < 1 << _ID_BITS
    else:
        _refuse(_BAD_ID)
    if fits:
        return identity
    _refuse(_BAD_ID)


def _combined(method: Method, params: list[object], identity: object) -> bool:
    """Return the value SET_PROPERTY asks for; the only property is `combined`."""
    if not params or not isinstance(params[0], str):
        _refuse("property name must be a string")
    if params[0] != COMBINED:
        raise RefusedRequest("Unknown property", 0, identity)
    values = params[1:]
    if len(values) > (method == "SET_PROPERTY"):
        _refuse("too many parameters")
    if method == "GET_PROPERTY":
        return False
    if not values or not isinstance(values[0], bool):
        raise RefusedRequest("Invalid value type: expected Boolean", 1)
    return values[0]


def topic_of(stream: str) -> tuple[str, str]:
    """Return (symbol, kind) of a stream name; ("", name) where it has no symbol.

    Names are lower case: an upper-case symbol is a stream that never says anything.
    """
    symbol, at, kind = stream.partition("@")
    if not at or stream.startswith("!") or symbol != symbol.lower():
        return "", stream
    return symbol.upper(), kind
