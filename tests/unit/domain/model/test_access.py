"""What API keys look like, and how one is recognised."""

import re
from dataclasses import replace

import pytest

from domain.model.access import (
    DIGEST_BYTES,
    ID_BYTES,
    MAX_TOKEN,
    SECRET_BYTES,
    ApiKey,
    digest_of,
    id_of,
    new_key,
)

NOISE = bytes(range(ID_BYTES + SECRET_BYTES))
MADE = new_key(NOISE)
KEY = ApiKey(MADE.id, "a", MADE.digest, created_ms=1_000)


def test_a_key_says_what_it_is_who_it_is_and_then_its_secret() -> None:
    assert re.fullmatch(r"kimp_[a-z2-7]{16}_[a-z2-7]{52}", MADE.token)
    assert MADE.token.split("_")[1] == MADE.id
    assert id_of(MADE.token) == MADE.id
    assert len(MADE.digest) == DIGEST_BYTES


def test_all_of_the_noise_is_in_the_key() -> None:
    for place in range(len(NOISE)):
        other = bytearray(NOISE)
        other[place] ^= 1
        assert new_key(bytes(other)).token != MADE.token


@pytest.mark.parametrize("size", [0, 41, 43])
def test_too_little_noise_makes_no_key(size: int) -> None:
    with pytest.raises(ValueError, match="42 random bytes"):
        new_key(bytes(size))


def test_only_the_whole_text_fits() -> None:
    assert KEY.fits(MADE.token)
    for other in (
        MADE.token[:-1],
        MADE.token + "a",
        MADE.token.upper(),
        MADE.id,
        "",
        "\ud800",
        digest_of(MADE.token).hex(),
    ):
        assert not KEY.fits(other)


def test_the_secret_is_in_no_representation() -> None:
    secret = MADE.token.rpartition("_")[2]
    for shown in (repr(MADE), str(MADE), repr(KEY), str(KEY)):
        assert secret not in shown
        assert MADE.digest.hex() not in shown
        assert repr(MADE.digest) not in shown


@pytest.mark.parametrize(
    "text",
    [
        "",
        "kimp",
        MADE.token + "\n",
        " " + MADE.token,
        MADE.token.replace("kimp", "other"),
        MADE.token.replace("_", "-"),
        MADE.token.upper(),
        "kimp_" + "1" * 16 + "_" + "a" * 52,
        "kimp_" + "a" * 16 + "_" + "é" * 52,
        "a" * (MAX_TOKEN + 1),
        "kimp_" * 1_000_000,
    ],
)
def test_what_is_no_key_has_no_id(text: str) -> None:
    assert id_of(text) is None


@pytest.mark.parametrize(
    ("expires_ms", "revoked_ms", "over"),
    [
        (None, None, False),
        (2_001, None, False),
        (2_000, None, True),
        (1_999, None, True),
        (None, 1_500, True),
        # Whoever revokes means it, whatever our clocks say.
        (None, 9_000, True),
        (9_000, 1_500, True),
    ],
)
def test_a_key_is_over_when_it_was_revoked_or_its_time_has_come(
    expires_ms: int | None, revoked_ms: int | None, over: bool
) -> None:
    key = replace(KEY, expires_ms=expires_ms, revoked_ms=revoked_ms)
    assert key.is_over(2_000) is over
