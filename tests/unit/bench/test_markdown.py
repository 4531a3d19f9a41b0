import pytest

from bench.markdown import grid, number, percent


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "–"),
        (0.0, "0"),
        (0.25, "0.25"),
        (9.876, "9.88"),
        (123.4, "123"),
        (101_234.0, "101,234"),
        (0.00001234, "0.000"),
    ],
)
def test_numbers_are_shown_as_people_read_them(value: float | None, shown: str) -> None:
    assert number(value) == shown


def test_a_grid_has_a_rule_and_numbers_to_the_right() -> None:
    assert (
        grid(["", "µs"], [["ours", "9"]]) == "|  | µs |\n| --- | ---: |\n| ours | 9 |"
    )


def test_a_share_is_shown_in_percent_and_an_unknown_one_as_a_dash() -> None:
    assert [percent(share) for share in (0.0512, 1.0, None)] == ["5.12 %", "100 %", "–"]
