"""What goes wrong at a venue now: plain state, set anew whenever a scenario turns."""

from dataclasses import dataclass, field, fields
from typing import Literal

Venue = Literal["upbit", "binance", "fx"]
VENUES: tuple[Venue, ...] = ("upbit", "binance", "fx")

Death = Literal["refuse", "hang"]
"""How a request dies: the connection is reset without a word, or nothing ever comes."""


@dataclass(frozen=True, slots=True)
class Throttle:
    """Requests of a group ("": all) answered `status` (429 or 418) until `until_ms`.

    0 as `until_ms` has no end; then each answer asks to wait `wait_ms`. Handshakes
    are throttled too where `sockets`.
    """

    status: int
    wait_ms: int
    until_ms: int = 0
    group: str = ""
    sockets: bool = False

    def left_ms(self, now_ms: int) -> int:
        """Return how long a client is told to wait."""
        return max(self.until_ms - now_ms, 1) if self.until_ms else self.wait_ms


@dataclass(frozen=True, slots=True)
class Garbage:
    """Share of data frames that are followed by a broken twin; kinds of breakage.

    `rest` breaks the bodies of REST answers too.
    """

    share: float
    kinds: tuple[str, ...]
    rest: bool


@dataclass(slots=True)
class Fault:
    """The faults of one venue that hold now; scenario_table.py says what each does.

    `status` answers every REST request with this status (0: none), handshakes too
    where `sockets`; `silent` keeps sockets open and answering but sends no data,
    `mute` sends nothing at all, `half_open` neither reads nor writes any more.
    """

    status: int = 0
    sockets: bool = False
    silent: bool = False
    mute: bool = False
    half_open: bool = False
    unreachable: bool = False
    closing: int | None = None
    stream_dead: bool = False
    rest_dead: Death | None = None
    delay_ms: int = 0
    throttles: tuple[Throttle, ...] = ()
    sources: dict[str, int] = field(default_factory=dict)
    frozen_ms: int = 0
    skew_ms: int = 0
    garbage: Garbage | None = None
    reordered: float = 0.0
    duplicated: float = 0.0
    copies: int = 0
    delisted: dict[str, int] = field(default_factory=dict)

    def refuses(self, *, handshake: bool) -> bool:
        """Say whether a request is to be answered with `status`."""
        return bool(self.status) and (self.sockets or not handshake)

    def throttle(self, group: str, *, handshake: bool) -> Throttle | None:
        """Return what holds a request of this group back, the hardest first."""
        for each in sorted(self.throttles, key=lambda one: one.status):
            if each.group in ("", group) and (each.sockets or not handshake):
                return each
        return None

    def death(self, *, handshake: bool) -> Death | None:
        """Return how a request dies unanswered, None where it lives."""
        if self.half_open:
            return "hang"
        if self.unreachable:
            return "refuse"
        return None if handshake else self.rest_dead

    @property
    def touches_frames(self) -> bool:
        """Whether frames are changed, held, doubled or dropped on their way."""
        return bool(
            self.silent
            or self.skew_ms
            or self.garbage
            or self.reordered
            or self.duplicated
            or self.delisted
        )

    def clear(self) -> None:
        """Let everything work again."""
        new = Fault()
        for each in fields(self):
            setattr(self, each.name, getattr(new, each.name))
