"""The catalogue takes over what another process has stored, and soon."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from adapters.memory.store import MemoryCoinRepository, MemoryStore
from domain.model.coin import Coin, Listing
from domain.model.identity import IdentityTable
from domain.model.market import Exchange, VenueMarket
from domain.services.catalog_service import (
    REFRESH_INTERVAL_S,
    STORE_INTERVAL_S,
    SYNC_INTERVAL_S,
    CatalogService,
)
from tests.unit.domain.services.conftest import World

NEW = Coin(
    "NEW",
    "뉴",
    "New",
    (
        Listing(Exchange.UPBIT, "KRW-NEW", "NEW", "KRW"),
        Listing(Exchange.BINANCE, "NEWUSDT", "NEW", "USDT"),
    ),
)


class CountedRepository(MemoryCoinRepository):
    """Counts how often everything is read."""

    loads = 0

    async def load(self) -> Sequence[Coin]:
        self.loads += 1
        return await super().load()


@pytest.fixture
def repository() -> CountedRepository:
    return CountedRepository(MemoryStore())


@pytest.fixture
async def catalog(
    world: World, repository: CountedRepository
) -> AsyncIterator[CatalogService]:
    """A catalogue that runs and has found its first coins."""
    service = CatalogService(
        repository, list(world.sources.values()), IdentityTable([]), world.clock
    )
    task = asyncio.create_task(service.run())
    await world.clock.advance(3 * STORE_INTERVAL_S)
    assert [coin.symbol for coin in service.coins()] == ["BTC", "ETH"]
    yield service
    task.cancel()


async def test_a_coin_stored_by_another_process_is_there_within_a_second(
    catalog: CatalogService, world: World, repository: CountedRepository
) -> None:
    for source in world.sources.values():
        source.down = "refused"
    heard: list[list[str]] = []
    catalog.on_change(lambda coins: heard.append([coin.symbol for coin in coins]))
    await MemoryCoinRepository(repository.store).save([NEW])
    await world.clock.advance(STORE_INTERVAL_S)
    assert catalog.coin("NEW") == NEW
    assert heard == [["BTC", "ETH", "NEW"]]


async def test_what_a_venue_told_before_does_not_close_what_another_process_found(
    catalog: CatalogService, world: World, repository: CountedRepository
) -> None:
    await MemoryCoinRepository(repository.store).save([NEW])
    await world.clock.advance(STORE_INTERVAL_S)
    world.sources[Exchange.UPBIT].down = "refused"
    for listing in NEW.listings[1:]:
        world.sources[Exchange.BINANCE].open(
            VenueMarket(listing.exchange, listing.market, "NEW", listing.quote, True)
        )
    await world.clock.advance(SYNC_INTERVAL_S)
    assert catalog.coin("NEW") == NEW
    world.sources[Exchange.UPBIT].down = None
    await world.clock.advance(SYNC_INTERVAL_S)
    closed = catalog.coin("NEW")
    assert closed is not None
    assert closed.domestic is None  # now Upbit has said so itself


async def test_while_nothing_is_stored_nothing_is_read_and_nobody_is_told(
    catalog: CatalogService, world: World, repository: CountedRepository
) -> None:
    heard: list[object] = []
    catalog.on_change(heard.append)
    loads = repository.loads
    await world.clock.advance(REFRESH_INTERVAL_S / 2)
    assert repository.loads == loads
    assert heard == []


async def test_a_market_of_a_known_coin_is_taken_over_and_the_rest_left_alone(
    catalog: CatalogService, world: World, repository: CountedRepository
) -> None:
    btc = catalog.coin("BTC")
    assert btc is not None
    seen = datetime(2026, 1, 1, tzinfo=UTC)
    more = Listing(Exchange.UPBIT, "KRW-XBT", "XBT", "KRW", since=seen, until=seen)
    ours = [replace(listing, tradable=False) for listing in btc.listings]
    told = replace(btc, korean_name="다른 이름", listings=(*ours, more))
    await MemoryCoinRepository(repository.store).save([told])
    await world.clock.advance(STORE_INTERVAL_S)
    assert catalog.coin("BTC") == replace(btc, listings=(*btc.listings, more))


async def test_a_store_that_is_away_is_asked_again(
    catalog: CatalogService, world: World, repository: CountedRepository
) -> None:
    await MemoryCoinRepository(repository.store).save([NEW])
    repository.store.down = "away"
    await world.clock.advance(REFRESH_INTERVAL_S + STORE_INTERVAL_S)
    assert catalog.coin("NEW") is None
    repository.store.down = None
    await world.clock.advance(STORE_INTERVAL_S)
    assert catalog.coin("NEW") == NEW


async def test_a_store_that_goes_away_between_the_two_questions_is_asked_again(
    catalog: CatalogService,
    world: World,
    repository: CountedRepository,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await MemoryCoinRepository(repository.store).save([NEW])
    marked = repository.mark

    async def mark_and_leave() -> object:
        found = await marked()
        repository.store.down = "away"
        return found

    monkeypatch.setattr(repository, "mark", mark_and_leave)
    await world.clock.advance(STORE_INTERVAL_S)
    assert catalog.coin("NEW") is None
    monkeypatch.undo()
    repository.store.down = None
    await world.clock.advance(STORE_INTERVAL_S)
    assert catalog.coin("NEW") == NEW


async def test_before_the_store_was_read_nothing_is_noticed(
    world: World, repository: CountedRepository
) -> None:
    service = CatalogService(repository, [], IdentityTable([]), world.clock)
    await MemoryCoinRepository(repository.store).save([NEW])
    await service.notice()
    assert service.coins() == ()
