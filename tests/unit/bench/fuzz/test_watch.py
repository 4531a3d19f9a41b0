"""When a worker of the fuzz bench is taken for hung."""

import pytest

from bench.fuzz.pace import HANG_S
from bench.fuzz.worker import KILL_S, Hung, Watch


def test_sessions_that_follow_each_other_are_none() -> None:
    watch = Watch(1)
    assert not any(watch.hangs(at, at * 10.0, at * 10.0) for at in range(9))


def test_one_that_takes_the_processor_is_told_once() -> None:
    watch = Watch(1)
    looks = [watch.hangs(4, used, used) for used in (0.0, 1.0, HANG_S, HANG_S + 1)]
    assert looks == [False, False, True, False]


def test_one_that_waits_is_told_when_it_has_waited_for_long() -> None:
    watch = Watch(1)
    looks = [watch.hangs(4, 0.0, now) for now in (0.0, HANG_S + 1, KILL_S / 2)]
    assert looks == [False, False, True]


def test_one_that_never_ends_is_named() -> None:
    watch = Watch(3)
    watch.hangs(4, 0.0, 0.0)
    with pytest.raises(Hung, match="seed 3 hangs in session 4"):
        watch.hangs(4, 0.0, KILL_S + 1)


def test_a_worker_that_starts_may_take_its_time() -> None:
    watch = Watch(3)
    assert not any(watch.hangs(-1, now, now) for now in range(100))
