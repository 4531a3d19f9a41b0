"""What the commands `export`, `backup`, `restore` and `verify` take on their line."""

import argparse
from pathlib import Path
from typing import Final

from app.cli_value import add_span, add_symbols, interval_of
from domain.model.fx import PremiumBasis
from domain.model.interval import Interval

INTERVALS: Final = {
    "1m": Interval.M1,
    "3m": Interval.M3,
    "5m": Interval.M5,
    "15m": Interval.M15,
    "30m": Interval.M30,
    "1h": Interval.H1,
    "4h": Interval.H4,
    "1d": Interval.D1,
    "1w": Interval.W1,
}
# One costs some 30 requests: minutes of both legs, of USDT and USDC, and the rate.
DEFAULT_SAMPLE: Final = 3
MAX_COUNT: Final = 1_000_000
ALL_BASES: Final = tuple(PremiumBasis)


def add_export(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `kimp export`."""
    add = parser.add_argument
    add_span(
        parser,
        first="the first day, such as 2024-01-31 (UTC; of snapshots Asia/Seoul)",
        last="the last day, inclusive",
        needs_last=True,
    )
    add("--format", choices=("parquet", "csv"), required=True)
    add("--what", choices=("bars", "snapshots", "candles"), default="bars")
    add(
        "--interval",
        type=_interval,
        default="1m",
        metavar="|".join(INTERVALS),
        help="length of the bars or candles (1m)",
    )
    add(
        "--basis",
        type=_bases,
        default=(PremiumBasis.OFFICIAL_FX,),
        metavar="BASIS",
        help="official_fx (the default), krw_usdt, krw_usdc, several of them, or all",
    )
    add_symbols(parser)
    add(
        "--output",
        metavar="PATH",
        type=Path,
        help="where to (a name in the working folder); - is standard output",
    )
    add(
        "--decimals",
        choices=("number", "text"),
        default="number",
        help="how Parquet holds numbers: decimal128 (the default) or exact text",
    )
    add("--force", action="store_true", help="replace a file that is there")


def add_backup(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `kimp backup`."""
    parser.add_argument(
        "file",
        metavar="FILE",
        type=Path,
        nargs="?",
        help="where to (kimp-YYYYMMDD-HHMM.dump, UTC)",
    )
    parser.add_argument(
        "--force", action="store_true", help="replace a file that is there"
    )


def add_restore(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `kimp restore`."""
    parser.add_argument(
        "file", metavar="FILE", type=Path, help="what `kimp backup` wrote"
    )
    parser.add_argument(
        "--force", action="store_true", help="replace the data that is there"
    )


def add_verify(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `kimp verify`."""
    add = parser.add_argument
    add_span(
        parser,
        first="the first UTC day (six days before the last)",
        last="the last (today)",
        needs_first=False,
    )
    add_symbols(parser)
    add(
        "--sample",
        metavar="N",
        type=_count,
        default=DEFAULT_SAMPLE,
        help=f"coin-days to compare with the venues ({DEFAULT_SAMPLE}); 0: none",
    )
    add("--seed", metavar="N", type=_count, help="draws the same ones again")


def _count(text: str) -> int:
    value = int(text) if text.isascii() and text.isdecimal() else MAX_COUNT + 1
    if value > MAX_COUNT:
        raise argparse.ArgumentTypeError(f"{text!r} is not within 0..{MAX_COUNT}")
    return value


def _interval(text: str) -> tuple[Interval, str]:
    return interval_of(INTERVALS)(text), text


def _bases(text: str) -> tuple[PremiumBasis, ...]:
    names = {part.strip().upper() for part in text.split(",")} - {""}
    if names == {"ALL"}:
        return ALL_BASES
    unknown = sorted(names - {basis.value for basis in ALL_BASES})
    if unknown or not names:
        allowed = ", ".join(basis.lower() for basis in ALL_BASES)
        raise argparse.ArgumentTypeError(f"{text!r}: must be of {allowed} or all")
    return tuple(basis for basis in ALL_BASES if basis.value in names)
