"""GraphQL over Server-Sent Events, distinct connections mode.

Source: the protocol of graphql-sse; WHATWG HTML, section 9.2, for the frames. The
library ends lines with CRLF, which some clients' readers do not take.
"""

from strawberry.http.streaming import SSETransport

from api.limit import HEARTBEAT_S


class EventStream(SSETransport):
    """The library's transport with LF line ends."""

    def __init__(self) -> None:
        super().__init__(heartbeat_interval=HEARTBEAT_S)

    def encode_event(self, event: str, data: str | None = None) -> str:
        """Return one event; JSON holds no line ends."""
        return f"event: {event}\ndata: {data or ''}\n\n"

    def encode_comment(self, comment: str) -> str:
        """Return a comment, which clients ignore."""
        return f": {comment}\n\n"
