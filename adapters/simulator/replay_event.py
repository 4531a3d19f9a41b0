"""What a recorded session is made of, as the player takes it.

`at_us` is when it was received, Unix µs; `venue` is upbit, binance or fx.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class RecordedFrame:
    """A message of a venue, on the connection of this number (1, 2, …)."""

    at_us: int
    venue: str
    connection: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class RecordedEnd:
    """A connection ended."""

    at_us: int
    venue: str
    connection: int


@dataclass(frozen=True, slots=True)
class RecordedRun:
    """Another run of the recorder begins: its connections are counted anew."""

    at_us: int


@dataclass(frozen=True, slots=True)
class RecordedAnswer:
    """A REST answer; `path` is relative to the venue's base URL."""

    at_us: int
    venue: str
    path: str
    body: bytes
    query: Mapping[str, str] = field(default_factory=dict)


RecordedEvent = RecordedFrame | RecordedEnd | RecordedRun | RecordedAnswer
