"""Bars written per second, and what reading a year of minutes takes.

    python -m bench.history.store [--rounds 30]

The whole server in this process on a Postgres of its own; a year of minutes of one coin
(525,600 rows) and a day of 250 coins are written through the product's own store, then
ranges are read from the store and end to end through GraphQL, in alternating rounds.
"""

import argparse
import asyncio
import json
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from random import Random

from adapters.postgres.bar_history import PostgresBarHistory
from adapters.postgres.bar_store import PostgresBarStore
from app.log import configure_log
from app.settings import Settings
from bench.site import Site, own_settings, running
from domain.model.bar import Bar, BarOrigin, BasisBar
from domain.model.fx import PremiumBasis
from domain.model.interval import Interval
from domain.model.market import Quality
from domain.model.page import Direction
from domain.ports.bar_history import BarQuery

MINUTE_MS = Interval.M1.length_ms
YEAR_MS = 365 * 86_400_000
BATCH = 10_000
COINS = 250
BARS = 1000
_YEAR_COIN = "BTC"


def main() -> None:
    """Measure; print tables."""
    parser = argparse.ArgumentParser(prog="bench.history.store")
    parser.add_argument("--rounds", type=int, default=30)
    rounds = parser.parse_args().rounds
    configure_log("ERROR", "console")
    with own_settings() as settings:
        asyncio.run(_measure(settings, rounds))


def _bars(
    symbols: list[str], from_ms: int, minutes: int, origin: BarOrigin
) -> Iterator[Bar]:
    chance = Random(7)
    for step in range(minutes):
        for symbol in symbols:
            percents = [
                Decimal(chance.randrange(-2_000_000, 4_000_000)) / 1_000_000
                for _ in range(4)
            ]
            basis = BasisBar(
                open=percents[0],
                high=max(percents),
                low=min(percents),
                close=percents[3],
                fx_rate=Decimal("1391.25"),
                samples=30,
                quality=Quality.LIVE,
            )
            yield Bar(
                symbol=symbol,
                interval=Interval.M1,
                opened_ms=from_ms + step * MINUTE_MS,
                domestic_close=Decimal("158219000"),
                global_close=Decimal("112345.67"),
                bases=dict.fromkeys(PremiumBasis, basis),
                origin=origin,
                fx_source="dunamu",
                fx_as_of_ms=from_ms + step * MINUTE_MS,
            )


async def _measure(settings: Settings, rounds: int) -> None:
    async with running(settings) as site:
        database = site.database
        store, history = PostgresBarStore(database), PostgresBarHistory(database)
        day_ms = 86_400_000
        end_ms = time.time_ns() // 1_000_000 // day_ms * day_ms
        await _written(store, end_ms)
        while await store.roll_up(end_ms, 100):
            pass
        print("\n| read | p50 ms | p95 ms |\n|---|---:|---:|")
        for name, read in _reads(site, history, end_ms):
            await read()
            taken = []
            for _ in range(rounds):
                began_s = time.perf_counter()
                await read()
                taken.append((time.perf_counter() - began_s) * 1000)
            taken.sort()
            p95 = taken[int(len(taken) * 0.95)]
            print(f"| {name} | {statistics.median(taken):.1f} | {p95:.1f} |")


async def _written(store: PostgresBarStore, end_ms: int) -> None:
    print("| written | bars | bars/s | process CPU µs per bar |\n|---|---:|---:|---:|")
    kinds = (
        ("a year of one coin, backfilled", [_YEAR_COIN], YEAR_MS, False),
        (f"a minute of {COINS} coins, live", _symbols(), 10 * MINUTE_MS, True),
    )
    for name, symbols, span_ms, live in kinds:
        origin = BarOrigin.LIVE if live else BarOrigin.BACKFILLED
        from_ms = end_ms - 10 * MINUTE_MS if live else end_ms - YEAR_MS
        bars = _bars(symbols, from_ms, span_ms // MINUTE_MS, origin)
        size = COINS if live else BATCH
        wall_s = cpu_s = 0.0
        total = 0
        while batch := [bar for _, bar in zip(range(size), bars, strict=False)]:
            began_s, began_cpu_s = time.perf_counter(), time.process_time()
            if live:
                await store.write_live(batch)
            else:
                await store.write_backfilled(batch)
            wall_s += time.perf_counter() - began_s
            cpu_s += time.process_time() - began_cpu_s
            total += len(batch)
        print(
            f"| {name} | {total:,} | {total / wall_s:,.0f} "
            f"| {cpu_s / total * 1e6:.1f} |",
            flush=True,
        )


def _symbols() -> list[str]:
    return [_YEAR_COIN, *(f"C{number:03}" for number in range(COINS - 1))]


def _reads(
    site: Site, history: PostgresBarHistory, end_ms: int
) -> Iterator[tuple[str, Callable[[], Awaitable[object]]]]:
    begin_ms = end_ms - YEAR_MS
    for interval in (Interval.M1, Interval.M5, Interval.H1, Interval.H4, Interval.D1):
        query = BarQuery(
            _YEAR_COIN,
            PremiumBasis.OFFICIAL_FX,
            interval,
            begin_ms,
            end_ms,
            Direction.ASC,
            BARS,
        )

        async def read(query: BarQuery = query) -> object:
            return await history.bars(query)

        yield f"{BARS:,} bars of {interval} over a year, store", read
        asked = _history_query(interval, begin_ms, end_ms)

        async def ask(asked: str = asked) -> object:
            return json.loads(await site.ask("/graphql", asked))

        yield f"{BARS:,} bars of {interval} over a year, GraphQL", ask

    async def board() -> object:
        return await history.minutes_at(end_ms, 5 * MINUTE_MS, _symbols())

    yield f"as-of board of {COINS} coins, store", board
    as_of = (
        f'{{ premiums(first: 1000, asOf: "{_text(end_ms)}") {{ summary {{ live }} '
        "edges { node { symbol percent quality } } } }"
    )

    async def ask_board() -> object:
        return json.loads(await site.ask("/graphql", as_of))

    yield "as-of board of the simulated coins, GraphQL", ask_board


def _history_query(interval: Interval, begin_ms: int, end_ms: int) -> str:
    return (
        f'{{ coin(symbol: "{_YEAR_COIN}") {{ premiumHistory(interval: {interval}, '
        f'from: "{_text(begin_ms)}", to: "{_text(end_ms)}", first: {BARS}) '
        "{ edges { node { openedAt open high low close } } } } }"
    )


def _text(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat()


if __name__ == "__main__":
    main()
