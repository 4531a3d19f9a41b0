"""Parameters of Upbit's REST requests, read and checked; words as documented."""

from collections.abc import Mapping
from datetime import UTC, datetime, time

from adapters.simulator.bar import DAY_MS
from adapters.simulator.price_tick import units
from adapters.simulator.refusal import BAD_REQUEST, RefusedQuery

Query = Mapping[str, str]

MISSING = "Missing request parameter error. Check the required parameters!"
INVALID = "Invalid parameter. Check the given value!"
MISMATCH = "Type mismatch error. Check the parameters type!"
OLDEST_DAYS_AGO = 7


def required(query: Query, name: str) -> str:
    """Return a parameter that must be there."""
    value = query.get(name, "")
    if not value:
        raise RefusedQuery(BAD_REQUEST, MISSING)
    return value


def whole(query: Query, name: str, default: int) -> int:
    """Return a positive whole number."""
    value = _number(query.get(name) or str(default))
    if value < 1:
        raise invalid()
    return value


def level(query: Query) -> int:
    """Return the level of an order book in units of 10^-8, 0 where there is none."""
    text = query.get("level", "0")
    if text in ("", "0"):
        return 0
    try:
        return units(text)
    except ValueError as exc:
        raise RefusedQuery(BAD_REQUEST, MISMATCH) from exc


def to_ms(query: Query, default: int) -> int:
    """Return `to` of candles: ISO-8601, UTC where it names no zone."""
    text = query.get("to", "")
    if not text:
        return default
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as exc:
        raise invalid() from exc
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=UTC)
    return int(instant.timestamp() * 1_000)


def days_ago(query: Query) -> int:
    """Return `days_ago` of trades: 1 to 7, 0 where it is not asked for."""
    text = query.get("days_ago") or query.get("daysAgo") or ""
    if not text:
        return 0
    value = _number(text)
    if not 1 <= value <= OLDEST_DAYS_AGO:
        raise invalid()
    return value


def time_of_day_ms(query: Query) -> int:
    """Return `to` of trades, `HHmmss` or `HH:mm:ss` of a UTC day; its end without."""
    text = query.get("to", "")
    if not text:
        return DAY_MS
    try:
        if len(text) not in (len("HHmmss"), len("HH:mm:ss")):
            raise invalid()
        moment = time.fromisoformat(text)
    except ValueError as exc:
        raise invalid() from exc
    return (moment.hour * 3_600 + moment.minute * 60 + moment.second) * 1_000


def cursor(query: Query) -> int | None:
    """Return the number before which trades are asked for."""
    text = query.get("cursor", "")
    return _number(text) if text else None


def invalid() -> RefusedQuery:
    """Return the refusal of a value that is of the right type."""
    return RefusedQuery(BAD_REQUEST, INVALID)


def _number(text: str) -> int:
    try:
        return int(text)
    except ValueError as exc:
        raise RefusedQuery(BAD_REQUEST, MISMATCH) from exc
