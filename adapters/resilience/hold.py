"""How long an upstream that says "too much" wants to be left alone. Pure."""

import re
from email.utils import parsedate_to_datetime

# Binance bans for up to three days; a longer wish is taken for nonsense and cut.
MAX_HOLD_S = 259_200.0
# Without a time of its own a refusal holds this long, doubled for each repetition.
FIRST_HOLD_S = 1.0
LIMIT_HOLD_CAP_S = 60.0
FIRST_BAN_S = 60.0
BAN_HOLD_CAP_S = 3_600.0
_MAX_BODY_CHARS = 2_000
# Upbit documents that the block time stands in the answer, but not how it is written.
_TIMES = (
    (re.compile(r"(\d{1,9})\s*(?:seconds?\b|secs?\b|s\b|초)", re.IGNORECASE), 1.0),
    (re.compile(r"(\d{1,7})\s*(?:minutes?\b|mins?\b|분)", re.IGNORECASE), 60.0),
    (re.compile(r"(\d{1,5})\s*(?:hours?\b|시간)", re.IGNORECASE), 3_600.0),
)


def retry_after_s(header: str | None, now_ms: int) -> float | None:
    """Read a `Retry-After` header: seconds, or an HTTP date; None: nothing usable."""
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        # Ten digits are beyond the cap already; int() of thousands is a trap.
        return min(float(text[:10]), MAX_HOLD_S)
    try:
        at_s = parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError):
        return None
    return min(max(at_s - now_ms / 1000, 0.0), MAX_HOLD_S)


def told_time_s(body: str) -> float | None:
    """Find a time like "120 seconds" or "5분" in an answer's text."""
    excerpt = body[:_MAX_BODY_CHARS]
    for pattern, unit_s in _TIMES:
        found = pattern.search(excerpt)
        if found is not None:
            return min(float(found[1]) * unit_s, MAX_HOLD_S)
    return None


def growing_hold_s(repetition: int, *, banned: bool) -> float:
    """Return the hold for the n-th refusal in a row (from 0) that names no time."""
    first_s, cap_s = (
        (FIRST_BAN_S, BAN_HOLD_CAP_S) if banned else (FIRST_HOLD_S, LIMIT_HOLD_CAP_S)
    )
    return min(cap_s, first_s * 2.0 ** min(repetition, 16))
