"""What goes wrong at a venue on purpose."""

from dataclasses import dataclass
from typing import Literal

Venue = Literal["upbit", "binance", "fx"]
VENUES: tuple[Venue, ...] = ("upbit", "binance", "fx")


@dataclass(slots=True)
class Fault:
    """The faults of one venue that hold now.

    `status` answers every REST request with this status (0: none), handshakes too
    where `sockets`; `silent` keeps sockets open and answering but sends no data.
    """

    status: int = 0
    sockets: bool = False
    silent: bool = False

    def refuses(self, *, handshake: bool) -> bool:
        """Say whether a request is to be answered with `status`."""
        return bool(self.status) and (self.sockets or not handshake)

    def clear(self) -> None:
        """Let everything work again."""
        self.status, self.sockets, self.silent = 0, False, False
