"""When what cannot be written becomes an alarm, and when it is over.

Pure: a state with instants as arguments, monotonic ones in seconds for the waits and
Unix milliseconds for people.
"""

from dataclasses import dataclass

# Nothing could be written for this long: the alarm. A restart of the database is
# over before.
ALARM_AFTER_S = 5.0
# While it lasts it is told again this often.
REMIND_AFTER_S = 300.0


@dataclass(frozen=True, slots=True)
class StoreAlarm:
    """Nothing can be kept since then, for this reason."""

    since_ms: int
    why: str


@dataclass(frozen=True, slots=True)
class Lapse:
    """A time in which nothing could be written; `told_s` is the last alarm's instant.

    None where there is no alarm yet.
    """

    began_s: float
    began_ms: int
    why: str
    told_s: float | None = None

    @property
    def alarm(self) -> StoreAlarm | None:
        """The alarm, once it was given."""
        told = self.told_s is not None
        return StoreAlarm(self.began_ms, self.why) if told else None

    def failed(self, why: str, now_s: float) -> "Lapse":
        """Return the lapse after another failure; `told_s` is now where it is due."""
        due_s = self.began_s + ALARM_AFTER_S
        if self.told_s is not None:
            due_s = self.told_s + REMIND_AFTER_S
        told_s = now_s if now_s >= due_s else self.told_s
        return Lapse(self.began_s, self.began_ms, why, told_s)
