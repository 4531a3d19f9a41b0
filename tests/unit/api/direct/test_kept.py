"""What compiled queries keep of their answers is bounded."""

from typing import Any

from api.direct.kept import KeptBytes


class Query:
    """Keeps an answer of so many bytes."""

    def __init__(self, size: int = 0) -> None:
        self.kept_bytes = size

    def forget(self) -> None:
        self.kept_bytes = 0


def shelf(most: int = 100) -> Any:
    return KeptBytes(most)


def test_the_oldest_answers_go_when_there_are_too_many_bytes() -> None:
    kept, queries = shelf(), [Query(40), Query(40), Query(40)]
    for query in queries:
        kept.used(query)
    assert [query.kept_bytes for query in queries] == [0, 40, 40]
    assert kept.total == 80


def test_an_answer_that_grows_counts_anew() -> None:
    kept, query, other = shelf(), Query(10), Query(50)
    kept.used(query)
    kept.used(other)
    query.kept_bytes = 60
    kept.used(query)
    assert (kept.total, query.kept_bytes, other.kept_bytes) == (60, 60, 0)


def test_an_answer_larger_than_all_room_is_not_kept() -> None:
    kept, query = shelf(), Query(101)
    kept.used(query)
    assert (kept.total, query.kept_bytes) == (0, 0)


def test_what_keeps_nothing_takes_no_place() -> None:
    kept, query = shelf(), Query()
    kept.used(query)
    kept.drop(query)
    assert kept.total == 0


def test_what_nobody_asks_for_any_more_frees_its_bytes() -> None:
    kept, query = shelf(), Query(30)
    kept.used(query)
    kept.drop(query)
    assert kept.total == 0
