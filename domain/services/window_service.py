"""Keeps the bases of both change windows: 00:00 UTC and 24 hours ago.

Upbit tells its UTC base with every ticker and Binance its rolling base; the other two
are asked for here: Binance's daily open once per UTC day, and for Upbit one page of
ten-minute candles at start, continued with our own prices.
"""

import logging
from collections.abc import Sequence

from domain.model.coin import Coin
from domain.model.error import UpstreamUnavailable
from domain.model.market import MarketKey
from domain.model.quote import DAY_MS
from domain.model.rolling import RollingPrices
from domain.ports.clock import Clock
from domain.ports.market_source import MarketSource
from domain.services.board_service import BoardService
from domain.services.market_service import markets_of

# These questions are in no hurry: seeds and catalogue go first within the limits.
ASK_PAUSE_S = 0.2
SAMPLE_INTERVAL_S = 60.0
ROUND_INTERVAL_S = 30.0
# How soon to look again while no coin is known yet.
FIRST_COINS_S = 0.5
RETRY_PAUSE_S = 5.0

_log = logging.getLogger(__name__)


class WindowService:
    """Asks and samples, one market after the other, for as long as the server runs."""

    def __init__(
        self,
        domestic: MarketSource,
        global_: MarketSource,
        board: BoardService,
        clock: Clock,
    ) -> None:
        self._domestic = domestic
        self._global = global_
        self._board = board
        self._clock = clock
        self._coins: Sequence[Coin] = ()
        self._rolling: dict[MarketKey, RollingPrices] = {}
        self._seeded: set[MarketKey] = set()
        self._opened: dict[MarketKey, int] = {}

    def set_coins(self, coins: Sequence[Coin]) -> None:
        """Take the coins whose windows are to be known."""
        self._coins = coins

    async def run_utc_open(self) -> None:
        """Ask for the daily open of each global market, once per UTC day."""
        while True:
            day = self._clock.now_ms() // DAY_MS
            for market in markets_of(self._coins, self._global.exchange):
                key = MarketKey(self._global.exchange, market)
                if self._opened.get(key) != day:
                    await self._ask_utc_open(key, day)
            await self._pause()

    async def run_price_points(self) -> None:
        """Ask for one page of ten-minute closes of each domestic market."""
        while True:
            for market in markets_of(self._coins, self._domestic.exchange):
                key = MarketKey(self._domestic.exchange, market)
                if key not in self._seeded:
                    await self._ask_price_points(key)
            await self._pause()

    async def run_sample(self) -> None:
        """Sample our own prices and move the 24-hour base along."""
        while True:
            self.sample()
            await self._clock.sleep(SAMPLE_INTERVAL_S)

    def sample(self) -> None:
        """Take the live price of every domestic market, and tell the new bases."""
        now_ms = self._clock.now_ms()
        watched = set()
        for market in markets_of(self._coins, self._domestic.exchange):
            key = MarketKey(self._domestic.exchange, market)
            watched.add(key)
            state = self._board.board.book.get(key)
            if state is not None and state.price is not None and state.carried_s:
                self._prices(key).sample(now_ms, state.price)
            self._tell(key)
        for gone in self._rolling.keys() - watched:
            del self._rolling[gone]
            self._seeded.discard(gone)

    async def _pause(self) -> None:
        pause_s = ROUND_INTERVAL_S if self._coins else FIRST_COINS_S
        await self._clock.sleep(pause_s)

    async def _ask_utc_open(self, key: MarketKey, day: int) -> None:
        try:
            price = await self._global.utc_open(key.market, day)
        except UpstreamUnavailable as exc:
            await self._silent(key, exc)
            return
        self._opened[key] = day
        if price is not None:
            self._board.set_open_utc(key, price, day)
        await self._clock.sleep(ASK_PAUSE_S)

    async def _ask_price_points(self, key: MarketKey) -> None:
        try:
            points = await self._domestic.price_points(key.market)
        except UpstreamUnavailable as exc:
            await self._silent(key, exc)
            return
        self._seeded.add(key)
        self._prices(key).seed((point.before_ms, point.price) for point in points)
        self._tell(key)
        await self._clock.sleep(ASK_PAUSE_S)

    async def _silent(self, key: MarketKey, exc: UpstreamUnavailable) -> None:
        _log.info("window.unknown", extra={"market": key.market, "why": str(exc)})
        await self._clock.sleep(RETRY_PAUSE_S)

    def _prices(self, key: MarketKey) -> RollingPrices:
        return self._rolling.setdefault(key, RollingPrices())

    def _tell(self, key: MarketKey) -> None:
        prices = self._rolling.get(key)
        base = None if prices is None else prices.price_24h_ago(self._clock.now_ms())
        if base is not None:
            self._board.set_open_24h(key, base)
