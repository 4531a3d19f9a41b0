"""What the healer of gaps has done since it began."""

from dataclasses import dataclass


@dataclass(slots=True)
class GapCount:
    """Gaps found, minutes healed and minutes that are impossible; failed tries.

    `open_minutes` are those of the last hours that the last look found and that were
    not healed since.
    Mutable, owned by the healer.
    """

    found: int = 0
    healed: int = 0
    impossible: int = 0
    failures: int = 0
    irregular: int = 0
    open_minutes: int = 0
