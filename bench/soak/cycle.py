"""Many silences in a row: both venues fall silent, REST stands in, streams come back.

The bounds are short so that a cycle takes seconds. What the server holds after the
first cycles is compared with what it holds after the last.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from adapters.simulator.server import Simulator
from bench.soak.figure import look
from bench.soak.report import Report
from bench.soak.world import ServerProcess
from bench.subscriber import Coins, Subscriber

# The first cycles fill caches and meters.
WARM_UP_CYCLES = 10
SILENCE_LIMIT_S = 15.0
SETTLE_S = 3.0
TELL_EVERY = 10
BOUNDS = {
    "KIMP_UPBIT__SILENCE_BOUND_S": "1",
    # A poll weighs 80 of the 6,000 a minute that Binance allows: with a bound of 1 s a
    # hundred cycles in a row would use them up, and the server would rightly wait.
    "KIMP_BINANCE__SILENCE_BOUND_S": "2",
}


async def run_cycles(
    simulator: Simulator, server: ServerProcess, report: Report, cycles: int
) -> None:
    """Let both venues fall silent so many times; blame what does not come or grows."""
    market = asyncio.create_task(simulator.run(), name="market")
    board = Subscriber(server.url)
    listening: asyncio.Task[None] | None = None
    began_s = 0.0
    try:
        await asyncio.to_thread(server.wait_ready)
        listening = asyncio.create_task(board.run(), name="subscriber")
        await _expect(board, _is_streamed, report, "the stream delivers")
        first = None
        for number in range(1, cycles + 1):
            simulator.inflict("silence", venue="all")
            await _expect(board, _stands_in, report, "REST stands in")
            simulator.relieve()
            await _expect(board, _is_streamed, report, "the stream is back")
            if number == min(WARM_UP_CYCLES, cycles):
                await asyncio.sleep(SETTLE_S)  # what was held is let go
                first = await asyncio.to_thread(look, server.process.pid, server.told)
                report.note(f"after {number} cycles: {first}")
                began_s = report.now_s
            elif number % TELL_EVERY == 0:
                report.note(f"{number} cycles")
        await asyncio.sleep(SETTLE_S)  # what was held is let go
        last = await asyncio.to_thread(look, server.process.pid, server.told)
        report.note(f"after {cycles} cycles: {last}")
        if first is not None:
            minutes = (report.now_s - began_s) / 60
            for grown in last.grown_from(first, minutes):
                report.blame("nothing grows", grown)
        for each in simulator.violations.listed():
            report.blame("no rule of a venue is broken", str(each))
    finally:
        tasks = [task for task in (market, listening) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _expect(
    board: Subscriber, wanted: Callable[[Coins], bool], report: Report, what: str
) -> None:
    if await board.until(wanted, SILENCE_LIMIT_S) is None:
        report.blame(what, f"not within {SILENCE_LIMIT_S:.0f} s")


def _live(coins: Coins) -> list[dict[str, Any]]:
    return [coin for coin in coins.values() if coin["quality"] == "LIVE"]


def _stands_in(coins: Coins) -> bool:
    """Whether most are LIVE, and none by a stream."""
    live = _live(coins)
    legs = [coin[side] for coin in live for side in ("domestic", "global")]
    return _is_most(coins, live) and all(leg["channel"] == "REST" for leg in legs)


def _is_streamed(coins: Coins) -> bool:
    """Whether most are LIVE, and both streams have told of some."""
    live = _live(coins)
    return _is_most(coins, live) and all(
        any(coin[side]["channel"] == "WEBSOCKET" for coin in live)
        for side in ("domestic", "global")
    )


def _is_most(coins: Coins, live: list[dict[str, Any]]) -> bool:
    both = sum(coin["global"] is not None for coin in coins.values())
    return bool(both) and len(live) > 0.9 * both
