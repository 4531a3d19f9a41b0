"""A market whose minutes are recorded, over the in-memory twins."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from adapters.memory.bar_spool import MemoryBarSpool, SpoolShelf
from adapters.memory.bar_store import MemoryBarStore
from adapters.memory.store import MemoryStore
from domain.model.bar import Bar
from domain.services.bar_recorder import BarRecorder
from domain.services.bar_writer import BarWriter
from tests.unit.domain.services.conftest import World


class Minutes(MemoryBarStore):
    """The store in memory; `refused` names a coin that it never takes."""

    def __init__(self) -> None:
        super().__init__(MemoryStore())
        self.refused: str | None = None
        self.writes: list[Sequence[Bar]] = []

    async def write_live(self, bars: Sequence[Bar]) -> int:
        """Note the batches in the order of their writing."""
        if any(bar.symbol == self.refused for bar in bars):
            raise ValueError("a bar that the database refuses")
        changed = await super().write_live(bars)
        self.writes.append(bars)
        return changed

    @property
    def count(self) -> int:
        """How many minutes are kept."""
        return sum(map(len, self.store.bars.minutes.values()))

    def opened(self, symbol: str = "BTC") -> list[int]:
        """The minutes of a coin, each as often as it was written, in that order."""
        return [b.opened_ms for bars in self.writes for b in bars if b.symbol == symbol]

    def bar(self, opened_ms: int, symbol: str = "BTC") -> Bar:
        """A minute as it is kept."""
        return self.store.bars.minutes[symbol][opened_ms]


@dataclass
class Studio:
    """A market, a store, a disk, and servers that record it."""

    world: World
    store: Minutes = field(default_factory=Minutes)
    shelf: SpoolShelf = field(default_factory=SpoolShelf)
    is_ready: bool = True

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        """Let a new server record; an earlier one hears nothing more."""
        clock = self.world.clock
        self.writer = BarWriter(
            self.store,
            MemoryBarSpool(self.shelf),
            clock,
            lambda: self.is_ready,
        )
        self.recorder = BarRecorder(self.writer, clock)
        self.world.board._listeners = [self.recorder.note]

    async def live(self, minutes: int = 1) -> None:
        """Let minutes pass with a trade of BTC in each."""
        for number in range(minutes):
            self.world.trade("KRW-BTC", str(52_000_000 + number))
            self.world.board.tick()
            await self.world.clock.advance(60)


@pytest.fixture
def studio(world: World) -> Studio:
    """Two live coins, and a server that has just begun to record them."""
    studio = Studio(world)
    world.go_live()
    world.board.tick()
    return studio
