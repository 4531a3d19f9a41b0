"""Icons: the stored address is fetched once and kept."""

import asyncio
from dataclasses import replace

import pytest

from adapters.memory.store import (
    MemoryCoinRepository,
    MemoryIconRepository,
    MemoryIconSource,
    MemoryStore,
)
from domain.model.identity import IdentityTable
from domain.ports.store import Icon
from domain.services.catalog_service import CatalogService
from domain.services.icon_service import TTL_S, IconService
from tests.unit.domain.services.conftest import World

URL = "https://example.com/btc.png"


class Icons:
    """The service over twins, with a store that outlives it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.store = MemoryStore()
        self.store.coins = {
            "BTC": replace(world.coins[0], icon_url=URL),
            "ETH": world.coins[1],
        }
        self.source = MemoryIconSource()

    async def service(self) -> IconService:
        """Return a fresh service, as after a restart."""
        self.catalog = CatalogService(
            MemoryCoinRepository(self.store), [], IdentityTable([]), self.world.clock
        )
        # As it is wired: who listens is there before the first coins are.
        service = IconService(
            self.catalog,
            MemoryIconRepository(self.store),
            self.source,
            self.world.clock,
        )
        await self.catalog.load()
        return service


@pytest.fixture
def icons(world: World) -> Icons:
    return Icons(world)


async def test_an_icon_is_fetched_once_and_kept_across_restarts(icons: Icons) -> None:
    icons.source.put(URL, b"png")
    service = await icons.service()
    for _ in range(2):
        icon = await service.icon("btc")
        assert icon is not None
        assert icon.content == b"png"
    again = await (await icons.service()).icon("BTC")
    assert again is not None
    assert icons.source.fetched == 1


async def test_a_coin_without_an_address_and_an_unknown_coin_have_none(
    icons: Icons,
) -> None:
    service = await icons.service()
    assert await service.icon("ETH") is None
    assert await service.icon("NOPE") is None
    assert icons.source.fetched == 0


async def test_a_picture_that_is_not_there_is_asked_for_again_later(
    icons: Icons,
) -> None:
    service = await icons.service()
    assert await service.icon("BTC") is None
    assert await service.icon("BTC") is None
    assert icons.source.fetched == 1
    icons.source.put(URL, b"png")
    await icons.world.clock.advance(TTL_S)
    assert await service.icon("BTC") is not None


async def test_without_a_store_icons_are_still_served(icons: Icons) -> None:
    icons.source.put(URL, b"png")
    service = await icons.service()
    icons.store.down = "refused"
    assert await service.icon("BTC") is not None


async def test_a_kept_picture_of_an_older_address_is_replaced(icons: Icons) -> None:
    icons.source.put(URL, b"old")
    await (await icons.service()).icon("BTC")
    newer = URL + "?2"
    icons.source.put(newer, b"new")
    icons.store.coins["BTC"] = replace(icons.store.coins["BTC"], icon_url=newer)
    icon = await (await icons.service()).icon("BTC")
    assert icon is not None
    assert icon.content == b"new"


async def test_a_crowd_that_asks_for_one_icon_makes_one_fetch(icons: Icons) -> None:
    icons.source.put(URL, b"png")
    service = await icons.service()
    found = await asyncio.gather(*(service.icon("BTC") for _ in range(20)))
    assert {icon.content for icon in found if icon is not None} == {b"png"}
    assert icons.source.fetched == 1
    stats = service.cache.stats
    assert (stats.misses, stats.coalesced, stats.loads) == (1, 19, 1)


async def test_stored_icons_are_in_memory_before_the_first_who_asks(
    icons: Icons,
) -> None:
    icons.source.put(URL, b"png")
    await (await icons.service()).icon("BTC")
    service = await icons.service()
    await service.warm()
    icons.store.down = "refused"
    icon = await service.icon("BTC")
    assert icon is not None
    assert icon.content == b"png"
    assert service.cache.stats.hits == 1


async def test_a_stored_icon_of_an_older_address_or_of_no_coin_is_not_taken_in(
    icons: Icons,
) -> None:
    icons.store.icons = {
        "BTC": Icon("BTC", b"old", "image/png", URL + "?older"),
        "GONE": Icon("GONE", b"gone", "image/png", URL),
    }
    service = await icons.service()
    await service.warm()
    assert service.cache.stats.entries == 0


async def test_a_new_address_is_another_picture_at_once(icons: Icons) -> None:
    newer = URL + "?2"
    icons.source.put(URL, b"old")
    icons.source.put(newer, b"new")
    service = await icons.service()
    await service.icon("BTC")
    await icons.catalog.set_icon_url("BTC", newer)
    await icons.catalog.refresh()
    icon = await service.icon("BTC")
    assert icon is not None
    assert icon.content == b"new"
    assert service.cache.stats.invalidations == 1


async def test_that_nobody_has_a_picture_is_not_believed_while_the_store_is_away(
    icons: Icons,
) -> None:
    service = await icons.service()
    icons.store.down = "refused"
    assert await service.icon("BTC") is None
    icons.store.down = None
    icons.store.icons["BTC"] = Icon("BTC", b"png", "image/png", URL)
    icon = await service.icon("BTC")
    assert icon is not None
    assert icons.source.fetched == 1


async def test_a_picture_that_could_not_be_fetched_is_left_alone_for_a_while(
    world: World,
) -> None:
    icons = Icons(world)
    service = await icons.service()
    service._failed_s[URL] = world.clock.monotonic()
    assert await service._fetched("BTC", URL) is None


async def test_coins_whose_addresses_stayed_forget_nothing(world: World) -> None:
    icons = Icons(world)
    service = await icons.service()
    service._failed_s[URL] = 1.0
    service._take_addresses(icons.catalog.coins())
    assert URL in service._failed_s
