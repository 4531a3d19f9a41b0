"""Where the rows of an export go."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Protocol, TypeAlias


class ColumnKind(StrEnum):
    """What stands in a column, and how it is given to a sink.

    TEXT: str · INTEGER: int of 32 bits · FLAG: bool · DAY: date · INSTANT: Unix ms, UTC
    · PERCENT: Decimal with at most six places · AMOUNT: any Decimal. All may be None.
    """

    TEXT = "TEXT"
    INTEGER = "INTEGER"
    FLAG = "FLAG"
    DAY = "DAY"
    INSTANT = "INSTANT"
    PERCENT = "PERCENT"
    AMOUNT = "AMOUNT"


@dataclass(frozen=True, slots=True)
class Column:
    """A column's name and kind."""

    name: str
    kind: ColumnKind


Cell: TypeAlias = str | int | date | Decimal | None
TableRow: TypeAlias = Sequence[Cell]


class SinkRefused(Exception):
    """Why it cannot be written, in one line: a number does not fit, a closed pipe."""


class TableSink(Protocol):
    """Takes rows in batches and writes them; blocking, so it is called in a thread."""

    def write(self, rows: Sequence[TableRow]) -> None:
        """Write rows in their order, each with a value per column.

        Raises:
            SinkRefused: they cannot be written.
        """
        ...

    def close(self) -> None:
        """Write what is left. Without it the output is not whole.

        Raises:
            SinkRefused: it cannot be written.
        """
        ...

    def discard(self) -> None:
        """Let go of the output and write nothing more; after `close` no change."""
        ...
