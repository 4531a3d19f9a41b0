"""The catalogue: loaded from the store, kept in step with the venues."""

import asyncio
from typing import Any

import pytest

from adapters.memory.store import MemoryCoinRepository, MemoryStore
from domain.model.identity import IdentityTable
from domain.model.market import Exchange, VenueMarket
from domain.model.patience import WAITS_S
from domain.services.catalog_service import (
    REFRESH_INTERVAL_S,
    STORE_INTERVAL_S,
    SYNC_INTERVAL_S,
    CatalogService,
)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


def _catalog(world: Any, store: MemoryStore, icon_url: str = "") -> CatalogService:
    return CatalogService(
        MemoryCoinRepository(store),
        list(world.sources.values()),
        IdentityTable([]),
        world.clock,
        icon_url=icon_url,
    )


async def test_coins_come_from_the_venues_and_are_stored(
    world: Any, store: MemoryStore
) -> None:
    catalog = _catalog(world, store)
    heard: list[list[str]] = []
    catalog.on_change(lambda coins: heard.append([coin.symbol for coin in coins]))
    assert await catalog.sync()
    assert {tuple(symbols) for symbols in heard} == {("BTC", "ETH")}
    assert catalog.coin("btc") is not None
    assert catalog.coin("btc").korean_name == "비트코인"
    assert set(store.coins) == {"BTC", "ETH"}


async def test_a_second_look_at_the_same_lists_changes_nothing(
    world: Any, store: MemoryStore
) -> None:
    catalog = _catalog(world, store)
    await catalog.sync()
    heard: list[object] = []
    catalog.on_change(heard.append)
    assert await catalog.sync()
    assert heard == []


async def test_stored_coins_are_known_before_any_venue_answers(
    world: Any, store: MemoryStore
) -> None:
    await _catalog(world, store).sync()
    catalog = _catalog(world, store)
    await catalog.load()
    assert [coin.symbol for coin in catalog.coins()] == ["BTC", "ETH"]


async def test_a_silent_venue_changes_nothing_and_only_it_is_asked_again(
    world: Any, store: MemoryStore
) -> None:
    catalog = _catalog(world, store)
    world.sources[Exchange.BINANCE].down = "refused"
    task = asyncio.create_task(catalog.run())
    await world.clock.settle()
    assert catalog.coin("BTC") is not None
    assert catalog.coin("BTC").global_ is None
    world.sources[Exchange.BINANCE].down = None
    await world.clock.advance(WAITS_S[0])
    assert catalog.coin("BTC").global_ is not None
    asked = [
        len([q for q, _ in source.asked if q == "markets"])
        for source in world.sources.values()
    ]
    assert asked == [1, 2]
    await world.clock.advance(SYNC_INTERVAL_S)
    assert len(world.sources[Exchange.UPBIT].asked) == 2
    task.cancel()


async def test_a_venue_that_answers_late_finds_what_the_other_told_before(
    world: Any, store: MemoryStore
) -> None:
    catalog = _catalog(world, store)
    world.sources[Exchange.UPBIT].down = "refused"
    task = asyncio.create_task(catalog.run())
    await world.clock.advance(30)
    world.sources[Exchange.UPBIT].down = None
    await world.clock.advance(4)
    assert catalog.coin("BTC").global_ is not None
    task.cancel()


async def test_without_the_store_coins_come_from_the_venues_and_are_stored_later(
    world: Any, store: MemoryStore
) -> None:
    store.down = "refused"
    catalog = _catalog(world, store)
    assert not await catalog.sync()
    assert len(catalog.coins()) == 2
    store.down = None
    assert await catalog.sync(again=True)
    assert set(store.coins) == {"BTC", "ETH"}


async def test_a_past_that_is_read_late_is_kept_beside_what_the_venues_told(
    world: Any, store: MemoryStore
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
    world: Any, store: MemoryStore
) -> None:
    catalog = _catalog(world, store, "https://icons.example/{symbol}.png")
    await catalog.sync()
    assert catalog.coin("BTC").icon_url == "https://icons.example/BTC.png"


async def test_an_icon_address_stored_by_another_process_is_taken_over(
    world: Any, store: MemoryStore
) -> None:
    catalog = _catalog(world, store)
    task = asyncio.create_task(catalog.run())
    await world.clock.advance(STORE_INTERVAL_S)
    assert await _catalog(world, store).set_icon_url("btc", "https://x.example/b.png")
    await world.clock.advance(REFRESH_INTERVAL_S)
    assert catalog.coin("BTC").icon_url == "https://x.example/b.png"
    store.down = "refused"
    await world.clock.advance(REFRESH_INTERVAL_S)
    assert catalog.coin("BTC").icon_url == "https://x.example/b.png"
    task.cancel()


async def test_a_coin_that_changes_while_it_is_written_is_written_again(
    world: Any, store: MemoryStore
) -> None:
    class SlowRepository(MemoryCoinRepository):
        """A venue renames a coin in the middle of the first write."""

        async def save(self, coins: Any) -> None:
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
    world: Any, store: MemoryStore
) -> None:
    hanging = asyncio.Event()
    binance = world.sources[Exchange.BINANCE]
    answer = binance.markets

    async def late() -> Any:
        await hanging.wait()
        return await answer()

    binance.markets = late
    catalog = _catalog(world, store)
    task = asyncio.create_task(catalog.sync())
    await world.clock.settle()
    assert catalog.coin("BTC").domestic is not None
    assert catalog.coin("BTC").global_ is None
    hanging.set()
    assert await task
    assert catalog.coin("BTC").global_ is not None
