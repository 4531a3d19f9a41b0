"""Korean search: a text found by its syllables or by its initial consonants (초성).

Source: The Unicode Standard, section 3.12, "Conjoining Jamo Behavior": a syllable's
initial consonant is `(code − AC00) // 588`.
"""

import unicodedata

_FIRST_SYLLABLE = 0xAC00
_LAST_SYLLABLE = 0xD7A3
_SYLLABLES_PER_INITIAL = 588
_INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
# Input methods join two initials typed in a row into one cluster: ㅂㅅ becomes ㅄ.
_CLUSTERS = str.maketrans(
    {
        "ㄳ": "ㄱㅅ",
        "ㄵ": "ㄴㅈ",
        "ㄶ": "ㄴㅎ",
        "ㄺ": "ㄹㄱ",
        "ㄻ": "ㄹㅁ",
        "ㄼ": "ㄹㅂ",
        "ㄽ": "ㄹㅅ",
        "ㄾ": "ㄹㅌ",
        "ㄿ": "ㄹㅍ",
        "ㅀ": "ㄹㅎ",
        "ㅄ": "ㅂㅅ",
    }
)


def has_hangul(text: str) -> bool:
    """Whether the text holds at least one Korean syllable."""
    return any(_FIRST_SYLLABLE <= ord(char) <= _LAST_SYLLABLE for char in text)


def initials(text: str) -> str:
    """Return the text with each Korean syllable reduced to its initial consonant."""
    return "".join(_initial(char) for char in text)


def fold(text: str) -> str:
    """Return the text as it is compared: composed, case-folded, without spaces."""
    composed = unicodedata.normalize("NFC", text)
    return "".join(composed.casefold().translate(_CLUSTERS).split())


def matches(text: str, needle: str) -> bool:
    """Whether a folded needle is in the text, by its letters or its initials.

    Both may be mixed, as Korean search does: `ㅂ트` finds 비트코인.
    """
    hay = fold(text)
    if needle in hay:
        return True
    if not any(char in _INITIALS for char in needle):
        return False
    starts = range(len(hay) - len(needle) + 1)
    return any(_agrees(hay[at : at + len(needle)], needle) for at in starts)


def _agrees(part: str, needle: str) -> bool:
    return all(
        want == have or (want in _INITIALS and want == _initial(have))
        for have, want in zip(part, needle, strict=True)
    )


def _initial(char: str) -> str:
    code = ord(char)
    if _FIRST_SYLLABLE <= code <= _LAST_SYLLABLE:
        return _INITIALS[(code - _FIRST_SYLLABLE) // _SYLLABLES_PER_INITIAL]
    return char
