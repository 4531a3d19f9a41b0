"""The last words of the recording at a stop: on disk at least, else lost."""

import asyncio
from collections.abc import Sequence

import pytest

from adapters.memory.bar_spool import MemoryBarSpool, SpoolShelf
from adapters.memory.bar_store import MemoryBarStore
from adapters.memory.clock import FakeClock
from adapters.memory.store import MemoryStore
from app.bar_recording import BarRecording
from domain.model.bar import Bar
from domain.model.board import PremiumBoard
from domain.model.coin import Coin, Listing
from domain.model.event import FeedBatch, FeedUp, QuoteUpdate
from domain.model.fx import FxChain, FxQuote, FxSourcePlan
from domain.model.market import Channel, Exchange
from domain.model.number import parse_decimal
from domain.services.bar_keeper import BarKeeper, Retention
from domain.services.bar_recorder import BarRecorder
from domain.services.bar_writer import BarWriter
from domain.services.board_service import BoardService


class SlowStore(MemoryBarStore):
    """A database that takes for ever."""

    async def write_live(self, bars: Sequence[Bar]) -> int:
        """Answer never."""
        await asyncio.Event().wait()
        return len(bars)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def shelf() -> SpoolShelf:
    return SpoolShelf()


def recording_of(
    store: MemoryBarStore, shelf: SpoolShelf, clock: FakeClock
) -> BarRecording:
    writer = BarWriter(store, MemoryBarSpool(shelf), clock)
    keeper = BarKeeper(store, clock, Retention(400, 0))
    return BarRecording(BarRecorder(writer, clock), writer, keeper)


async def record(recording: BarRecording, clock: FakeClock) -> None:
    """Let a minute of BTC come to its end."""
    board = BoardService(PremiumBoard(FxChain([FxSourcePlan("dunamu", 60)])), clock)
    board.on_tick(recording.note)
    markets = {
        Exchange.UPBIT: ("KRW-BTC", "KRW"),
        Exchange.BINANCE: ("BTCUSDT", "USDT"),
    }
    listings = tuple(Listing(e, m, "BTC", q) for e, (m, q) in markets.items())
    board.set_coins([Coin("BTC", "비트코인", "Bitcoin", listings)])
    board.answer_rate(FxQuote("dunamu", parse_decimal("1300"), clock.now_ms()))
    for exchange, (market, _) in markets.items():
        update = QuoteUpdate(market, parse_decimal("40000"), clock.now_ms())
        board.observe(FeedUp(exchange, Channel.WEBSOCKET, clock.monotonic()))
        board.observe(
            FeedBatch(
                exchange,
                Channel.WEBSOCKET,
                clock.now_ms(),
                clock.monotonic(),
                (update,),
            )
        )
    board.tick()
    await clock.advance(60)


async def test_what_is_closed_is_in_the_database_after_a_stop(
    clock: FakeClock, shelf: SpoolShelf
) -> None:
    store = MemoryBarStore(MemoryStore())
    recording = recording_of(store, shelf, clock)
    await record(recording, clock)
    assert await recording.flush()
    assert len(store.store.bars.minutes["BTC"]) == 1
    assert shelf.batches == {}


async def test_without_a_database_it_waits_on_disk_and_is_not_lost(
    clock: FakeClock, shelf: SpoolShelf
) -> None:
    recording = recording_of(MemoryBarStore(MemoryStore(down="gone")), shelf, clock)
    await record(recording, clock)
    assert await recording.flush()
    assert len(shelf.batches) == 1


async def test_with_neither_it_is_lost(clock: FakeClock, shelf: SpoolShelf) -> None:
    shelf.full = True
    recording = recording_of(MemoryBarStore(MemoryStore(down="gone")), shelf, clock)
    await record(recording, clock)
    assert not await recording.flush()


async def test_a_database_that_takes_for_ever_does_not_hold_the_stop_up(
    clock: FakeClock, shelf: SpoolShelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.bar_recording.DRAIN_TIMEOUT_S", 0.01)
    recording = recording_of(SlowStore(MemoryStore()), shelf, clock)
    await record(recording, clock)
    assert await recording.flush()
    assert len(shelf.batches) == 1
