"""What every `BarSpool` does."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from adapters.memory.bar_spool import MemoryBarSpool, SpoolShelf
from adapters.spool.line import encode
from adapters.spool.spool import FileBarSpool
from domain.model.bar import Bar
from domain.model.fx import PremiumBasis
from domain.model.market import Quality
from domain.ports.bar_spool import BarSpool
from tests.live_bar import BASIS, MINUTE_MS, NOW
from tests.live_bar import BTC as ALIKE

BTC = replace(
    ALIKE,
    bases={
        PremiumBasis.OFFICIAL_FX: BASIS,
        PremiumBasis.KRW_USDC: replace(BASIS, samples=0, quality=Quality.STALE),
    },
)
SHIB = replace(
    BTC,
    symbol="SHIB",
    domestic_close=Decimal("1.1E-2"),
    global_close=Decimal("0.00000812"),
    bases={PremiumBasis.KRW_USDT: BASIS},
    fx_source=None,
    fx_as_of_ms=None,
)


def minute(number: int) -> list[Bar]:
    """A batch of one minute."""
    opened_ms = NOW + number * MINUTE_MS
    return [replace(bar, opened_ms=opened_ms) for bar in (BTC, SHIB)]


class InMemory:
    """Makes spools over one shelf; each is a process that starts."""

    def __init__(self) -> None:
        self.shelf = SpoolShelf()

    def spool(self, batches: int = 1_000) -> BarSpool:
        return MemoryBarSpool(self.shelf, max_bars=batches * len(minute(0)))

    def refuse(self) -> None:
        self.shelf.full = True

    def damage(self, name: str) -> None:
        self.shelf.damaged.add(name)


class InFiles:
    """Makes spools in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def spool(self, batches: int = 1_000) -> BarSpool:
        return FileBarSpool(self.folder, max_bytes=batches * len(encode(minute(0))))

    def refuse(self) -> None:
        # Root may write into every folder, but into no file as if it were one.
        self.folder.rmdir()
        self.folder.write_text("in the way")

    def damage(self, name: str) -> None:
        file = self.folder / f"{name}.jsonl"
        file.write_bytes(file.read_bytes()[:-40])


Place = InMemory | InFiles


@pytest.fixture(params=["memory", "files"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Where batches wait."""
    return InMemory() if request.param == "memory" else InFiles(tmp_path / "bars")


async def kept(spool: BarSpool, *numbers: int) -> list[str]:
    names = []
    for number in numbers:
        name = await spool.append(minute(number))
        assert name is not None
        names.append(name)
    return names


async def test_a_fresh_spool_is_empty(place: Place) -> None:
    spool = place.spool()
    assert list(await spool.names()) == []
    assert (spool.waiting, spool.dropped, spool.damaged) == (0, 0, 0)


async def test_a_batch_comes_back_as_it_was_also_to_another_process(
    place: Place,
) -> None:
    [name] = await kept(place.spool(), 0)
    later = place.spool()
    assert list(await later.names()) == [name]
    assert later.waiting == 1
    assert list(await later.read(name)) == minute(0)


async def test_batches_come_oldest_bars_first(place: Place) -> None:
    spool = place.spool()
    third, first, second = await kept(spool, 9, 1, 5)
    assert list(await spool.names()) == [first, second, third]


async def test_the_same_minute_twice_is_two_batches(place: Place) -> None:
    one, other = place.spool(), place.spool()
    await kept(one, 0)
    await kept(other, 0)
    assert len(set(await one.names())) == 2


async def test_what_is_removed_is_gone_for_everybody(place: Place) -> None:
    one, other = place.spool(), place.spool()
    first, second = await kept(one, 0, 1)
    await one.remove(first)
    await other.remove(first)
    assert list(await other.names()) == [second]
    assert list(await other.read(first)) == []
    assert (one.waiting, other.damaged) == (1, 0)


async def test_at_the_bound_the_oldest_go_and_are_counted(place: Place) -> None:
    spool = place.spool(batches=3)
    names = await kept(spool, 0, 1, 2, 3, 4)
    assert list(await spool.names()) == names[2:]
    assert (spool.dropped, spool.waiting) == (2, 3)


async def test_the_newest_batch_stays_whatever_the_bound(place: Place) -> None:
    spool = place.spool(batches=0)
    names = await kept(spool, 0, 1)
    assert list(await spool.names()) == names[1:]


async def test_what_the_disk_does_not_take_has_no_name(place: Place) -> None:
    spool = place.spool()
    [name] = await kept(spool, 0)
    await spool.remove(name)
    place.refuse()
    assert await spool.append(minute(1)) is None
    assert list(await spool.names()) == []
    assert spool.waiting == 0


async def test_a_damaged_batch_is_set_aside_and_the_others_stay(place: Place) -> None:
    spool = place.spool()
    bad, good = await kept(spool, 0, 1)
    place.damage(bad)
    assert list(await spool.read(bad)) == []
    assert (spool.damaged, spool.waiting) == (1, 1)
    assert list(await spool.names()) == [good]
    assert list(await spool.read(good)) == minute(1)


async def test_a_batch_that_cannot_be_stored_is_taken_out(place: Place) -> None:
    spool = place.spool()
    bad, good = await kept(spool, 0, 1)
    await spool.set_aside(bad)
    assert list(await place.spool().names()) == [good]
    assert (spool.damaged, spool.waiting) == (1, 1)


Twin = Callable[[], BarSpool]


def test_both_are_what_the_port_asks_for() -> None:
    twins: list[Twin] = [MemoryBarSpool, lambda: FileBarSpool(Path("nowhere"), 1)]
    assert [twin().waiting for twin in twins] == [0, 0]
