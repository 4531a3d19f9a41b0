"""What the command `backfill` takes on its line."""

import argparse
from pathlib import Path
from typing import Final

from app.cli_value import interval_of, iso_day, symbols
from domain.model.interval import Interval

INTERVALS: Final = {"1d": Interval.D1, "1h": Interval.H1, "1m": Interval.M1}


def add_backfill(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `kimp backfill`."""
    add = parser.add_argument
    add(
        "--from",
        dest="from_day",
        metavar="DATE",
        type=iso_day,
        required=True,
        help="the first UTC day, such as 2024-01-31",
    )
    add(
        "--to", dest="to_day", metavar="DATE", type=iso_day, help="the last (yesterday)"
    )
    add(
        "--interval",
        type=interval_of(INTERVALS),
        default="1d",
        metavar="|".join(INTERVALS),
        help="length of the bars (1d)",
    )
    add(
        "--symbols",
        metavar="BTC,ETH",
        type=symbols,
        help="coins (all with a market on both sides)",
    )
    add(
        "--fx-csv",
        metavar="FILE",
        type=Path,
        help="won per dollar by day, instead of every other source: `date,rate`; "
        "days and hours kept with another rate are made anew",
    )
    add("--redo", action="store_true", help="make bars anew that are kept already")
