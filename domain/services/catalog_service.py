"""The catalogue of coins: loaded from the store, kept in step with the venues."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import quote

from domain.model.catalog import Reconciled, reconcile
from domain.model.coin import Coin
from domain.model.error import StoreUnavailable, UpstreamUnavailable
from domain.model.identity import IdentityTable
from domain.model.market import Exchange, VenueMarket
from domain.ports.clock import Clock
from domain.ports.market_source import MarketSource
from domain.ports.store import CoinRepository

SYNC_INTERVAL_S = 3600.0
# After a failed look, or while the store waits for coins, try again this soon.
RETRY_INTERVAL_S = 5.0
REFRESH_INTERVAL_S = 30.0
# Markets named in one log line; the rest is counted.
MAX_NAMED = 10

_log = logging.getLogger(__name__)


class CatalogService:
    """Owns the coins known now, and tells listeners when they change."""

    def __init__(
        self,
        repository: CoinRepository,
        sources: Sequence[MarketSource],
        identity: IdentityTable,
        clock: Clock,
        icon_url: str = "",
    ) -> None:
        """Compose; `icon_url` is the address kept for a coin without one.

        `{symbol}` in it stands for the domestic venue's ticker; empty: none is kept.
        """
        self._icon_url = icon_url
        self._repository = repository
        self._sources = sources
        self._identity = identity
        self._clock = clock
        self._coins: Mapping[str, Coin] = {}
        self._unsaved: dict[str, Coin] = {}
        self._loaded = False
        self._silent: set[Exchange] = set()
        self._listeners: list[Callable[[Sequence[Coin]], None]] = []

    def coins(self) -> Sequence[Coin]:
        """Return every coin that has or had a KRW market, by symbol."""
        return sorted(self._coins.values(), key=lambda coin: coin.symbol)

    def coin(self, symbol: str) -> Coin | None:
        """Return a coin by its symbol, without regard to case."""
        return self._coins.get(symbol.upper())

    def on_change(self, listener: Callable[[Sequence[Coin]], None]) -> None:
        """Call the listener with all coins whenever any of them changed."""
        self._listeners.append(listener)

    async def load(self) -> None:
        """Read the stored coins; what the venues told meanwhile goes on top.

        Raises:
            StoreUnavailable: the database cannot be reached.
        """
        stored = {coin.symbol: coin for coin in await self._repository.load()}
        self._loaded = True
        if stored:
            self._replace({**stored, **self._merged(stored)})

    async def sync(self, *, again: bool = False) -> bool:
        """Look at the venues and the store once; False: something did not answer.

        `again` asks only those that were silent the last time.
        """
        loaded_now = await self._try_load()
        await self._listen(only_silent=again and not loaded_now)
        saved = await self._save()
        return saved and self._loaded and not self._silent

    async def set_icon_url(self, symbol: str, url: str) -> bool:
        """Store a coin's icon address; False: no such coin.

        Raises:
            StoreUnavailable: the database cannot be reached.
        """
        return await self._repository.set_icon_url(symbol.upper(), url)

    async def run(self) -> None:
        """Keep in step: hourly, and every few seconds while something is missing."""
        again = False
        while True:
            complete = await self.sync(again=again)
            again = not complete
            if again:
                await self._clock.sleep(RETRY_INTERVAL_S)
            else:
                await self._until_next_sync()

    async def refresh_icons(self) -> None:
        """Take over icon addresses that another process has stored."""
        try:
            stored = await self._repository.load()
        except StoreUnavailable:
            return
        addresses = {coin.symbol: coin.icon_url for coin in stored}
        moved = {
            symbol: replace(coin, icon_url=addresses[symbol])
            for symbol, coin in self._coins.items()
            if addresses.get(symbol, coin.icon_url) != coin.icon_url
        }
        if moved:
            self._replace({**self._coins, **moved})

    async def _until_next_sync(self) -> None:
        due_s = self._clock.monotonic() + SYNC_INTERVAL_S
        while self._clock.monotonic() < due_s:
            await self._clock.sleep(REFRESH_INTERVAL_S)
            await self.refresh_icons()

    def _addressed(self, coin: Coin) -> Coin:
        """Return the coin with an icon address, made where none is known."""
        side = coin.domestic
        if coin.icon_url is not None or side is None or not self._icon_url:
            return coin
        address = self._icon_url.replace("{symbol}", quote(side.base_symbol, safe=""))
        return replace(coin, icon_url=address)

    async def _try_load(self) -> bool:
        """Load the store if that never succeeded; True: it did just now."""
        if self._loaded:
            return False
        try:
            await self.load()
        except StoreUnavailable:
            return False
        return True

    async def _listen(self, *, only_silent: bool) -> None:
        """Ask the venues side by side; what one tells counts before another answers."""
        heard: dict[Exchange, Sequence[VenueMarket]] = {}
        await asyncio.gather(
            *(
                self._ask(source, heard)
                for source in self._sources
                if not only_silent or source.exchange in self._silent
            )
        )

    async def _ask(
        self, source: MarketSource, heard: dict[Exchange, Sequence[VenueMarket]]
    ) -> None:
        try:
            heard[source.exchange] = await source.markets()
        except UpstreamUnavailable as exc:
            self._silent.add(source.exchange)
            _log.warning("catalog.venue_silent", extra={"reason": str(exc)})
            return
        self._silent.discard(source.exchange)
        self._reconcile(heard)

    def _reconcile(self, heard: Mapping[Exchange, Sequence[VenueMarket]]) -> None:
        now = datetime.fromtimestamp(self._clock.now_ms() / 1000, UTC)
        found = reconcile(self._coins.values(), heard, self._identity, now)
        if not found.changed:
            return
        self._tell(found)
        fresh = {coin.symbol: self._addressed(coin) for coin in found.changed}
        self._unsaved.update(fresh)
        self._replace({**found.coins, **fresh})

    async def _save(self) -> bool:
        if not self._unsaved:
            return True
        waiting = list(self._unsaved.values())
        try:
            await self._repository.save(waiting)
        except StoreUnavailable as exc:
            _log.warning(
                "catalog.unsaved", extra={"coins": len(waiting), "why": str(exc)}
            )
            return False
        for coin in waiting:
            if self._unsaved.get(coin.symbol) == coin:
                del self._unsaved[coin.symbol]
        return True

    def _merged(self, stored: Mapping[str, Coin]) -> Mapping[str, Coin]:
        """Return coins the venues told before the store could be read."""
        return {s: coin for s, coin in self._coins.items() if s not in stored}

    def _replace(self, coins: Mapping[str, Coin]) -> None:
        self._coins = dict(coins)
        everyone = self.coins()
        for listener in self._listeners:
            listener(everyone)

    @staticmethod
    def _tell(found: Reconciled) -> None:
        _log.info(
            "catalog.changed",
            extra={
                "coins": len(found.changed),
                "opened": _named([key.market for key in found.opened]),
                "closed": _named([key.market for key in found.closed]),
                "conflicts": _named([market.market for market in found.conflicts]),
            },
        )


def _named(markets: Sequence[str]) -> str:
    """Return the codes as one text; the first look at a venue opens hundreds."""
    more = len(markets) - MAX_NAMED
    shown = " ".join(markets[:MAX_NAMED])
    return f"{shown} and {more} more" if more > 0 else shown
