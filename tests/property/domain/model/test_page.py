"""While rows move, those whose key did not change are seen exactly once."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from domain.model.page import Direction, Ordering, PageRequest, paginate

Rows = dict[str, Decimal | None]
keys = st.one_of(
    st.none(), st.integers(-3, 3).map(Decimal), st.decimals(-9, 9, places=3)
)
symbols = st.text("ABC1가", min_size=1, max_size=3)
tables = st.dictionaries(symbols, keys, max_size=12)


def ordering(direction: Direction) -> Ordering[tuple[str, Decimal | None]]:
    """Order rows by their key."""
    return Ordering("k", direction, lambda row: row[1], lambda row: row[0], True)


@given(tables, st.sampled_from(Direction))
def test_nulls_are_last_and_ties_go_by_symbol(rows: Rows, way: Direction) -> None:
    page = paginate(rows.items(), ordering(way), PageRequest(1000))
    sign = 1 if way is Direction.ASC else -1
    expected = sorted(
        rows.items(),
        key=lambda row: (row[1] is None, sign * (row[1] or Decimal(0)), row[0]),
    )
    assert list(page.rows) == expected


@given(tables, st.sampled_from(Direction), st.integers(1, 4), st.data())
def test_rows_whose_key_did_not_change_are_seen_exactly_once(
    rows: Rows, way: Direction, size: int, data: st.DataObject
) -> None:
    """Between any two pages rows come, go and move."""
    begin, steady = dict(rows), set(rows)
    seen: list[str] = []
    after: str | None = None
    for _ in range(100):
        page = paginate(rows.items(), ordering(way), PageRequest(size, after))
        seen += [symbol for symbol, _ in page.rows]
        if not page.has_next:
            break
        after = page.cursors[-1]
        for symbol, key in data.draw(
            st.dictionaries(symbols, keys, max_size=2)
        ).items():
            rows[symbol] = key
        if len(rows) > 0 and data.draw(st.booleans()):
            del rows[data.draw(st.sampled_from(sorted(rows)))]
        steady = {s for s in steady if s in rows and rows[s] == begin[s]}
        if len(rows) > 24:
            break
    else:
        raise AssertionError("the pages never ended")
    if not page.has_next:
        assert steady <= set(seen)
    assert all(seen.count(symbol) <= 1 for symbol in steady)


@given(tables, st.sampled_from(Direction), st.integers(1, 5))
def test_pages_of_a_still_table_are_the_table(
    rows: Rows, way: Direction, size: int
) -> None:
    whole = list(paginate(rows.items(), ordering(way), PageRequest(1000)).rows)
    found: list[tuple[str, Decimal | None]] = []
    after: str | None = None
    while len(found) < len(whole):
        page = paginate(rows.items(), ordering(way), PageRequest(size, after))
        assert page.has_previous is bool(found)
        found += page.rows
        assert page.has_next is (len(found) < len(whole))
        after = page.cursors[-1]
    assert found == whole
