"""A circuit breaker for coroutines, thin over pybreaker's public interface.

pybreaker counts and changes states; it knows nothing of await. `@breaker` on an
`async def` never sees a failure, `calling()` takes a cancellation for one, and its
half-open state lets everyone through. So the call is awaited here, and only its
outcome is handed over. State and opening time live in a storage object of our own.
"""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

import pybreaker

from adapters.resilience.error import (
    BreakerOpen,
    RequestRejected,
    UpstreamFailed,
)
from domain.model.health import BreakerState
from domain.ports.clock import Clock

T = TypeVar("T")

DEFAULT_FAILURES = 5
DEFAULT_OPEN_S = 60.0

_STATES = {
    pybreaker.STATE_CLOSED: BreakerState.CLOSED,
    pybreaker.STATE_OPEN: BreakerState.OPEN,
    pybreaker.STATE_HALF_OPEN: BreakerState.HALF_OPEN,
}


@dataclass(frozen=True, slots=True)
class ProbePace:
    """How often a feed's own loop may ask although the breaker is open, in seconds."""

    first_s: float = 4.0
    patient_s: float = 600.0
    later_s: float = 30.0


class _Failed(Exception):
    """Stands for any counted failure on its way to pybreaker."""


class _Storage(pybreaker.CircuitBreakerStorage):
    """pybreaker's state, stamped by our clocks instead of the machine's."""

    def __init__(self, name: str, clock: Clock) -> None:
        super().__init__(name)
        self._clock = clock
        self._state = pybreaker.STATE_CLOSED
        self._failures = 0
        self._successes = 0
        self._opened_at: datetime | None = None
        self.opened_s = 0.0
        self.era = 0

    @property
    def state(self) -> str:
        return self._state

    @state.setter
    def state(self, state: str) -> None:
        self._state = state
        self.era += 1

    def increment_counter(self) -> None:
        self._failures += 1

    def reset_counter(self) -> None:
        self._failures = 0

    def increment_success_counter(self) -> None:
        self._successes += 1

    def reset_success_counter(self) -> None:
        self._successes = 0

    @property
    def counter(self) -> int:
        return self._failures

    @property
    def success_counter(self) -> int:
        return self._successes

    @property
    def opened_at(self) -> datetime | None:
        return self._opened_at

    @opened_at.setter
    def opened_at(self, datetime: datetime) -> None:
        self.opened_s = self._clock.monotonic()
        self._opened_at = _utc(self._clock.now_ms())


class AsyncBreaker:
    """Opens on `failures` in a row for `open_s`; then one probe decides.

    Counted are `UpstreamFailed`s only. `RequestRejected` is an answer, thus a success.
    Cancellation, a rate limit and surprises count for nothing, and a result that comes
    back into another state than it left is ignored.
    """

    def __init__(
        self,
        name: str,
        *,
        clock: Clock,
        failures: int = DEFAULT_FAILURES,
        open_s: float = DEFAULT_OPEN_S,
        pace: ProbePace | None = None,
    ) -> None:
        self.name = name
        self._clock = clock
        self._open_s = open_s
        self._pace = pace or ProbePace()
        self._storage = _Storage(name, clock)
        self._breaker = pybreaker.CircuitBreaker(
            fail_max=failures,
            reset_timeout=open_s,
            state_storage=self._storage,
            name=name,
            throw_new_error_on_trip=False,
        )
        # The era that the probe under way belongs to: it is none in any other.
        self._probe_era: int | None = None
        self._probed_s: float | None = None
        self._broken_s: float | None = None
        self._last_reason = "failed too often"

    @property
    def state(self) -> BreakerState:
        """CLOSED, OPEN, or HALF_OPEN: a probe is under way or let through."""
        if self._hold_s() == 0:
            return BreakerState.HALF_OPEN
        return _STATES[self._storage.state]

    @property
    def opened_at(self) -> datetime | None:
        """When it opened last, aware UTC."""
        return self._storage.opened_at

    @property
    def retry_at_ms(self) -> int | None:
        """When an open breaker lets the next call through, Unix ms; else None."""
        hold_s = self._hold_s()
        return None if not hold_s else self._clock.now_ms() + round(hold_s * 1000)

    async def call(
        self, request: Callable[[], Awaitable[T]], *, probe: bool = False
    ) -> T:
        """Await the request if the state allows it, and count its outcome.

        `probe` is for a feed's own loop: it does not wait for the hold, only for the
        pace of probes (4 s, after ten minutes 30 s).

        Raises:
            BreakerOpen: not tried.
        """
        era = self._admit(probe)
        try:
            result = await request()
        except UpstreamFailed as exc:
            self._last_reason = exc.reason
            self._settle(era, failed=True)
            raise
        except RequestRejected:
            self._settle(era, failed=False)
            raise
        else:
            self._settle(era, failed=False)
            return result
        finally:
            if self._probe_era == era:
                self._probe_era = None

    def check(self, *, probe: bool = False) -> None:
        """Raise what `call` would raise now, without taking the probe's place.

        Raises:
            BreakerOpen: a call would not be tried.
        """
        if self._storage.state == pybreaker.STATE_CLOSED:
            return
        if self._probe_era == self._storage.era:
            raise self._refusal(None, "a probe is under way")
        hold_s = self._probe_wait_s() if probe else self._hold_s()
        if hold_s:
            retry_at_ms = self._clock.now_ms() + round(hold_s * 1000)
            raise self._refusal(retry_at_ms, self._last_reason)

    def failed(self, reason: str) -> None:
        """Count a failure of something that did not ask for leave (a dial)."""
        self._last_reason = reason
        if self._storage.state == pybreaker.STATE_OPEN and self._hold_s() == 0:
            self._breaker.half_open()
        self._settle(self._storage.era, failed=True)

    def close(self) -> None:
        """Close it: the upstream has proven to be back."""
        self._broken_s = self._probed_s = None
        if self._storage.state == pybreaker.STATE_CLOSED:
            self._storage.reset_counter()
        else:
            self._breaker.close()

    def _admit(self, probe: bool) -> int:
        """Let a call in; return the era in which its outcome counts."""
        self.check(probe=probe)
        if self._storage.state != pybreaker.STATE_CLOSED:
            self._probed_s = self._clock.monotonic()
            if self._storage.state == pybreaker.STATE_OPEN:
                self._breaker.half_open()
            self._probe_era = self._storage.era
        return self._storage.era

    def _settle(self, era: int, *, failed: bool) -> None:
        state = self._storage.state
        if era != self._storage.era or state == pybreaker.STATE_OPEN:
            return
        with suppress(_Failed):
            self._breaker.call(_fail if failed else _succeed)
        if self._storage.state == pybreaker.STATE_CLOSED:
            self._broken_s = self._probed_s = None
        elif self._broken_s is None:
            self._broken_s = self._storage.opened_s

    def _hold_s(self) -> float | None:
        """Return the rest of the hold; None: not open."""
        if self._storage.state != pybreaker.STATE_OPEN:
            return None
        rest_s = self._storage.opened_s + self._open_s - self._clock.monotonic()
        return max(0.0, rest_s)

    def _probe_wait_s(self) -> float:
        now_s = self._clock.monotonic()
        broken_s = now_s if self._broken_s is None else self._broken_s
        last_s = broken_s if self._probed_s is None else self._probed_s
        early = now_s - broken_s <= self._pace.patient_s
        pace_s = self._pace.first_s if early else self._pace.later_s
        return max(0.0, last_s + pace_s - now_s)

    def _refusal(self, retry_at_ms: int | None, reason: str) -> BreakerOpen:
        return BreakerOpen(self.name, retry_at_ms, f"breaker open: {reason}")


def _fail() -> None:
    raise _Failed


def _succeed() -> None:
    return None


def _utc(now_ms: int) -> datetime:
    return datetime.fromtimestamp(now_ms / 1000, tz=UTC)
