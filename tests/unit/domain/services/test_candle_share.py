"""Candles that are read once for many."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from adapters.memory.clock import FakeClock
from adapters.memory.market_reader import MemoryMarketReader
from domain.model.candle import Candle
from domain.model.error import UnknownMarket
from domain.model.interval import Interval
from domain.model.market import Channel, Exchange
from domain.services.candle_share import CandleShare

START = 1_767_225_600_000
DAY = Interval.D1.length_ms
D1 = Interval.D1
# Rounds of the event loop in which every task has begun.
TURNS = 20


@pytest.fixture
def reader() -> MemoryMarketReader:
    made = MemoryMarketReader(Exchange.UPBIT, Channel.REST, FakeClock())
    one = Decimal(1)
    made.set_candles(
        Candle("KRW-USDT", D1, START + n * DAY, *(one,) * 6) for n in range(10)
    )
    return made


async def opened(share: CandleShare, first: int, end: int) -> list[int]:
    run = await share.read("KRW-USDT", D1, START + first * DAY, START + end * DAY)
    return [(candle.opened_ms - START) // DAY for candle in run.candles]


async def test_a_part_of_what_is_kept_is_cut_out(reader: MemoryMarketReader) -> None:
    share = CandleShare(reader, ["KRW-USDT"])
    await opened(share, 0, 10)
    assert await opened(share, 2, 4) == [2, 3]
    run = await share.read("KRW-USDT", D1, START + 2 * DAY, START + 4 * DAY)
    assert run.earlier is not None
    assert run.earlier.opened_ms == START + DAY
    assert len(reader.asked) == 1


async def test_other_markets_are_not_kept(reader: MemoryMarketReader) -> None:
    share = CandleShare(reader, ["KRW-BTC"])
    await opened(share, 0, 3)
    await opened(share, 0, 3)
    assert len(reader.asked) == 2


async def test_many_who_ask_at_once_cost_one_question(
    reader: MemoryMarketReader,
) -> None:
    share = CandleShare(reader, ["KRW-USDT"])
    found = await asyncio.gather(*(opened(share, 0, 3) for _ in range(5)))
    assert found == [[0, 1, 2]] * 5
    assert len(reader.asked) == 1


async def test_at_the_cap_of_runs_the_least_used_goes(
    reader: MemoryMarketReader,
) -> None:
    share = CandleShare(reader, ["KRW-USDT"], max_runs=2)
    await opened(share, 0, 1)
    await opened(share, 1, 2)
    await opened(share, 0, 1)
    await opened(share, 2, 3)
    asked = len(reader.asked)
    await opened(share, 0, 1)
    assert len(reader.asked) == asked
    await opened(share, 1, 2)
    assert len(reader.asked) == asked + 1


async def test_at_the_cap_of_candles_only_the_latest_stays(
    reader: MemoryMarketReader,
) -> None:
    share = CandleShare(reader, ["KRW-USDT"], max_candles=3)
    await opened(share, 0, 2)
    await opened(share, 4, 8)
    asked = len(reader.asked)
    await opened(share, 4, 8)
    assert len(reader.asked) == asked
    await opened(share, 0, 2)
    assert len(reader.asked) == asked + 1


async def test_a_market_that_nobody_lists_is_remembered(
    reader: MemoryMarketReader,
) -> None:
    share = CandleShare(reader, ["KRW-USDC"])
    for _ in range(2):
        with pytest.raises(UnknownMarket):
            await share.read("KRW-USDC", D1, START, START + DAY)
    assert len(reader.asked) == 1


async def test_whoever_is_cancelled_leaves_the_line_to_others(
    reader: MemoryMarketReader,
) -> None:
    share = CandleShare(reader, ["KRW-USDT"])
    reader.silent = True
    first = asyncio.create_task(opened(share, 0, 3))
    second = asyncio.create_task(opened(share, 0, 3))
    for _ in range(TURNS):
        await asyncio.sleep(0)  # the question goes out
    assert len(reader.asked) == 1
    reader.silent = False
    first.cancel()
    assert await second == [0, 1, 2]
