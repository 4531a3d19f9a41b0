"""Parquet: exact numbers or a refusal, and bounded memory."""

import io
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from adapters.export import parquet_sink
from adapters.export.parquet_sink import ParquetSink
from domain.ports.table_sink import Column, ColumnKind, SinkRefused, TableRow

COLUMNS = [Column(kind.lower(), kind) for kind in ColumnKind]
NONE: TableRow = (None,) * len(COLUMNS)
ROW: TableRow = (
    "비트",
    7,
    False,
    date(2026, 1, 2),
    1_500,
    Decimal("-3.140000"),
    Decimal("0.000000000000000001"),
)


def written(*batches: Sequence[TableRow], **options: bool) -> pq.ParquetFile:
    output = io.BytesIO()
    sink = ParquetSink(output, COLUMNS, **options)
    for batch in batches:
        sink.write(batch)
    sink.close()
    return pq.ParquetFile(io.BytesIO(output.getvalue()))


def test_every_kind_comes_back_exactly() -> None:
    [row, empty] = written([ROW, NONE]).read().to_pylist()
    assert list(row.values()) == [
        "비트",
        7,
        False,
        date(2026, 1, 2),
        datetime(1970, 1, 1, 0, 0, 1, 500_000, UTC),
        Decimal("-3.14"),
        Decimal("1E-18"),
    ]
    assert list(empty.values()) == [None] * len(COLUMNS)


def test_numbers_are_decimals_of_a_fixed_scale() -> None:
    schema = written().schema_arrow
    assert schema.field("percent").type == pa.decimal128(38, 6)
    assert schema.field("amount").type == pa.decimal128(38, 18)
    assert schema.field("instant").type == pa.timestamp("ms", tz="UTC")


@pytest.mark.parametrize("text", ["0.0000000000000000001", "123456789012345678901"])
def test_a_number_that_does_not_fit_is_refused_and_never_rounded(text: str) -> None:
    row = (*NONE[:-1], Decimal(text))
    with pytest.raises(SinkRefused, match=rf"amount {text} .* --decimals text"):
        written([ROW, row])


def test_as_text_every_number_fits() -> None:
    row = (*NONE[:-1], Decimal("1.23E-30"))
    [told] = written([row], decimals_as_text=True).read().to_pylist()
    assert told["amount"] == "0.00000000000000000000000000000123"


def test_rows_are_written_in_groups_of_a_bounded_size(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(parquet_sink, "GROUP_ROWS", 3)
    file = written([ROW] * 7, [ROW])
    groups = [file.metadata.row_group(i).num_rows for i in range(3)]
    assert groups == [3, 3, 2]


def test_a_discarded_table_is_not_ended() -> None:
    output = io.BytesIO()
    sink = ParquetSink(output, COLUMNS)
    sink.write([ROW])
    sink.discard()
    begun = output.getvalue()
    del sink
    assert output.getvalue() == begun


class Full(io.BytesIO):
    """A disk that takes a few bytes only."""

    def write(self, data: Any) -> int:
        if self.tell() + len(data) > 4:
            raise OSError(28, "No space left on device")
        return super().write(data)


@pytest.mark.parametrize("rows", [[], [ROW]])
def test_an_output_that_takes_no_more_is_said(rows: Sequence[TableRow]) -> None:
    sink = ParquetSink(Full(), COLUMNS)
    sink.write(rows)
    with pytest.raises(SinkRefused, match="No space left"):
        sink.close()
