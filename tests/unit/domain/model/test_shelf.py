"""Values that go bad, in an order of use, under a cap."""

import math

import pytest

from domain.model.shelf import Kept, Shelf


def test_a_value_is_good_up_to_its_time_to_live_and_not_at_it() -> None:
    shelf: Shelf[str, int] = Shelf(ttl_s=10.0, max_entries=2)
    shelf.put("a", 1, now_s=100.0)
    assert shelf.take("a", 109.999) == Kept(1, 110.0)
    assert shelf.take("a", 110.0) is None
    assert len(shelf) == 0


def test_a_value_put_again_lives_from_then() -> None:
    shelf: Shelf[str, int] = Shelf(ttl_s=10.0, max_entries=2)
    shelf.put("a", 1, now_s=0.0)
    shelf.put("a", 2, now_s=9.0)
    assert shelf.take("a", 18.0) == Kept(2, 19.0)
    assert len(shelf) == 1


def test_none_is_a_value_too() -> None:
    shelf: Shelf[str, None] = Shelf(ttl_s=math.inf, max_entries=1)
    shelf.put("a", None, now_s=0.0)
    assert shelf.take("a", 1e12) == Kept(None, math.inf)


def test_at_the_cap_the_least_recently_taken_goes() -> None:
    shelf: Shelf[str, int] = Shelf(ttl_s=10.0, max_entries=2)
    assert shelf.put("a", 1, 0.0) is None
    assert shelf.put("b", 2, 0.0) is None
    shelf.take("a", 1.0)
    assert shelf.put("c", 3, 2.0) == "b"
    assert shelf.keys() == ["a", "c"]


def test_a_look_saves_nobody() -> None:
    shelf: Shelf[str, int] = Shelf(ttl_s=10.0, max_entries=2)
    shelf.put("a", 1, 0.0)
    shelf.put("b", 2, 0.0)
    assert shelf.look("a", 1.0) == Kept(1, 10.0)
    assert shelf.look("a", 10.0) is None
    assert shelf.put("c", 3, 2.0) == "a"


def test_dropping_tells_whether_something_was_there() -> None:
    shelf: Shelf[str, int] = Shelf(ttl_s=10.0, max_entries=2)
    shelf.put("a", 1, 0.0)
    assert shelf.drop("a")
    assert not shelf.drop("a")


@pytest.mark.parametrize(
    ("ttl_s", "max_entries"), [(0.0, 1), (-1.0, 1), (math.nan, 1), (1.0, 0)]
)
def test_a_shelf_without_time_or_room_is_refused(
    ttl_s: float, max_entries: int
) -> None:
    with pytest.raises(ValueError, match="not"):
        Shelf[str, int](ttl_s=ttl_s, max_entries=max_entries)
