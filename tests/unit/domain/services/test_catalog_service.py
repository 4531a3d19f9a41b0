"""The catalogue: loaded from the store, kept in step with the venues."""

import asyncio
from collections.abc import Collection, Sequence

import pytest

from adapters.memory.store import MemoryCoinRepository, MemoryStore
from domain.model.coin import Coin
from domain.model.coin_query import CoinFilter, CoinOrder
from domain.model.error import InvalidArgument
from domain.model.identity import IdentityTable
from domain.model.market import Exchange, VenueMarket
from domain.model.page import PageRequest
from domain.model.patience import WAITS_S
from domain.services.catalog_service import (
    FIRST_PAGE,
    REFRESH_INTERVAL_S,
    STORE_INTERVAL_S,
    SYNC_INTERVAL_S,
    CatalogService,
)
from tests.unit.domain.services.conftest import World


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


def _catalog(world: World, store: MemoryStore, icon_url: str = "") -> CatalogService:
    return CatalogService(
        MemoryCoinRepository(store),
        list(world.sources.values()),
        IdentityTable([]),
        world.clock,
        icon_url=icon_url,
    )


def _coin(catalog: CatalogService, symbol: str = "BTC") -> Coin:
    coin = catalog.coin(symbol)
    assert coin is not None
    return coin


async def test_coins_come_from_the_venues_and_are_stored(
    world: World, store: MemoryStore
) -> None:
    catalog = _catalog(world, store)
    heard: list[list[str]] = []
    catalog.on_change(lambda coins: heard.append([coin.symbol for coin in coins]))
    assert await catalog.sync()
    assert {tuple(symbols) for symbols in heard} == {("BTC", "ETH")}
    assert _coin(catalog, "btc").korean_name == "비트코인"
    assert set(store.coins) == {"BTC", "ETH"}


async def test_a_second_look_at_the_same_lists_changes_nothing(
    world: World, store: MemoryStore
) -> None:
    catalog = _catalog(world, store)
    await catalog.sync()
    heard: list[object] = []
    catalog.on_change(heard.append)
    assert await catalog.sync()
    assert heard == []


async def test_stored_coins_are_known_before_any_venue_answers(
    world: World, store: MemoryStore
) -> None:
    await _catalog(world, store).sync()
    catalog = _catalog(world, store)
    await catalog.load()
    assert [coin.symbol for coin in catalog.coins()] == ["BTC", "ETH"]


async def test_a_silent_venue_changes_nothing_and_only_it_is_asked_again(
    world: World, store: MemoryStore
) -> None:
    catalog = _catalog(world, store)
    world.sources[Exchange.BINANCE].down = "refused"
    task = asyncio.create_task(catalog.run())
    await world.clock.settle()
    assert _coin(catalog).global_ is None
    world.sources[Exchange.BINANCE].down = None
    await world.clock.advance(WAITS_S[0])
    assert _coin(catalog).global_ is not None
    asked = [
        len([q for q, _ in source.asked if q == "markets"])
        for source in world.sources.values()
    ]
    assert asked == [1, 2]
    await world.clock.advance(SYNC_INTERVAL_S)
    assert len(world.sources[Exchange.UPBIT].asked) == 2
    task.cancel()


async def test_a_venue_that_answers_late_finds_what_the_other_told_before(
    world: World, store: MemoryStore
) -> None:
    catalog = _catalog(world, store)
    world.sources[Exchange.UPBIT].down = "refused"
    task = asyncio.create_task(catalog.run())
    await world.clock.settle()
    assert world.sources[Exchange.UPBIT].next_ms == world.clock.now_ms() + 1_000
    await world.clock.advance(30)
    world.sources[Exchange.UPBIT].down = None
    await world.clock.advance(4)
    assert _coin(catalog).global_ is not None
    task.cancel()


async def test_without_the_store_coins_come_from_the_venues_and_are_stored_later(
    world: World, store: MemoryStore
) -> None:
    store.down = "refused"
    catalog = _catalog(world, store)
    assert not await catalog.sync()
    assert len(catalog.coins()) == 2
    store.down = None
    assert await catalog.sync(again=True)
    assert set(store.coins) == {"BTC", "ETH"}


async def test_a_past_that_is_read_late_is_kept_beside_what_the_venues_told(
    world: World, store: MemoryStore
) -> None:
    world.sources[Exchange.UPBIT].open(
        VenueMarket(Exchange.UPBIT, "KRW-OLD", "OLD", "KRW", True, "옛것", "Old")
    )
    await _catalog(world, store).sync()
    world.sources[Exchange.UPBIT].close("KRW-OLD")
    store.down = "refused"
    catalog = _catalog(world, store)
    await catalog.sync()
    assert catalog.coin("OLD") is None
    store.down = None
    await catalog.sync(again=True)
    old = catalog.coin("OLD")
    assert old is not None
    assert old.domestic is None
    assert old.listings[0].until is not None


async def test_an_icon_address_is_made_from_the_venue_s_ticker(
    world: World, store: MemoryStore
) -> None:
    catalog = _catalog(world, store, "https://icons.example/{symbol}.png")
    await catalog.sync()
    assert _coin(catalog).icon_url == "https://icons.example/BTC.png"


async def test_an_icon_address_stored_by_another_process_is_taken_over(
    world: World, store: MemoryStore
) -> None:
    catalog = _catalog(world, store)
    task = asyncio.create_task(catalog.run())
    await world.clock.advance(STORE_INTERVAL_S)
    assert await _catalog(world, store).set_icon_url("btc", "https://x.example/b.png")
    await world.clock.advance(REFRESH_INTERVAL_S)
    assert _coin(catalog).icon_url == "https://x.example/b.png"
    store.down = "refused"
    await world.clock.advance(REFRESH_INTERVAL_S)
    assert _coin(catalog).icon_url == "https://x.example/b.png"
    task.cancel()


async def test_a_coin_that_changes_while_it_is_written_is_written_again(
    world: World, store: MemoryStore
) -> None:
    class SlowRepository(MemoryCoinRepository):
        """A venue renames a coin in the middle of the first write."""

        async def save(self, coins: Collection[Coin]) -> None:
            await super().save(coins)
            if not renamed:
                renamed.append(True)
                world.sources[Exchange.UPBIT].open(
                    VenueMarket(
                        Exchange.UPBIT, "KRW-BTC", "BTC", "KRW", True, "비트", "Bitcoin"
                    )
                )
                await catalog.sync()

    renamed: list[bool] = []
    catalog = CatalogService(
        SlowRepository(store),
        list(world.sources.values()),
        IdentityTable([]),
        world.clock,
    )
    await catalog.sync()
    assert store.coins["BTC"].korean_name == "비트"
    assert await catalog.sync()


async def test_a_venue_that_hangs_does_not_hold_back_what_the_other_tells(
    world: World, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    hanging = asyncio.Event()
    binance = world.sources[Exchange.BINANCE]
    answer = binance.markets

    async def late() -> Sequence[VenueMarket]:
        await hanging.wait()
        return await answer()

    monkeypatch.setattr(binance, "markets", late)
    catalog = _catalog(world, store)
    task = asyncio.create_task(catalog.sync())
    await world.clock.settle()
    assert _coin(catalog).domestic is not None
    assert _coin(catalog).global_ is None
    hanging.set()
    assert await task
    assert _coin(catalog).global_ is not None


FIRST = (CoinFilter(), CoinOrder(), FIRST_PAGE)


async def test_a_page_of_coins_is_made_once_until_the_catalogue_changes(
    world: World, store: MemoryStore
) -> None:
    catalog = _catalog(world, store)
    await catalog.sync()
    wanted = (CoinFilter.of(search="비트"), CoinOrder(), PageRequest(10))
    page = catalog.page(*wanted)
    assert [coin.symbol for coin in page.rows] == ["BTC"]
    assert catalog.page(*wanted) is page
    world.sources[Exchange.UPBIT].open(
        VenueMarket(Exchange.UPBIT, "KRW-NEW", "NEW", "KRW", True, "비트새", "New")
    )
    await catalog.sync()
    assert [coin.symbol for coin in catalog.page(*wanted).rows] == ["BTC", "NEW"]


async def test_the_usual_page_is_there_before_the_first_who_asks(
    world: World, store: MemoryStore
) -> None:
    catalog = _catalog(world, store)
    await catalog.sync()
    assert [coin.symbol for coin in catalog.page(*FIRST).rows] == ["BTC", "ETH"]
    assert (catalog.cache.stats.hits, catalog.cache.stats.misses) == (1, 0)


async def test_a_broken_cursor_is_refused_and_not_remembered(
    world: World, store: MemoryStore
) -> None:
    catalog = _catalog(world, store)
    await catalog.sync()
    for _ in range(2):
        with pytest.raises(InvalidArgument, match="after"):
            catalog.page(CoinFilter(), CoinOrder(), PageRequest(10, "nonsense"))
    assert catalog.cache.stats.load_failures == 2


async def test_what_waits_for_the_store_is_counted_and_told_once(
    world: World, store: MemoryStore, caplog: pytest.LogCaptureFixture
) -> None:
    store.down = "refused"
    catalog = _catalog(world, store)
    assert catalog.unread == "the stored coins were not read yet"
    for _ in range(3):
        await catalog.sync()
    assert catalog.unsaved_count == 2
    assert catalog.unread == "the stored coins cannot be read: refused"
    assert [record.msg for record in caplog.records] == ["catalog.unsaved"]
    store.down = None
    assert await catalog.sync()
    assert (catalog.unread, catalog.unsaved_count) == (None, 0)


async def test_a_past_that_is_read_late_is_not_written_over_by_a_first_look(
    world: World, store: MemoryStore
) -> None:
    """What was listed on a known day is not stored again as always having been."""
    known = _catalog(world, store)
    await known.sync()
    world.sources[Exchange.UPBIT].open(
        VenueMarket(Exchange.UPBIT, "KRW-NEW", "NEW", "KRW", True, "새것", "New")
    )
    await known.sync()
    (spell,) = store.coins["NEW"].listings
    assert spell.since is not None

    store.down = "refused"
    catalog = _catalog(world, store)
    await catalog.sync()
    store.down = None
    assert await catalog.sync(again=True)
    assert store.coins["NEW"].listings == (spell,)
    coin = catalog.coin("NEW")
    assert coin is not None
    assert coin.listings == (spell,)


async def test_a_store_that_hangs_keeps_nobody_from_the_coins_of_the_venues(
    world: World, store: MemoryStore
) -> None:
    class Hanging(MemoryCoinRepository):
        """A store that never answers."""

        async def load(self) -> Sequence[Coin]:
            await asyncio.Event().wait()
            return ()

    catalog = CatalogService(
        Hanging(store), list(world.sources.values()), IdentityTable([]), world.clock
    )
    world.sources[Exchange.BINANCE].down = "refused"
    task = asyncio.create_task(catalog.run())
    await world.clock.settle()
    assert catalog.coin("BTC") is not None
    world.sources[Exchange.BINANCE].down = None
    await world.clock.advance(WAITS_S[0])
    assert _coin(catalog).global_ is not None
    task.cancel()
    await asyncio.wait([task])


async def test_a_venue_held_by_a_limit_is_asked_when_it_may_be(
    world: World, store: MemoryStore
) -> None:
    source = world.sources[Exchange.UPBIT]
    source.down, source.retry_in_s = "held by the venue's limits", 7.0
    task = asyncio.create_task(_catalog(world, store).run())
    await world.clock.settle()
    assert source.next_ms == world.clock.now_ms() + 7_000
    await world.clock.advance(6.9)
    assert len(source.asked) == 1
    await world.clock.advance(0.1)
    assert len(source.asked) == 2
    task.cancel()
