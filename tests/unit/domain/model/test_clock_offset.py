"""What is known of our clock, before and after somebody sets it."""

import pytest

from domain.model.clock_offset import ClockOffset

HOUR_MS = 3_600_000
ZERO_MS = 1_767_225_600_000


def test_what_was_measured_counts_while_nobody_sets_the_clock() -> None:
    offset = ClockOffset()
    told = [offset.take(ms, ZERO_MS) for ms in (-5000, 0, 3000, HOUR_MS)]
    assert told == [-5000, 0, 3000, HOUR_MS]


@pytest.mark.parametrize(
    ("before_ms", "set_ms", "after_ms"),
    [
        # Set right again, and set wrong.
        (3 * HOUR_MS, -3 * HOUR_MS, 0),
        (0, -24 * HOUR_MS, -24 * HOUR_MS),
        (HOUR_MS, -2 * HOUR_MS, -HOUR_MS),
    ],
)
def test_set_back_an_old_answer_counts_as_moved_until_there_is_a_new_one(
    before_ms: int, set_ms: int, after_ms: int
) -> None:
    offset = ClockOffset()
    offset.take(before_ms, ZERO_MS)
    zero_ms = ZERO_MS + set_ms
    old = [offset.take(before_ms, zero_ms) for _ in range(2)]
    nearly = offset.take(before_ms + 2000, zero_ms)
    new = [offset.take(after_ms, zero_ms) for _ in range(2)]
    assert [*old, nearly, *new] == [
        *(after_ms, after_ms),
        after_ms + 2000,
        *(after_ms, after_ms),
    ]


def test_a_machine_that_slept_changes_nothing() -> None:
    offset = ClockOffset()
    told = [offset.take(0, ZERO_MS + slept) for slept in (0, 8 * HOUR_MS)]
    assert told == [0, 0]
