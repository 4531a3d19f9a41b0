from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bench.fault.case import Case
from bench.fault.measure import Outcome, postmaster_pid, runs_anew
from bench.fault.table import BEGIN, END, NoPlace, put, row, table, update

CASE = Case("silence", "upbit", 22.0, bound_s=10.0, falls_back=True)
KEPT = Outcome(
    case=CASE,
    honest_s=10.04,
    fallback_s=1.2,
    recovered_s=0.3,
    affected=139,
    coins=139,
    requests=4,
    handshakes=2,
    seconds=22.2,
    violations=0,
    relapsed=False,
)


def test_a_row_tells_everything_that_was_measured() -> None:
    assert row(KEPT) == (
        "| silence | upbit | 22 | 10.0 | 1.2 | 0.3 | 139 of 139 | 4 + 2 in 22 s | 0 "
        "| kept |"
    )


def test_where_nothing_was_lost_there_are_dashes() -> None:
    calm = replace(
        KEPT, affected=0, honest_s=None, fallback_s=None, recovered_s=0.0, case=CASE
    )
    assert "| - | - | - | 0 of 139 |" in row(calm)
    assert not calm.misses
    assert "| never |" in row(replace(calm, recovered_s=None))


@pytest.mark.parametrize(
    ("change", "miss"),
    [
        ({"honest_s": 11.1}, "honest late"),
        ({"fallback_s": 5.1}, "fallback late"),
        ({"fallback_s": None}, "no fallback"),
        ({"recovered_s": 5.1}, "recovered late"),
        ({"recovered_s": None}, "not recovered"),
        ({"relapsed": True}, "relapsed"),
        ({"violations": 1}, "rules broken"),
    ],
)
def test_each_goal_that_is_missed_is_named(
    change: dict[str, object], miss: str
) -> None:
    assert replace(KEPT, **change).misses == (miss,)  # type: ignore[arg-type] # of any field
    assert miss in row(replace(KEPT, **change))  # type: ignore[arg-type] # of any field


def test_the_table_says_when_and_on_what_and_is_put_between_its_markers(
    tmp_path: Path,
) -> None:
    document = tmp_path / "page.md"
    document.write_text(f"before\n\n{BEGIN}\nbygone\n{END}\n\nafter\n")
    section = table([KEPT], datetime(2026, 11, 21, tzinfo=UTC), 1.5)
    put(document, section)
    text = document.read_text()
    assert text.startswith(f"before\n\n{BEGIN}\n2026-11-21, ")
    assert text.endswith(f"\n{END}\n\nafter\n")
    assert row(KEPT) in text
    assert "bygone" not in text
    put(document, section)
    assert document.read_text() == text


def test_some_rows_are_replaced_and_new_ones_added(tmp_path: Path) -> None:
    document = tmp_path / "page.md"
    document.write_text(f"before\n\n{BEGIN}\n{END}\n\nafter\n")
    now = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
    other = replace(KEPT, case=replace(CASE, venue="binance"))
    put(document, table([KEPT, other], now, 1.5))
    new = replace(KEPT, case=replace(CASE, held_s=600.0))
    update(document, [replace(KEPT, honest_s=9.0), new], now)
    rows = [x for x in document.read_text().splitlines() if x.startswith("| silence")]
    assert [line.split("|")[3].strip() for line in rows] == ["22", "22", "600"]
    assert "| 9.0 |" in rows[0]
    assert rows[0].endswith("| kept, 2026-11-21 09:30 |")
    assert rows[1] == row(other)
    assert document.read_text().endswith(f"\n{END}\n\nafter\n")


def test_without_a_table_no_row_can_be_replaced(tmp_path: Path) -> None:
    document = tmp_path / "page.md"
    document.write_text(f"{BEGIN}\n{END}\n")
    with pytest.raises(NoPlace):
        update(document, [KEPT], datetime.now(UTC))


def test_a_document_without_the_markers_is_left_alone(tmp_path: Path) -> None:
    document = tmp_path / "page.md"
    document.write_text(f"{END} and {BEGIN}")
    with pytest.raises(NoPlace):
        put(document, "table")
    assert document.read_text() == f"{END} and {BEGIN}"


def test_the_database_is_found_below_the_data_folder(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        postmaster_pid(tmp_path)
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "postmaster.pid").write_text("4321\n/data\n")
    assert postmaster_pid(tmp_path) == 4321
    assert not runs_anew(tmp_path, 4321)
    assert runs_anew(tmp_path, 1234)
    (tmp_path / "postgres" / "postmaster.pid").write_text("")
    assert not runs_anew(tmp_path, 1234)
