"""Icons of coins: the stored address is fetched once and kept."""

import logging
from collections.abc import Sequence

from domain.model.coin import Coin
from domain.model.error import StoreUnavailable, UpstreamUnavailable
from domain.ports.clock import Clock
from domain.ports.store import Icon, IconRepository, IconSource
from domain.services.cache import Cache, CacheReporter
from domain.services.catalog_service import CatalogService

# A picture, or that there is none, is believed for so long; then the store and, where
# it has none, the coin's own address are asked again.
TTL_S = 600.0
# Pictures have a few kilobytes, 256 KiB at most. At the cap the one that was not asked
# for the longest goes.
MAX_CACHED = 1000

_log = logging.getLogger(__name__)


class IconService:
    """Answers from memory, then the store, then the coin's own address."""

    def __init__(
        self,
        catalog: CatalogService,
        repository: IconRepository,
        source: IconSource,
        clock: Clock,
    ) -> None:
        self._catalog = catalog
        self._repository = repository
        self._source = source
        self._clock = clock
        # By symbol and address: a picture of an earlier address is another one.
        self._cache: Cache[tuple[str, str], Icon | None] = Cache(
            "icons", ttl_s=TTL_S, max_entries=MAX_CACHED, clock=clock
        )
        self._addresses: dict[str, str] = {}
        self._failed_s: dict[str, float] = {}
        catalog.on_change(self._take_addresses)

    @property
    def cache(self) -> CacheReporter:
        """The cache of pictures."""
        return self._cache

    async def warm(self) -> None:
        """Take the stored pictures into memory, for the first who ask.

        Raises:
            StoreUnavailable: the database cannot be reached.
        """
        for icon in await self._repository.load_all(MAX_CACHED):
            coin = self._catalog.coin(icon.symbol)
            if coin is not None and coin.icon_url == icon.source_url:
                self._cache.put((icon.symbol, icon.source_url), icon)

    async def icon(self, symbol: str) -> Icon | None:
        """Return the picture of a coin that has an address, None where none is had.

        Never raises for an upstream or the store: a drawn icon takes its place.
        """
        coin = self._catalog.coin(symbol)
        if coin is None or coin.icon_url is None:
            return None
        name, url = coin.symbol, coin.icon_url
        try:
            return await self._cache.get((name, url), lambda: self._obtain(name, url))
        except StoreUnavailable:
            return None

    async def _obtain(self, symbol: str, url: str) -> Icon | None:
        """Return the picture, None: nobody has one.

        Raises:
            StoreUnavailable: it is not known whether the store has one, and nobody
                else gives it; that is nothing to remember.
        """
        try:
            stored = await self._repository.load(symbol)
        except StoreUnavailable:
            fetched = await self._fetched(symbol, url)
            if fetched is None:
                raise
            return fetched
        if stored is not None and stored.source_url == url:
            return stored
        return await self._fetched(symbol, url)

    async def _fetched(self, symbol: str, url: str) -> Icon | None:
        failed_s = self._failed_s.get(url)
        if failed_s is not None and self._clock.monotonic() < failed_s + TTL_S:
            return None
        try:
            icon = await self._source.fetch(symbol, url)
        except UpstreamUnavailable as exc:
            self._failed_s[url] = self._clock.monotonic()
            _log.info("icon.unavailable", extra={"symbol": symbol, "why": str(exc)})
            return None
        try:
            await self._repository.save(icon)
        except StoreUnavailable:
            _log.info("icon.unsaved", extra={"symbol": symbol})
        return icon

    def _take_addresses(self, coins: Sequence[Coin]) -> None:
        """Forget pictures whose coin has another address now."""
        fresh = {coin.symbol: coin.icon_url for coin in coins if coin.icon_url}
        for symbol, url in self._addresses.items():
            if fresh.get(symbol) != url:
                self._cache.invalidate((symbol, url))
                self._failed_s.pop(url, None)
        self._addresses = fresh
