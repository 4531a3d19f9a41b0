"""Broken twins of good messages: bytes no honest venue sends. Pure."""

import re
from collections.abc import Callable, Sequence
from random import Random

_NUMBER = rb"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?"
# Prices as both venues and the rate sources spell them: bare and in quotes.
_PRICE = re.compile(
    rb'("(?:trade_price|tp|ask_price|ap|bid_price|bp|basePrice|KRW)":)()('
    + _NUMBER
    + rb')()|("(?:c|p|a|b|price|lastPrice|askPrice|bidPrice)":)(")('
    + _NUMBER
    + rb')(")'
)
_BOOK = re.compile(
    rb'("(?:ask_price|ap)":)(' + _NUMBER + rb')(,"(?:bid_price|bp)":)'
    rb"(" + _NUMBER + rb")"
    rb'|("b(?:idPrice)?":")(' + _NUMBER + rb')(".*?"a(?:skPrice)?":")'
    rb"(" + _NUMBER + rb")"
)
_STAMP = re.compile(rb'("\w+":)1[4-9]\d{11}(?=[,}\]])')

_ABSURD = (b"1E+400", b"-1E-400", b"9" * 70, b"0." + b"0" * 60 + b"1", b"1E31")
_MISTYPED = (b"null", b"true", b"[]", b'{"of":1}', b'"many"')
_NAN = (b"NaN", b"Infinity", b"-Infinity", b"nan")
_STAMPS = (b"0", b"-1", b"9999999999999", b"1152921504606846976", b'"soon"')
_PAGE = b"<html><body><h1>502 Bad Gateway</h1></body></html>"
_DEEP = 5_000

Breaker = Callable[[bytes, Random], bytes]


def _undecodable(payload: bytes, random: Random) -> bytes:
    cut = payload[: random.randrange(len(payload))] if payload else b""
    return random.choice((cut, b"", _PAGE, b"[" * _DEEP, b'{"', b"\x00\x01\x02"))


def _priced(words: Sequence[bytes]) -> Breaker:
    def breaker(payload: bytes, random: Random) -> bytes:
        return _PRICE.sub(lambda found: _spelled(found, random.choice(words)), payload)

    return breaker


def _spelled(found: re.Match[bytes], word: bytes) -> bytes:
    key, quote = found[1] or found[5], found[2] or found[6] or b""
    return key + quote + word + quote


def _negative(payload: bytes, random: Random) -> bytes:
    def turned(found: re.Match[bytes]) -> bytes:
        return _spelled(found, b"-" + (found[3] or found[7]).removeprefix(b"-"))

    return _PRICE.sub(turned, payload)


def _mistyped(payload: bytes, random: Random) -> bytes:
    def turned(found: re.Match[bytes]) -> bytes:
        return bytes(found[1] or found[5]) + random.choice(_MISTYPED)

    return _PRICE.sub(turned, payload)


def _crossed(payload: bytes, random: Random) -> bytes:
    def turned(found: re.Match[bytes]) -> bytes:
        first, one, then, other = found.groups()[:4] if found[1] else found.groups()[4:]
        return bytes(first + other + then + one)

    return _BOOK.sub(turned, payload)


def _stamped(payload: bytes, random: Random) -> bytes:
    return _STAMP.sub(lambda found: found[1] + random.choice(_STAMPS), payload)


_BREAKERS: dict[str, Breaker] = {
    "undecodable": _undecodable,
    "nan": _priced(_NAN),
    "negative": _negative,
    "zero": _priced((b"0", b"0.00000000", b"-0")),
    "crossed": _crossed,
    "absurd": _priced(_ABSURD),
    "mistyped": _mistyped,
    "stamp": _stamped,
}
KINDS = tuple(_BREAKERS)
"""The ways to break a message."""


def broken(payload: bytes, kinds: Sequence[str], random: Random) -> bytes:
    """Return a broken twin of a message, in one of these ways.

    A way that finds nothing to break in it (a ticker has no book to cross) gives way
    to `undecodable`.
    """
    twin = _BREAKERS[random.choice(kinds)](payload, random)
    return twin if twin != payload else _undecodable(payload, random)
