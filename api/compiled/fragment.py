"""What each coin's version is written as, kept for all who select alike.

A version is known by its identity: the board publishes a new object whenever anything
it tells has changed. What moves on meanwhile (ages, `receivedAt`) is left open in the
kept form and written at each sending.
"""

from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

from api.moment import Moment
from domain.model.premium import Premium

Hole = tuple[Callable[[object, Moment], bytes], object]
"""What writes a value that moves, and the object that it belongs to."""

K = TypeVar("K")


class Fragments(Generic[K]):
    """One selection of coins: what is kept of the last version written of each."""

    def __init__(self, make: Callable[[Premium, Moment], K]) -> None:
        self._make = make
        self._kept: dict[str, tuple[Premium, K]] = {}

    def one(self, version: Premium, moment: Moment) -> bytes:
        """Return the JSON of one version."""
        return self.many((version,), moment)[1:-1]

    def many(self, versions: Iterable[Premium], moment: Moment) -> bytes:
        """Return the JSON of a list of versions."""
        raise NotImplementedError

    def forget(self, symbols: Iterable[str]) -> None:
        """Drop what is kept of coins."""
        for symbol in symbols:
            self._kept.pop(symbol, None)

    def __len__(self) -> int:
        """Return of how many coins a version is kept."""
        return len(self._kept)

    def current(self, versions: Iterable[Premium], moment: Moment) -> list[K]:
        """Return what is kept of versions, made where it is of another one."""
        kept, make, found = self._kept, self._make, []
        for version in versions:
            symbol = version.coin.symbol
            known = kept.get(symbol)
            if known is None or known[0] is not version:
                known = kept[symbol] = (version, make(version, moment))
            found.append(known[1])
        return found


class StillFragments(Fragments[bytes]):
    """A selection in which nothing moves: its JSON is kept whole."""

    def one(self, version: Premium, moment: Moment) -> bytes:
        """Return the JSON of one version."""
        known = self._kept.get(version.coin.symbol)
        if known is not None and known[0] is version:
            return known[1]
        return self.current((version,), moment)[0]

    def many(self, versions: Iterable[Premium], moment: Moment) -> bytes:
        """Return the JSON of a list of versions."""
        return b"[%b]" % b",".join(self.current(versions, moment))


class MovingFragments(Fragments[list[bytes | Hole]]):
    """A selection in which something moves: its pieces are kept, with holes."""

    def __init__(self, make: Callable[[Premium, Moment], list[bytes | Hole]]) -> None:
        super().__init__(lambda version, moment: joined(make(version, moment)))

    def many(self, versions: Iterable[Premium], moment: Moment) -> bytes:
        """Return the JSON of a list of versions, its holes filled for a moment."""
        kept = self.current(versions, moment)
        return b"[%b]" % b",".join([filled(pieces, moment) for pieces in kept])


def joined(pieces: Iterable[bytes | Hole]) -> list[bytes | Hole]:
    """Return pieces of which no two neighbours stay the same."""
    found: list[bytes | Hole] = []
    for piece in pieces:
        if found and isinstance(piece, bytes) and isinstance(found[-1], bytes):
            found[-1] += piece
        else:
            found.append(piece)
    return found


def filled(pieces: Iterable[bytes | Hole], moment: Moment) -> bytes:
    """Return pieces as one, what moves as it is at a moment."""
    return b"".join(
        [
            piece if isinstance(piece, bytes) else piece[0](piece[1], moment)
            for piece in pieces
        ]
    )
