"""What failed is due after longer and longer waits."""

from domain.model.postponed import Postponed


def test_what_never_failed_is_due_now() -> None:
    assert Postponed[str]().is_due("a", 0.0)


def test_the_waits_double_up_to_their_longest() -> None:
    postponed: Postponed[str] = Postponed(10.0, 35.0)
    now_s = 0.0
    for wait_s in (10.0, 20.0, 35.0, 35.0):
        postponed.failed("a", now_s)
        assert not postponed.is_due("a", now_s + wait_s - 0.1)
        now_s += wait_s
        assert postponed.is_due("a", now_s)
    assert postponed.is_due("b", 0.0)


def test_a_success_begins_anew() -> None:
    postponed: Postponed[str] = Postponed(10.0, 35.0)
    postponed.failed("a", 0.0)
    postponed.failed("a", 0.0)
    postponed.succeeded("a")
    assert postponed.is_due("a", 0.0)
    postponed.failed("a", 0.0)
    assert postponed.is_due("a", 10.0)


def test_what_is_over_is_forgotten() -> None:
    postponed: Postponed[int] = Postponed()
    for key in range(4):
        postponed.failed(key, 0.0)
    postponed.forget(lambda key: key < 3)
    assert len(postponed) == 1
    assert not postponed.is_due(3, 0.0)


def test_the_next_that_becomes_due_is_told() -> None:
    postponed: Postponed[str] = Postponed(10.0, 35.0)
    assert postponed.next_due_s(0.0) is None
    postponed.failed("a", 0.0)
    postponed.failed("b", 4.0)
    assert postponed.next_due_s(5.0) == 10.0
    assert postponed.next_due_s(10.0) == 14.0
    assert postponed.next_due_s(14.0) is None
