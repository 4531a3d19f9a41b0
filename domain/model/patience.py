"""How soon somebody who failed is asked again. Pure.

Source: design.md "Retry and breaker": a feed's own loops ask a dead venue about every
4 s for ten minutes, then every 30 s. Times are seconds of the monotonic clock.
"""

from dataclasses import dataclass

WAITS_S = (1.0, 2.0, 4.0)
PATIENT_S = 600.0
CAP_S = 30.0


@dataclass(slots=True)
class Patience:
    """The row of waits of one loop; a success begins it anew.

    After `waits_s` the last one again and again; after `patient_s` of failures the
    wait doubles up to `cap_s`.
    """

    waits_s: tuple[float, ...] = WAITS_S
    patient_s: float = PATIENT_S
    cap_s: float = CAP_S
    misses: int = 0
    _since_s: float = 0.0
    _wait_s: float = 0.0

    def failed(self, now_s: float) -> float:
        """Count a failure and return how long to wait."""
        if not self.misses:
            self._since_s = now_s
        self.misses += 1
        if now_s - self._since_s > self.patient_s:
            self._wait_s = min(self.cap_s, self._wait_s * 2)
        else:
            self._wait_s = self.waits_s[min(self.misses, len(self.waits_s)) - 1]
        return self._wait_s

    def succeeded(self) -> None:
        """End the row of failures."""
        self.misses = 0
