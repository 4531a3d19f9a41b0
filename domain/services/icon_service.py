"""Icons of coins: the stored address is fetched once and kept."""

import asyncio
import logging

from domain.model.error import StoreUnavailable, UpstreamUnavailable
from domain.ports.clock import Clock
from domain.ports.store import Icon, IconRepository, IconSource
from domain.services.catalog_service import CatalogService

# A picture that could not be fetched is not asked for again before this has passed.
RETRY_AFTER_S = 600.0
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
        self._cached: dict[str, Icon] = {}
        self._failed_s: dict[str, float] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    async def icon(self, symbol: str) -> Icon | None:
        """Return the picture of a coin that has an address, None where none is had.

        Never raises for an upstream or the store: a drawn icon takes its place.
        """
        coin = self._catalog.coin(symbol)
        if coin is None or coin.icon_url is None:
            return None
        cached = self._cached.get(coin.symbol)
        if cached is not None and cached.source_url == coin.icon_url:
            return cached
        async with self._locks.setdefault(coin.symbol, asyncio.Lock()):
            return await self._obtain(coin.symbol, coin.icon_url)

    async def _obtain(self, symbol: str, url: str) -> Icon | None:
        icon = await self._stored(symbol, url) or await self._fetched(symbol, url)
        if icon is not None and len(self._cached) < MAX_CACHED:
            self._cached[symbol] = icon
        return icon

    async def _stored(self, symbol: str, url: str) -> Icon | None:
        try:
            icon = await self._repository.load(symbol)
        except StoreUnavailable:
            return None
        return icon if icon is not None and icon.source_url == url else None

    async def _fetched(self, symbol: str, url: str) -> Icon | None:
        failed_s = self._failed_s.get(url)
        if failed_s is not None and self._clock.monotonic() < failed_s + RETRY_AFTER_S:
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
