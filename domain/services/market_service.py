"""Keeps a venue's markets fed: what to watch, and a REST seed for every session."""

import asyncio
import logging
from collections.abc import Sequence

from domain.model.coin import Coin
from domain.model.error import UpstreamUnavailable
from domain.model.event import FeedEvent, FeedUp
from domain.model.market import Exchange
from domain.ports.clock import Clock
from domain.ports.market_source import MarketSource
from domain.ports.market_stream import MarketStream
from domain.services.board_service import BoardService

# A seed that failed is tried again this soon.
SEED_RETRY_S = 4.0

_log = logging.getLogger(__name__)


class MarketService:
    """One venue: its stream feeds the board, every new session is seeded by REST.

    The seed makes quiet markets live again after a cut: a stream that carries only
    changes would leave them stale until their next trade.
    """

    def __init__(
        self,
        source: MarketSource,
        stream: MarketStream,
        board: BoardService,
        clock: Clock,
    ) -> None:
        self._source = source
        self._stream = stream
        self._board = board
        self._clock = clock
        self._watched: frozenset[str] = frozenset()
        self._seed_wanted = asyncio.Event()

    @property
    def exchange(self) -> Exchange:
        """The venue."""
        return self._source.exchange

    def set_coins(self, coins: Sequence[Coin]) -> None:
        """Watch the markets of the coins on the board; new ones are seeded."""
        wanted = frozenset(markets_of(coins, self.exchange))
        if wanted == self._watched:
            return
        news = wanted - self._watched
        self._watched = wanted
        self._stream.watch(wanted)
        if news:
            self._seed_wanted.set()

    def observe(self, event: FeedEvent) -> None:
        """Pass an event to the board; a session that begins asks for a seed."""
        self._board.observe(event)
        if isinstance(event, FeedUp):
            self._seed_wanted.set()

    async def run_stream(self) -> None:
        """Run the stream for ever."""
        await self._stream.run(self.observe)

    async def run_seed(self) -> None:
        """Seed the board whenever a session begins or markets are added."""
        while True:
            await self._seed_wanted.wait()
            self._seed_wanted.clear()
            if self._watched and not await self.seed():
                await self._clock.sleep(SEED_RETRY_S)
                self._seed_wanted.set()

    async def seed(self) -> bool:
        """Ask for all quotes once; False: the venue did not answer."""
        try:
            batch = await self._source.quotes(self._watched)
        except UpstreamUnavailable as exc:
            _log.warning(
                "market.unseeded", extra={"venue": self.exchange, "why": str(exc)}
            )
            return False
        self._board.observe(batch)
        return True


def markets_of(coins: Sequence[Coin], exchange: Exchange) -> list[str]:
    """Return the venue's markets that stand on the board, as domestic or global leg."""
    sides = [side for coin in coins if coin.domestic for side in _sides(coin)]
    return [market for venue, market in sides if venue is exchange]


def _sides(coin: Coin) -> list[tuple[Exchange, str]]:
    found = (coin.domestic, coin.global_)
    return [(side.exchange, side.market) for side in found if side is not None]
