"""Icons: the stored address is fetched once and kept."""

from dataclasses import replace
from typing import Any

import pytest

from adapters.memory.store import (
    MemoryCoinRepository,
    MemoryIconRepository,
    MemoryIconSource,
    MemoryStore,
)
from domain.model.identity import IdentityTable
from domain.services.catalog_service import CatalogService
from domain.services.icon_service import TTL_S, IconService

URL = "https://example.com/btc.png"


class Icons:
    """The service over twins, with a store that outlives it."""

    def __init__(self, world: Any) -> None:
        self.world = world
        self.store = MemoryStore()
        self.store.coins = {
            "BTC": replace(world.coins[0], icon_url=URL),
            "ETH": world.coins[1],
        }
        self.source = MemoryIconSource()

    async def service(self) -> IconService:
        """Return a fresh service, as after a restart."""
        catalog = CatalogService(
            MemoryCoinRepository(self.store), [], IdentityTable([]), self.world.clock
        )
        await catalog.load()
        return IconService(
            catalog, MemoryIconRepository(self.store), self.source, self.world.clock
        )


@pytest.fixture
def icons(world: Any) -> Icons:
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
