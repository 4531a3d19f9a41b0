"""The store in memory and the one in Postgres end up the same, whatever is saved."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from adapters.memory.store import MemoryCoinRepository, MemoryLatestRepository
from adapters.postgres.coin_repository import PostgresCoinRepository
from adapters.postgres.database import Database
from adapters.postgres.latest_repository import PostgresLatestRepository
from adapters.postgres.table import Row
from domain.model.coin import Coin, Listing
from domain.model.fx import FxQuote, PremiumBasis
from domain.model.kept import KeptPremium
from domain.model.market import Channel, Exchange, MarketWarning, Quality
from domain.model.premium import Numbers
from domain.model.quote import Quote
from domain.ports.store import Latest

if TYPE_CHECKING:
    pass

START = datetime(2026, 1, 1, tzinfo=UTC)
# Few keys and few times, so that the same rows meet again and again.
symbols = st.sampled_from(["BTC", "ETH", "루나", "A'\"\\"])
times_ms = st.integers(0, 3).map(lambda step: 1_767_225_600_000 + step * 7)
decimals = st.decimals(
    allow_nan=False, allow_infinity=False, min_value=-(10**29), max_value=10**29
)
prices = st.decimals(min_value=Decimal("1e-20"), max_value=10**29).filter(
    lambda value: value > 0
)
instants = st.none() | st.integers(0, 3).map(lambda day: START + timedelta(days=day))
listings = st.builds(
    Listing,
    exchange=st.sampled_from(Exchange),
    market=symbols,
    base_symbol=symbols,
    quote=st.sampled_from(["KRW", "USDT"]),
    multiplier=st.sampled_from([Decimal(1), Decimal(1000)]),
    tradable=st.booleans(),
    warnings=st.lists(st.sampled_from(MarketWarning), max_size=3).map(tuple),
    since=instants,
    until=instants,
    curated=st.booleans(),
)
coins = st.builds(
    Coin,
    symbol=symbols,
    korean_name=st.text("비트 a", max_size=5),
    english_name=st.text("Bit ", max_size=5),
    listings=st.lists(
        listings,
        max_size=4,
        unique_by=lambda spell: (spell.exchange, spell.market, spell.since),
    ).map(tuple),
    icon_url=st.none() | st.sampled_from(["", "https://a.example/1.png"]),
)
coin_batches = st.lists(coins, max_size=4, unique_by=lambda coin: coin.symbol)
quotes = st.builds(
    Quote,
    exchange=st.sampled_from(Exchange),
    market=symbols,
    price=prices,
    exchange_ms=times_ms,
    received_ms=times_ms,
    channel=st.just(Channel.CACHE),
    quality=st.just(Quality.STALE),
    bid=st.none() | prices,
    ask=st.none() | prices,
    base_volume_24h=st.none() | decimals,
    quote_volume_24h=st.none() | decimals,
)
rates = st.builds(FxQuote, source=symbols, rate=prices, as_of_ms=times_ms)
numbers = st.builds(Numbers, percent=decimals, absolute_krw=decimals)
premiums = st.builds(
    KeptPremium,
    symbol=symbols,
    seq=st.integers(1, 4),
    at_ms=times_ms,
    last_live_ms=st.none() | times_ms,
    numbers=st.dictionaries(st.sampled_from(PremiumBasis), numbers),
)
latest_batches = st.builds(
    Latest,
    # One value per key, as the server's own batches have it.
    quotes=st.lists(quotes, max_size=4, unique_by=lambda quote: quote.key),
    rates=st.lists(rates, max_size=3, unique_by=lambda rate: rate.source),
    premiums=st.lists(premiums, max_size=3, unique_by=lambda kept: kept.symbol),
    tick_seq=st.integers(0, 9),
    clean=st.booleans(),
)


@dataclass(frozen=True, slots=True)
class Bench:
    """A database that is emptied before each example, and the loop it lives on."""

    database: Database
    run: Callable[[Coroutine[Any, Any, Any]], Any]

    async def empty(self) -> None:
        names = ", ".join(Row.metadata.tables)
        async with self.database.transaction() as connection:
            await connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY"))


@pytest.fixture(scope="module")
def bench(module_url: str) -> Iterator[Bench]:
    database = Database(module_url)
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        yield Bench(database, runner.run)
        runner.run(database.close())


@settings(max_examples=60)
@given(batches=st.lists(coin_batches, max_size=5))
def test_saved_coins_are_the_same_in_both(bench: Bench, batches: list[Any]) -> None:
    async def check() -> None:
        await bench.empty()
        real, twin = PostgresCoinRepository(bench.database), MemoryCoinRepository()
        for batch in batches:
            await real.save(batch)
            await twin.save(batch)
        assert await real.load() == await twin.load()

    bench.run(check())


@settings(max_examples=60)
@given(batches=st.lists(latest_batches, max_size=6))
def test_saved_values_are_the_same_in_both(bench: Bench, batches: list[Any]) -> None:
    async def check() -> None:
        await bench.empty()
        real, twin = PostgresLatestRepository(bench.database), MemoryLatestRepository()
        for batch in batches:
            await real.save(batch)
            await twin.save(batch)
        assert ordered(await real.load()) == ordered(await twin.load())

    bench.run(check())


def ordered(latest: Latest) -> Latest:
    return replace(
        latest,
        quotes=sorted(latest.quotes, key=lambda q: (q.exchange, q.market)),
        rates=sorted(latest.rates, key=lambda rate: rate.source),
        premiums=sorted(latest.premiums, key=lambda kept: kept.symbol),
    )
