"""What the command `backfill` takes on its line."""

import argparse
from pathlib import Path
from typing import Final

from app.cli_value import add_span, add_symbols, interval_of
from domain.model.interval import Interval

INTERVALS: Final = {"1d": Interval.D1, "1h": Interval.H1, "1m": Interval.M1}


def add_backfill(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `kimp backfill`."""
    add = parser.add_argument
    add_span(
        parser,
        first="the first UTC day, such as 2024-01-31",
        last="the last (yesterday)",
    )
    add(
        "--interval",
        type=interval_of(INTERVALS),
        default="1d",
        metavar="|".join(INTERVALS),
        help="length of the bars (1d)",
    )
    add_symbols(parser, "coins (all with a market on both sides)")
    add(
        "--fx-csv",
        metavar="FILE",
        type=Path,
        help="won per dollar by day, instead of every other source: `date,rate`; "
        "days and hours kept with another rate are made anew",
    )
    add("--redo", action="store_true", help="make bars anew that are kept already")
