"""A desk: venues with a few coins, a database, and a folder where commands run."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.conftest import PostgresServer
from tests.e2e.history.bar import large, minutes
from tests.e2e.history.command import Bench
from tests.e2e.history.question import bars, same
from tests.e2e.history.tape import at, iso
from tests.e2e.history.venue import HistoryWorld
from tests.e2e.semantics.world import dunamu

# The day is always the same one for the tests' children, see clock/sitecustomize.py:
# what is old enough to be dropped must not grow into the range of these tests.
NOW: Final = at("2026-11-21T09:00:00")
# Most of a story is waiting: for a budget, for a venue that is down.
AT_ONCE: Final = 4
STORY_LIMIT_S: Final = 600.0


@dataclass(frozen=True)
class Desk:
    """Where a story happens."""

    bench: Bench
    world: HistoryWorld


Story = Callable[[Desk], None]


@contextmanager
def desk_at(folder: Path, url: str) -> Iterator[Desk]:
    """Open the venues; a failed request is not tried again at once."""
    shift_s = NOW - time.time()
    with HistoryWorld(shift_s) as world:
        world.market("DOGE", "201.5", 1, sparse=2)
        world.pair("DOGE", "0.15010", 5)
        world.market("BTC", "143000000", -3)
        world.pair("BTC", "107000.00", 2)
        world.market("USDT", "1320.5", 1)
        world.market("USDC", "1322", 0)
        world.pair("USDC", "1.0001", 4)
        world.rates["main/v1/forex/recent"] = dunamu("1300.00", (NOW - 60) * 1000)
        settings = {
            **world.settings(sources="dunamu,frankfurter"),
            "KIMP_DATABASE__URL": url,
            "KIMP_HISTORY__HEAL_DAYS": "0",
            "KIMP_RESILIENCE__TRIES": "1",
            "KIMP_RESILIENCE__BREAKER_OPEN_S": "1",
        }
        yield Desk(Bench(folder, settings, shift_s), world)


@contextmanager
def side_by_side(
    stories: Sequence[Story], folder: Path, postgres: PostgresServer
) -> Iterator[Mapping[Story, Future[None]]]:
    """Begin all stories, each at a desk of its own, a few at once."""
    urls = [postgres.clone() for _ in stories]

    def tell(story: Story, url: str) -> None:
        with desk_at(folder / story.__name__, url) as desk:
            story(desk)

    with ExitStack() as stack:
        for url in urls:
            stack.callback(postgres.drop, url)
        pool = stack.enter_context(ThreadPoolExecutor(AT_ONCE))
        stack.callback(pool.shutdown, wait=True, cancel_futures=True)
        yield {
            story: pool.submit(tell, story, url)
            for story, url in zip(stories, urls, strict=True)
        }


@contextmanager
def checking(desk: Desk) -> Iterator[Callable[..., None]]:
    """Serve what was filled; the question compares a coin's bars with the tape."""
    with desk.bench.serve() as server:

        def check(symbol: str, interval: str, span: range, basis: str) -> None:
            found = bars(
                server,
                symbol,
                interval=interval,
                basis=basis,
                from_=iso(span.start),
                to=iso(span.stop),
            )
            if interval == "M1":
                same(found, minutes(desk.world, symbol, span, basis))
            else:
                same(found, large(desk.world, symbol, interval, span, basis))

        yield check
