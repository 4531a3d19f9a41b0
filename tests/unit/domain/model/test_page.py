"""Keyset pages: a cursor names a place in an order."""

import base64
import json
from collections.abc import Sequence
from decimal import Decimal

import pytest

from domain.model.error import InvalidArgument
from domain.model.page import Direction, Ordering, Page, PageRequest, paginate

Row = tuple[str, str | None]
ASC, DESC = Direction.ASC, Direction.DESC
ROWS: Sequence[Row] = [
    ("BTC", "1.5"),
    ("ETH", None),
    ("XRP", "-2"),
    ("ADA", "1.50"),
    ("SOL", None),
    ("DOT", "10"),
]


def numbers(direction: Direction = ASC, name: str = "percent") -> Ordering[Row]:
    """Order rows by their number."""
    return Ordering(
        name=name,
        direction=direction,
        key=lambda row: None if row[1] is None else Decimal(row[1]),
        symbol=lambda row: row[0],
        numeric=True,
    )


def texts(direction: Direction = ASC) -> Ordering[Row]:
    """Order rows by their text."""
    return Ordering("text", direction, lambda row: row[1], lambda row: row[0], False)


def symbols(page: Page[Row]) -> list[str]:
    """Return the symbols of a page."""
    return [row[0] for row in page.rows]


def cursor_of(*parts: object) -> str:
    """Return a cursor as a stranger would make it."""
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    ("direction", "expected"),
    [
        (ASC, ["XRP", "ADA", "BTC", "DOT", "ETH", "SOL"]),
        (DESC, ["DOT", "ADA", "BTC", "XRP", "ETH", "SOL"]),
    ],
)
def test_nulls_are_last_both_ways_and_ties_go_by_symbol(
    direction: Direction, expected: list[str]
) -> None:
    page = paginate(ROWS, numbers(direction), PageRequest(10))
    assert symbols(page) == expected
    assert (page.total, page.has_next, page.has_previous) == (6, False, False)


@pytest.mark.parametrize("direction", Direction)
@pytest.mark.parametrize("size", [1, 2, 4, 5])
def test_pages_one_after_the_other_show_every_row_once_and_in_order(
    direction: Direction, size: int
) -> None:
    whole = symbols(paginate(ROWS, numbers(direction), PageRequest(10)))
    seen: list[str] = []
    after: str | None = None
    while True:
        page = paginate(ROWS, numbers(direction), PageRequest(size, after))
        assert page.total == len(ROWS)
        assert page.has_previous is (after is not None)
        assert len(page.cursors) == len(page.rows)
        seen += symbols(page)
        if not page.has_next:
            break
        after = page.cursors[-1]
    assert seen == whole


def test_texts_are_ordered_as_texts_and_not_as_numbers() -> None:
    rows = [("A", "나"), ("B", "10"), ("C", "9"), ("D", "가"), ("E", "가")]
    page = paginate(rows, texts(), PageRequest(3))
    assert symbols(page) == ["B", "C", "D"]
    page = paginate(rows, texts(), PageRequest(3, page.cursors[-1]))
    assert symbols(page) == ["E", "A"]
    page = paginate(rows, texts(DESC), PageRequest(3))
    assert symbols(page) == ["A", "D", "E"]
    assert symbols(paginate(rows, texts(DESC), PageRequest(9, page.cursors[0]))) == [
        "D",
        "E",
        "C",
        "B",
    ]


def test_equal_numbers_are_one_place_however_they_are_written() -> None:
    page = paginate([("A", "1.50")], numbers(), PageRequest(1))
    other = paginate([("A", "1.5"), ("B", "1.500")], numbers(), PageRequest(1))
    assert page.cursors[:] == other.cursors[:]
    after = PageRequest(5, page.cursors[0])
    assert symbols(paginate([("A", "1.5"), ("B", "1.500")], numbers(), after)) == ["B"]


def test_a_cursor_holds_its_place_when_its_row_is_gone_or_has_moved() -> None:
    page = paginate(ROWS, numbers(), PageRequest(3))
    after = PageRequest(10, page.cursors[-1])
    assert symbols(page)[-1] == "BTC"
    gone = [row for row in ROWS if row[0] != "BTC"]
    assert symbols(paginate(gone, numbers(), after)) == ["DOT", "ETH", "SOL"]
    moved = [*gone, ("BTC", "99")]
    assert symbols(paginate(moved, numbers(), after)) == ["DOT", "BTC", "ETH", "SOL"]


def test_a_cursor_among_the_nulls_is_followed_by_later_symbols_only() -> None:
    page = paginate(ROWS, numbers(), PageRequest(5))
    assert symbols(page)[-1] == "ETH"
    rest = paginate(ROWS, numbers(), PageRequest(5, page.cursors[-1]))
    assert (symbols(rest), rest.has_next) == (["SOL"], False)


def test_an_empty_list_is_an_empty_page() -> None:
    page = paginate([], numbers(), PageRequest(5))
    assert (page.rows, page.cursors[:], page.total) == ([], [], 0)
    assert not page.has_next


def test_a_number_longer_than_those_from_outside_makes_a_good_cursor() -> None:
    rows = [("A", "1" * 120 + "." + "7" * 110), ("B", "9" * 121)]
    page = paginate(rows, numbers(), PageRequest(1))
    assert symbols(page) == ["A"]
    assert symbols(paginate(rows, numbers(), PageRequest(1, page.cursors[0]))) == ["B"]


@pytest.mark.parametrize("first", [0, -1, 1001, 100_000])
def test_first_is_1_to_1000_and_the_error_names_it_and_the_range(first: int) -> None:
    with pytest.raises(InvalidArgument, match="1 to 1000") as caught:
        PageRequest(first)
    assert caught.value.argument == "first"
    assert caught.value.most == (1000 if first > 1000 else None)


@pytest.mark.parametrize("first", [1, 1000])
def test_the_limits_of_first_are_accepted(first: int) -> None:
    assert PageRequest(first).first == first


@pytest.mark.parametrize(
    "other",
    [
        numbers(DESC),
        numbers(name="absolute"),
        numbers(name="percent of another filter"),
    ],
)
def test_a_cursor_of_another_order_or_filter_is_refused_naming_after(
    other: Ordering[Row],
) -> None:
    cursor = paginate(ROWS, numbers(), PageRequest(1)).cursors[0]
    with pytest.raises(InvalidArgument, match="another order or filter") as caught:
        paginate(ROWS, other, PageRequest(1, cursor))
    assert caught.value.argument == "after"


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "!",
        "한글",
        "AAAA",
        "A" * 600,
        "W" * 512,
        base64.urlsafe_b64encode(b"[" * 384).decode(),
        cursor_of(),
        cursor_of("x"),
        cursor_of("x", True, None, 5),
        cursor_of("x", False, None, "BTC"),
        cursor_of("x", False, 1.5, "BTC"),
        cursor_of("x", False, "NaN", "BTC"),
        cursor_of("x", False, "1e999999999", "BTC"),
        cursor_of("x", True, "many", "BTC"),
        base64.urlsafe_b64encode(b'{"a":1}').decode(),
        base64.urlsafe_b64encode(b"5").decode(),
    ],
)
def test_a_broken_cursor_is_refused_naming_after(cursor: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        paginate(ROWS, numbers(), PageRequest(1, cursor))
    assert caught.value.argument == "after"
    assert caught.value.problem.startswith(
        ("must be a cursor that this server returned", "belongs to another order")
    )


@pytest.mark.parametrize("key", ["NaN", "1e999999999", "many", 5, ["1"], True])
def test_a_forged_key_under_the_right_order_is_refused_too(key: object) -> None:
    cursor = paginate(ROWS, numbers(), PageRequest(1)).cursors[0]
    words = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    words[1:3] = [False, key]
    forged = base64.urlsafe_b64encode(json.dumps(words).encode()).decode().rstrip("=")
    with pytest.raises(InvalidArgument, match="cursor that this server returned"):
        paginate(ROWS, numbers(), PageRequest(1, forged))


def test_a_cursor_whose_parts_are_of_another_kind_is_refused() -> None:
    forged = base64.urlsafe_b64encode(b'[1,false,"1","BTC"]').decode().rstrip("=")
    with pytest.raises(InvalidArgument, match="cursor that this server returned"):
        paginate(ROWS, numbers(), PageRequest(1, forged))


def test_an_edge_is_a_row_with_its_cursor() -> None:
    page = paginate(ROWS, numbers(), PageRequest(3))
    assert [edge.row for edge in page.edges] == page.rows
    assert [edge.cursor for edge in page.edges] == page.cursors[:]
