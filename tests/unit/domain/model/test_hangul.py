"""Korean search, by syllables and by initial consonants."""

import unicodedata

import pytest

from domain.model.hangul import fold, has_hangul, initials, matches


@pytest.mark.parametrize(
    "needle",
    ["비트코인", "비트", "코인", "ㅂㅌㅋㅇ", "ㅌㅋ", "ㅂ트", "비ㅌ코ㅇ", "비 트", "ㅂ"],
)
def test_a_korean_name_is_found_by_syllables_initials_and_a_mix(needle: str) -> None:
    assert matches("비트코인", fold(needle))


@pytest.mark.parametrize(
    "needle", ["이더", "ㅂㅋ", "ㅋㅌ", "비트코인캐시", "ㅏ", "트ㅂ"]
)
def test_what_is_not_in_the_name_is_not_found(needle: str) -> None:
    assert not matches("비트코인", fold(needle))


def test_initials_joined_by_the_input_method_are_taken_apart() -> None:
    assert fold("ㅄ") == "ㅂㅅ"
    assert matches("비상", fold("ㅄ"))
    assert matches("가스", fold("ㄳ"))


def test_double_initials_are_consonants_of_their_own() -> None:
    assert initials("쎄타 token 1") == "ㅆㅌ token 1"
    assert matches("쎄타퓨엘", fold("ㅆㅌ"))
    assert not matches("쎄타퓨엘", fold("ㅅㅌ"))


def test_case_spaces_and_decomposed_letters_do_not_matter() -> None:
    assert matches("Bitcoin Cash", fold("BITCOINC"))
    assert matches("비트코인", fold(unicodedata.normalize("NFD", "비트")))
    assert matches(unicodedata.normalize("NFD", "비트코인"), fold("ㅂㅌ"))


@pytest.mark.parametrize(
    ("text", "has"),
    [("가", True), ("힣", True), ("Coin 코", True), ("ㄱ", False), ("BTC", False)],
)
def test_a_syllable_makes_a_text_korean(text: str, has: bool) -> None:
    assert has_hangul(text) is has
