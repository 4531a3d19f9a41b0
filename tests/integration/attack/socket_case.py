"""Attacks over WebSockets: what is said, message by message."""

import json
from dataclasses import dataclass, field
from typing import Any, Final

INIT: Final = {"type": "connection_init"}
_BOARD: Final = "subscription { premiums(throttleMs: 100) { premiums %s } }"
_ALL: Final = (
    "{ symbol percent absoluteKrw quality domestic { price bid ask } "
    "global { price bid ask } bases { percent fx { rate source asOf } } }"
)


@dataclass(frozen=True, slots=True)
class SocketAttack:
    """What is said on one socket; texts and bytes are sent as they are.

    `subprotocols` are those that the handshake offers.
    """

    name: str
    asks: str
    says: list[Any] = field(default_factory=list)
    subprotocols: tuple[str, ...] = ("graphql-transport-ws",)
    compression: str | None = None


def subscribe(name: str, query: str, **variables: Any) -> dict[str, Any]:
    """Return the message that starts an operation."""
    payload = {"query": query, "variables": variables}
    return {"id": name, "type": "subscribe", "payload": payload}


SOCKET_ATTACKS: Final = [
    SocketAttack(
        "An operation before the beginning",
        "to be served without being let in",
        [subscribe("1", "{ __typename }")],
    ),
    SocketAttack("Two beginnings", "to be let in as somebody else", [INIT, INIT]),
    SocketAttack(
        "One ID twice",
        "to confuse two operations",
        [
            INIT,
            subscribe("1", _BOARD % "{ symbol }"),
            subscribe("1", _BOARD % "{ symbol }"),
        ],
    ),
    SocketAttack(
        "The protocol of old", "sub-protocol `graphql-ws`", [INIT], ("graphql-ws",)
    ),
    SocketAttack("Bytes for text", "a binary message", [b"\x00\x01"]),
    SocketAttack("No JSON", "brackets nested 60,000 times", ["[" * 60_000]),
    SocketAttack(
        "A long ID",
        "an ID of 10,000 letters",
        [INIT, subscribe("a" * 10_000, "{ __typename }")],
    ),
    SocketAttack(
        "A large message",
        "200,000 letters",
        [json.dumps({"type": "ping", "payload": {"x": "a" * 200_000}})],
    ),
    SocketAttack(
        "A packed message",
        "10,000,000 letters that travel as 10,000 bytes",
        [json.dumps({"type": "ping", "payload": {"x": "a" * 10_000_000}})],
        compression="deflate",
    ),
    SocketAttack(
        "Operations without end",
        "the 101st operation of one socket",
        [INIT, *(subscribe(str(n), _BOARD % "{ symbol }") for n in range(101))],
    ),
    SocketAttack(
        "Boards that nobody shares",
        "20 whole boards, ten times a second, each in words of its own",
        [INIT, *(subscribe(str(n), _BOARD % _ALL + " " * n) for n in range(20))],
    ),
    SocketAttack(
        "A subscription to everything",
        "20 boards in one event, by 20 aliases",
        [
            INIT,
            subscribe(
                "1",
                "subscription { "
                + " ".join(f"a{n}: premiums {{ seq }}" for n in range(20))
                + " }",
            ),
        ],
    ),
    SocketAttack(
        "Pages of the past with every event",
        "`premiumHistory` of all coins",
        [
            INIT,
            subscribe(
                "1",
                _BOARD
                % (
                    '{ coin { premiumHistory(from: "2026-01-01T00:00:00Z", '
                    'to: "2026-01-02T00:00:00Z") { edges { cursor } } } }'
                ),
            ),
        ],
    ),
    SocketAttack(
        "A syntax error",
        "to take the socket's other operations along",
        [INIT, subscribe("1", "{ nope")],
    ),
    SocketAttack(
        "Field suggestions",
        "the name next to a wrong one",
        [INIT, subscribe("1", "subscription { premiun { symbol } }")],
    ),
]
"""Every attack over WebSockets that is tried."""
