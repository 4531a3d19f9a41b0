"""Parameters of Binance's REST requests, read and checked; words as documented."""

import json
import re
from collections.abc import Iterable
from dataclasses import replace

from aiohttp import web

from adapters.simulator.bar import HOUR_MS, MINUTE_MS
from adapters.simulator.binance_encoding import MICRO, MILLI, TimeUnit
from adapters.simulator.binance_interval import INTERVALS
from adapters.simulator.candle import Interval
from adapters.simulator.refusal import RefusedQuery

STATUSES = ("TRADING", "HALT", "BREAK", "END_OF_DAY", "CANCEL_ONLY")
EARLIEST_ZONE_H, LATEST_ZONE_H = -12, 14
TIME_UNIT_HEADER = "X-MBX-TIME-UNIT"

_NUMBER = "^[0-9]{1,20}$"
# Everything but lower case: symbols need not be ASCII.
_SYMBOL = r"^[\w\-._&&[^a-z]]{1,50}$"
_SYMBOL_PATTERN = re.compile(r"[\w\-.]{1,50}")
_ZONE = re.compile(r"([+-]?)(\d{1,2})(?::(\d{2}))?")
# Stamps above this are microseconds: as milliseconds they were after the year 5000.
_LATEST_MS = 10**14


def check_names(request: web.Request, known: Iterable[str]) -> None:
    """Refuse parameters that the endpoint does not know, and repeated ones."""
    query, allowed = request.query, set(known)
    if not allowed and query:
        words = f"Too many parameters; expected '0' and received '{len(query)}'."
        raise RefusedQuery(-1101, words)
    if len(set(query)) != len(query):
        raise RefusedQuery(-1101, "Duplicate values for a parameter detected.")
    read = len(allowed & set(query))
    if read < len(query):
        words = f"read '{read}' parameter(s) but was sent '{len(query)}'."
        raise RefusedQuery(-1104, f"Not all sent parameters were read; {words}")


def required(request: web.Request, name: str) -> str:
    """Return a parameter that must be there."""
    value = request.query.get(name, "")
    if not value:
        problem = "was not sent, was empty/null, or malformed."
        raise RefusedQuery(-1102, f"Mandatory parameter '{name}' {problem}")
    return value


def optional(request: web.Request, name: str) -> str | None:
    """Return a parameter, None where it is not sent."""
    value = request.query.get(name)
    if value == "":
        raise RefusedQuery(-1105, f"Parameter '{name}' was empty.")
    return value


def number(request: web.Request, name: str) -> int | None:
    """Return a whole number, None where it is not sent."""
    text = optional(request, name)
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,20}", text):
        raise illegal(name, _NUMBER)
    return int(text)


def limit(request: web.Request, default: int, most: int) -> int:
    """Return how many rows are asked for; more than `most` gets `most`."""
    many = number(request, "limit")
    if many == 0:
        raise RefusedQuery(-1130, "Data sent for parameter 'limit' is not valid.")
    return default if many is None else min(many, most)


def time_ms(request: web.Request, name: str) -> int | None:
    """Return an instant, sent as milliseconds or microseconds."""
    stamp = number(request, name)
    if stamp is None or stamp < _LATEST_MS:
        return stamp
    return stamp // 1_000


def interval(request: web.Request) -> Interval:
    """Return the length of klines, in the time zone asked for."""
    chosen = INTERVALS.get(required(request, "interval"))
    if chosen is None:
        raise RefusedQuery(-1120, "Invalid interval.")
    text = optional(request, "timeZone")
    return chosen if text is None else replace(chosen, zone_ms=_zone_ms(text))


def symbol_of(text: str, name: str = "symbol") -> str:
    """Return a symbol that may exist: no lower-case Latin letters."""
    if not _SYMBOL_PATTERN.fullmatch(text) or re.search("[a-z]", text):
        raise illegal(name, _SYMBOL)
    return text


def symbols(request: web.Request) -> list[str] | None:
    """Return the list of `symbols`, None where it is not sent."""
    text = optional(request, "symbols")
    if text is None:
        return None
    named = symbols_of(text)
    if not named:
        raise illegal("symbols", _SYMBOL)
    if len(set(named)) < len(named):
        raise RefusedQuery(-1151, "Symbol is present multiple times in the list.")
    return [symbol_of(each, "symbols") for each in named]


def symbols_of(text: str) -> list[str] | None:
    """Read `["A","B"]`; None where it is no list of texts."""
    try:
        named = json.loads(text)
    except ValueError:
        return None
    if isinstance(named, list) and all(isinstance(each, str) for each in named):
        return named
    return None


def status(request: web.Request) -> str | None:
    """Return the status that symbols are filtered by, None for all."""
    text = optional(request, "symbolStatus")
    if text is not None and text not in STATUSES:
        raise RefusedQuery(-1122, "Invalid symbolStatus.")
    return text


def time_unit(request: web.Request) -> TimeUnit:
    """Return the unit of the answer's times, by the request's header."""
    text = request.headers.get(TIME_UNIT_HEADER, "MILLISECOND").upper()
    if text not in ("MICROSECOND", "MILLISECOND"):
        words = "expected either MICROSECOND or MILLISECOND."
        raise RefusedQuery(-1194, f"Invalid value for time unit; {words}")
    return MICRO if text == "MICROSECOND" else MILLI


def bad_combination() -> RefusedQuery:
    """Return the refusal of parameters that exclude each other."""
    return RefusedQuery(-1128, "Combination of optional parameters invalid.")


def illegal(name: str, legal: str) -> RefusedQuery:
    """Return the refusal of a value by its characters."""
    words = f"Illegal characters found in parameter '{name}'; legal range is '{legal}'."
    return RefusedQuery(-1100, words)


def _zone_ms(text: str) -> int:
    found = _ZONE.fullmatch(text)
    if found is None:
        raise RefusedQuery(-1130, "Data sent for parameter 'timeZone' is not valid.")
    sign, hours, minutes = found.groups()
    ahead_ms = int(hours) * HOUR_MS + int(minutes or 0) * MINUTE_MS
    ahead_ms = -ahead_ms if sign == "-" else ahead_ms
    if not EARLIEST_ZONE_H * HOUR_MS <= ahead_ms <= LATEST_ZONE_H * HOUR_MS:
        raise RefusedQuery(-1130, "Data sent for parameter 'timeZone' is not valid.")
    return ahead_ms
