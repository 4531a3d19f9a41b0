"""Which coins there are, asked once."""

import asyncio
from dataclasses import replace

import pytest

from adapters.memory.store import MemoryCoinRepository, MemoryStore
from domain.model.error import InvalidArgument, StoreUnavailable
from domain.model.identity import IdentityTable
from domain.model.market import Exchange, VenueMarket
from domain.services.coin_survey import CoinSurvey, Survey, VenuesSilent
from tests.unit.domain.services.conftest import World


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def survey(world: World, store: MemoryStore) -> CoinSurvey:
    world.sources[Exchange.UPBIT].open(
        VenueMarket(Exchange.UPBIT, "KRW-USDT", "USDT", "KRW", True, "테더", "Tether")
    )
    return CoinSurvey(
        MemoryCoinRepository(store),
        list(world.sources.values()),
        IdentityTable([]),
        world.clock,
        "https://example.org/{symbol}.png",
    )


async def test_what_the_venues_list_becomes_coins_which_are_stored_when_asked_to(
    survey: CoinSurvey, store: MemoryStore
) -> None:
    found = await survey.take()
    assert store.coins == {}
    await survey.save(found)
    assert sorted(store.coins) == ["BTC", "ETH", "USDT"]
    assert store.coins["BTC"].korean_name == "비트코인"
    assert store.coins["BTC"].icon_url == "https://example.org/BTC.png"


async def test_what_is_stored_already_is_not_stored_again(
    survey: CoinSurvey, store: MemoryStore
) -> None:
    await survey.save(await survey.take())
    again = await survey.take()
    assert again.fresh == []
    store.down = "away"
    await survey.save(again)  # nothing to store: nobody asks the store
    assert sorted(again.coins) == ["BTC", "ETH", "USDT"]


async def test_without_symbols_it_is_the_coins_with_both_markets(
    survey: CoinSurvey,
) -> None:
    found = await survey.take()
    assert [coin.symbol for coin in found.chosen(None)] == ["BTC", "ETH"]
    assert [coin.symbol for coin in found.chosen(["USDT", "BTC"])] == ["BTC", "USDT"]


async def test_unknown_symbols_are_named_with_those_there_are(
    survey: CoinSurvey,
) -> None:
    found = await survey.take()
    with pytest.raises(InvalidArgument) as caught:
        found.chosen(["BTC", "EHT", "ZZZZ"])
    assert str(caught.value) == (
        "--symbols EHT, ZZZZ: no such coin (did you mean ETH?); allowed: BTC, ETH"
    )
    with pytest.raises(InvalidArgument, match="ZZZZ: no such coin; allowed: BTC, ETH"):
        found.chosen(["ZZZZ"])


def test_a_coin_without_an_open_market_is_known_but_not_taken_by_itself() -> None:
    survey = Survey({}, ())
    assert survey.chosen(None) == []


async def test_a_venue_that_answers_late_is_asked_again(
    survey: CoinSurvey, world: World
) -> None:
    source = world.sources[Exchange.BINANCE]
    source.down = "refused"
    taking = asyncio.create_task(survey.take())
    await world.clock.advance(0.5)
    source.down = None
    await world.clock.advance(0.5)
    assert len((await taking).coins) == 3
    assert len(source.asked) == 2


async def test_venues_that_stay_silent_are_named_in_one_line(
    survey: CoinSurvey, world: World, store: MemoryStore
) -> None:
    for source in world.sources.values():
        source.down = "refused"
    taking = asyncio.create_task(survey.take())
    await world.clock.advance(7.0)
    with pytest.raises(VenuesSilent) as caught:
        await taking
    assert str(caught.value) == "upbit.rest: refused; binance.rest: refused"
    assert store.coins == {}


async def test_a_long_ban_is_not_waited_for(survey: CoinSurvey, world: World) -> None:
    source = world.sources[Exchange.UPBIT]
    source.down, source.retry_in_s = "address banned", 600.0
    with pytest.raises(VenuesSilent, match=r"upbit\.rest: address banned"):
        await survey.take()
    assert len(source.asked) == 1


async def test_a_short_hold_is_waited_for(survey: CoinSurvey, world: World) -> None:
    source = world.sources[Exchange.UPBIT]
    source.down, source.retry_in_s = "too many requests", 10.0
    taking = asyncio.create_task(survey.take())
    await world.clock.advance(9.9)
    source.down = None
    assert not taking.done()
    await world.clock.advance(0.2)
    assert (await taking).coins
    assert len(source.asked) == 2


async def test_a_store_that_is_away_is_told(
    survey: CoinSurvey, store: MemoryStore
) -> None:
    store.down = "away"
    with pytest.raises(StoreUnavailable):
        await survey.take()


async def test_a_coin_of_the_past_may_be_asked_for_by_name(
    survey: CoinSurvey, store: MemoryStore, world: World
) -> None:
    await survey.save(await survey.take())
    world.sources[Exchange.UPBIT].close("KRW-ETH")
    found = await survey.take()
    assert [coin.symbol for coin in found.chosen(None)] == ["BTC"]
    (eth,) = found.chosen(["ETH"])
    assert eth.domestic is None
    assert replace(eth, listings=()) == replace(store.coins["ETH"], listings=())
