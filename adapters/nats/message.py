"""A message of the row: what its headers say, and how parts become whole. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from nats.js.api import Header as NatsHeader

from adapters.nats.row import VERSION

_TERM: Final = "Kimp-Term"
_SEQ: Final = "Kimp-Seq"
_PART: Final = "Kimp-Part"
_PARTS: Final = "Kimp-Parts"
_VERSION: Final = "Kimp-Version"
_EXPECTED: Final = NatsHeader.EXPECTED_LAST_SEQUENCE.value


@dataclass(frozen=True, slots=True)
class Header:
    """Whose news they are, up to which tick, and which part of how many this is."""

    term: int
    seq: int
    part: int
    parts: int
    version: str = VERSION

    @property
    def is_readable(self) -> bool:
        """Whether we know the encoding."""
        return self.version == VERSION

    def fields(self, after: int) -> dict[str, str]:
        """Return the headers to publish with, right after a position."""
        return {
            _TERM: str(self.term),
            _SEQ: str(self.seq),
            _PART: str(self.part),
            _PARTS: str(self.parts),
            _VERSION: self.version,
            _EXPECTED: str(after),
        }

    @classmethod
    def of(cls, fields: Mapping[str, str]) -> "Header":
        """Return what headers say; a message that is not ours has no version."""
        try:
            return cls(
                int(fields[_TERM]),
                int(fields[_SEQ]),
                int(fields[_PART]),
                int(fields[_PARTS]),
                fields[_VERSION],
            )
        except (KeyError, ValueError):
            return cls(0, 0, 1, 1, "")


@dataclass(frozen=True, slots=True)
class Part:
    """One message as it came: its position, and how many more wait."""

    header: Header
    data: bytes
    position: int
    waiting: int


class Joiner:
    """Makes whole bytes of parts; parts whose writer stopped halfway are dropped."""

    def __init__(self) -> None:
        self._begun: list[Part] = []

    def take(self, part: Part) -> bytes | None:
        """Take the next part; return the whole it completes, else None."""
        header = part.header
        if header.parts == 1:
            self._begun.clear()
            return part.data
        begun = self._begun
        if begun and not _continues(begun[-1].header, header):
            begun.clear()
        if header.part != len(begun) + 1:
            begun.clear()
            return None
        begun.append(part)
        if header.part < header.parts:
            return None
        whole = b"".join(each.data for each in begun)
        begun.clear()
        return whole


def _continues(before: Header, header: Header) -> bool:
    return (header.term, header.seq, header.parts, header.part) == (
        before.term,
        before.seq,
        before.parts,
        before.part + 1,
    )
