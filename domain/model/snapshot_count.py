"""What the keeper of snapshots has done since it began."""

from dataclasses import dataclass, field

from domain.model.snapshot import Compared


@dataclass(slots=True)
class SnapshotCount:
    """Rows: compared before storing, taken at date changes, verified, amended.

    `caught_up` were made after their day from the venues' record. `waiting` are dated
    rows that the store has not taken yet, `unverified` those the last look found.
    Mutable, shared by those who do the work.
    """

    current: Compared = field(default_factory=Compared)
    taken: int = 0
    verified: int = 0
    amended: int = 0
    caught_up: int = 0
    missed_days: int = 0
    waiting: int = 0
    unverified: int = 0
