"""Whether a venue lists a market, by its own last word."""

from adapters.memory.store import MemoryCoinRepository
from domain.model.identity import IdentityTable
from domain.model.market import Exchange, MarketKey, VenueMarket
from domain.services.catalog_service import CatalogService
from tests.unit.domain.services.conftest import World

BTC = MarketKey(Exchange.UPBIT, "KRW-BTC")
BNB = MarketKey(Exchange.BINANCE, "BNBUSDT")


async def test_nobody_knows_before_the_venue_has_told(world: World) -> None:
    sources = list(world.sources.values())
    world.sources[Exchange.BINANCE].down = "down"
    catalog = CatalogService(
        MemoryCoinRepository(), sources, IdentityTable([]), world.clock
    )
    assert catalog.lists(BTC) is None
    await catalog.sync()
    assert catalog.lists(BTC) is True
    assert catalog.lists(MarketKey(Exchange.UPBIT, "KRW-NONE")) is False
    assert catalog.lists(BNB) is None


async def test_markets_of_no_coin_on_the_board_are_listed_too_until_they_go(
    world: World,
) -> None:
    binance = world.sources[Exchange.BINANCE]
    binance.open(VenueMarket(Exchange.BINANCE, "BNBUSDT", "BNB", "USDT", True))
    catalog = CatalogService(
        MemoryCoinRepository(), [binance], IdentityTable([]), world.clock
    )
    await catalog.sync()
    assert catalog.lists(BNB) is True
    binance.close("BNBUSDT")
    await catalog.sync()
    assert catalog.lists(BNB) is False
