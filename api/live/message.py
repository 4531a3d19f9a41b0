"""Messages of graphql-transport-ws: what is wrong with one, and how ours are written.

Source: PROTOCOL.md of graphql-ws.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from api.limit import MAX_OPERATION_ID

PROTOCOL: Final = "graphql-transport-ws"

ACK: Final = b'{"type":"connection_ack"}'
PING: Final = b'{"type":"ping"}'
PONG: Final = b'{"type":"pong"}'

# A close frame carries 125 bytes, two of them the code (RFC 6455, section 5.5).
_MAX_REASON_BYTES: Final = 123
_NAMED: Final = frozenset({"subscribe", "complete"})
_PAYLOADS: Final = frozenset({"connection_init", "ping", "pong"})


def message_of(name: str, kind: str, payload: object = None) -> bytes:
    """Return a message about an operation."""
    message: dict[str, object] = {"id": name, "type": kind}
    if payload is not None:
        message["payload"] = payload
    return msgspec.json.encode(message)


def pong_of(payload: object) -> bytes:
    """Return the answer to a ping, which has the ping's own payload."""
    if payload is None:
        return PONG
    return msgspec.json.encode({"type": "pong", "payload": payload})


def reason_of(text: str) -> str:
    """Return as much of a reason as a close frame carries."""
    return text.encode("utf-8", "replace")[:_MAX_REASON_BYTES].decode(errors="ignore")


def problem_of(message: object) -> str | None:
    """Say what is wrong with a message's shape, None where nothing is."""
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        return "a message must be an object with a type"
    kind, payload = message["type"], message.get("payload")
    if kind in _PAYLOADS and not isinstance(payload, dict | None):
        return f"the payload of {kind} must be an object"
    if kind not in _NAMED:
        return None
    name = message.get("id")
    if not isinstance(name, str) or not 1 <= len(name) <= MAX_OPERATION_ID:
        return f"id must be a string of 1 to {MAX_OPERATION_ID} characters"
    return _payload_problem(payload) if kind == "subscribe" else None


def _payload_problem(payload: object) -> str | None:
    if not isinstance(payload, Mapping):
        return "payload must be an object with a query"
    if not isinstance(payload.get("query"), str) and not _is_named(payload):
        return "payload must be an object with a query"
    for name in ("variables", "extensions"):
        if not isinstance(payload.get(name), dict | None):
            return f"{name} must be an object"
    if not isinstance(payload.get("operationName"), str | None):
        return "operationName must be a string"
    return None


def _is_named(payload: Mapping[str, object]) -> bool:
    """Whether something stands for the document, which may then be left out."""
    if payload.get("query") is not None:
        return False
    extensions = payload.get("extensions")
    is_hashed = isinstance(extensions, dict) and "persistedQuery" in extensions
    return is_hashed or payload.get("documentId") is not None
