"""When a tick is due, and when a throttled subscriber is.

Source: semantics.md "Ticks and streams". Times are monotonic seconds.
"""

TICK_S = 0.1
THROTTLE_STEP_MS = 100
MIN_THROTTLE_MS = 100
MAX_THROTTLE_MS = 60_000
# Ticks come at multiples of 100 ms give or take the timer; a subscriber of 500 ms
# must not miss its fifth tick for a tenth of a millisecond.
_TOLERANCE_S = 0.005


def tick_due_s(first_change_s: float, last_tick_s: float | None) -> float:
    """Return when the next tick is due: at once, or 100 ms after the last one."""
    if last_tick_s is None:
        return first_change_s
    return max(first_change_s, last_tick_s + TICK_S)


def round_throttle_ms(throttle_ms: int) -> int:
    """Round a throttle up to a multiple of 100 ms.

    Raises:
        ValueError: outside 100..60000.
    """
    if not MIN_THROTTLE_MS <= throttle_ms <= MAX_THROTTLE_MS:
        raise ValueError(f"must be {MIN_THROTTLE_MS} to {MAX_THROTTLE_MS}")
    return -(-throttle_ms // THROTTLE_STEP_MS) * THROTTLE_STEP_MS


def throttle_wait_s(now_s: float, last_sent_s: float | None, throttle_ms: int) -> float:
    """Return how long a subscriber still has to wait; 0 after a quiet interval."""
    if last_sent_s is None:
        return 0.0
    wait = last_sent_s + throttle_ms / 1000 - now_s
    return 0.0 if wait <= _TOLERANCE_S else wait
