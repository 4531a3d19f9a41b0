"""Values on the command line that several commands take, and how they are read."""

import argparse
import re
from collections.abc import Callable, Mapping
from datetime import date

from domain.model.interval import Interval

# `date.fromisoformat` takes more spellings than one day should have.
_is_iso = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII).fullmatch

_is_symbol = re.compile(r"\w{1,20}").fullmatch


def iso_day(text: str) -> date:
    """Read a day, `2024-01-31` and no other spelling."""
    try:
        if _is_iso(text) is None:
            raise ValueError("another spelling")
        return date.fromisoformat(text)
    except ValueError as exc:
        message = f"{text!r} is no day such as 2024-01-31"
        raise argparse.ArgumentTypeError(message) from exc


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
