import itertools

import pytest

from adapters.resilience.backoff import Backoff, Schedule


def dial_times(backoff: Backoff, until_s: float, *, chance: float = 0.0) -> list[float]:
    """Dial a dead venue that refuses at once; return when each dial began."""
    now_s, times = 0.0, []
    while now_s <= until_s:
        times.append(now_s)
        backoff.dialled(now_s)
        backoff.failed(now_s, chance)
        now_s = backoff.due_s(now_s)
    return times


def waits(times: list[float]) -> list[float]:
    return [later - earlier for earlier, later in itertools.pairwise(times)]


def test_a_dead_venue_is_dialled_at_once_then_after_half_one_two_four_seconds() -> None:
    times = dial_times(Backoff(), 30)
    assert waits(times)[:7] == [0.5, 1, 2, 4, 4, 4, 4]


def test_the_wait_stays_at_four_seconds_for_ten_minutes_then_grows_to_thirty() -> None:
    times = dial_times(Backoff(), 900)
    early = [
        wait for time, wait in zip(times, waits(times), strict=False) if time < 600
    ]
    late = [wait for time, wait in zip(times, waits(times), strict=False) if time > 600]
    assert max(early) == 4
    assert late[:4] == [8, 16, 30, 30]


def test_a_cut_after_data_is_dialled_at_once() -> None:
    backoff = Backoff()
    backoff.dialled(0)
    backoff.delivered()
    backoff.failed(100, 0.9)
    assert backoff.due_s(100) == 100
    assert backoff.outage_since_s == 100


def test_a_connection_without_data_does_not_reset_the_schedule() -> None:
    backoff = Backoff()
    times = [0.0]
    for _ in range(6):  # accepts and closes, at once
        backoff.dialled(times[-1])
        backoff.failed(times[-1], 0)
        times.append(backoff.due_s(times[-1]))
    assert waits(times) == [0.5, 1, 2, 4, 4, 4]


def test_a_venue_that_sends_one_message_and_closes_is_dialled_once_a_second() -> None:
    backoff, now_s, times = Backoff(), 0.0, []
    for _ in range(5):
        times.append(now_s)
        backoff.dialled(now_s)
        backoff.delivered()
        backoff.failed(now_s + 0.01, 0)
        now_s = backoff.due_s(now_s + 0.01)
    assert waits(times) == [1, 1, 1, 1]


@pytest.mark.parametrize("chance", [0.0, 0.5, 0.999])
def test_jitter_only_lengthens_and_never_beyond_five_seconds(chance: float) -> None:
    steady = waits(dial_times(Backoff(), 60, chance=chance))[4:]
    assert all(4 <= wait < 4.5 for wait in steady)


def test_news_makes_the_next_dial_due_at_once_but_not_for_every_news() -> None:
    backoff = Backoff()
    for _ in range(5):
        backoff.dialled(10)
        backoff.failed(10, 0)
    assert backoff.due_s(11) == 14
    backoff.wake(11)
    assert backoff.due_s(11) == 11
    backoff.dialled(11)
    backoff.failed(11, 0)
    backoff.wake(12)
    assert backoff.due_s(12) == 15


def test_a_time_named_by_the_venue_is_waited_for_even_when_woken() -> None:
    backoff = Backoff()
    backoff.dialled(0)
    backoff.hold(60)
    backoff.hold(30)
    backoff.wake(5)
    assert backoff.due_s(5) == 60
    assert backoff.overlap_due_s(5) == 60


def test_a_hanging_dial_is_overtaken_after_the_steady_wait() -> None:
    backoff = Backoff()
    assert backoff.overlap_due_s(3) == 3
    backoff.dialled(3)
    assert backoff.overlap_due_s(4) == 7


def test_a_hanging_dial_is_not_overtaken_earlier_than_the_wait_of_a_long_outage() -> (
    None
):
    backoff = Backoff(Schedule(patient_s=0))
    for now_s in range(10):
        backoff.dialled(now_s)
        backoff.failed(now_s, 0)
    assert backoff.overlap_due_s(10) == 9 + 30
