"""The identity guard."""

from decimal import Decimal

import pytest

from domain.model.guard import IdentityGuard

CURATED = {name: Decimal(number) for number, name in enumerate("ABCDE")}  # median 2


@pytest.fixture
def guard() -> IdentityGuard:
    """Nothing is doubted yet."""
    return IdentityGuard()


def watch(guard: IdentityGuard, percent: str, at_s: float) -> frozenset[str]:
    """Look once at one guessed pair."""
    return guard.watch(CURATED, {"X": Decimal(percent)}, at_s)


def test_a_pair_enters_the_guard_after_60_s_beyond_20_points_from_the_median(
    guard: IdentityGuard,
) -> None:
    assert watch(guard, "22.1", 0.0) == frozenset()
    assert watch(guard, "-18.1", 59.9) == frozenset()
    assert not guard.is_unsure("X")
    assert watch(guard, "22.1", 60.0) == {"X"}
    assert guard.is_unsure("X")


def test_exactly_20_points_are_not_beyond(guard: IdentityGuard) -> None:
    watch(guard, "22", 0.0)
    watch(guard, "22", 61.0)
    assert not guard.is_unsure("X")


def test_a_minute_is_counted_anew_after_a_moment_within_20_points(
    guard: IdentityGuard,
) -> None:
    watch(guard, "30", 0.0)
    watch(guard, "10", 30.0)
    watch(guard, "30", 31.0)
    assert watch(guard, "30", 90.0) == frozenset()
    assert watch(guard, "30", 91.0) == {"X"}


def test_a_minute_is_counted_anew_after_a_moment_that_is_not_live(
    guard: IdentityGuard,
) -> None:
    watch(guard, "30", 0.0)
    guard.watch(CURATED, {}, 30.0)
    assert watch(guard, "30", 61.0) == frozenset()


def test_a_pair_leaves_the_guard_below_15_points_at_once(guard: IdentityGuard) -> None:
    watch(guard, "30", 0.0)
    watch(guard, "30", 60.0)
    assert watch(guard, "17", 61.0) == frozenset()
    assert guard.is_unsure("X")
    assert watch(guard, "16.999999", 62.0) == {"X"}
    assert not guard.is_unsure("X")


def test_a_doubted_pair_stays_doubted_while_it_is_not_live(
    guard: IdentityGuard,
) -> None:
    watch(guard, "30", 0.0)
    watch(guard, "30", 60.0)
    guard.watch(CURATED, {}, 61.0)
    assert guard.is_unsure("X")


def test_fewer_than_five_curated_premiums_decide_nothing(guard: IdentityGuard) -> None:
    four = dict(list(CURATED.items())[:4])
    watch(guard, "30", 0.0)
    assert guard.watch(four, {"X": Decimal(30)}, 60.0) == frozenset()
    assert watch(guard, "30", 61.0) == frozenset()
    assert watch(guard, "30", 121.0) == {"X"}
    assert guard.watch(four, {"X": Decimal(2)}, 122.0) == frozenset()
    assert guard.is_unsure("X")


def test_a_forgotten_pair_is_neither_doubted_nor_counted(guard: IdentityGuard) -> None:
    watch(guard, "30", 0.0)
    guard.forget("X")
    assert watch(guard, "30", 60.0) == frozenset()
    assert watch(guard, "30", 120.0) == {"X"}
    guard.forget("X")
    assert not guard.is_unsure("X")
