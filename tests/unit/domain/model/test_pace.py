"""When ticks are due, and when a throttled subscriber is."""

import pytest

from domain.model.pace import round_throttle_ms, throttle_wait_s, tick_due_s


def test_the_first_tick_is_due_at_once() -> None:
    assert tick_due_s(7.0, None) == 7.0


def test_a_tick_is_due_at_once_when_100_ms_have_passed_since_the_last() -> None:
    assert tick_due_s(7.0, 6.9) == 7.0
    assert tick_due_s(7.0, 1.0) == 7.0


def test_a_tick_is_due_at_its_100_ms_when_the_last_was_just_now() -> None:
    assert tick_due_s(7.0, 6.95) == pytest.approx(7.05)


@pytest.mark.parametrize(
    ("asked", "used"),
    [(100, 100), (101, 200), (499, 500), (500, 500), (59_901, 60_000)],
)
def test_a_throttle_is_rounded_up_to_a_multiple_of_100(asked: int, used: int) -> None:
    assert round_throttle_ms(asked) == used


@pytest.mark.parametrize("asked", [-100, 0, 1, 99, 60_001])
def test_a_throttle_outside_100_to_60000_is_refused_and_told_the_range(
    asked: int,
) -> None:
    with pytest.raises(ValueError, match=r"100 to 60000"):
        round_throttle_ms(asked)


def test_the_first_change_after_a_quiet_interval_goes_out_at_once() -> None:
    assert throttle_wait_s(10.0, None, 500) == 0
    assert throttle_wait_s(10.0, 9.5, 500) == 0
    assert throttle_wait_s(10.0, 1.0, 500) == 0


def test_a_change_within_the_interval_waits_for_its_end() -> None:
    assert throttle_wait_s(10.0, 9.9, 500) == pytest.approx(0.4)


def test_a_tick_that_comes_a_hair_early_is_not_missed() -> None:
    assert throttle_wait_s(10.4999, 10.0, 500) == 0
