"""Rows as Parquet, by pyarrow (the extra `parquet`).

Percents are decimal128(38, 6), other numbers decimal128(38, 18): exact, and read by
pandas, polars and DuckDB alike. A number that needs more than 18 places or 20 digits
before the point is refused, never rounded; `decimals_as_text` writes all numbers in
their canonical text instead. Instants are timestamp[ms, UTC].
"""

import io
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, BinaryIO, Final

import pyarrow as pa
import pyarrow.parquet as pq

from domain.model.number import PERCENT_PLACES, canonical
from domain.ports.table_sink import Column, ColumnKind, SinkRefused, TableRow

# The most that 128 bits hold, and what every tool reads.
DIGITS: Final = 38
AMOUNT_PLACES: Final = 18
# Rows of a row group: it is what stands in memory (some 20 MB), and what readers skip
# by its smallest and largest values.
GROUP_ROWS: Final = 65_536
_NUMBERS: Final = frozenset({ColumnKind.PERCENT, ColumnKind.AMOUNT})
_TYPES: Final[Mapping[ColumnKind, Any]] = {
    ColumnKind.TEXT: pa.string(),
    ColumnKind.INTEGER: pa.int32(),
    ColumnKind.FLAG: pa.bool_(),
    ColumnKind.DAY: pa.date32(),
    ColumnKind.INSTANT: pa.timestamp("ms", tz="UTC"),
    ColumnKind.PERCENT: pa.decimal128(DIGITS, PERCENT_PLACES),
    ColumnKind.AMOUNT: pa.decimal128(DIGITS, AMOUNT_PLACES),
}


class ParquetSink:
    """`TableSink` that writes one Parquet file (zstd) to a binary file or pipe."""

    def __init__(
        self,
        output: BinaryIO,
        columns: Sequence[Column],
        *,
        decimals_as_text: bool = False,
    ) -> None:
        self._columns = tuple(columns)
        self._as_text = decimals_as_text
        self._schema = pa.schema([(each.name, self._type(each)) for each in columns])
        self._tap = _Tap(output)
        self._writer = pq.ParquetWriter(self._tap, self._schema, compression="zstd")
        self._waiting: list[TableRow] = []

    def write(self, rows: Sequence[TableRow]) -> None:
        """Keep rows until there is a group of them, then write that.

        Raises:
            SinkRefused: a number does not fit, or the output takes no more.
        """
        self._waiting.extend(rows)
        while len(self._waiting) >= GROUP_ROWS:
            self._put(self._waiting[:GROUP_ROWS])
            del self._waiting[:GROUP_ROWS]

    def close(self) -> None:
        """Write the last group and the footer.

        Raises:
            SinkRefused: as `write`.
        """
        self._put(self._waiting)
        self._waiting = []
        try:
            self._writer.close()
        except OSError as exc:
            raise SinkRefused(exc.strerror or str(exc)) from exc

    def discard(self) -> None:
        """Let go of the output: else the file would be ended when we are freed."""
        self._tap.is_shut = True
        self._writer.is_open = False
        self._waiting = []

    def _type(self, column: Column) -> Any:  # noqa: ANN401 - pyarrow has no types
        as_text = self._as_text and column.kind in _NUMBERS
        return pa.string() if as_text else _TYPES[column.kind]

    def _put(self, rows: Sequence[TableRow]) -> None:
        if not rows:
            return
        arrays = [
            self._array(column, values)
            for column, values in zip(
                self._columns, zip(*rows, strict=True), strict=True
            )
        ]
        try:
            self._writer.write_table(pa.Table.from_arrays(arrays, schema=self._schema))
        except OSError as exc:
            raise SinkRefused(exc.strerror or str(exc)) from exc

    def _array(self, column: Column, values: Sequence[Any]) -> Any:  # noqa: ANN401 - pyarrow untyped
        if self._as_text and column.kind in _NUMBERS:
            values = [None if value is None else canonical(value) for value in values]
        kind = self._type(column)
        try:
            return pa.array(values, type=kind)
        except pa.ArrowInvalid as exc:
            number = next((v for v in values if not _fits(v, kind)), None)
            shown = canonical(number) if isinstance(number, Decimal) else number
            raise SinkRefused(
                f"{column.name} {shown} does not fit into {kind}: add --decimals text"
            ) from exc


def _fits(value: object, kind: Any) -> bool:  # noqa: ANN401 - pyarrow untyped
    try:
        pa.array([value], type=kind)
    except pa.ArrowInvalid:
        return False
    return True


class _Tap(io.RawIOBase):
    """Hands bytes on until it is shut; from then on they go nowhere."""

    def __init__(self, output: BinaryIO) -> None:
        self._output = output
        self.is_shut = False

    def writable(self) -> bool:
        """Say that it takes bytes."""
        return True

    def write(self, data: Any, /) -> int:  # noqa: ANN401 - a buffer of pyarrow's own
        """Write all of it."""
        if not self.is_shut:
            self._output.write(data)
        return len(data)

    def flush(self) -> None:
        """Write out what the output holds back."""
        if not self.is_shut:
            self._output.flush()
