"""What the commands `record` and `replay` take on their line."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Final

from adapters.recording.writer import DEFAULT_ROTATE_BYTES, DEFAULT_ROTATE_S

VENUES: Final = ("upbit", "binance")
MEGABYTE: Final = 1_000_000
GIGABYTE: Final = 1_000_000_000
MAX_SPEED: Final = 10_000.0


def add_record(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `kimp record`."""
    add = parser.add_argument
    add("--out", metavar="DIR", type=Path, help="folder (KIMP_DATA_DIR/recordings)")
    add("--venues", type=_venues, default=VENUES, help="upbit,binance or one of them")
    add(
        "--markets",
        metavar="BTC,ETH|all",
        type=_symbols,
        help="coins, always with USDT and USDC; all (the default): the whole board",
    )
    add(
        "--minutes",
        metavar="N",
        dest="limit_s",
        type=_times(60),
        help="end after N minutes",
    )
    add(
        "--rotate-mb",
        metavar="N",
        dest="rotate_bytes",
        type=_whole_times(MEGABYTE),
        default=DEFAULT_ROTATE_BYTES,
        help=f"a new file after N MB ({DEFAULT_ROTATE_BYTES // MEGABYTE})",
    )
    add(
        "--rotate-minutes",
        metavar="N",
        dest="rotate_s",
        type=_times(60),
        default=DEFAULT_ROTATE_S,
        help=f"a new file after N minutes ({DEFAULT_ROTATE_S / 60:g})",
    )
    add(
        "--keep-gb",
        metavar="N",
        dest="keep_bytes",
        type=_whole_times(GIGABYTE),
        help="delete the oldest files of the folder beyond N GB",
    )


def add_replay(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `kimp replay`."""
    add = parser.add_argument
    add("files", metavar="FILE", type=Path, nargs="+", help="a recording")
    add(
        "--speed",
        metavar="N",
        type=_speed,
        default=1.0,
        help="N times as fast as it was; 0: as fast as it can",
    )
    add("--port", type=_port, help="listen here (KIMP_SIMULATOR__PORT)")
    add("--keep-stamps", action="store_true", help="do not shift stamps to now")
    add("--loop", action="store_true", help="begin again at the end, until stopped")
    add("--check", action="store_true", help="only verify and decode; serve nothing")


def _positive(text: str) -> float:
    value = _number(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return value


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError as exc:
        raise argparse.ArgumentTypeError(f"{text!r} is no number") from exc


def _times(factor: int) -> Callable[[str], float]:
    return lambda text: _positive(text) * factor


def _whole_times(factor: int) -> Callable[[str], int]:
    return lambda text: max(1, int(_positive(text) * factor))


def _speed(text: str) -> float:
    value = _number(text)
    if not 0 <= value <= MAX_SPEED:
        raise argparse.ArgumentTypeError(f"{text} is not within 0..{MAX_SPEED:g}")
    return value


def _port(text: str) -> int:
    value = int(text) if text.isdecimal() else -1
    if not 0 <= value <= 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port")
    return value


def _venues(text: str) -> tuple[str, ...]:
    named = tuple(dict.fromkeys(part.strip().lower() for part in text.split(",")))
    unknown = [name for name in named if name not in VENUES]
    if unknown:
        raise argparse.ArgumentTypeError(f"{unknown[0]!r}: upbit or binance")
    return named


def _symbols(text: str) -> frozenset[str] | None:
    named = frozenset(part.strip().upper() for part in text.split(",") if part.strip())
    if not named:
        raise argparse.ArgumentTypeError("names no coin")
    return None if named == {"ALL"} else named
