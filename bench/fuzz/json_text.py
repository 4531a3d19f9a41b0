"""JSON as clients write it, and as they should not."""

import json
from collections.abc import Mapping
from typing import Final

from bench.fuzz.draw import Draw
from bench.fuzz.text import NUMBERS, odd_text, spoiled

_RAW: Final = (
    b"NaN",
    b"-Infinity",
    b"1e400",
    b"-1e400",
    b"1E-400",
    b"01",
    b"+1",
    b"1.",
    b".5",
    b"0x1",
    b"'a'",
    b"undefined",
    b"nul",
    b"tru",
    b'"\\ud800"',
    b'"\\udc00\\ud800"',
    b'"\\u0000"',
    b'"\\x41"',
    b'"\0"',
    b'"\xff"',
    b'"\xed\xa0\x80"',
    b"9" * 400,
    b"9" * 5000,
    b"1" + b"0" * 20,
    b"-" + b"9" * 19,
    b"0." + b"1" * 500,
    b"/**/1",
    b"[1,]",
    b'{"a":1,}',
    b'{"a":1,"a":2}',
    b'{"":1}',
    b"{1:2}",
)
"""Values as they are written; many are none."""

_SPACES: Final = (b"", b" ", b"\n\t\r ", b"\xef\xbb\xbf", b"\x0b", b"\xa0", b"//x\n")
_MARK: Final = "@@raw@@"


def odd_value(draw: Draw, depth: int = 3) -> object:
    """Return any value that JSON can tell."""
    kind = int(draw.random() * 8)
    if kind == 0:
        return draw.one((None, True, False))
    if kind in (1, 2):
        return draw.one(NUMBERS)
    if kind in (3, 4) or depth == 0:
        return odd_text(draw)
    if kind == 5:
        return [odd_value(draw, depth - 1) for _ in range(draw.upto(5))]
    return {odd_text(draw): odd_value(draw, depth - 1) for _ in range(draw.upto(4))}


def written(draw: Draw, value: object) -> bytes:
    """Return JSON of a value: as usual, or in another of its many spellings."""
    if draw.hit(0.6):
        text = json.dumps(value, ensure_ascii=draw.hit(0.5))
    else:
        separators = draw.one(((",", ":"), (" , ", " : "), (",\n", ":\t")))
        text = json.dumps(value, separators=separators)
    return text.encode("utf-8", "surrogatepass")


def deep(draw: Draw) -> bytes:
    """Return what is nested deeply, closed or not."""
    levels = draw.one((30, 100, 500, 1000, 1100, 5000, 30_000))
    begin, end = draw.one(((b"[", b"]"), (b'{"a":', b"}"), (b'[{"a":', b"}]")))
    middle = draw.one((b"", b"1", b'"x"'))
    return begin * levels + middle + (end * levels if draw.hit(0.7) else b"")


def broken(draw: Draw, members: Mapping[str, object]) -> bytes:
    """Return JSON of an object with something wrong in it, or written oddly."""
    match int(draw.random() * 6):
        case 0:
            return spoiled(draw, written(draw, members))
        case 1:
            return _with_raw(draw, members, draw.one(_RAW))
        case 2:
            return _with_raw(draw, members, deep(draw))
        case 3:
            twice = written(draw, members)
            other = written(draw, {draw.one([*members, "x"]): odd_value(draw)})
            return twice[:-1] + b"," + other[1:] if draw.hit(0.5) else twice + other
        case 4:
            return draw.one(_SPACES) + written(draw, members) + draw.one(_SPACES)
        case _:
            return draw.one(
                (deep(draw), draw.one(_RAW), written(draw, odd_value(draw)))
            )


def _with_raw(draw: Draw, members: Mapping[str, object], raw: bytes) -> bytes:
    """Put raw bytes in the place of one member's value."""
    changed = {**members, draw.one([*members, "variables", "x"]): _MARK}
    text = json.dumps(changed).encode("utf-8", "surrogatepass")
    return text.replace(f'"{_MARK}"'.encode(), raw)
