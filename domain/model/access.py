"""API keys: what they look like, what they may do, and how one is recognised.

A key is `kimp_<id>_<secret>`. The ID names it, in lists, logs and metrics; the secret
is 256 random bits and is kept by nobody: what is stored is its SHA-256. A slow hash
(bcrypt, scrypt, Argon2) is for passwords that people choose and others can guess; here
there is nothing to guess, and a check that costs milliseconds, made for every request
by anybody who sends one, would only let strangers keep the processor busy.
"""

import hmac
import re
from base64 import b32encode
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from hashlib import sha256
from typing import Final

PREFIX: Final = "kimp"

ID_BYTES: Final = 10
"""Random bytes of an ID, 16 characters: two keys never get the same one."""

SECRET_BYTES: Final = 32
"""Random bytes of a secret, 52 characters."""

DIGEST_BYTES: Final = 32
"""Bytes of what is kept of a key (SHA-256)."""

MAX_NAME: Final = 100
"""Characters of a key's name."""

MAX_TOKEN: Final = 128
"""Characters that are looked at; a key has 74."""

_TOKEN: Final = re.compile(rf"{PREFIX}_([a-z2-7]{{16}})_[a-z2-7]{{52}}", re.ASCII)
_NOBODYS: Final = bytes(DIGEST_BYTES)


class Scope(StrEnum):
    """What a key may do."""

    READ = "read"
    """Queries."""
    LIVE = "live"
    """Subscriptions."""
    HISTORY = "history"
    """In either of them, what is read from the past: `premiumHistory`,
    `dailySnapshots`, `stats` and everything with `asOf`."""


ALL_SCOPES: Final = frozenset(Scope)


@dataclass(frozen=True, slots=True)
class KeyLimits:
    """A key's own bounds; None: as everybody's.

    `rate` is the cost of operations per second that its budget gains, `burst` what it
    holds at most; `sockets` and `subscriptions` are how many may be open at once.
    """

    rate: float | None = None
    burst: float | None = None
    sockets: int | None = None
    subscriptions: int | None = None


@dataclass(frozen=True, slots=True)
class ApiKey:
    """One key as it is kept: everything but its secret. Instants are Unix ms."""

    id: str
    name: str
    digest: bytes = field(repr=False)
    scopes: frozenset[Scope] = ALL_SCOPES
    limits: KeyLimits = KeyLimits()
    created_ms: int = 0
    expires_ms: int | None = None
    revoked_ms: int | None = None
    last_used: date | None = None

    def is_over(self, now_ms: int) -> bool:
        """Whether it was revoked or has expired."""
        if self.revoked_ms is not None:
            return True
        return self.expires_ms is not None and self.expires_ms <= now_ms

    def fits(self, token: str) -> bool:
        """Whether a text is this key; the time it takes tells nothing."""
        return hmac.compare_digest(self.digest, digest_of(token))


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key just made: its ID, and the one text that opens; it is shown once."""

    id: str
    token: str = field(repr=False)

    @property
    def digest(self) -> bytes:
        """What is kept of it."""
        return digest_of(self.token)


def new_key(noise: bytes) -> NewKey:
    """Return a key made of `ID_BYTES` and `SECRET_BYTES` random bytes.

    Raises:
        ValueError: they are fewer or more.
    """
    if len(noise) != ID_BYTES + SECRET_BYTES:
        raise ValueError(f"{ID_BYTES + SECRET_BYTES} random bytes make a key")
    name = _text(noise[:ID_BYTES])
    return NewKey(name, f"{PREFIX}_{name}_{_text(noise[ID_BYTES:])}")


def id_of(token: str) -> str | None:
    """Return the ID in a key's text; None: it is no key of ours."""
    if len(token) > MAX_TOKEN:
        return None
    found = _TOKEN.fullmatch(token)
    return None if found is None else found[1]


def digest_of(token: str) -> bytes:
    """Return what is kept of a key's text."""
    return sha256(token.encode("utf-8", "surrogatepass")).digest()


def compare_in_vain(token: str) -> None:
    """Take the time of a comparison, where there is no key to compare with."""
    hmac.compare_digest(_NOBODYS, digest_of(token))


def _text(noise: bytes) -> str:
    return b32encode(noise).decode().rstrip("=").lower()
