"""What must not happen, and did: kept once for each kind and place, with its input."""

import logging
import traceback
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

MAX_EXAMPLES: Final = 2
"""Inputs that are kept of each finding; what comes after them is counted."""

MAX_SHOWN: Final = 4_000
"""Characters of an input that are kept."""

_EXPECTED: Final = frozenset({"Invalid UTF-8 sequence received from client."})
"""Logged as errors by the server library, and the client's: it is closed with 1007."""

_ROOT: Final = Path(__file__).parents[2]


@dataclass(slots=True)
class Example:
    """An input that made a finding; `session` makes it again."""

    session: int
    shown: str
    detail: str


@dataclass(slots=True)
class Findings:
    """All of a run, by what they are."""

    found: dict[str, list[Example]] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    session: int = -1
    shown: object = b""
    is_deaf: bool = False

    def begin(self, session: int) -> None:
        """Hear which session runs from now on."""
        self.session = session
        self.shown = b""

    def add(self, kind: str, detail: str = "") -> None:
        """Take a finding of the session that runs."""
        self.counts[kind] += 1
        examples = self.found.setdefault(kind, [])
        if len(examples) < MAX_EXAMPLES:
            shown = repr(self.shown)[:MAX_SHOWN]
            examples.append(Example(self.session, shown, detail[:MAX_SHOWN]))

    def text(self) -> str:
        """Return all of them, to be read."""
        lines = []
        for kind, count in self.counts.most_common():
            lines.append(f"== {kind}: {count}")
            for example in self.found[kind]:
                lines.append(f"session {example.session}: {example.detail}")
                lines.append(f"  input: {example.shown}")
        return "\n".join(lines)


class LogFindings(logging.Handler):
    """Takes whatever is logged as an error for a finding."""

    def __init__(self, findings: Findings) -> None:
        super().__init__(logging.ERROR)
        self._findings = findings

    def emit(self, record: logging.LogRecord) -> None:
        """Take a record."""
        if self._findings.is_deaf or record.msg in _EXPECTED:
            return
        exc = record.exc_info[1] if record.exc_info else None
        where = "" if exc is None else f", {place_of(exc)}"
        detail = "" if exc is None else "".join(traceback.format_exception(exc)[-6:])
        self._findings.add(
            f"logged {record.name}: {record.getMessage()[:80]}{where}", detail
        )


def place_of(exc: BaseException) -> str:
    """Return an exception's type and the last place of ours that it passed."""
    place = "?"
    for frame in traceback.extract_tb(exc.__traceback__):
        path = Path(frame.filename)
        if path.is_relative_to(_ROOT) and ".venv" not in path.parts:
            place = f"{path.relative_to(_ROOT)}:{frame.lineno}"
    return f"{type(exc).__name__} at {place}"
