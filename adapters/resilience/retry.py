"""How often and how patiently a failed request is tried again."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception,
    stop_after_attempt,
    wait_exponential,
)

from adapters.resilience.error import AddressBanned, RateLimited, UpstreamFailed
from domain.ports.clock import Clock

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Four tries with waits of 2, 4 and 8 s; jitter only lengthens, the cap holds.

    Retried are `UpstreamFailed` (time-outs, connections, 5xx, garbage) and a
    `RateLimited` whose time comes within the cap. Everything else, cancellation and
    `BreakerOpen` among it, passes through at once.
    """

    tries: int = 4
    first_wait_s: float = 2.0
    cap_s: float = 10.0
    jitter: float = 0.25

    def __post_init__(self) -> None:
        if self.tries < 1:
            raise ValueError("tries must be at least 1")

    async def run(
        self,
        attempt: Callable[[], Awaitable[T]],
        *,
        clock: Clock,
        random: Callable[[], float],
        tries: int | None = None,
        on_wait: Callable[[float], None] | None = None,
    ) -> T:
        """Return the first good result; raise what the last try raised.

        `random` gives floats in [0, 1); `tries` overrides the policy's for one call;
        `on_wait` hears the seconds of each wait before it begins.
        """

        async def wait(seconds: float) -> None:
            if on_wait is not None:
                on_wait(seconds)
            await clock.sleep(seconds)

        exponential = wait_exponential(multiplier=self.first_wait_s, max=self.cap_s)
        retrying = AsyncRetrying(
            sleep=wait,
            stop=stop_after_attempt(self.tries if tries is None else tries),
            wait=lambda state: self._wait_s(
                state, exponential(state), clock.now_ms(), random()
            ),
            # What to retry is named: a list of exceptions to it swallows cancellation.
            retry=retry_if_exception(lambda exc: self._retries(exc, clock.now_ms())),
            reraise=True,
        )
        return await retrying(attempt)

    def _wait_s(
        self, state: RetryCallState, exponential_s: float, now_ms: int, chance: float
    ) -> float:
        error = state.outcome.exception() if state.outcome else None
        stretch = 1 + self.jitter * chance
        if isinstance(error, RateLimited):
            return max(0.0, (error.retry_at_ms - now_ms) / 1000) * stretch
        return min(self.cap_s, exponential_s * stretch)

    def _retries(self, error: BaseException, now_ms: int) -> bool:
        if isinstance(error, AddressBanned):
            return False
        if isinstance(error, RateLimited):
            return error.retry_at_ms - now_ms <= self.cap_s * 1000
        return isinstance(error, UpstreamFailed)
