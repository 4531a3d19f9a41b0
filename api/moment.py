"""What the values of one answer have in common."""

from dataclasses import dataclass

from domain.model.board import PremiumBoard


@dataclass(frozen=True, slots=True)
class Moment:
    """When an answer is written (Unix ms: ages count to it), and the board it reads."""

    now_ms: int
    board: PremiumBoard
