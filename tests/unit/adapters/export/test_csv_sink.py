"""CSV: exact, canonical, and nothing to guess."""

import io
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from adapters.export.csv_sink import CsvSink, instant_text
from domain.ports.table_sink import Column, ColumnKind, SinkRefused, TableRow

COLUMNS = [Column(kind.lower(), kind) for kind in ColumnKind]
ROW: TableRow = ("a", 1, True, date(2026, 1, 2), 0, Decimal("1.50"), Decimal("1E+3"))
HEADER = "text,integer,flag,day,instant,percent,amount\n"


def written(columns: Sequence[Column], *batches: Sequence[TableRow]) -> str:
    output = io.BytesIO()
    sink = CsvSink(output, columns)
    for batch in batches:
        sink.write(batch)
    sink.close()
    return output.getvalue().decode()


def test_every_kind_has_its_one_text() -> None:
    line = "a,1,true,2026-01-02,1970-01-01T00:00:00Z,1.5,1000\n"
    assert written(COLUMNS, [ROW], [ROW]) == HEADER + line + line


def test_a_table_without_rows_has_its_header() -> None:
    assert written(COLUMNS) == HEADER


def test_what_is_not_known_is_empty() -> None:
    assert written(COLUMNS, [(None,) * len(COLUMNS)]) == HEADER + ",,,,,,\n"


def test_text_that_could_be_mistaken_is_quoted() -> None:
    column = [Column("name", ColumnKind.TEXT)]
    assert written(column, [('비트,"\n',)]) == 'name\n"비트,""\n"\n'


@pytest.mark.parametrize(
    ("unix_ms", "text"),
    [
        (1_795_000_500_000, "2026-11-18T11:15:00Z"),
        (1_795_000_500_007, "2026-11-18T11:15:00.007Z"),
    ],
)
def test_an_instant_is_utc_and_says_so(unix_ms: int, text: str) -> None:
    assert instant_text(unix_ms) == text


class Full(io.BytesIO):
    """A disk without room, or a pipe that nobody reads."""

    def __init__(self, on: str) -> None:
        super().__init__()
        self._on = on

    def write(self, data: Any) -> int:
        if self._on == "write":
            raise OSError(28, "No space left on device")
        return len(data)

    def flush(self) -> None:
        if self._on == "flush":
            raise BrokenPipeError(32, "Broken pipe")


@pytest.mark.parametrize(
    ("on", "why"), [("write", "No space left"), ("flush", "Broken pipe")]
)
def test_an_output_that_takes_no_more_is_said(on: str, why: str) -> None:
    sink = CsvSink(Full(on), COLUMNS)
    with pytest.raises(SinkRefused, match=why):
        sink.close()
