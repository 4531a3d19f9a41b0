"""Rings of minute values."""

from domain.model.day_ring import LARGEST, MINUTES, DayRing

NOW = 29_000_000


def known(ring: DayRing[str], series: str = "a") -> dict[int, int]:
    """Return the values by minute."""
    minutes, values = ring.series(series)
    return dict(zip((ring.oldest + minute for minute in minutes), values, strict=True))


def test_values_come_back_in_the_order_of_time() -> None:
    ring: DayRing[str] = DayRing()
    for minute in (NOW, NOW - 5, NOW - 1, NOW + 2):
        ring.put("a", minute, minute - NOW)
    assert known(ring) == {NOW - 5: -5, NOW - 1: -1, NOW: 0, NOW + 2: 2}
    assert list(known(ring)) == sorted(known(ring))
    assert known(ring, "b") == {}


def test_what_is_a_day_older_than_the_newest_is_gone() -> None:
    ring: DayRing[str] = DayRing()
    ring.put("a", NOW, 1)
    ring.put("b", NOW + MINUTES - 1, 2)
    assert known(ring) == {NOW: 1}
    ring.put("b", NOW + MINUTES, 3)
    assert known(ring) == {}
    ring.put("a", NOW, 4)
    assert known(ring) == {}


def test_time_that_goes_back_takes_what_was_told_of_the_future() -> None:
    ring: DayRing[str] = DayRing()
    for minute in (NOW - 5, NOW, NOW + 180):
        ring.put("a", minute, minute - NOW)
    version = ring.version("a")
    ring.rewind(NOW)
    assert known(ring) == {NOW - 5: -5, NOW: 0}
    ring.advance(NOW + 180)
    assert known(ring) == {NOW - 5: -5, NOW: 0}
    assert ring.version("a") != version


def test_time_may_go_back_by_more_than_a_day() -> None:
    ring: DayRing[str] = DayRing()
    ring.put("a", NOW + 3 * MINUTES, 1)
    ring.rewind(NOW)
    assert known(ring) == {}
    ring.put("a", NOW, 2)
    assert known(ring) == {NOW: 2}


def test_time_goes_back_only_to_before_the_newest() -> None:
    ring: DayRing[str] = DayRing()
    ring.put("a", NOW, 1)
    version = ring.version("a")
    ring.rewind(NOW + 9)
    assert (ring.newest, ring.version("a")) == (NOW, version)


def test_a_full_day_has_every_minute() -> None:
    ring: DayRing[str] = DayRing()
    for minute in range(NOW, NOW + MINUTES + 7):
        ring.put("a", minute, minute)
    minutes, values = ring.series("a")
    assert list(minutes) == list(range(MINUTES))
    assert list(values) == list(range(NOW + 7, NOW + MINUTES + 7))
    assert list(ring.lacks(ring.oldest, ring.newest + 1)) == []


def test_filling_in_replaces_nothing() -> None:
    ring: DayRing[str] = DayRing()
    ring.fill("a", NOW, 1)
    ring.fill("a", NOW, 2)
    ring.fill("a", NOW + 1, 3)
    assert known(ring) == {NOW: 1, NOW + 1: 3}
    ring.put("a", NOW, 4)
    assert known(ring) == {NOW: 4, NOW + 1: 3}


def test_what_lacks_a_minute_is_told() -> None:
    ring: DayRing[str] = DayRing()
    for minute in range(NOW, NOW + 10):
        ring.put("a", minute, 0)
        if minute != NOW + 4:
            ring.put("b", minute, 0)
    assert list(ring.lacks(NOW, NOW + 4)) == []
    assert list(ring.lacks(NOW, NOW + 5)) == ["b"]
    assert set(ring.lacks(NOW - 1, NOW)) == {"a", "b"}


def test_the_version_changes_with_the_series_and_with_time() -> None:
    ring: DayRing[str] = DayRing()
    ring.put("a", NOW, 1)
    first = ring.version("a")
    ring.put("b", NOW, 1)
    assert ring.version("a") == first
    ring.put("a", NOW, 2)
    second = ring.version("a")
    assert second != first
    ring.put("b", NOW + 1, 1)
    assert ring.version("a") != second


def test_a_series_that_ended_is_forgotten() -> None:
    ring: DayRing[str] = DayRing()
    ring.put("a", NOW, 1)
    for minute in range(NOW + 1, NOW + MINUTES + 60):
        ring.put("b", minute, 1)
    assert len(ring) == 1
    assert ring.version("a") == (NOW + MINUTES + 59, 0)


def test_a_value_beyond_all_measure_is_left_out() -> None:
    ring: DayRing[str] = DayRing()
    ring.put("a", NOW, LARGEST + 1)
    ring.put("a", NOW, -LARGEST - 1)
    assert len(ring) == 0
    ring.put("a", NOW, LARGEST)
    assert known(ring) == {NOW: LARGEST}
