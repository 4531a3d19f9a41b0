"""Stamps of a venue whose clock is wrong: rewritten in ready messages. Pure.

Only members of objects are stamps of now: klines, whose edges belong to the calendar,
are arrays in REST and stand behind `"k"` in the stream.
"""

import re
from datetime import UTC, datetime, timedelta
from email.utils import formatdate

_STAMP = re.compile(rb'("\w+":)(1[4-9]\d{11})(\d{3})?(?=[,}\]])')
_SPELLED = re.compile(
    rb'("(?:trade_date(?:_utc|_kst)?|tdt|td)":")([\d-]+)'
    rb'(","(?:trade_time(?:_utc|_kst)?|ttm)":")([\d:]+)'
)
_KLINE = b'"k":{'


def shifted(payload: bytes, skew_ms: int) -> bytes:
    """Return a message with its stamps so many ms later, dates and times alike."""
    head, kline, rest = payload.partition(_KLINE)
    head = _STAMP.sub(lambda found: _later(found, skew_ms), head)
    head = _SPELLED.sub(lambda found: _respelled(found, skew_ms), head)
    return head + kline + rest


def date_header(now_ms: int) -> str:
    """Return an instant as HTTP writes it."""
    return formatdate(now_ms / 1_000, usegmt=True)


def _later(found: re.Match[bytes], skew_ms: int) -> bytes:
    return b"%s%d%s" % (found[1], int(found[2]) + skew_ms, found[3] or b"")


def _respelled(found: re.Match[bytes], skew_ms: int) -> bytes:
    day, time = found[2].decode(), found[4].decode()
    date_form = "%Y-%m-%d" if "-" in day else "%Y%m%d"
    time_form = "%H:%M:%S" if ":" in time else "%H%M%S"
    # Zones do not matter: the difference is the same in all.
    instant = datetime.strptime(day + time, date_form + time_form).replace(tzinfo=UTC)
    instant += timedelta(milliseconds=skew_ms)
    new_day = instant.strftime(date_form).encode()
    return found[1] + new_day + found[3] + instant.strftime(time_form).encode()
