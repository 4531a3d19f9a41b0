"""Texts that programs stumble over, and ways to spoil bytes that are right."""

from typing import Final

from bench.fuzz.draw import Draw

ODD: Final = (
    "",
    " ",
    "\0",
    "\ufeff",
    "\ud800",
    "\udfff\ud800",
    "\U0010ffff",
    "\u2028",
    "\r\n",
    "\x7f",
    "\u200b",
    "ﷺ" * 40,
    "İ",
    "ß",
    "비트코인",
    "ㅂㅌㅋㅇ",
    "币安人生",
    "e\u0301",
    "‮",
    "%s%n%x",
    "{0.__class__}",
    "${7*7}",
    "' OR 1=1 --",
    "<script>",
    "../../etc/passwd",
    "\\",
    '"',
    '"""',
    "`",
    "a" * 300,
    "A" * 5000,
    "NaN",
    "Infinity",
    "-0",
    "1e400",
    "1e999999999",
    "9" * 61,
    "9" * 5000,
    "0x10",
    "1_000",
    "１２",
    "null",
    "true",
    "__proto__",
    "constructor",
    "__class__",
    "__typename",
)
"""Texts with a history."""

NUMBERS: Final = (
    0,
    -1,
    1,
    2,
    10,
    100,
    1000,
    1001,
    99,
    60001,
    2**31 - 1,
    2**31,
    -(2**31) - 1,
    2**53,
    2**63,
    2**64,
    -(2**63) - 1,
    10**30,
    10**60,
    10**400,
    0.5,
    -0.0,
    1.5,
    1e308,
    5e-324,
    1e21,
)
"""Numbers at the edges of what they are written to."""

_BYTES: Final = (
    b"\0",
    b"\xff",
    b"\xc0\x80",
    b"\xed\xa0\x80",
    b"\xf4\x90\x80\x80",
    b"\xef\xbb\xbf",
    b"\xfe\xff",
    b"\r\n",
    b"\n",
    b'"',
    b"\\",
    b"\\u",
    b"\\ud800",
    b"{",
    b"}",
    b"[",
    b"]",
    b":",
    b",",
    b"e9",
    b"-",
    b" ",
    b"%00",
    b"\x1b",
)


def odd_text(draw: Draw) -> str:
    """Return a text that is odd, or random."""
    if draw.hit(0.7):
        return draw.one(ODD)
    size = draw.upto(40)
    return "".join(chr(draw.one((127, 255, 0xFFF, 0xD900))) for _ in range(size))


def spoiled(draw: Draw, data: bytes, times: int | None = None) -> bytes:
    """Return bytes with some taken out, put in, doubled or changed."""
    found = bytearray(data)
    for _ in range(1 + draw.upto(4) if times is None else times):
        at = int(draw.random() * (len(found) + 1))
        length = 1 + draw.upto(12)
        match int(draw.random() * 6):
            case 0:
                del found[at : at + length]
            case 1:
                found[at:at] = draw.one(_BYTES)
            case 2:
                found[at:at] = found[at : at + length]
            case 3 if at < len(found):
                found[at] = int(draw.random() * 256)
            case 4 if at < len(found):
                found[at] ^= 1 << int(draw.random() * 8)
            case _ if draw.hit(0.3):
                del found[at:]
    return bytes(found)
