"""Batches of the latest values, traced."""

from typing import cast

import pytest

from adapters.memory.store import MemoryLatestRepository, MemoryStore
from app.latest_trace import TracedLatestRepository, traced
from domain.model.error import StoreUnavailable
from domain.ports.store import Latest, LatestRepository
from domain.ports.tracer import NO_TRACER, Attribute, Tracer


class Blocks:
    """A tracer that keeps which blocks were entered and which failed."""

    is_on = True

    def __init__(self) -> None:
        self.told: list[tuple[str, dict[str, Attribute], bool]] = []

    def span(self, name: str, attributes: dict[str, Attribute]) -> "Block":
        return Block(self, name, attributes)


class Block:
    def __init__(
        self, tracer: Blocks, name: str, attributes: dict[str, Attribute]
    ) -> None:
        self._tracer, self._name, self._attributes = tracer, name, attributes

    def __enter__(self) -> "Block":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._tracer.told.append((self._name, self._attributes, kind is not None))


async def test_batches_are_passed_on_under_spans_that_tell_their_rows() -> None:
    store, tracer = MemoryStore(), Blocks()
    repository = traced(MemoryLatestRepository(store), cast("Tracer", tracer))
    await repository.save(Latest(tick_seq=7))
    assert (await repository.load()).tick_seq == 7
    (_, rows, _), (loaded, _, _) = tracer.told
    assert rows == {
        "kimp.batch": "latest",
        "kimp.rows.quotes": 0,
        "kimp.rows.rates": 0,
        "kimp.rows.premiums": 0,
    }
    assert loaded == "database.load"


async def test_a_failure_passes_through_its_span() -> None:
    tracer = Blocks()
    repository = TracedLatestRepository(
        MemoryLatestRepository(MemoryStore(down="away")), cast("Tracer", tracer)
    )
    with pytest.raises(StoreUnavailable):
        await repository.save(Latest())
    assert [failed for _, _, failed in tracer.told] == [True]


def test_where_nothing_is_traced_the_repository_is_itself() -> None:
    repository: LatestRepository = MemoryLatestRepository()
    assert traced(repository, NO_TRACER) is repository
