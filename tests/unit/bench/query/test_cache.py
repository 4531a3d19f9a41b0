from collections import Counter

from bench.query.cache import ROUNDS, documents, savings, table
from bench.query.operation import COUNTER


class Prepared:
    """Keeps what it has prepared, or nothing."""

    def __init__(self, *, keeps: bool) -> None:
        self.asked = Counter[str]()
        self._kept: dict[str, object] | None = {} if keeps else None

    def __call__(self, text: str) -> object:
        self.asked[text] += 1
        if self._kept is None:
            return object()
        return self._kept.setdefault(text, object())


def test_unknown_texts_are_all_different_and_the_known_one_is_the_same() -> None:
    prepare = Prepared(keeps=True)
    (saving,) = savings(prepare, {"Coin": "{ a }"}, unknown=3, known=7)
    known = prepare.asked.pop("{ a }")
    assert known == ROUNDS * (1 + 7) + 2
    assert set(prepare.asked.values()) == {1}
    assert len(prepare.asked) == ROUNDS * 3
    assert saving.hit
    assert saving.characters == 5


def test_a_cache_that_keeps_nothing_is_noticed() -> None:
    (saving,) = savings(Prepared(keeps=False), {"Coin": "{ a }"}, unknown=1, known=1)
    assert not saving.hit
    assert "| no |" in table([saving])


def test_our_documents_and_the_introspection_are_measured() -> None:
    told = documents()
    assert list(told) == ["Coin", "Board", "Coins", "Introspection"]
    assert all(COUNTER not in text for text in told.values())
