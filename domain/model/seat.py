"""A coin's place on the board: its two markets, found once and not at every tick."""

from collections.abc import Iterator
from dataclasses import dataclass

from domain.model.coin import Coin, Listing
from domain.model.market import Exchange, MarketKey
from domain.model.quote import MarketState, QuoteBook


@dataclass(frozen=True, slots=True)
class Side:
    """One market of a coin and the state it feeds."""

    listing: Listing
    state: MarketState

    @property
    def is_halted(self) -> bool:
        """Whether the venue's list or its last ticker says that nothing matches."""
        return not (self.listing.tradable and self.state.tradable)


@dataclass(frozen=True, slots=True)
class Seat:
    """A coin on the board with its sides; `curated` when both were checked by name."""

    coin: Coin
    domestic: Side
    global_: Side | None
    curated: bool

    @property
    def sides(self) -> Iterator[Side]:
        """The sides there are."""
        yield self.domestic
        if self.global_ is not None:
            yield self.global_

    @property
    def is_halted(self) -> bool:
        """Whether a side is halted."""
        return any(side.is_halted for side in self.sides)

    @property
    def is_guessed(self) -> bool:
        """Whether the pair rests on equal tickers alone, so that the guard watches."""
        return self.global_ is not None and not self.curated

    @property
    def pair(self) -> tuple[bool, tuple[MarketKey, ...]]:
        """What makes it the same pair: checked or not, and its markets."""
        return (self.curated, tuple(side.state.key for side in self.sides))

    def stands_on(self, exchanges: set[Exchange]) -> bool:
        """Whether a side is on one of the venues."""
        return any(side.listing.exchange in exchanges for side in self.sides)

    def forget_carried(self) -> None:
        """Forget that sessions carried its markets."""
        for side in self.sides:
            side.state.carried_s = None


def seat_of(coin: Coin, book: QuoteBook) -> Seat | None:
    """Return the coin's seat, None where it has no open KRW market."""
    domestic, global_ = coin.domestic, coin.global_
    if domestic is None:
        return None
    return Seat(
        coin=coin,
        domestic=_side(domestic, book),
        global_=None if global_ is None else _side(global_, book),
        curated=coin.is_curated_pair,
    )


def _side(listing: Listing, book: QuoteBook) -> Side:
    return Side(listing, book.watch(listing.key, listing.multiplier))
