"""The catalogue of coins: loaded from the store, kept in step with the venues."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime

from domain.model.catalog import Reconciled, addressed, reconcile, taken_over
from domain.model.coin import Coin
from domain.model.coin_query import CoinFilter, CoinOrder
from domain.model.error import StoreUnavailable, UpstreamUnavailable
from domain.model.identity import IdentityTable
from domain.model.market import Exchange, MarketKey, VenueMarket
from domain.model.page import Page, PageRequest, paginate
from domain.model.patience import Patience
from domain.ports.clock import Clock
from domain.ports.market_source import MarketSource
from domain.ports.store import CoinMark, CoinRepository
from domain.services.cache import Cache, CacheReporter

# A new listing is a new premium: five minutes cost a hundredth of the request budget.
SYNC_INTERVAL_S = 300.0
# The store is read, until that succeeded, given what is new, and asked whether another
# process has stored a coin, this often. At the latest every half a minute all of it is
# looked at.
STORE_INTERVAL_S = 0.5
REFRESH_INTERVAL_S = 30.0
# A time to come back that has just passed must not make the loop spin.
LEAST_HOLD_S = 0.05
# Pages of the list of coins are good until the catalogue changes. A page has at most
# 1,000 rows, usually 100 of some 150 bytes each; at the cap the least used one goes.
PAGE_TTL_S = 3600.0
MAX_PAGES = 128
# The page that is asked for without arguments; made whenever the catalogue changes.
FIRST_PAGE = PageRequest(100)
# Markets named in one log line; the rest is counted.
MAX_NAMED = 10

_log = logging.getLogger(__name__)

_PageKey = tuple[CoinFilter, CoinOrder, PageRequest]


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
        self._sorted: Sequence[Coin] = ()
        self._pages: Cache[_PageKey, Page[Coin]] = Cache(
            "coins", ttl_s=PAGE_TTL_S, max_entries=MAX_PAGES, clock=clock
        )
        # The last word of each venue: a coin that one tells of late has the other's
        # market at once.
        self._heard: dict[Exchange, Sequence[VenueMarket]] = {}
        self._unsaved: dict[str, Coin] = {}
        self._told_unsaved = False
        self._loaded = False
        self._mark: CoinMark | None = None
        self._unread: str | None = "the stored coins were not read yet"
        self._silent: set[Exchange] = set()
        self._listed: dict[Exchange, frozenset[str]] = {}
        self._listeners: list[Callable[[Sequence[Coin]], None]] = []

    def coins(self) -> Sequence[Coin]:
        """Return every coin that has or had a KRW market, by symbol."""
        return self._sorted

    def page(
        self, wanted: CoinFilter, order: CoinOrder, request: PageRequest
    ) -> Page[Coin]:
        """Return a page of the coins that match.

        Raises:
            InvalidArgument: the cursor is broken, or of another order or filter.
        """
        return self._pages.compute(
            (wanted, order, request), lambda: self._made(wanted, order, request)
        )

    @property
    def unread(self) -> str | None:
        """Why the stored coins were not read yet; None: they were."""
        return self._unread

    @property
    def cache(self) -> CacheReporter:
        """The cache of pages."""
        return self._pages

    @property
    def unsaved_count(self) -> int:
        """How many coins wait to be written: each waits once, as it is now."""
        return len(self._unsaved)

    def coin(self, symbol: str) -> Coin | None:
        """Return a coin by its symbol, without regard to case."""
        return self._coins.get(symbol.upper())

    def lists(self, key: MarketKey) -> bool | None:
        """Whether a venue lists a market by its last word; None: it never told."""
        listed = self._listed.get(key.exchange)
        return None if listed is None else key.market in listed

    def on_change(self, listener: Callable[[Sequence[Coin]], None]) -> None:
        """Call the listener with all coins whenever any of them changed."""
        self._listeners.append(listener)

    async def load(self) -> None:
        """Read the stored coins; what the venues told before is laid over them.

        Raises:
            StoreUnavailable: the database cannot be reached.
        """
        stored = {coin.symbol: coin for coin in await self._repository.load()}
        self._loaded, self._unread = True, None
        if stored:
            # Made without the past, as if every market had always been there.
            self._unsaved.clear()
            self._replace(self._laid_over(stored, self._heard))

    async def sync(self, *, again: bool = False) -> bool:
        """Look at the venues and the store once; False: something did not answer.

        `again` asks only those that were silent the last time.
        """
        # Side by side: a store that hangs keeps nobody from the venues' coins.
        await asyncio.gather(self._try_load(), self._listen(only_silent=again))
        saved = await self._save()
        return saved and self._loaded and not self._silent

    async def set_icon_url(self, symbol: str, url: str) -> bool:
        """Store a coin's icon address; False: no such coin.

        Raises:
            StoreUnavailable: the database cannot be reached.
        """
        return await self._repository.set_icon_url(symbol.upper(), url)

    async def run(self) -> None:
        """Keep in step; neither the venues nor the store waits for the other."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._run_venues(), name="catalog.venues")
            group.create_task(self._run_store(), name="catalog.store")

    async def notice(self) -> None:
        """Take over what another process has stored, where the store tells of any."""
        if not self._loaded:
            return
        try:
            mark = await self._repository.mark()
        except StoreUnavailable:
            return
        if mark != self._mark and await self.refresh():
            self._mark = mark

    async def refresh(self) -> bool:
        """Take over coins, markets and icon addresses that another process has stored.

        What is known of a market stays: its venue tells. False: the store is away.
        """
        try:
            stored = await self._repository.load()
        except StoreUnavailable:
            return False
        known = self._coins
        taken = {
            coin.symbol: taken_over(known.get(coin.symbol), coin) for coin in stored
        }
        news = {
            symbol: coin for symbol, coin in taken.items() if coin != known.get(symbol)
        }
        if news:
            self._forget_older_words(news.values())
            self._replace({**known, **news})
        return True

    def _forget_older_words(self, news: Iterable[Coin]) -> None:
        """Forget what a venue told before a market that another process has found.

        It would close the market; the venue is asked again within five minutes.
        """
        for coin in news:
            for listing in coin.listings:
                if listing.is_open and self.lists(listing.key) is False:
                    self._heard.pop(listing.exchange, None)

    async def _run_venues(self) -> None:
        """Ask each venue at its own pace; none waits for another."""
        async with asyncio.TaskGroup() as group:
            for source in self._sources:
                name = f"catalog.{source.exchange.lower()}"
                group.create_task(self._run_venue(source), name=name)

    async def _run_venue(self, source: MarketSource) -> None:
        """Ask every five minutes, and by our patience while there is no answer."""
        patience = Patience()
        while True:
            failure = await self._ask(source)
            if failure is None:
                patience.succeeded()
                wait_s = SYNC_INTERVAL_S
            elif failure.retry_at_ms is None:
                wait_s = patience.failed(self._clock.monotonic())
            else:  # held by a limit or a breaker, and told until when
                held_s = (failure.retry_at_ms - self._clock.now_ms()) / 1000
                wait_s = max(LEAST_HOLD_S, held_s)
            if failure is not None:
                source.will_ask(self._clock.now_ms() + round(wait_s * 1000))
            await self._clock.sleep(wait_s)

    async def _run_store(self) -> None:
        refreshed_s = self._clock.monotonic()
        while True:
            await self._try_load()
            await self._save()
            await self._clock.sleep(STORE_INTERVAL_S)
            if self._clock.monotonic() >= refreshed_s + REFRESH_INTERVAL_S:
                await self.refresh()
                refreshed_s = self._clock.monotonic()
            else:
                await self.notice()

    async def _try_load(self) -> None:
        """Load the store if that never succeeded."""
        if self._loaded:
            return
        try:
            await self.load()
        except StoreUnavailable as exc:
            self._unread = f"the stored coins cannot be read: {exc}"

    async def _listen(self, *, only_silent: bool) -> None:
        """Ask the venues side by side; what one tells counts before another answers."""
        await asyncio.gather(
            *(
                self._ask(source)
                for source in self._sources
                if not only_silent or source.exchange in self._silent
            )
        )

    async def _ask(self, source: MarketSource) -> UpstreamUnavailable | None:
        """Take a venue's word in; return why there was none."""
        venue = source.exchange
        try:
            markets = await source.markets()
        except UpstreamUnavailable as exc:
            self._silent.add(venue)
            _log.warning("catalog.venue_silent", extra={"reason": str(exc)})
            return exc
        self._silent.discard(venue)
        self._heard[venue] = markets
        self._listed[venue] = frozenset(market.market for market in markets)
        self._reconcile(self._heard)
        return None

    def _reconcile(self, heard: Mapping[Exchange, Sequence[VenueMarket]]) -> None:
        coins = self._laid_over(self._coins, heard)
        if coins is not self._coins:
            self._replace(coins)

    def _laid_over(
        self, known: Mapping[str, Coin], heard: Mapping[Exchange, Sequence[VenueMarket]]
    ) -> Mapping[str, Coin]:
        """Return the coins with what venues told; the very same where nothing is new.

        What is new is told, and waits to be written.
        """
        now = datetime.fromtimestamp(self._clock.now_ms() / 1000, UTC)
        found = reconcile(known.values(), heard, self._identity, now)
        if not found.changed:
            return known
        self._tell(found)
        fresh = {coin.symbol: addressed(coin, self._icon_url) for coin in found.changed}
        self._unsaved.update(fresh)
        return {**found.coins, **fresh}

    async def _save(self) -> bool:
        if not self._unsaved:
            return True
        waiting = list(self._unsaved.values())
        try:
            await self._repository.save(waiting)
        except StoreUnavailable as exc:
            if not self._told_unsaved:
                more = {"coins": len(waiting), "why": str(exc)}
                _log.warning("catalog.unsaved", extra=more)
            self._told_unsaved = True
            return False
        self._told_unsaved = False
        for coin in waiting:
            if self._unsaved.get(coin.symbol) == coin:
                del self._unsaved[coin.symbol]
        return True

    def _made(
        self, wanted: CoinFilter, order: CoinOrder, request: PageRequest
    ) -> Page[Coin]:
        rows = filter(wanted.matches, self._sorted)
        return paginate(rows, order.ordering(wanted), request)

    def _replace(self, coins: Mapping[str, Coin]) -> None:
        self._coins = dict(coins)
        self._sorted = sorted(self._coins.values(), key=lambda coin: coin.symbol)
        self._pages.clear()
        first = (CoinFilter(), CoinOrder(), FIRST_PAGE)
        self._pages.put(first, self._made(*first))
        for listener in self._listeners:
            listener(self._sorted)

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
