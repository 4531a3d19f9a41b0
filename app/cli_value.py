"""Values on the command line that several commands take, and how they are read."""

import argparse
import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Final

from domain.model.interval import Interval

# Nothing is kept of days before, and the day after any other is in the calendar.
FIRST_DAY: Final = date(1970, 1, 1)
LAST_DAY: Final = date(9999, 12, 30)

# `date.fromisoformat` takes more spellings than one day should have.
_is_iso = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII).fullmatch

_is_symbol = re.compile(r"\w{1,20}").fullmatch


def iso_day(text: str) -> date:
    """Read a day, `2024-01-31` and no other spelling."""
    try:
        if _is_iso(text) is None:
            raise ValueError("another spelling")
        found = date.fromisoformat(text)
    except ValueError as exc:
        message = f"{text!r} is no day such as 2024-01-31"
        raise argparse.ArgumentTypeError(message) from exc
    if not FIRST_DAY <= found <= LAST_DAY:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not within {FIRST_DAY}..{LAST_DAY}"
        )
    return found


def add_span(
    parser: argparse.ArgumentParser,
    *,
    first: str,
    last: str,
    needs_first: bool = True,
    needs_last: bool = False,
) -> None:
    """Declare `--from` and `--to`, days; `first` and `last` are what help says."""
    parser.add_argument(
        "--from",
        dest="from_day",
        metavar="DATE",
        type=iso_day,
        required=needs_first,
        help=first,
    )
    parser.add_argument(
        "--to",
        dest="to_day",
        metavar="DATE",
        type=iso_day,
        required=needs_last,
        help=last,
    )


def add_symbols(parser: argparse.ArgumentParser, whose: str = "coins (all)") -> None:
    """Declare `--symbols`, a list of coins; `whose` is what help says."""
    parser.add_argument("--symbols", metavar="BTC,ETH", type=symbols, help=whose)


def interval_of(known: Mapping[str, Interval]) -> Callable[[str], Interval]:
    """Return the reader of an interval by one of the names known."""

    def read(text: str) -> Interval:
        found = known.get(text)
        if found is None:
            allowed = ", ".join(known)
            raise argparse.ArgumentTypeError(f"{text!r}: must be one of {allowed}")
        return found

    return read


def symbols(text: str) -> tuple[str, ...]:
    """Read a list of coins, in order, each once and in capitals."""
    named = [part.strip().upper() for part in text.split(",")]
    for name in named:
        if _is_symbol(name) is None:
            message = f"{name[:40]!r} is no symbol; write them like BTC,ETH"
            raise argparse.ArgumentTypeError(message)
    return tuple(sorted(set(named)))
