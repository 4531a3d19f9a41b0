"""When a lost connection is dialled again. Pure: time and chance are arguments.

First at once, then after 0.5, 1, 2, 4 s, and every 4 s for the first ten minutes of an
outage; then the wait doubles up to 30 s. Waits only grow by jitter, and little: an
outage of up to ten minutes is over for us within 5 s of its end.
"""

from dataclasses import dataclass

FIRST_WAITS_S = (0.0, 0.5, 1.0, 2.0, 4.0)


@dataclass(frozen=True, slots=True)
class Schedule:
    """Waits in seconds; `jitter` is the largest relative lengthening of a wait."""

    first_waits_s: tuple[float, ...] = FIRST_WAITS_S
    patient_s: float = 600.0
    growth: float = 2.0
    cap_s: float = 30.0
    jitter: float = 0.1
    # A venue that sends one good message and closes would else be dialled without end.
    least_spacing_s: float = 1.0


class Backoff:
    """Where in the schedule an outage is; only valid data ends an outage."""

    def __init__(self, schedule: Schedule | None = None) -> None:
        self._schedule = schedule or Schedule()
        self._step = 0
        self._wait_s = 0.0
        self._since_s: float | None = None
        self._dialled_s: float | None = None
        self._due_s: float | None = None
        self._held_s: float | None = None
        self._woken_s: float | None = None

    @property
    def outage_since_s(self) -> float | None:
        """When the connection was first missed since the last valid data."""
        return self._since_s

    def due_s(self, now_s: float) -> float:
        """Return when the next dial is due; `now_s`: at once."""
        due_s = now_s if self._due_s is None else max(now_s, self._due_s)
        if self._held_s is not None:
            due_s = max(due_s, self._held_s)
        if self._step <= 1 and self._dialled_s is not None:
            due_s = max(due_s, self._dialled_s + self._schedule.least_spacing_s)
        return due_s

    def overlap_due_s(self, now_s: float) -> float:
        """Return when to dial again although the last dial still hangs.

        A black hole answers nothing for the whole time-out; waiting for that would
        cost more than the 5 s in which an ended outage has to be over.
        """
        steady_s = max(self._schedule.first_waits_s[-1], self._wait_s)
        due_s = now_s if self._dialled_s is None else self._dialled_s + steady_s
        return due_s if self._held_s is None else max(due_s, self._held_s)

    def dialled(self, now_s: float) -> None:
        """Tell that a dial begins."""
        self._dialled_s = now_s
        # The try "at once" is used up by any dial, the very first one included.
        self._step = max(self._step, 1)

    def failed(self, now_s: float, chance: float) -> None:
        """Tell that a dial or a connection failed; `chance` in [0, 1) is the jitter."""
        plan = self._schedule
        if self._since_s is None:
            self._since_s = now_s
        if self._step < len(plan.first_waits_s):
            self._wait_s = plan.first_waits_s[self._step]
        elif now_s - self._since_s > plan.patient_s:
            self._wait_s = min(plan.cap_s, self._wait_s * plan.growth)
        self._step += 1
        self._due_s = now_s + self._wait_s * (1 + plan.jitter * chance)

    def hold(self, until_s: float) -> None:
        """Dial not before a time that the venue has named, woken or not."""
        if self._held_s is None or self._held_s < until_s:
            self._held_s = until_s

    def wake(self, now_s: float) -> None:
        """Make the next dial due now: there is news that the venue is back.

        News that comes in more often than dials are allowed is taken once.
        """
        steady_s = self._schedule.first_waits_s[-1]
        if self._woken_s is None or now_s - self._woken_s >= steady_s:
            self._woken_s = self._due_s = now_s

    def delivered(self) -> None:
        """Tell that valid data came: the outage is over."""
        self._step = 0
        self._wait_s = 0.0
        self._since_s = None
        self._due_s = None
        self._held_s = None
