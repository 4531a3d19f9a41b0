"""How much of the past one operation may read."""

import pytest
from graphql import GraphQLError

from api.allowance import Allowance
from api.limit import MAX_HISTORY_ROWS, MIN_QUESTION_ROWS


def test_rows_are_taken_off_until_none_is_left() -> None:
    allowance = Allowance()
    for _ in range(MAX_HISTORY_ROWS // 1_000):
        allowance.take(1_000)
    with pytest.raises(GraphQLError, match=str(MAX_HISTORY_ROWS)) as refused:
        allowance.take(1)
    assert refused.value.extensions == {
        "code": "QUERY_TOO_COMPLEX",
        "limit": "history_rows",
        "maximum": MAX_HISTORY_ROWS,
    }


def test_thousands_of_small_questions_are_too_many() -> None:
    allowance = Allowance()
    for _ in range(MAX_HISTORY_ROWS // MIN_QUESTION_ROWS):
        allowance.take(1)
    with pytest.raises(GraphQLError, match=f"counts for {MIN_QUESTION_ROWS}"):
        allowance.take(1)


def test_what_asks_for_no_rows_is_free() -> None:
    allowance = Allowance(0)
    allowance.take(0)
