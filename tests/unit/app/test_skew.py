"""The measured clock skew reaches the board."""

import asyncio
from types import SimpleNamespace
from typing import cast

from adapters.memory.clock import FakeClock
from app.skew import INTERVAL_S, SkewService
from domain.model.market import Exchange
from domain.services.board_service import BoardService


async def test_measured_offsets_are_taken_over_every_interval() -> None:
    told: list[tuple[Exchange, int]] = []
    board = cast(
        BoardService,
        SimpleNamespace(set_skew=lambda exchange, ms: told.append((exchange, ms))),
    )
    clock = FakeClock()
    offsets = {Exchange.UPBIT: lambda: 2500, Exchange.BINANCE: lambda: None}
    task = asyncio.create_task(SkewService(offsets, board, clock).run())
    await clock.advance(INTERVAL_S)
    assert told == [(Exchange.UPBIT, 2500)] * 2
    task.cancel()
