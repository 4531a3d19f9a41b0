"""The record of a channel's last calls."""

from domain.model.call_window import CallWindow


def window_of(good: int, failed: int = 0, took_ms: float = 100.0) -> CallWindow:
    """Return a window of failures, then good calls."""
    window = CallWindow()
    for at in range(failed):
        window.fail(took_ms, float(at))
    for _ in range(good):
        window.succeed(took_ms, 50.0)
    return window


def test_an_unasked_channel_has_no_fault() -> None:
    condition = CallWindow().condition(10.0)
    assert (condition.available, condition.calls) == (True, 0)
    assert condition.success_share == 1.0
    assert condition.p50_ms is None
    assert condition.failed_ago_s is None
    assert condition.idle_s is None


def test_the_share_of_success_is_that_of_the_calls_on_record() -> None:
    assert window_of(good=75, failed=25).condition(99.0).success_share == 0.75


def test_the_oldest_call_goes_beyond_a_hundred() -> None:
    window = window_of(good=99, failed=1)
    assert window.condition(99.0).success_share == 0.99
    window.succeed(100.0, 50.0)
    assert window.condition(99.0).calls == 100
    assert window.condition(99.0).success_share == 1.0


def test_the_median_is_of_all_calls_failed_ones_included() -> None:
    window = CallWindow()
    window.succeed(10.0, 50.0)
    window.fail(10_000.0, 0.0)
    window.fail(9_000.0, 0.0)
    assert window.condition(0.0).p50_ms == 9_000.0


def test_a_failure_is_told_with_its_age_until_a_good_call() -> None:
    window = CallWindow()
    window.fail(5.0, 100.0)
    assert window.condition(102.5).failed_ago_s == 2.5
    window.succeed(5.0, 50.0)
    assert window.condition(103.0).failed_ago_s is None


def test_a_channel_is_idle_since_it_was_chosen_or_its_call_ended() -> None:
    window = CallWindow()
    window.choose(100.0)
    assert window.condition(104.0).idle_s == 4.0
    window.succeed(9_000.0, 109.0)
    assert window.condition(110.0).idle_s == 1.0
    window.fail(1_000.0, 112.0)
    assert window.condition(112.0).idle_s == 0.0


def test_a_run_of_good_calls_ends_at_a_failed_or_slow_one() -> None:
    window = CallWindow(slow_ms=50.0)
    window.succeed(10.0, 50.0)
    window.succeed(51.0, 50.0)
    window.succeed(50.0, 50.0)
    window.succeed(10.0, 50.0)
    assert window.condition(0.0).good_run == 2
    window.fail(10.0, 0.0)
    assert window.condition(0.0).good_run == 0


def test_a_record_that_begins_anew_keeps_its_last_calls() -> None:
    window = window_of(good=3, failed=40)
    window.restart(3)
    assert window.condition(99.0).calls == 3
    assert window.condition(99.0).success_share == 1.0
