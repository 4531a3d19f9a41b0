"""What the values of one answer have in common."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from api.allowance import Allowance
from domain.model.error import InvalidArgument, UpstreamUnavailable
from domain.model.premium import Premium
from domain.model.quote import Quote
from domain.model.summary import BoardSummary
from domain.services.history_service import HistoryService


class BoardView(Protocol):
    """What an answer reads of a board: the live one, or one of the past."""

    def premium(self, symbol: str) -> Premium | None:
        """Return the premium of a coin on the board."""
        ...

    def premiums(self) -> Sequence[Premium]:
        """Return all premiums."""
        ...

    def received_ms(self, quote: Quote) -> int:
        """Return when a quote's market was carried last, Unix ms."""
        ...

    def age_ms(self, quote: Quote, now_ms: int) -> int:
        """Return how old a quote's price is."""
        ...

    def summary(self) -> BoardSummary:
        """Return the counts and leading figures."""
        ...


@dataclass(frozen=True, slots=True)
class Moment:
    """When an answer is written (Unix ms: ages count to it), and the board it reads.

    `today` is the live moment where this one has passed. `allowance` is what is left of
    the operation's share of history, `history` None where nothing is kept.
    """

    now_ms: int
    board: BoardView
    history: HistoryService | None = None
    allowance: Allowance = field(default_factory=Allowance)
    today: "Moment | None" = None

    @property
    def live(self) -> "Moment":
        """The live moment."""
        return self if self.today is None else self.today

    @property
    def as_of_ms(self) -> int | None:
        """The instant in the past (Unix ms); None: it is now."""
        return None if self.today is None else self.now_ms

    def past(self, rows: int = 0) -> HistoryService:
        """Return the entry point of history, to ask it for so many rows.

        Raises:
            GraphQLError: the operation asks for too many.
            UpstreamUnavailable: nothing is kept here.
        """
        self.allowance.take(rows)
        return kept(self.history)

    def trail(self) -> HistoryService:
        """Return what has the last 24 hours in memory.

        Raises:
            InvalidArgument: this moment has passed.
            UpstreamUnavailable: nothing is kept here.
        """
        if self.today is not None:
            raise InvalidArgument("asOf", "cannot be combined with sparkline24h")
        return self.past()


def kept(history: HistoryService | None) -> HistoryService:
    """Return the entry point of history.

    Raises:
        UpstreamUnavailable: nothing is kept here.
    """
    if history is None:
        raise UpstreamUnavailable("history", "nothing is kept here")
    return history
