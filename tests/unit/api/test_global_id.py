"""Opaque IDs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.global_id import NodeType, make_id, read_id
from domain.model.error import InvalidArgument


@given(
    st.sampled_from(NodeType),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40),
)
def test_an_id_survives_the_way_there_and_back(kind: NodeType, symbol: str) -> None:
    assert read_id(make_id(kind, symbol)) == (kind, symbol)


def test_an_id_says_nothing_of_itself_and_never_changes() -> None:
    assert make_id(NodeType.COIN, "BTC") == "Q29pbjpCVEM="


@given(st.text(max_size=300))
def test_any_other_text_is_refused_by_its_name(text: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        read_id("!" + text)
    assert caught.value.argument == "id"


@pytest.mark.parametrize("text", ["", "/w==", "Q29pbg==", "Q29pbjo=", "Rm9vOkE="])
def test_a_broken_id_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgument):
        read_id(text)
