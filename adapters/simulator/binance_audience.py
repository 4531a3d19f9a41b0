"""Who listens to which of Binance's streams, in which wrapping and unit of time."""

from dataclasses import dataclass, field
from typing import NamedTuple

from adapters.simulator.binance_encoding import MILLI, TimeUnit
from adapters.simulator.binance_request import topic_of
from adapters.simulator.connection import Connection
from adapters.simulator.frame import TEXT, frame


class Topic(NamedTuple):
    """("BTCUSDT", "trade") or ("", "!miniTicker@arr"), with times in a unit."""

    symbol: str
    kind: str
    unit: TimeUnit = MILLI


@dataclass(slots=True)
class Client:
    """What one connection listens to; `combined` wraps data in its stream's name."""

    combined: bool
    unit: TimeUnit = MILLI
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


class Audiences:
    """The audiences of all streams that anybody listens to."""

    __slots__ = ("_all",)

    def __init__(self) -> None:
        self._all: dict[Topic, Audience] = {}

    def get(self, symbol: str, kind: str, unit: TimeUnit) -> Audience | None:
        """Return who listens to a stream, None where nobody does."""
        return self._all.get(Topic(symbol, kind, unit))

    def add(self, connection: Connection, client: Client, stream: str) -> Topic:
        """Let a connection listen to a stream of this name."""
        client.streams[stream] = None
        topic = Topic(*topic_of(stream), client.unit)
        self._all.setdefault(topic, Audience(stream)).of(client).add(connection)
        return topic

    def remove(
        self, connection: Connection, client: Client, stream: str
    ) -> Topic | None:
        """Let a connection listen no longer; return the topic if nobody does now."""
        client.streams.pop(stream, None)
        topic = Topic(*topic_of(stream), client.unit)
        audience = self._all.get(topic)
        if audience is None:
            return None
        audience.of(client).discard(connection)
        if audience.combined or audience.raw:
            return None
        del self._all[topic]
        return topic

    def rewrap(self, connection: Connection, client: Client, *, combined: bool) -> None:
        """Give a connection its data in the other wrapping."""
        audiences = [
            self._all[Topic(*topic_of(stream), client.unit)]
            for stream in client.streams
        ]
        for audience in audiences:
            audience.of(client).discard(connection)
        client.combined = combined
        for audience in audiences:
            audience.of(client).add(connection)
