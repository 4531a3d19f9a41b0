from typing import Any

import pytest

from bench.query.shape import difference

OURS = {"edges": [{"symbol": "BTC", "percent": "1.5", "quality": "LIVE"}]}


def _theirs(**changed: Any) -> dict[str, Any]:
    return {"edges": [{**OURS["edges"][0], **changed}]}


def test_moving_numbers_and_unknown_ones_are_alike() -> None:
    assert difference(OURS, _theirs(percent="-2", quality="STALE")) is None
    assert difference(OURS, _theirs(percent=None)) is None


@pytest.mark.parametrize(
    ("theirs", "told"),
    [
        (_theirs(percent=1.5), "data.edges.0.percent: 1.5 instead of '1.5'"),
        (_theirs(symbol="ETH"), "data.edges.0.symbol: 'ETH' instead of 'BTC'"),
        (_theirs(more=1), "data.edges.0: symbol, percent, quality, more instead of"),
        ({"edges": []}, "data.edges: 0 instead of 1"),
        ({"edges": None}, "data.edges: None instead of"),
        ({}, "data:  instead of edges"),
    ],
)
def test_another_answer_is_noticed_with_its_place(
    theirs: dict[str, Any], told: str
) -> None:
    found = difference(OURS, theirs)
    assert found is not None
    assert found.startswith(told)


def test_fields_in_another_order_are_another_answer() -> None:
    assert (
        difference({"a": 1, "b": 2}, {"b": 2, "a": 1}) == "data: b, a instead of a, b"
    )
