"""A bus in memory: what a server keeps, and any number of connections to it."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

from domain.model.board_news import (
    BoardNews,
    BoardState,
    HeardNews,
    NewsMissing,
    RowEnd,
    fold,
)
from domain.ports.board_bus import BusUnavailable, Superseded

# News kept in the row; whoever is further behind begins with the state.
KEPT_NEWS = 1_000


@dataclass(slots=True)
class MemoryRow:
    """The server's side; while `down` holds a reason nobody reaches it."""

    down: str | None = None
    term: int = 0
    first: int = 1
    news: list[BoardNews] = field(default_factory=list)
    state: BoardState = field(default_factory=BoardState)
    turned: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def end(self) -> int:
        """The position of the last news."""
        return self.first + len(self.news) - 1

    def wake(self) -> None:
        """Let everybody who waits look again."""
        self.turned.set()
        self.turned = asyncio.Event()

    def lose(self) -> None:
        """Forget everything, as a server that lost its disk does."""
        self.term, self.first, self.state = 0, 1, BoardState()
        self.news.clear()
        self.wake()

    def fall(self, why: str) -> None:
        """Be away from now on."""
        self.down = why
        self.wake()

    def forget_before(self, position: int) -> None:
        """Drop the news before a position, as age and size do."""
        del self.news[: max(0, position - self.first)]
        self.first = max(self.first, position)


class MemoryBoardBus:
    """`BoardBus` over a `MemoryRow`."""

    def __init__(self, row: MemoryRow | None = None) -> None:
        self.row = MemoryRow() if row is None else row
        # Why this connection alone is away; None: it is not.
        self.cut: str | None = None

    async def read(self) -> BoardState:
        """Return the kept state with all news after it."""
        self._reach()
        row = self.row
        if row.state.position + 1 < row.first:
            raise NewsMissing(f"the row begins at {row.first}")
        after = row.state.position - row.first + 1
        heard = [
            HeardNews(news, row.first + place)
            for place, news in enumerate(row.news)
            if place >= after
        ]
        return fold(row.state, heard)

    async def follow(self, after: int) -> AsyncGenerator[HeardNews, None]:
        """Yield the news after a position, for ever."""
        self._reach()
        row, replayed = self.row, self.row.end
        while True:
            if after > row.end or after + 1 < row.first:
                raise NewsMissing(f"the row is {row.first} to {row.end}, not {after}")
            while after < row.end:
                self._reach()
                after += 1
                news = row.news[after - row.first]
                yield HeardNews(news, after, row.end - after, after <= replayed)
            await row.turned.wait()
            self._reach()

    async def term(self) -> int:
        """Return the term written down last."""
        self._reach()
        return self.row.term

    async def take_term(self, over: int) -> int:
        """Write down the next term."""
        self._reach()
        self.row.term = max(over, self.row.term) + 1
        return self.row.term

    async def publish(self, news: BoardNews, after: int) -> int:
        """Append news where the row ends at `after`."""
        self._reach()
        row = self.row
        if after != row.end:
            raise Superseded(f"the row ends at {row.end}, not {after}")
        row.news.append(news)
        row.forget_before(row.end - KEPT_NEWS + 1)
        row.wake()
        return row.end

    async def last(self) -> RowEnd:
        """Return where the row ends."""
        self._reach()
        row = self.row
        if not row.news:
            return RowEnd(row.end)
        return RowEnd(row.end, row.news[-1].term, row.news[-1].seq)

    async def keep(self, state: BoardState) -> None:
        """Keep a state in place of an older one."""
        self._reach()
        if state.term < self.row.state.term:
            raise Superseded(f"a state of term {self.row.state.term} is kept")
        self.row.state = state

    async def close(self) -> None:
        """Do nothing: there is no connection."""

    def _reach(self) -> None:
        why = self.row.down or self.cut
        if why is not None:
            raise BusUnavailable(why)
