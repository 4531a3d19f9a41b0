from itertools import pairwise
from statistics import pstdev

from hypothesis import given
from hypothesis import strategies as st

from adapters.simulator.walk import DAY_MS, Walk, brownian, lattice, salt, unit

INSTANTS = st.integers(min_value=0, max_value=4_102_444_800_000)


@given(st.integers(), INSTANTS)
def test_a_walk_is_a_function_of_seed_name_and_instant(seed: int, t_ms: int) -> None:
    octaves = brownian(0.03)
    asked_before = Walk(seed, "BTC", octaves)
    asked_before.at(t_ms + 12_345)
    assert asked_before.at(t_ms) == Walk(seed, "BTC", octaves).at(t_ms)


def test_walks_of_other_seeds_and_names_differ() -> None:
    octaves = brownian(0.03)
    values = {Walk(s, n, octaves).at(DAY_MS) for s in (1, 2) for n in ("BTC", "ETH")}
    assert len(values) == 4


def test_a_walk_moves_about_its_volatility_in_a_day() -> None:
    walk = Walk(7, "BTC", brownian(0.03))
    days = [walk.at(day * DAY_MS + 777) for day in range(1, 2_000)]
    moves = [b - a for a, b in pairwise(days)]
    assert 0.02 < pstdev(moves) < 0.04


def test_a_walk_has_no_jumps() -> None:
    walk = Walk(7, "BTC", brownian(0.03))
    values = [walk.at(DAY_MS + step * 100) for step in range(5_000)]
    steps = [abs(b - a) for a, b in pairwise(values)]
    assert max(steps) < 0.0001
    assert len(set(values)) == len(values)


def test_a_walk_that_remembers_gives_the_same_values() -> None:
    octaves = brownian(0.03)
    plain, remembering = Walk(7, "x", octaves), Walk(7, "x", octaves, remembered=3)
    instants = [DAY_MS * n for n in (1, 2, 3, 4, 2, 1, 4)]
    assert [plain.at(t) for t in instants] == [remembering.at(t) for t in instants]


@given(st.integers(min_value=0, max_value=2**64 - 1), st.integers())
def test_lattice_noise_stays_in_its_range(point_salt: int, cell: int) -> None:
    assert -1 <= lattice(point_salt, cell) < 1
    assert 0 <= unit(point_salt, cell) < 1


def test_a_salt_is_the_same_in_every_run() -> None:
    assert salt(7, "BTC") == salt(7, "BTC") != salt(8, "BTC")
