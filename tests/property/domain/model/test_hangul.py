"""Whatever part of a name is typed, in letters or initials, finds it."""

from hypothesis import given
from hypothesis import strategies as st

from domain.model.hangul import fold, initials, matches

names = st.text(
    st.one_of(
        st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3),
        st.sampled_from("aB1 "),
    ),
    min_size=1,
    max_size=8,
)


@given(names, st.data())
def test_every_part_of_a_name_finds_it_with_any_syllables_as_initials(
    name: str, data: st.DataObject
) -> None:
    begin = data.draw(st.integers(0, len(name) - 1))
    part = name[begin : data.draw(st.integers(begin + 1, len(name)))]
    typed = "".join(
        initials(char) if data.draw(st.booleans()) else char for char in part
    )
    assert matches(name, fold(typed))


@given(st.text(max_size=12), st.text(max_size=6))
def test_any_text_can_be_searched_for_in_any_other(text: str, needle: str) -> None:
    assert isinstance(matches(text, fold(needle)), bool)
    assert fold(fold(text)) == fold(text)
