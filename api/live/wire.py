"""A socket as the engine sees it."""

from typing import Final, Protocol

from api.live.payload import Payload

MAX_PAUSE_S: Final = 30.0
"""A client that takes nothing for so long is let go: a WebSocket is closed with 1013
(try again later), a response is cut off."""

TOO_SLOW: Final = 1013
"""The close code of such a socket (IANA's registry of RFC 6455)."""


class Wire(Protocol):
    """One client's socket: takes messages at once, and says when it is full.

    While `paused` nothing new is given to it: what changes meanwhile is merged and
    told when the socket's conversation hears that it has room again.
    """

    paused: bool

    def deliver(self, head: bytes, payload: Payload) -> None:
        """Send an event of a group."""
        ...

    def say(self, message: bytes) -> None:
        """Send a whole message, JSON in UTF-8."""
        ...

    async def room(self) -> None:
        """Return when it is not paused; at once where it has closed."""
        ...

    def end(self, code: int, reason: str) -> None:
        """Close with a code of RFC 6455 or graphql-ws; once."""
        ...
