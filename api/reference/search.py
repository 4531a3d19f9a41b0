"""What a search finds in the entries."""

from collections.abc import Sequence
from dataclasses import replace

from api.reference.entry import Entry


def matching(found: Sequence[Entry], text: str) -> tuple[Entry, ...]:
    """Return what has every word of the text, in any case.

    A type that has them itself comes whole, any other with the members that do.
    """
    words = text.casefold().split()
    if not words:
        return tuple(found)
    kept = (_narrowed(entry, words) for entry in found)
    return tuple(entry for entry in kept if entry is not None)


def _narrowed(entry: Entry, words: Sequence[str]) -> Entry | None:
    if _has(entry.words, words):
        return entry
    members = tuple(
        member
        for member in entry.members
        if _has(f"{entry.name}.{member.name} {member.words}", words)
    )
    return replace(entry, members=members) if members else None


def _has(text: str, words: Sequence[str]) -> bool:
    folded = text.casefold()
    return all(word in folded for word in words)
