"""What the command `keys` takes on its line."""

import argparse
import math
import re
from datetime import UTC, date, datetime, timedelta
from typing import Final

from app.cli_value import iso_day
from domain.model.access import ALL_SCOPES, MAX_NAME, Scope

MAX_RATE: Final = 1e12
MAX_COUNT: Final = 1_000_000
MAX_DAYS: Final = 36_500

_is_days = re.compile(r"(\d{1,5})d", re.ASCII).fullmatch


def add_keys(parser: argparse.ArgumentParser) -> None:
    """Declare the actions of `kimp keys` and their options."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    _add_create(actions.add_parser("create", help="make a key; it is shown once"))
    listing = actions.add_parser("list", help="say which keys there are")
    listing.add_argument(
        "--all", action="store_true", help="those that were revoked or expired as well"
    )
    revoke = actions.add_parser(
        "revoke", help="end a key; running servers close what it has open in a second"
    )
    revoke.add_argument("id", metavar="ID", help="as `kimp keys list` shows it")


def _add_create(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("name", metavar="NAME", type=_name, help="whose it is, for the list")
    add(
        "--scopes",
        metavar=",".join(Scope),
        type=_scopes,
        default=ALL_SCOPES,
        help="what it may do: queries, subscriptions, the past in either (all)",
    )
    add(
        "--rate",
        metavar="COST",
        type=_amount,
        help="cost of operations per second, instead of KIMP_LIMIT__RATE",
    )
    add(
        "--burst",
        metavar="COST",
        type=_amount,
        help="cost that may be saved up, instead of KIMP_LIMIT__BURST",
    )
    add("--sockets", metavar="N", type=_count, help="WebSockets open at once")
    add("--subscriptions", metavar="N", type=_count, help="subscriptions at once")
    add(
        "--expires",
        metavar="DATE|90d",
        type=expiry_day,
        help="the last UTC day it works, or after how many days it ends (never)",
    )


def expiry_day(text: str) -> date:
    """Read the last UTC day of a key: a date, or in how many days, such as `90d`."""
    days = _is_days(text)
    if days is None:
        return _last_day(text)
    if not 1 <= int(days[1]) <= MAX_DAYS:
        raise argparse.ArgumentTypeError(f"{text!r} is not within 1d..{MAX_DAYS}d")
    return datetime.now(UTC).date() + timedelta(days=int(days[1]))


def _last_day(text: str) -> date:
    try:
        return iso_day(text)
    except argparse.ArgumentTypeError as exc:
        message = f"{exc}; or say in how many days, such as 90d"
        raise argparse.ArgumentTypeError(message) from exc


def _name(text: str) -> str:
    name = text.strip()
    if not 1 <= len(name) <= MAX_NAME or not name.isprintable():
        raise argparse.ArgumentTypeError(
            f"a name has 1 to {MAX_NAME} characters that can be printed"
        )
    return name


def _scopes(text: str) -> frozenset[Scope]:
    names = {part.strip().lower() for part in text.split(",")} - {""}
    if not names or not names <= set(Scope):
        allowed = ", ".join(Scope)
        raise argparse.ArgumentTypeError(f"{text!r}: must be of {allowed}")
    return frozenset(map(Scope, names))


def _amount(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 1 <= value <= MAX_RATE:
        raise argparse.ArgumentTypeError(f"{text!r} is not within 1..{MAX_RATE:.0f}")
    return value


def _count(text: str) -> int:
    value = int(text) if text.isascii() and text.isdecimal() else MAX_COUNT + 1
    if value > MAX_COUNT:
        raise argparse.ArgumentTypeError(f"{text!r} is not within 0..{MAX_COUNT}")
    return value
