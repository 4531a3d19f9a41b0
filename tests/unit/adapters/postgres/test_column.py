"""Column types: instants with an offset, exact milliseconds, text Postgres can hold."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import make_url

from adapters.postgres.column import (
    MAX_INSTANT_MS,
    Instant,
    NaiveInstant,
    instant_of,
    is_storable,
    text_of,
    unix_ms_of,
)

DIALECT = make_url("postgresql://").get_dialect()()


def test_a_naive_instant_is_refused() -> None:
    with pytest.raises(NaiveInstant, match="no offset"):
        Instant().process_bind_param(datetime(2026, 1, 1), DIALECT)  # noqa: DTZ001 - the point


def test_an_instant_with_an_offset_passes_unchanged() -> None:
    seoul = datetime(2026, 1, 1, 9, tzinfo=timezone(timedelta(hours=9)))
    assert Instant().process_bind_param(seoul, DIALECT) is seoul
    assert Instant().process_bind_param(None, DIALECT) is None


def test_an_instant_comes_back_in_utc() -> None:
    seoul = datetime(2026, 1, 1, 9, tzinfo=timezone(timedelta(hours=9)))
    back = Instant().process_result_value(seoul, DIALECT)
    assert back == seoul
    assert back.utcoffset() == timedelta(0)
    assert Instant().process_result_value(None, DIALECT) is None


@given(ms=st.integers(0, MAX_INSTANT_MS))
def test_milliseconds_survive_exactly(ms: int) -> None:
    assert is_storable(ms)
    assert unix_ms_of(instant_of(ms)) == ms


def test_the_calendar_ends_with_year_9999() -> None:
    assert instant_of(MAX_INSTANT_MS).year == 9999
    assert unix_ms_of(datetime(1970, 1, 1, 0, 0, 1, 999_999, tzinfo=UTC)) == 1_999
    assert not is_storable(MAX_INSTANT_MS + 1)
    assert not is_storable(-1)
    assert not is_storable(0, None, 10**18)
    assert is_storable(None, 0)


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("Bitcoin", "Bitcoin"),
        ("비트코인", "비트코인"),
        ("a\x00b", "ab"),
        ("비\x00트\ud800", "비트"),
        ("\x00", ""),
    ],
)
def test_text_loses_only_what_postgres_cannot_hold(told: str, kept: str) -> None:
    assert text_of(told) == kept
