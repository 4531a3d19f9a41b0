"""Who listens to which of Binance's streams, and in which wrapping."""

from dataclasses import dataclass, field

from adapters.simulator.connection import Connection
from adapters.simulator.frame import TEXT, frame

Topic = tuple[str, str]
"""Symbol and kind: ("BTCUSDT", "trade"), ("", "!miniTicker@arr")."""


@dataclass(slots=True)
class Client:
    """What one connection listens to; `combined` wraps data in its stream's name."""

    combined: bool
    streams: dict[str, None] = field(default_factory=dict)


@dataclass(slots=True)
class Audience:
    """Who listens to a stream, by the wrapping they get."""

    stream: str
    combined: set[Connection] = field(default_factory=set)
    raw: set[Connection] = field(default_factory=set)

    def of(self, client: Client) -> set[Connection]:
        """Return the listeners in this client's wrapping."""
        return self.combined if client.combined else self.raw

    def put(self, data: str) -> None:
        """Put data to everyone; each wrapping is encoded once."""
        if self.combined:
            wrapped = f'{{"stream":"{self.stream}","data":{data}}}'
            ready = frame(TEXT, wrapped.encode())
            for connection in self.combined:
                connection.put(ready)
        if self.raw:
            ready = frame(TEXT, data.encode())
            for connection in self.raw:
                connection.put(ready)
