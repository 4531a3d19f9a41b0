"""When REST seeds a stream, when it stands in, and when it hands back."""

import pytest

from domain.model.fallback import FallbackPlan, FallbackPolicy

POLICY = FallbackPolicy(bound_s=10.0)


def _plan() -> FallbackPlan:
    return FallbackPlan(POLICY)


def _streaming(now_s: float = 100.0) -> FallbackPlan:
    """Return a plan whose stream is primary and seeded."""
    plan = _plan()
    plan.started(now_s - 1.5)
    plan.stream_up(now_s - 1)
    plan.asked(now_s - 1)
    plan.answered(now_s - 1, 1_000)
    plan.stream_told(1_000)
    return plan


def _polling(now_s: float = 100.0, newest_ms: int = 5_000) -> FallbackPlan:
    """Return a plan whose stream was lost and whose REST polling is up."""
    plan = _streaming(now_s - 2)
    plan.stream_down(now_s - 1)
    plan.asked(now_s)
    assert plan.answered(now_s, newest_ms)
    return plan


def test_nothing_is_asked_before_there_is_a_market() -> None:
    assert _plan().due_s(0.0) is None


def test_new_markets_are_asked_for_at_once() -> None:
    plan = _plan()
    plan.started(0.0)
    plan.want_seed()
    assert plan.due_s(0.0) == 0.0
    plan.asked(0.0)
    assert not plan.answered(0.1, 1_000)
    assert not plan.is_polling


def test_every_new_session_of_the_stream_is_seeded_once() -> None:
    plan = _streaming(100.0)
    plan.stream_down(200.0)
    plan.stream_up(200.2)
    assert plan.due_s(200.2) == 200.2
    plan.asked(200.2)
    plan.stream_told(2_000)
    assert not plan.answered(200.3, 2_000)
    assert plan.due_s(201.0) is None


def test_a_stream_that_is_back_within_a_second_needs_no_polling() -> None:
    plan = _streaming(100.0)
    plan.stream_down(200.0)
    assert plan.due_s(200.0) == 201.0
    plan.stream_up(200.4)
    plan.asked(200.4)
    plan.answered(200.5, 1_500)
    assert not plan.stream_told(1_400)
    assert not plan.is_stream_missing
    assert plan.count.takeovers == 0


def test_a_stream_missing_for_longer_is_polled_at_half_the_bound() -> None:
    plan = _streaming(100.0)
    plan.stream_down(200.0)
    plan.asked(201.0)
    assert plan.answered(201.2, 5_000)
    assert plan.is_polling
    assert plan.due_s(201.3) == 206.0
    plan.asked(206.0)
    assert not plan.answered(206.1, 6_000)
    assert plan.due_s(206.2) == 211.0
    assert plan.count.takeovers == 1


def test_a_venue_whose_stream_never_came_up_is_polled_too() -> None:
    plan = _plan()
    plan.started(0.0)
    plan.want_seed()
    plan.asked(0.0)
    assert not plan.answered(0.2, 1_000)
    assert plan.due_s(0.3) == 1.0
    plan.asked(1.0)
    assert plan.answered(1.2, 1_000)


def test_a_stream_older_than_what_rest_told_does_not_take_over() -> None:
    plan = _polling(100.0, newest_ms=5_000)
    plan.stream_up(100.1)
    plan.asked(100.1)
    plan.answered(100.2, 6_000)
    assert not plan.stream_told(5_999)
    assert plan.is_polling
    assert plan.stream_told(6_000)
    assert not plan.is_polling
    assert not plan.is_stream_missing
    assert plan.count.handovers == 1


def test_the_newest_stamp_of_a_fallback_never_goes_back() -> None:
    plan = _polling(100.0, newest_ms=5_000)
    plan.stream_up(100.1)
    plan.asked(100.1)
    plan.answered(100.2, 4_000)
    assert not plan.stream_told(4_500)
    assert plan.stream_told(5_000)


def test_quiet_markets_are_told_of_by_rest_before_the_stream_takes_over() -> None:
    plan = _polling(100.0, newest_ms=5_000)
    plan.stream_up(100.5)
    assert not plan.stream_told(9_000)
    plan.asked(100.5)
    plan.answered(100.6, 5_500)
    assert plan.stream_told(9_000)


def test_a_stream_takes_over_from_a_rest_side_that_has_failed() -> None:
    plan = _polling(100.0, newest_ms=5_000)
    plan.stream_up(100.5)
    plan.asked(100.5)
    assert not plan.failed(100.6)
    assert plan.stream_told(5_000)


def test_prices_of_a_session_that_has_ended_hand_nothing_over() -> None:
    plan = _polling(100.0, newest_ms=5_000)
    assert not plan.stream_told(9_000)
    assert plan.is_polling


def test_a_failing_venue_is_asked_after_1_2_and_then_every_4_s() -> None:
    plan = _streaming(100.0)
    plan.stream_down(200.0)
    waits, now_s = [], 201.0
    for _ in range(6):
        plan.asked(now_s)
        plan.failed(now_s)
        due_s = plan.due_s(now_s)
        assert due_s is not None
        waits.append(due_s - now_s)
        now_s = due_s
    assert waits == [1.0, 2.0, 4.0, 4.0, 4.0, 4.0]


def test_after_ten_minutes_of_failures_the_wait_grows_to_30_s() -> None:
    plan = FallbackPlan(FallbackPolicy(bound_s=0.5))
    plan.started(0.0)
    now_s, waits = 1.0, []
    while now_s < 900.0:
        plan.asked(now_s)
        plan.failed(now_s)
        due_s = plan.due_s(now_s)
        assert due_s is not None
        waits.append(due_s - now_s)
        now_s = due_s
    assert waits[-4:] == [30.0] * 4
    assert {4.0, 8.0, 16.0, 30.0} <= set(waits)
    plan.asked(now_s)
    plan.answered(now_s, 1)
    plan.asked(now_s + 1)
    plan.failed(now_s + 1)
    assert plan.due_s(now_s + 1) == now_s + 2


def test_a_session_of_the_stream_ends_the_waiting_for_rest() -> None:
    plan = _streaming(100.0)
    plan.stream_down(200.0)
    plan.asked(201.0)
    plan.failed(201.0)
    plan.stream_up(201.3)
    assert plan.due_s(201.3) == 201.3


def test_a_seed_that_failed_is_wanted_again_while_the_stream_lives() -> None:
    plan = _streaming(100.0)
    plan.want_seed()
    plan.asked(150.0)
    plan.failed(150.0)
    assert plan.due_s(150.0) == 151.0


def test_polling_ends_when_it_failed_for_longer_than_the_bound() -> None:
    plan = _polling(100.0)
    plan.asked(105.0)
    assert not plan.failed(105.1)
    assert plan.is_polling
    plan.asked(110.1)
    assert plan.failed(110.2)
    assert not plan.is_polling
    plan.asked(114.2)
    assert plan.answered(114.3, 6_000)
    assert plan.count.takeovers == 2


def test_a_question_that_hangs_is_overtaken_after_4_s() -> None:
    plan = FallbackPlan(FallbackPolicy(bound_s=2.0))
    plan.started(0.0)
    plan.asked(1.0)
    assert plan.due_s(1.5, reading=True) == 5.0
    assert plan.due_s(1.5) == 2.0


@pytest.mark.parametrize("seen", [0.0, 50.0])
def test_a_due_time_is_never_in_the_past(seen: float) -> None:
    plan = _streaming(100.0)
    plan.stream_down(200.0)
    assert plan.due_s(300.0 + seen) == 300.0 + seen


def test_a_stream_that_starts_twice_is_missed_since_the_first_time() -> None:
    plan = _plan()
    plan.started(0.0)
    plan.started(5.0)
    assert plan.due_s(0.0) == 1.0
    late = _plan()
    late.stream_up(0.0)
    late.started(0.5)
    assert not late.is_stream_missing


def test_losing_a_stream_twice_keeps_the_first_moment() -> None:
    plan = _streaming(100.0)
    plan.stream_down(200.0)
    plan.stream_up(200.5)
    plan.stream_down(200.9)
    plan.asked(200.95)
    plan.answered(200.96, 1_000)
    assert plan.due_s(200.97) == 201.0


def test_a_venue_that_names_a_time_is_asked_then_and_not_by_our_patience() -> None:
    plan = FallbackPlan(FallbackPolicy(bound_s=0.5))
    plan.started(0.0)
    for _ in range(5):
        plan.asked(1.0)
        plan.failed(1.0, 0.7)
    assert plan.due_s(1.0) == 1.7
    plan.asked(1.7)
    plan.failed(1.7)
    assert plan.due_s(1.7) == 2.7


def test_news_that_the_venue_is_back_ends_the_waiting() -> None:
    plan = FallbackPlan(FallbackPolicy(bound_s=0.5))
    plan.started(0.0)
    plan.asked(1.0)
    plan.failed(1.0, 60.0)
    plan.woken()
    assert plan.due_s(1.0) == 1.0
