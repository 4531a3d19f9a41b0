"""Decimals, instants and days, in and out."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from graphql import GraphQLError, parse_value
from hypothesis import given
from hypothesis import strategies as st

from api.scalar import (
    SCALARS,
    UnixMs,
    instant_text,
    optional_ms,
    read_day,
    read_decimal,
    read_instant,
    unix_ms,
    write_day,
    write_decimal,
    write_instant,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("0", "0"),
        ("-0.000", "0"),
        ("1.50", "1.5"),
        ("1E+3", "1000"),
        ("0E-8", "0"),
        ("4.8E-4", "0.00048"),
        ("95078733694.37920", "95078733694.3792"),
    ],
)
def test_a_decimal_is_written_canonically(value: str, text: str) -> None:
    assert write_decimal(Decimal(value)) == text


@given(st.decimals(allow_nan=False, allow_infinity=False, places=8))
def test_a_decimal_survives_the_way_there_and_back(value: Decimal) -> None:
    text = write_decimal(value)
    assert read_decimal(text) == value
    assert write_decimal(read_decimal(text)) == text


@pytest.mark.parametrize("value", [1, 1.5, "1", None, True])
def test_what_is_no_decimal_is_our_fault(value: object) -> None:
    with pytest.raises(TypeError):
        write_decimal(value)


@pytest.mark.parametrize("value", [1.5, True, None, [], {}, "NaN", "1,5", 10**60])
def test_what_is_not_meant_as_a_decimal_is_refused(value: object) -> None:
    with pytest.raises(GraphQLError, match="decimal"):
        read_decimal(value)


def test_whole_numbers_are_taken() -> None:
    assert read_decimal(10**59) == Decimal(10**59)
    assert read_decimal(-7) == Decimal(-7)


@pytest.mark.parametrize(
    ("at_ms", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1_767_225_600_123, "2026-01-01T00:00:00.123Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        (-62_135_596_800_000, "0001-01-01T00:00:00.000Z"),
        (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
    ],
)
def test_an_instant_is_written_in_utc_with_milliseconds(at_ms: int, text: str) -> None:
    assert write_instant(at_ms) == text
    assert read_instant(text) == at_ms


@given(st.integers(min_value=-(10**12), max_value=2 * 10**14))
def test_an_instant_survives_the_way_there_and_back(at_ms: int) -> None:
    assert read_instant(instant_text(at_ms)) == at_ms


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-01T00:00:00Z",
        "2026-01-01t00:00:00z",
        "2026-01-01T09:00:00+09:00",
        "2025-12-31T19:00-05:00",
        "2026-01-01T00:00:00.000999999Z",
    ],
)
def test_an_instant_may_have_any_offset(text: str) -> None:
    assert read_instant(text) == 1_767_225_600_000


@pytest.mark.parametrize(
    "value",
    [
        "2026-01-01T00:00:00",
        "2026-01-01",
        "2026-01-01 00:00:00Z",
        "20260101T000000Z",
        "2026-13-01T00:00:00Z",
        "2026-01-01T25:00:00Z",
        "2026-W01-1T00:00:00Z",
        "0001-01-01T00:00:00+23:59:59",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59.999-00:01",
        "２０２６-01-01T00:00:00Z",
        "now",
        "",
        1_767_225_600,
        None,
    ],
)
def test_naive_and_malformed_instants_are_refused(value: object) -> None:
    with pytest.raises(GraphQLError, match="offset"):
        read_instant(value)


def test_an_instant_of_a_wrong_type_is_our_fault() -> None:
    with pytest.raises(TypeError):
        write_instant("2026-01-01T00:00:00Z")


def test_a_datetime_becomes_unix_milliseconds() -> None:
    seoul = timezone(timedelta(hours=9))
    assert unix_ms(datetime(2026, 1, 1, 9, tzinfo=seoul)) == 1_767_225_600_000
    assert unix_ms(datetime(2026, 1, 1, tzinfo=UTC)) == 1_767_225_600_000
    assert (optional_ms(None), optional_ms(5)) == (None, 5)


def test_a_day_is_written_and_read() -> None:
    assert write_day(date(2026, 1, 31)) == "2026-01-31"
    assert read_day("2026-01-31") == date(2026, 1, 31)


@pytest.mark.parametrize(
    "value", ["2026-1-1", "20260101", "2026-02-30", "2026-01-01T00:00:00Z", 5, None]
)
def test_malformed_days_are_refused(value: object) -> None:
    with pytest.raises(GraphQLError, match="day"):
        read_day(value)


def test_a_datetime_is_no_day() -> None:
    with pytest.raises(TypeError):
        write_day(datetime(2026, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (Decimal, '"1.5"', Decimal("1.5")),
        (Decimal, "12", Decimal(12)),
        (UnixMs, '"2026-01-01T00:00:00Z"', 1_767_225_600_000),
        (date, '"2026-01-31"', date(2026, 1, 31)),
    ],
)
def test_literals_are_read_as_values_are(
    kind: object, text: str, value: object
) -> None:
    read = SCALARS[kind].parse_literal
    assert read is not None
    assert read(parse_value(text), None) == value


@pytest.mark.parametrize("kind", [Decimal, UnixMs, date])
@pytest.mark.parametrize("text", ["1.5", "true", "null", "[]", "{}", "X", '"x"'])
def test_literals_that_are_not_meant_name_their_place(kind: object, text: str) -> None:
    node = parse_value(text)
    read = SCALARS[kind].parse_literal
    assert read is not None
    with pytest.raises(GraphQLError) as caught:
        read(node, None)
    assert caught.value.nodes == [node]
