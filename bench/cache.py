"""What the caches spare: hit rate of a mixed workload, and a read with and without.

    python -m bench cache

The whole server in this process, on a Postgres and simulated venues of its own; reads
go through the ASGI application as a client's do. First the workload runs at fixed
rates, and its hits are counted. Then rounds alternate: each kind of read with its
values in the caches, and with every cache emptied before it. Uncached reads of a venue
are spaced, so that its limits are not what is measured; which channel answers is the
router's choice. The CPU time of the feeds, measured while nobody asks, is subtracted.
"""

import asyncio
import statistics
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random

from app.log import configure_log
from app.settings import Settings
from bench.site import Site, own_settings, running

# The workload: reads per 100, and how many of them each second for how long. A coin by
# its symbol is answered from the catalogue, which is memory: no cache is asked.
MIX: Mapping[str, int] = {
    "coins": 25,
    "coin": 15,
    "icon": 25,
    "candles": 15,
    "order book": 20,
}
READS_PER_S = (50, 100, 200)
WORKLOAD_S = 15.0
# Coins are asked for the more often the earlier they stand here: 1, 1/2, 1/3, …
POPULAR = ("BTC", "ETH", "XRP", "SOL", "DOGE", "ADA")
ROUNDS = 5
READS_PER_ROUND = 8
# Between uncached reads of a venue, which takes ten requests a second of each kind.
SPACING_S = {"candles": 0.3, "order book": 0.3}
IDLE_S = 5.0

_COIN = "symbol koreanName englishName listings { exchange market tradable }"
_EDGES = "{ totalCount edges { node { symbol koreanName listings { market } } } }"
COIN_LISTS = (
    f"{{ coins {_EDGES} }}",
    f'{{ coins(filter: {{search: "비트"}}) {_EDGES} }}',
    f'{{ coins(filter: {{search: "ㅂㅌ"}}) {_EDGES} }}',
    f'{{ coins(filter: {{search: "coin"}}, first: 20) {_EDGES} }}',
    f"{{ coins(filter: {{exchange: BINANCE}}, first: 50) {_EDGES} }}",
    f"{{ coins(orderBy: {{field: KOREAN_NAME}}, first: 50) {_EDGES} }}",
)


class Reader:
    """Makes reads of each kind, the same ones again for the same seed."""

    def __init__(self, site: Site, seed: int) -> None:
        self._site = site
        self._chance = Random(seed)
        self._weights = [1 / rank for rank in range(1, len(POPULAR) + 1)]

    def kind(self) -> str:
        """Return the kind of the next read of the workload."""
        return self._chance.choices(list(MIX), list(MIX.values()))[0]

    async def read(self, kind: str) -> None:
        """Read once."""
        symbol = self._chance.choices(POPULAR, self._weights)[0]
        venue, market = self._chance.choice(
            [("UPBIT", f"KRW-{symbol}"), ("BINANCE", f"{symbol}USDT")]
        )
        where = f'exchange: {venue}, market: "{market}"'
        match kind:
            case "coins":
                await self._site.ask("/graphql", self._chance.choice(COIN_LISTS))
            case "coin":
                query = f'{{ coin(symbol: "{symbol}") {{ {_COIN} }} }}'
                await self._site.ask("/graphql", query)
            case "icon":
                await self._site.ask(f"/icons/{symbol}")
            case "candles":
                fields = "{ candles { openedAt close } }"
                query = f"{{ candles({where}, interval: M1, first: 100) {fields} }}"
                await self._site.ask("/graphql", query)
            case _:
                fields = "{ bids { price volume } asks { price volume } }"
                query = f"{{ orderBook({where}, depth: 15) {fields} }}"
                await self._site.ask("/graphql", query)


@dataclass(slots=True)
class Cost:
    """Seconds of one way of reading: medians of rounds."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    @property
    def wall_s(self) -> float:
        """The median time of a read."""
        return statistics.median(self.wall)

    @property
    def cpu_s(self) -> float:
        """The median of its CPU time, never below zero."""
        return max(0.0, statistics.median(self.cpu))


async def _round(
    site: Site, kind: str, seed: int, idle: float, *, cached: bool
) -> tuple[float, float]:
    """Return time and CPU time of a read, means of one round."""
    wall_s = cpu_s = 0.0
    for number in range(READS_PER_ROUND):
        # A reader of its own for each: the read before has filled the caches for it.
        if cached:
            await Reader(site, seed + number).read(kind)
        else:
            site.empty()
            await asyncio.sleep(SPACING_S.get(kind, 0.0))  # within the venue's rate
        began_s, began_cpu_s = time.perf_counter(), time.process_time()
        await Reader(site, seed + number).read(kind)
        took_s = time.perf_counter() - began_s
        wall_s += took_s
        cpu_s += time.process_time() - began_cpu_s - idle * took_s
    return wall_s / READS_PER_ROUND, cpu_s / READS_PER_ROUND


async def _idle(seconds: float) -> float:
    """Return the share of a core that the feeds take."""
    began_s, began_cpu_s = time.perf_counter(), time.process_time()
    await asyncio.sleep(seconds)  # the time measured
    return (time.process_time() - began_cpu_s) / (time.perf_counter() - began_s)


async def _workload(site: Site, per_s: int) -> Mapping[str, Counter[str]]:
    """Run the mix at a rate, begun with empty caches; return each cache's counts."""
    reader, tasks = Reader(site, seed=per_s), set()
    site.empty()
    before = site.counts()
    began_s = time.perf_counter()
    for number in range(int(per_s * WORKLOAD_S)):
        early_s = began_s + number / per_s - time.perf_counter()
        await asyncio.sleep(max(0.0, early_s))  # the pace of the workload
        tasks.add(asyncio.create_task(reader.read(reader.kind())))
    await asyncio.gather(*tasks)
    after = site.counts()
    return {name: after[name] - before[name] for name in after}


async def _measure(settings: Settings) -> list[str]:
    async with running(settings) as site:
        lines = _rates({rate: await _workload(site, rate) for rate in READS_PER_S})
        idle = await _idle(IDLE_S)
        costs = {kind: (Cost(), Cost()) for kind in MIX}
        for number in range(ROUNDS):
            for kind, ways in costs.items():
                # Which comes first alternates as well.
                for cached in (number % 2 == 0, number % 2 == 1):
                    cost = ways[0] if cached else ways[1]
                    wall_s, cpu_s = await _round(
                        site, kind, number * 1000, idle, cached=cached
                    )
                    cost.wall.append(wall_s)
                    cost.cpu.append(cpu_s)
    return [*lines, "", *_costs(costs)]


def _rates(runs: Mapping[int, Mapping[str, Counter[str]]]) -> list[str]:
    mix = ", ".join(f"{share} % {kind}" for kind, share in MIX.items())
    lines = [
        f"Hits of {mix}; {WORKLOAD_S:.0f} s from empty caches at each rate.",
        "",
        "| cache | " + " | ".join(f"{rate} reads/s" for rate in runs) + " |",
        "|---|" + "---:|" * len(runs),
    ]
    for name in next(iter(runs.values())):
        cells = [_rate(counts[name]) for counts in runs.values()]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    wholes = [sum(counts.values(), Counter[str]()) for counts in runs.values()]
    joined = [_rate(whole, "hits", "joined") for whole in wholes]
    return [
        *lines,
        f"| all | {' | '.join(map(_rate, wholes))} |",
        f"| all, with those who joined a load | {' | '.join(joined)} |",
    ]


def _rate(count: Counter[str], *good: str) -> str:
    share = sum(count[name] for name in good or ("hits",))
    asked = count.total()
    return f"{share / asked:.1%} of {asked:,}" if asked else "not asked"


def _costs(costs: Mapping[str, tuple[Cost, Cost]]) -> list[str]:
    lines = [
        "| read | cached ms | uncached ms | less time | cached CPU ms "
        "| uncached CPU ms |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    lines += [_line(kind, *ways) for kind, ways in costs.items()]
    return [*lines, _line("the mix", *(_mixed(costs, way) for way in (0, 1)))]


def _mixed(costs: Mapping[str, tuple[Cost, Cost]], way: int) -> Cost:
    """Return what one read of the workload costs on average."""
    shares = [(costs[kind][way], share / 100) for kind, share in MIX.items()]
    return Cost(
        [sum(cost.wall_s * share for cost, share in shares)],
        [sum(cost.cpu_s * share for cost, share in shares)],
    )


def _line(kind: str, cached: Cost, uncached: Cost) -> str:
    less = 1 - cached.wall_s / uncached.wall_s
    return (
        f"| {kind} | {cached.wall_s * 1e3:.2f} | {uncached.wall_s * 1e3:.2f} "
        f"| {less:.0%} | {cached.cpu_s * 1e3:.2f} | {uncached.cpu_s * 1e3:.2f} |"
    )


def main() -> None:
    """Measure and print both tables."""
    configure_log("CRITICAL", "json")
    with own_settings() as settings:
        for line in asyncio.run(_measure(settings)):
            print(line)


if __name__ == "__main__":
    main()
