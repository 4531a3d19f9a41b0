"""Whether a run of the fuzz bench has let memory grow."""

from collections.abc import Callable

import pytest

from bench.fuzz.growth import GROWTH_MB, GROWTH_OBJECTS, JUDGED, Growth, growth
from bench.fuzz.memory import Memory

RUN = 500_000
HALF = RUN // 2
FLAT_MB, FLAT = 240.0, 280_000
# Seen of a run: what is kept at a moment differs.
NOISE = (0, 4_000, -3_000, 2_500, -6_000, 5_500, -1_000)


def series(
    rss_mb: Callable[[int], float], objects: Callable[[int], float], run: int = RUN
) -> list[Memory]:
    inputs = [run * part // 20 for part in range(21)]
    return [
        Memory(
            at,
            rss_mb(at) + NOISE[place % 7] / 20_000,
            round(objects(at)) + NOISE[place % 7],
        )
        for place, at in enumerate(inputs)
    ]


def judged(found: list[Memory]) -> list[str]:
    grew = growth(found)
    assert grew is not None
    return grew.findings()


def flat_mb(_at: int) -> float:
    return FLAT_MB


def flat(_at: int) -> float:
    return FLAT


def test_memory_that_stays_is_no_growth() -> None:
    assert judged(series(flat_mb, flat)) == []


def test_caches_that_fill_before_half_way_are_no_growth() -> None:
    def filling(at: int) -> float:
        return min(1.0, at / HALF)

    found = series(lambda at: 130 + 110 * filling(at), lambda at: FLAT * filling(at))
    assert judged(found) == []


def test_caches_that_still_fill_after_it_are_growth() -> None:
    found = series(lambda at: 130 + 110 * at / RUN, flat)
    assert len(judged(found)) == 1


def test_a_hundred_bytes_of_each_input_are_growth() -> None:
    (told,) = judged(series(lambda at: FLAT_MB + at * 100 / 2**20, flat))
    assert told.startswith("RSS grew by 23.")


def test_an_object_of_each_tenth_input_is_growth() -> None:
    (told,) = judged(series(flat_mb, lambda at: FLAT + at / 10))
    assert told.startswith("live objects grew by 2")


def test_both_are_told() -> None:
    found = series(lambda at: at / 1000, lambda at: float(at))
    assert len(judged(found)) == 2


@pytest.mark.parametrize("place", [10, 14, 20])
@pytest.mark.parametrize("sign", [-1, 1])
def test_one_odd_measurement_is_no_growth(place: int, sign: int) -> None:
    found = series(flat_mb, flat)
    odd = found[place]
    found[place] = Memory(odd.inputs, FLAT_MB + sign * 100, FLAT + sign * 100_000)
    assert judged(found) == []


@pytest.mark.parametrize("place", [10, 14, 20])
def test_one_odd_measurement_hides_no_growth(place: int) -> None:
    found = series(lambda at: FLAT_MB + at * 200 / 2**20, flat)
    found[place] = Memory(found[place].inputs, FLAT_MB, FLAT)
    assert judged(found)


def test_what_is_given_back_is_no_growth() -> None:
    assert judged(series(lambda at: 400 - at / 5_000, lambda at: FLAT - at / 5)) == []


def test_a_step_late_in_the_run_is_within_the_bounds_or_told() -> None:
    grown = growth(series(lambda at: FLAT_MB + (50 if at > RUN * 0.7 else 0), flat))
    assert grown is not None
    assert grown.rss_mb > GROWTH_MB


def test_a_short_run_is_not_judged() -> None:
    def leaking(at: int) -> float:
        return float(at)

    assert growth(series(leaking, leaking, JUDGED - 1)) is None
    assert growth(series(leaking, leaking, JUDGED)) is not None
    assert growth([]) is None


def test_the_bounds_themselves_are_allowed() -> None:
    assert Growth(GROWTH_MB, GROWTH_OBJECTS).findings() == []
    assert len(Growth(GROWTH_MB + 0.1, GROWTH_OBJECTS + 1).findings()) == 2


def test_measurements_of_one_moment_have_no_slope() -> None:
    found = growth([Memory(JUDGED, 1.0, 1), Memory(JUDGED, 9.0, 9)])
    assert found == Growth(0.0, 0.0)
