"""How soon somebody who failed is asked again."""

from domain.model.patience import Patience


def _waits(patience: Patience, end_s: float) -> list[float]:
    now_s, found = 0.0, []
    while now_s < end_s:
        wait_s = patience.failed(now_s)
        found.append(wait_s)
        now_s += wait_s
    return found


def test_the_waits_grow_to_4_s_and_stay_there_for_ten_minutes() -> None:
    waits = _waits(Patience(), 600.0)
    assert waits[:4] == [1.0, 2.0, 4.0, 4.0]
    assert set(waits[3:]) == {4.0}


def test_after_ten_minutes_they_double_up_to_30_s() -> None:
    assert _waits(Patience(), 740.0)[-6:] == [8.0, 16.0, 30.0, 30.0, 30.0, 30.0]


def test_a_success_begins_the_row_anew() -> None:
    patience = Patience()
    _waits(patience, 700.0)
    patience.succeeded()
    assert patience.misses == 0
    assert patience.failed(2_000.0) == 1.0
