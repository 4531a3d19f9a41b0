import pytest

from adapters.resilience.hold import (
    BAN_HOLD_CAP_S,
    LIMIT_HOLD_CAP_S,
    MAX_HOLD_S,
    growing_hold_s,
    retry_after_s,
    told_time_s,
)

# Sun, 06 Nov 1994 08:49:37 GMT, the example of RFC 9110.
DATE_MS = 784_111_777_000


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("-3", None),
        ("1.5", None),
        ("٣", None),
        ("0", 0.0),
        (" 12 ", 12.0),
        ("9" * 5000, MAX_HOLD_S),
        ("Sun, 06 Nov 1994 08:49:47 GMT", 10.0),
        ("Sun, 06 Nov 1994 08:49:17 GMT", 0.0),
        ("Sun, 06 Nov 9994 08:49:17 GMT", MAX_HOLD_S),
        ("Sun, 99 Nov 1994 08:49:17 GMT", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_a_date(
    header: str | None, seconds: float | None
) -> None:
    assert retry_after_s(header, DATE_MS) == seconds


@pytest.mark.parametrize(
    ("body", "seconds"),
    [
        ("", None),
        ("blocked", None),
        ("You are blocked for 120 seconds.", 120.0),
        ("try again in 5 minutes", 300.0),
        ("1 hour", 3600.0),
        ("60초 후 다시", 60.0),
        ("3분 동안", 180.0),
        ("2시간", 7200.0),
        ("999999999 seconds", MAX_HOLD_S),
    ],
)
def test_a_time_is_found_in_the_text_of_an_answer(
    body: str, seconds: float | None
) -> None:
    assert told_time_s(body) == seconds


def test_holds_without_a_time_grow_to_their_cap() -> None:
    assert [growing_hold_s(n, banned=False) for n in range(8)] == [
        *(1.0, 2.0, 4.0, 8.0, 16.0, 32.0),
        *(LIMIT_HOLD_CAP_S, LIMIT_HOLD_CAP_S),
    ]
    assert growing_hold_s(0, banned=True) == 60.0
    assert growing_hold_s(10_000, banned=True) == BAN_HOLD_CAP_S
