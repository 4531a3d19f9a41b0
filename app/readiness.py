"""Whether a load balancer may send people here.

Source: design.md "Degrading": ready once migrated and the first board, live or
restored, stands; at the latest 30 s after the start. After that nothing that all
replicas share makes this one unready.
"""

from collections.abc import Callable

from domain.ports.clock import Clock

PATIENCE_S = 30.0


class Readiness:
    """Turns ready once, and stays so."""

    def __init__(
        self,
        is_migrated: Callable[[], bool],
        has_board: Callable[[], bool],
        clock: Clock,
    ) -> None:
        self._is_migrated = is_migrated
        self._has_board = has_board
        self._clock = clock
        self._began_s = clock.monotonic()
        self._ready = False

    def checks(self) -> dict[str, bool]:
        """Return what is waited for, and whether it is there."""
        return {"migrations": self._is_migrated(), "board": self._has_board()}

    def is_ready(self) -> bool:
        """Whether the server may be sent requests."""
        if not self._ready:
            waited_s = self._clock.monotonic() - self._began_s
            self._ready = all(self.checks().values()) or waited_s >= PATIENCE_S
        return self._ready
