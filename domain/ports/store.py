"""What is kept across restarts."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from domain.model.coin import Coin
from domain.model.fx import FxQuote
from domain.model.kept import KeptPremium
from domain.model.quote import Quote


@dataclass(frozen=True, slots=True)
class Icon:
    """A picture of a coin: its bytes, media type and where it came from."""

    symbol: str
    content: bytes
    media_type: str
    source_url: str


@dataclass(frozen=True, slots=True)
class Latest:
    """Everything the board restores itself from.

    `tick_seq` is the number of the last published tick; `clean` tells that the writer
    stopped in order, so no later version was published unwritten.
    """

    quotes: Sequence[Quote] = ()
    rates: Sequence[FxQuote] = ()
    premiums: Sequence[KeptPremium] = ()
    tick_seq: int = 0
    clean: bool = True


@dataclass(frozen=True, slots=True)
class CoinMark:
    """How the stored coins stand: another mark tells that something was stored.

    `updated_us` is the last change (Unix µs), None without coins. An equal mark is no
    proof: what began earlier and ended later may not show.
    """

    coins: int = 0
    listings: int = 0
    updated_us: int | None = None


class CoinRepository(Protocol):
    """Coins with all their listings. Every method may raise `StoreUnavailable`."""

    async def load(self) -> Sequence[Coin]:
        """Return every coin ever known, by symbol."""
        ...

    async def save(self, coins: Collection[Coin]) -> None:
        """Store coins with their listings, idempotently.

        Listings that are not named stay; nothing is ever deleted. `icon_url`
        is filled in only where none is stored yet.
        """
        ...

    async def mark(self) -> CoinMark:
        """Return how the coins stand, cheaply: often asked."""
        ...

    async def set_icon_url(self, symbol: str, url: str) -> bool:
        """Store where a coin's icon is; False: no such coin."""
        ...


class LatestRepository(Protocol):
    """The latest value of everything. Every method may raise `StoreUnavailable`."""

    async def load(self) -> Latest:
        """Return what was stored last."""
        ...

    async def save(self, latest: Latest) -> None:
        """Upsert the values given.

        A quote or rate replaces the stored one only where its exchange time is not
        older and something differs (a receive time alone is no difference); a premium
        only where its `seq` is larger.
        `tick_seq` never goes down; `clean` is taken as it is.
        """
        ...


class IconRepository(Protocol):
    """Fetched icons. Every method may raise `StoreUnavailable`."""

    async def load(self, symbol: str) -> Icon | None:
        """Return the kept icon of a coin."""
        ...

    async def load_all(self, limit: int) -> Sequence[Icon]:
        """Return the kept icons by symbol, the first so many."""
        ...

    async def save(self, icon: Icon) -> None:
        """Keep an icon, in place of an earlier one."""
        ...


class IconSource(Protocol):
    """Fetches pictures from the URL stored with a coin."""

    async def fetch(self, symbol: str, url: str) -> Icon:
        """Return the picture.

        Raises:
            UpstreamUnavailable: no picture there, too large, or not an image.
        """
        ...
