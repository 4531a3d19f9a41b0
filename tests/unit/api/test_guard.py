"""Budgets, and what one caller may hold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.caller import Caller
from api.guard import Guard
from api.limit import HEARING, JOINING, Limits

LIMITS = Limits(rate=100, burst=1000, sockets=2, subscriptions=3)
ONE, OTHER = Caller("192.0.2.1"), Caller("192.0.2.2")


def test_a_budget_is_taken_until_it_is_empty_and_fills_with_time() -> None:
    guard = Guard(LIMITS)
    assert guard.take(ONE, 900, 0.0) is None
    assert guard.left(ONE, 0.0) == 100
    assert not guard.admits(ONE, 200, 0.0)
    assert guard.take(ONE, 200, 0.0) == pytest.approx(1.0)
    # What is refused takes nothing.
    assert guard.admits(ONE, 100, 0.0)
    assert guard.take(ONE, 200, 1.0) is None
    assert guard.left(ONE, 1.0) == 0
    assert guard.left(ONE, 1000.0) == LIMITS.burst


def test_callers_have_budgets_of_their_own_and_loopback_too() -> None:
    guard = Guard(LIMITS)
    local = Caller("127.0.0.1")
    assert guard.take(local, 1000, 0.0) is None
    assert guard.take(local, 1, 0.0) is not None
    assert guard.take(OTHER, 1000, 0.0) is None


def test_what_costs_more_than_the_burst_needs_a_full_budget_and_leaves_a_debt() -> None:
    guard = Guard(LIMITS)
    assert guard.take(ONE, 3000, 0.0) is None
    assert guard.take(ONE, 1, 0.0) == pytest.approx(20.01)
    assert guard.take(ONE, 1, 19.0) is not None
    assert guard.take(ONE, 1, 20.5) is None


def test_a_clock_that_goes_back_gives_nothing_and_takes_nothing() -> None:
    guard = Guard(LIMITS)
    guard.take(ONE, 500, 100.0)
    assert guard.left(ONE, 50.0) == 500


def test_a_keys_own_terms_replace_the_address_s() -> None:
    guard = Guard(LIMITS)
    rich = Caller("192.0.2.1", key="k", rate=1, burst=5000, sockets=1, subscriptions=1)
    assert guard.take(rich, 5000, 0.0) is None
    assert guard.take(rich, 1, 0.0) == pytest.approx(1.0)
    assert guard.take(ONE, 1000, 0.0) is None
    assert guard.open_socket(rich)
    assert not guard.open_socket(rich)
    assert guard.open_subscription(rich)
    assert not guard.open_subscription(rich)


def test_the_caller_unheard_of_for_longest_is_forgotten_first() -> None:
    guard = Guard(LIMITS, buckets=2)
    for caller in (ONE, OTHER, ONE):
        guard.take(caller, 1000 if caller is OTHER else 400, 0.0)
    guard.take(Caller("192.0.2.3"), 1, 0.0)
    assert guard.accounts == 2
    assert guard.left(ONE, 0.0) == 200
    assert guard.left(OTHER, 0.0) == LIMITS.burst


def test_sockets_and_subscriptions_are_counted_by_caller() -> None:
    guard = Guard(LIMITS)
    assert [guard.open_socket(ONE) for _ in range(3)] == [True, True, False]
    assert guard.open_socket(OTHER)
    guard.close_socket(ONE)
    assert guard.open_socket(ONE)
    assert [guard.open_subscription(ONE) for _ in range(4)] == [True] * 3 + [False]
    for _ in range(3):
        guard.close_subscription(ONE)
    assert guard.open_subscription(ONE)


@given(
    st.lists(
        st.tuples(st.floats(0, 10, allow_nan=False), st.integers(1, int(LIMITS.burst))),
        max_size=60,
    )
)
def test_nobody_ever_gets_more_than_burst_and_rate(
    asked: list[tuple[float, int]],
) -> None:
    guard, now_s, taken = Guard(LIMITS), 0.0, 0
    for pause_s, cost in asked:
        now_s += pause_s
        admitted = guard.admits(ONE, cost, now_s)
        wait_s = guard.take(ONE, cost, now_s)
        assert admitted is (wait_s is None)
        if wait_s is None:
            taken += cost
        else:
            assert guard.admits(ONE, cost, now_s + wait_s + 1e-6)
        assert taken <= LIMITS.burst + LIMITS.rate * now_s + 1e-6


def test_subscriptions_hold_a_part_of_the_rate_and_give_it_back() -> None:
    guard = Guard(LIMITS)
    first = guard.hold(ONE, 60)
    second = guard.hold(ONE, 40)
    assert first is not None
    assert second is not None
    assert guard.hold(ONE, 1) is None
    assert guard.hold(OTHER, 100) is not None
    # What is handed over is taken, even if it is too much.
    second.become(100)
    first.release()
    first.release()
    assert not guard.may_hold(ONE, 1)
    second.release()
    assert guard.may_hold(ONE, 100)
    # The budget of queries is another one.
    assert guard.left(ONE, 0.0) == LIMITS.burst


def test_defaults_admit_a_crowd_behind_one_address() -> None:
    limits = Limits()
    guard, board = Guard(limits), 1_402
    for _ in range(20_000):
        assert guard.open_socket(ONE)
        assert guard.open_subscription(ONE)
        assert guard.take(ONE, JOINING, 0.0) is None
        # Ten events a second each, made once for all.
        assert guard.hold(ONE, 10 * HEARING) is not None
    for second in range(60):
        for _ in range(1_000):
            assert guard.take(ONE, board, float(second)) is None
