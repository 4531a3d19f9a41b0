"""WebSocket messages: conversations that are right, wrong, and out of order."""

from typing import Final

from bench.fuzz.draw import Draw
from bench.fuzz.header import KEYS
from bench.fuzz.json_text import broken, odd_value, written
from bench.fuzz.request import asked_document, members_of
from bench.fuzz.text import odd_text

NAMES: Final = ("1", "2", "3", "", "x" * 128, "x" * 129, '"', "\u2028", "비트")
_TYPES: Final = (
    "connection_init",
    "subscribe",
    "complete",
    "ping",
    "pong",
    "next",
    "error",
    "connection_ack",
    "start",
    "stop",
    "connection_terminate",
    "",
    "__class__",
)


def messages(draw: Draw) -> list[bytes]:
    """Return what one client says, in its order; most say hello first."""
    found: list[bytes] = []
    if draw.hit(0.92):
        found.append(written(draw, _init(draw)))
    # Whatever is against the protocol ends it: long conversations have little of that.
    rude = draw.one((0.0, 0.0, 0.02, 0.2, 0.8))
    for _ in range(1 + draw.upto(24)):
        found.append(message(draw, rude))
    return found


def message(draw: Draw, rude: float) -> bytes:
    """Return one message; in a share of all cases it is against the protocol."""
    if draw.hit(rude):
        return _rude(draw)
    share = draw.random()
    if share < 0.6:
        members = members_of(draw, asked_document(draw))
        name: object = draw.one(NAMES[:3]) if draw.hit(0.2) else f"o{draw.random()}"
        told = {"id": name, "type": "subscribe", "payload": members}
    elif share < 0.85:
        told = {"id": draw.one(NAMES[:3]), "type": "complete"}
    else:
        kind = draw.one(("ping", "pong"))
        told = {"type": kind}
        if draw.hit(0.6):
            told["payload"] = {odd_text(draw): odd_value(draw)}
    if draw.hit(0.05):
        told[odd_text(draw)] = odd_value(draw)
    return written(draw, told)


def _init(draw: Draw) -> dict[str, object]:
    told: dict[str, object] = {"type": "connection_init"}
    if draw.hit(0.15):
        name = draw.one(("Authorization", "apiKey", "x-api-key", odd_text(draw)))
        told["payload"] = {name: draw.one((draw.one(KEYS), odd_value(draw)))}
    elif draw.hit(0.1):
        told["payload"] = odd_value(draw)
    return told


def _rude(draw: Draw) -> bytes:
    told: dict[str, object] = {"type": draw.one(_TYPES)}
    if draw.hit(0.7):
        told["id"] = draw.one(NAMES) if draw.hit(0.7) else odd_value(draw)
    if draw.hit(0.7):
        payload: object = odd_value(draw)
        if draw.hit(0.5):
            payload = members_of(draw, asked_document(draw))
        told["payload"] = payload
    if draw.hit(0.3):
        return broken(draw, told)
    return written(draw, told if draw.hit(0.8) else odd_value(draw))
