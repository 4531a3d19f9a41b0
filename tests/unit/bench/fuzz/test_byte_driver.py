"""When two ways may answer a different number of times."""

import pytest

from bench.fuzz.byte_driver import is_cut_short
from bench.fuzz.connection import UNREAD
from bench.fuzz.oracle import Answer

DONE = Answer(401, [], b"{}")
LAST = Answer(401, [("connection", "close")], b"{}")
NONSENSE = Answer(400, [], UNREAD)
REFUSED = Answer(400, [], b"{}")


def test_an_answer_under_way_may_be_the_last_where_nonsense_follows() -> None:
    assert is_cut_short(1, [DONE, LAST], [DONE, DONE, NONSENSE])
    assert is_cut_short(1, [DONE, DONE, NONSENSE], [DONE, LAST])


@pytest.mark.parametrize(
    ("place", "one", "other"),
    [
        (0, [DONE, LAST], [DONE, DONE, NONSENSE]),  # another one is the last
        (1, [DONE, DONE], [DONE, DONE, NONSENSE]),  # does not say so
        (1, [DONE, LAST], [DONE, DONE, REFUSED]),  # follows a request that was read
        (1, [DONE, LAST], [DONE, DONE]),
    ],
)
def test_nothing_else_may_cut_answers_short(
    place: int, one: list[Answer], other: list[Answer]
) -> None:
    assert not is_cut_short(place, one, other)
