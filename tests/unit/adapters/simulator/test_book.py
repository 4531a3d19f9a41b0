from hypothesis import given
from hypothesis import strategies as st

from adapters.simulator.book import DEPTH, Level, grouped, ladder, mean_level, sides
from adapters.simulator.price_tick import UNIT, UPBIT_TICK, FixedTick, units

WON = UPBIT_TICK["KRW"]


@given(
    st.integers(min_value=0, max_value=2**64 - 1),
    st.integers(min_value=0, max_value=10**12),
    st.integers(min_value=0, max_value=10**18),
    st.sampled_from([1, 100, UNIT]),
)
def test_a_side_adds_up_and_waits_in_whole_lots(
    seed: int, number: int, mean: int, lot: int
) -> None:
    for side in sides(seed, number, mean, lot):
        levels = [side.size(level) for level in range(DEPTH)]
        assert sum(levels) == side.total
        assert min(levels) > 0
        assert all(size % lot == 0 for size in levels)


def test_a_book_is_drawn_anew_with_every_trade() -> None:
    first, again, other = (sides(5, number, 10**9, 1)[0] for number in (1, 1, 2))
    assert first.size(0) == again.size(0)
    assert [first.size(n) for n in range(9)] != [other.size(n) for n in range(9)]


def test_asks_climb_over_a_change_of_step() -> None:
    assert ladder(units("4999"), 1, WON, 3) == [
        units(p) for p in ("4999", "5000", "5005")
    ]


def test_bids_descend_over_a_change_of_step() -> None:
    prices = ladder(units("5005"), -1, WON, 3)
    assert prices == [units(p) for p in ("5005", "5000", "4999")]


def test_bids_end_above_nothing() -> None:
    assert ladder(2, -1, FixedTick(1), 5) == [2, 1]


def test_levels_of_one_rounded_price_are_summed() -> None:
    asks = [Level(101, 1), Level(105, 2), Level(110, 3), Level(111, 4)]
    assert grouped(asks, 10, upwards=True) == [Level(110, 6), Level(120, 4)]
    bids = [Level(19, 1), Level(11, 2), Level(9, 3)]
    assert grouped(bids, 10, upwards=False) == [Level(10, 3)]


def test_a_usual_level_is_two_usual_trades() -> None:
    assert mean_level(1_000.0, units("500")) == 4 * UNIT
