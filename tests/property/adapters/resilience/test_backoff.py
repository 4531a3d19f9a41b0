"""Invariants of the reconnect schedule over any outage."""

from hypothesis import given
from hypothesis import strategies as st

from adapters.resilience.backoff import Backoff

chances = st.floats(0, 1, exclude_max=True)
# How long a dial takes to fail: refused at once, or hanging for its whole time-out.
durations = st.floats(0, 10)
steps = st.lists(st.tuples(durations, chances), min_size=1, max_size=120)


def outage(script: list[tuple[float, float]]) -> tuple[list[float], list[float]]:
    """Play an outage; return when each dial began and when each failed."""
    backoff, now_s, begun, failed = Backoff(), 0.0, [], []
    for duration_s, chance in script:
        now_s = backoff.due_s(now_s)
        begun.append(now_s)
        backoff.dialled(now_s)
        now_s += duration_s
        backoff.failed(now_s, chance)
        failed.append(now_s)
    return begun, failed


@given(steps)
def test_after_the_first_tries_dials_are_never_closer_than_four_seconds(
    script: list[tuple[float, float]],
) -> None:
    begun, failed = outage(script)
    for index in range(4, len(begun)):
        assert begun[index] - failed[index - 1] >= 4 - 1e-9


@given(steps)
def test_during_ten_minutes_no_wait_is_longer_than_four_seconds_and_a_little(
    script: list[tuple[float, float]],
) -> None:
    begun, failed = outage(script)
    for index in range(1, len(begun)):
        if failed[index - 1] - failed[0] <= 600:
            assert begun[index] - failed[index - 1] <= 4.4 + 1e-9


@given(st.lists(st.tuples(st.just(0.0), chances), min_size=170, max_size=220))
def test_after_ten_minutes_the_wait_grows_to_thirty_seconds_and_stays(
    script: list[tuple[float, float]],
) -> None:
    begun, failed = outage(script)
    waits = [
        begun[index] - failed[index - 1]
        for index in range(1, len(begun))
        if failed[index - 1] - failed[0] > 600
    ]
    assert all(wait >= 8 - 1e-6 for wait in waits)
    assert all(30 - 1e-6 <= wait <= 33 + 1e-6 for wait in waits[3:])


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["dial", "fail", "data", "wake", "hold"]), st.floats(0, 5)
        ),
        max_size=60,
    ),
    chances,
)
def test_whatever_happens_a_dial_is_due_and_never_before_a_hold(
    happenings: list[tuple[str, float]], chance: float
) -> None:
    backoff, now_s, held_s = Backoff(), 0.0, 0.0
    for what, later_s in happenings:
        now_s += later_s
        if what == "dial":
            backoff.dialled(now_s)
        elif what == "fail":
            backoff.failed(now_s, chance)
        elif what == "data":
            backoff.delivered()
            held_s = 0.0
        elif what == "wake":
            backoff.wake(now_s)
        else:
            held_s = max(held_s, now_s + 20)
            backoff.hold(now_s + 20)
        due_s = backoff.due_s(now_s)
        assert max(now_s, held_s) <= due_s <= max(now_s + 33, held_s)
        assert backoff.overlap_due_s(now_s) >= held_s
