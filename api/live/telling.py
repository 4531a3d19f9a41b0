"""What those who watch alike have been told, and what they are told next.

The domain's `PremiumView` decides for boards; the rules are those of `PremiumWatch`,
which serves one subscriber: a snapshot, then what changed, merged.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Protocol

from api.live.source import BoardWatch, CoinWatch, Watch
from domain.model.premium import Premium
from domain.model.premium_query import PremiumView
from domain.services.board_service import BoardService
from domain.services.premium_watch import PremiumsEvent


class Gone(Exception):
    """What was watched has left the board: the stream ends."""


class Telling(Protocol):
    """The state of a cohort."""

    @property
    def tick(self) -> int:
        """The tick up to which everything was told."""
        ...

    def snapshot(self) -> object:
        """Return the first event.

        Raises:
            Gone: there is nothing to watch.
        """
        ...

    def delta(self) -> object | None:
        """Return everything since the last event, None where nothing changed.

        Raises:
            Gone: the stream ends.
        """
        ...

    def copy(self) -> "Telling":
        """Return the same state, to go on from by itself."""
        ...


class BoardTelling:
    """Of a filtered board."""

    __slots__ = ("_service", "_view", "_watch")

    def __init__(
        self, watch: BoardWatch, service: BoardService, view: PremiumView | None = None
    ) -> None:
        self._watch = watch
        self._service = service
        # Coins are chosen by looking them up: the view need not ask for them again.
        others = replace(watch.wanted, symbols=None)
        self._view = PremiumView(others) if view is None else view

    @property
    def tick(self) -> int:
        """See `Telling`."""
        return self._view.tick

    def snapshot(self) -> PremiumsEvent:
        """See `Telling`."""
        board = self._service.board
        symbols = self._watch.wanted.symbols
        whole = board.premiums() if symbols is None else board.changed_among(symbols, 0)
        found = self._view.snapshot(whole, board.seq)
        return PremiumsEvent(board.seq, self._service.at_ms(), True, found, ())

    def delta(self) -> PremiumsEvent | None:
        """See `Telling`."""
        board = self._service.board
        changed, removed = self._view.delta(self._changed(), board.symbols, board.seq)
        if not changed and not removed:
            return None
        at_ms = self._service.at_ms()
        return PremiumsEvent(board.seq, at_ms, False, changed, removed)

    def copy(self) -> "BoardTelling":
        """See `Telling`."""
        return BoardTelling(self._watch, self._service, self._view.copy())

    def _changed(self) -> Iterable[Premium]:
        board, tick = self._service.board, self._view.tick
        symbols = self._watch.wanted.symbols
        if symbols is None:
            return board.changed_since(tick)
        # A handful of coins is looked up, however many others have changed.
        return board.changed_among(symbols, tick)


class CoinTelling:
    """Of one coin."""

    __slots__ = ("_service", "_watch", "tick")

    def __init__(self, watch: CoinWatch, service: BoardService, tick: int = 0) -> None:
        self._watch = watch
        self._service = service
        self.tick = tick

    def snapshot(self) -> Premium:
        """See `Telling`."""
        premium = self._read()
        self.tick = self._service.board.seq
        return premium

    def delta(self) -> Premium | None:
        """See `Telling`."""
        before, self.tick = self.tick, self._service.board.seq
        premium = self._read()
        return premium if premium.tick > before else None

    def copy(self) -> "CoinTelling":
        """See `Telling`."""
        return CoinTelling(self._watch, self._service, self.tick)

    def _read(self) -> Premium:
        premium = self._service.board.premium(self._watch.symbol)
        if premium is None:
            raise Gone
        return premium


def telling_of(watch: Watch, service: BoardService) -> Telling:
    """Return the state of somebody who was told nothing."""
    if isinstance(watch, CoinWatch):
        return CoinTelling(watch, service)
    return BoardTelling(watch, service)
