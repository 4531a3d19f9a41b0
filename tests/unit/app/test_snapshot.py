"""Whose clock a day ends by."""

from typing import Any, cast

import pytest

from app.snapshot import known_offset_ms, least_offset_ms, snapshot_workers


@pytest.mark.parametrize(
    ("offsets", "ahead_ms"),
    [
        ([], 0),
        ([None, None], 0),
        ([None, 5000], 5000),
        ([0, 300_000], 0),
        ([-300_000, -299_000], -299_000),
        ([-4000, 3000], 3000),
    ],
)
def test_it_is_the_clock_of_the_venue_that_agrees_with_ours_most(
    offsets: list[int | None], ahead_ms: int
) -> None:
    assert least_offset_ms(offsets) == ahead_ms
    is_known = any(offset is not None for offset in offsets)
    assert known_offset_ms(offsets) == (ahead_ms if is_known else None)


def test_taking_and_proving_have_a_worker_each() -> None:
    class Service:
        async def run_take(self) -> None:
            """Never called."""

        async def run_prove(self) -> None:
            """Never called."""

    workers = snapshot_workers(cast("Any", Service()))
    assert [worker.name for worker in workers] == ["snapshot.take", "snapshot.prove"]
