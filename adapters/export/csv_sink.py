"""Rows as CSV: UTF-8, a header, canonical decimals, ISO 8601 in UTC, empty for None.

Source: RFC 4180, with LF line ends.
"""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, BinaryIO, Final

from domain.model.number import canonical
from domain.ports.table_sink import Column, ColumnKind, SinkRefused, TableRow


def _as_it_is(value: Any) -> Any:  # noqa: ANN401 - a cell of any kind
    return value


def _flag(value: bool) -> str:
    return "true" if value else "false"


def instant_text(unix_ms: int) -> str:
    """Return `2026-11-21T15:00:00Z`, with milliseconds only where there are any."""
    seconds, ms = divmod(unix_ms, 1000)
    whole = datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None).isoformat()
    return f"{whole}.{ms:03}Z" if ms else f"{whole}Z"


_TEXTS: Final[Mapping[ColumnKind, Callable[[Any], Any]]] = {
    ColumnKind.TEXT: _as_it_is,
    ColumnKind.INTEGER: _as_it_is,
    ColumnKind.FLAG: _flag,
    ColumnKind.DAY: _as_it_is,
    ColumnKind.INSTANT: instant_text,
    ColumnKind.PERCENT: canonical,
    ColumnKind.AMOUNT: canonical,
}


class CsvSink:
    """`TableSink` that writes CSV to a binary file or pipe."""

    def __init__(self, output: BinaryIO, columns: Sequence[Column]) -> None:
        self._output = output
        self._texts = [_TEXTS[column.kind] for column in columns]
        self._header: TableRow | None = [column.name for column in columns]

    def write(self, rows: Sequence[TableRow]) -> None:
        """Write rows; the header goes before the first.

        Raises:
            SinkRefused: nobody reads the pipe any more, or the disk is full.
        """
        texts = self._texts
        lines: list[TableRow] = [
            [
                None if value is None else text(value)
                for text, value in zip(texts, row, strict=True)
            ]
            for row in rows
        ]
        if self._header is not None:
            lines.insert(0, self._header)
            self._header = None
        self._put(lines)

    def close(self) -> None:
        """Write the header where there was no row, and everything out.

        Raises:
            SinkRefused: as `write`.
        """
        self.write([])
        self._flush()

    def discard(self) -> None:
        """Do nothing: nothing is held back."""

    def _put(self, lines: Sequence[TableRow]) -> None:
        buffer = io.StringIO(newline="")
        csv.writer(buffer, lineterminator="\n").writerows(lines)
        try:
            self._output.write(buffer.getvalue().encode())
        except OSError as exc:
            raise SinkRefused(exc.strerror or str(exc)) from exc

    def _flush(self) -> None:
        try:
            self._output.flush()
        except OSError as exc:
            raise SinkRefused(exc.strerror or str(exc)) from exc
