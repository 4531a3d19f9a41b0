"""What carries one leader's board to any number of followers."""

from collections.abc import AsyncGenerator
from typing import Protocol

from domain.model.board_news import BoardNews, BoardState, HeardNews, RowEnd


class BusUnavailable(Exception):
    """The bus cannot be reached, or did not answer in time."""


class Superseded(Exception):
    """Somebody else has published: what was to be told no longer follows."""


class BoardBus(Protocol):
    """A row of news with numbered positions, a state for late comers, and a term.

    Every method may raise `BusUnavailable`. A position is one more than the one before;
    a row that was lost as a whole begins anew, with a position lower than any known.
    """

    async def read(self) -> BoardState:
        """Return the board as told up to now, an empty state where nothing ever was.

        Raises:
            NewsMissing: the kept state cannot be continued to the present.
        """
        ...

    def follow(self, after: int) -> AsyncGenerator[HeardNews, None]:
        """Yield the news after a position, each once and in order, for ever.

        News that cannot be read are left out; they are no sign of life.

        Raises:
            NewsMissing: the row no longer holds what came next.
        """
        ...

    async def take_term(self, over: int) -> int:
        """Write down a term of our own, larger than `over` and than the one there.

        Raises:
            Superseded: somebody else did so in the same moment.
        """
        ...

    async def term(self) -> int:
        """Return the term written down last, 0 before the first."""
        ...

    async def publish(self, news: BoardNews, after: int) -> int:
        """Append news right after a position and return theirs.

        Raises:
            Superseded: the row does not end there.
        """
        ...

    async def last(self) -> RowEnd:
        """Return where the row ends."""
        ...

    async def keep(self, state: BoardState) -> None:
        """Keep a state for late comers, in place of an older one.

        Raises:
            Superseded: a state of a later term is kept.
        """
        ...

    async def close(self) -> None:
        """Let go of the connection; nothing is published any more."""
        ...
