import pytest

from adapters.resilience.skew import ClockSkew

DATE = "Sun, 06 Nov 1994 08:49:37 GMT"
DATE_MS = 784_111_777_000


def test_nothing_is_known_before_the_first_answer() -> None:
    assert ClockSkew().offset_ms is None


@pytest.mark.parametrize(
    ("ours_ms", "offset_ms"),
    [(0, 0), (500, 0), (2_500, 0), (2_501, 2_001), (-1_500, 0), (-9_500, -10_000)],
)
def test_the_offset_counts_from_the_middle_of_the_second_and_only_beyond_two_seconds(
    ours_ms: int, offset_ms: int
) -> None:
    skew = ClockSkew()
    sent_ms = DATE_MS + ours_ms - 40
    skew.observe(DATE, None, sent_ms, sent_ms + 80)
    assert skew.offset_ms == offset_ms


def test_the_answer_with_the_shortest_way_decides() -> None:
    skew = ClockSkew()
    skew.observe(DATE, None, DATE_MS + 500, DATE_MS + 60_500)
    skew.observe(DATE, "0", DATE_MS + 460, DATE_MS + 540)
    assert skew.offset_ms == 0


@pytest.mark.parametrize(
    ("date", "age"), [(None, None), ("", None), ("yesterday", None), (DATE, "17")]
)
def test_answers_without_a_fresh_date_teach_nothing(
    date: str | None, age: str | None
) -> None:
    skew = ClockSkew()
    skew.observe(date, age, DATE_MS, DATE_MS)
    assert skew.offset_ms is None
