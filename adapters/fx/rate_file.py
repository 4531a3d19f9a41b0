"""A user's own rates: a CSV file that is checked as a whole before anything is used.

UTF-8, with or without a byte order mark; the header `date,rate`; ISO dates, each once,
in any order; a decimal point. Lines may end with CRLF; empty ones are passed over.
"""

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Final

from domain.model.daily_rate import DailyRate
from domain.model.fx import MAX_USD_KRW, MIN_USD_KRW
from domain.model.number import MalformedNumber, parse_decimal

NAME: Final = "csv"
HEADER: Final = "date,rate"
# Every day since 1999 takes a quarter of a megabyte.
MAX_BYTES: Final = 8 * 1024 * 1024
_BOM: Final = b"\xef\xbb\xbf"
_is_day = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}").fullmatch
_is_plain = re.compile(r"[0-9]+(\.[0-9]+)?").fullmatch
_SHOWN: Final = 60


class MalformedRateFile(ValueError):
    """A file of rates that cannot be used; says in which line, and what is allowed."""

    def __init__(self, path: Path, line: int | None, problem: str) -> None:
        place = f"{path}" if line is None else f"{path}, line {line}"
        super().__init__(f"{place}: {problem}")
        self.line = line
        self.problem = problem


def read_rates(path: Path) -> tuple[DailyRate, ...]:
    """Return the rates of a file, ascending.

    Raises:
        MalformedRateFile: it cannot be read, is larger than 8 MiB, holds no rate, or a
            line is not what is allowed.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as exc:
        problem = f"cannot be read: {exc.strerror or exc}"
        raise MalformedRateFile(path, None, problem) from exc
    if len(content) > MAX_BYTES:
        raise MalformedRateFile(path, None, f"has more than {MAX_BYTES} bytes")
    return parse_rates(content, path)


def parse_rates(content: bytes, path: Path) -> tuple[DailyRate, ...]:
    """Return the rates of a file's bytes, ascending; `path` is for the message.

    Raises:
        MalformedRateFile: it holds no rate, or a line is not what is allowed.
    """
    found: dict[date, tuple[int, DailyRate]] = {}
    lines = _lines(content.removeprefix(_BOM), path)
    number, header = next(lines, (1, ""))
    if header != HEADER:
        raise MalformedRateFile(
            path, number, f"the header is {header[:_SHOWN]!r}, not {HEADER!r}"
        )
    for number, text in lines:
        rate = _rate(path, number, text)
        if rate.day in found:
            problem = f"{rate.day} stands in line {found[rate.day][0]} already"
            raise MalformedRateFile(path, number, f"{problem}; each date once")
        found[rate.day] = number, rate
    if not found:
        raise MalformedRateFile(path, number, "there is no rate after the header")
    return tuple(found[day][1] for day in sorted(found))


def _lines(content: bytes, path: Path) -> Iterator[tuple[int, str]]:
    """Yield the lines that are not empty with their numbers, from 1."""
    for number, line in enumerate(content.split(b"\n"), 1):
        try:
            text = line.removesuffix(b"\r").decode()
        except UnicodeDecodeError as exc:
            raise MalformedRateFile(path, number, "is not UTF-8") from exc
        if text:
            yield number, text


def _rate(path: Path, number: int, text: str) -> DailyRate:
    cells = text.split(",")
    if len(cells) != 2:
        problem = f"{text[:_SHOWN]!r} is not one date and one rate: 2024-01-31,1335.5"
        raise MalformedRateFile(path, number, problem)
    return DailyRate(_day(path, number, cells[0]), _won(path, number, cells[1]), NAME)


def _day(path: Path, number: int, text: str) -> date:
    try:
        if _is_day(text) is None:
            raise ValueError("another form")
        return date.fromisoformat(text)
    except ValueError as exc:
        problem = f"{text[:_SHOWN]!r} is no ISO date (2024-01-31)"
        raise MalformedRateFile(path, number, problem) from exc


def _won(path: Path, number: int, text: str) -> Decimal:
    try:
        if _is_plain(text) is None:
            raise MalformedNumber("another form")
        found = parse_decimal(text)
        if not MIN_USD_KRW <= found <= MAX_USD_KRW:
            raise MalformedNumber("outside the bounds")
    except MalformedNumber as exc:
        allowed = f"won per dollar from {MIN_USD_KRW} to {MAX_USD_KRW}, like 1335.5"
        problem = f"{text[:_SHOWN]!r} is no rate ({allowed})"
        raise MalformedRateFile(path, number, problem) from exc
    return found
