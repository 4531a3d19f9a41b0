"""When one channel of a venue is back, the others hear of it."""

from collections.abc import Callable, Iterable

from adapters.resilience.breaker import AsyncBreaker


class VenueRecovery:
    """Called by a channel with its first good answer after failures.

    It closes the venue's breakers and wakes its dialler: what is back on one channel is
    worth a try on the other now, not after its wait.
    """

    def __init__(self, breakers: Iterable[AsyncBreaker]) -> None:
        self._breakers = tuple(breakers)
        self._wakes: list[Callable[[], None]] = []

    def wakes(self, wake: Callable[[], None]) -> None:
        """Let this be called too (`StreamDialer.wake`)."""
        self._wakes.append(wake)

    def __call__(self) -> None:
        for breaker in self._breakers:
            breaker.close()
        for wake in self._wakes:
            wake()
