"""Subscriptions as Apollo's clients ask for them: the multipart protocol, version 1.0.

Source: Apollo's "Multipart HTTP protocol for GraphQL subscriptions"; RFC 2046, section
5.1, for the frames. A part is written with the boundary behind it: clients know that a
part has ended by nothing else, and would show each event with the next one. `{}` is the
heartbeat, the first one at once, so that a client knows its subscription is taken. What
ends a subscription before its first event is the protocol's fatal error: `errors` with
`payload: null`. Errors of an event are in its payload, and the stream goes on.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from api.accept import MULTIPART, SUBSCRIPTION_SPEC
from api.stream import STREAM_HEADERS, Event

BOUNDARY: Final = "graphql"

_EDGE: Final = f"\r\n--{BOUNDARY}".encode()
_PART: Final = b"\r\nContent-Type: application/json; charset=utf-8\r\n\r\n"


class MultipartStream:
    """The parts of one subscription; see `api.stream.Framing`."""

    headers: Mapping[str, str] = {
        "Content-Type": (
            f"{MULTIPART}; boundary={BOUNDARY}; subscriptionSpec={SUBSCRIPTION_SPEC}"
        ),
        **STREAM_HEADERS,
    }

    def begin(self, cursor: int) -> bytes:
        """See `Framing`."""
        return _EDGE + self.heartbeat()

    def event(self, event: Event) -> bytes:
        """See `Framing`."""
        if event.is_refusal:
            return _part(_fatal(event.body))
        return _part(b'{"payload":%b}' % event.body)

    def heartbeat(self) -> bytes:
        """See `Framing`."""
        return _part(b"{}")

    def complete(self) -> bytes:
        """See `Framing`."""
        return b"--\r\n"


def _part(body: bytes) -> bytes:
    return b"".join((_PART, body, _EDGE))


def _fatal(body: bytes) -> bytes:
    """Return an answer without data as the protocol's own error."""
    told = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    return b'{"payload":null,"errors":%b}' % bytes(told["errors"])
