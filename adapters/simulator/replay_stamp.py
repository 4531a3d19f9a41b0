"""Recorded instants as instants of now, in bodies and frames, digit for digit. Pure.

Only stamps are rewritten, as text: every other byte stays. Candles keep starting on
the multiples of their length; day labels of other use (52-week highs) stay.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

SECOND_MS, MINUTE_MS, DAY_MS = 1_000, 60_000, 86_400_000
_KST_MS = 9 * 3_600_000
_INTERVAL_MS = {
    "s": SECOND_MS,
    "m": MINUTE_MS,
    "h": 3_600_000,
    "d": DAY_MS,
    "w": 7 * DAY_MS,
    # No fixed length: months stay days apart.
    "M": DAY_MS,
}


@dataclass(frozen=True, slots=True)
class TimeMap:
    """Maps recorded ms to ours: `recorded_ms` becomes `ours_ms`.

    What came before keeps its distance; what came after is `speed` times as dense, so
    that order and consistency hold at any speed. 0 keeps the distance, too.
    """

    recorded_ms: int
    ours_ms: int
    speed: float = 1.0

    def __call__(self, t_ms: int) -> int:
        """Return the instant."""
        since_ms = t_ms - self.recorded_ms
        if since_ms > 0 and self.speed not in (0, 1):
            since_ms = int(since_ms / self.speed)
        return self.ours_ms + since_ms


Shift = Callable[[bytes], bytes]

_UPBIT_STAMP = re.compile(
    rb'("(?:tms|ttms|timestamp|trade_timestamp)"\s*:\s*)(\d{13})\b'
)
_BINANCE_STAMP = re.compile(
    rb'("(?:E|T|C|O|openTime|closeTime|serverTime)"\s*:\s*)(\d{13})\b'
)
_KLINE = re.compile(rb'("k"\s*:\s*\{\s*"t"\s*:\s*)(\d{13})(\s*,\s*"T"\s*:\s*)(\d{13})')
_KLINE_INTERVAL = re.compile(rb'"i"\s*:\s*"(\d+)([smhdwM])"')
_KLINE_EVENT = re.compile(rb'("E"\s*:\s*)(\d{13})\b')
# Date and time of a trade, with its stamp behind; the won pair is REST's only.
_TRADED = re.compile(
    rb'("(?:tdt|td|trade_date)":")([\d-]+)(","(?:ttm|trade_time)":")([\d:]+)'
    rb'(?:(","trade_date_kst":")(\d+)(","trade_time_kst":")(\d+))?'
    rb'(","(?:ttms|trade_timestamp)":)(\d{13})'
)
_CANDLE = re.compile(rb'"(?:type|ty)"\s*:\s*"candle\.(\d+)([sm])"')
_CANDLE_UTC = re.compile(rb'("(?:candle_date_time_utc|cdttmu)"\s*:\s*")([\d:T-]{19})')
_CANDLE_KST = re.compile(rb'("(?:candle_date_time_kst|cdttmk)"\s*:\s*")([\d:T-]{19})')
_NOTICE = re.compile(rb'("date"\s*:\s*")([\d-]{10})("\s*,\s*"time"\s*:\s*")([\d:]{8})')
_NOTICE_STAMP = re.compile(rb'("timestamp"\s*:\s*)(\d{13})\b')
_FIXING = re.compile(rb'("date"\s*:\s*")([\d-]{10})')
_UNIX = re.compile(rb'("time_(?:last|next)_update_unix"\s*:\s*)(\d{10})\b')


def shift_upbit(body: bytes, to_ours: TimeMap) -> bytes:
    """Return a frame or answer of Upbit with its stamps mapped."""
    body = _TRADED.sub(lambda found: _traded(found, to_ours), body)
    if candle := _CANDLE.search(body):
        length_ms = _length_ms(candle)
        body = _CANDLE_UTC.sub(lambda m: _candle(m, to_ours, length_ms, 0), body)
        body = _CANDLE_KST.sub(lambda m: _candle(m, to_ours, length_ms, _KST_MS), body)
    return _UPBIT_STAMP.sub(lambda found: _stamp(found, to_ours), body)


def shift_binance(body: bytes, to_ours: TimeMap) -> bytes:
    """Return a frame or answer of Binance with its stamps mapped."""
    interval = _KLINE_INTERVAL.search(body) if _KLINE.search(body) else None
    if interval is None:
        return _BINANCE_STAMP.sub(lambda found: _stamp(found, to_ours), body)
    length_ms = _length_ms(interval)
    body = _KLINE.sub(lambda found: _kline(found, to_ours, length_ms), body)
    return _KLINE_EVENT.sub(lambda found: _stamp(found, to_ours), body)


def shift_rate(body: bytes, to_ours: TimeMap) -> bytes:
    """Return a rate source's answer with its instants mapped.

    A day without a time moves by whole days, so that its fixing is never ahead.
    """
    if _NOTICE.search(body):
        body = _NOTICE.sub(lambda found: _notice(found, to_ours), body)
        return _NOTICE_STAMP.sub(lambda found: _stamp(found, to_ours), body)
    body = _FIXING.sub(lambda found: _fixing(found, to_ours), body)
    return _UNIX.sub(lambda found: _unix(found, to_ours), body)


SHIFTS: dict[str, Callable[[bytes, TimeMap], bytes]] = {
    "upbit": shift_upbit,
    "binance": shift_binance,
    "fx": shift_rate,
}


def _stamp(found: re.Match[bytes], to_ours: TimeMap) -> bytes:
    return found[1] + str(to_ours(int(found[2]))).encode()


def _unix(found: re.Match[bytes], to_ours: TimeMap) -> bytes:
    return found[1] + str(to_ours(int(found[2]) * 1_000) // 1_000).encode()


def _kline(found: re.Match[bytes], to_ours: TimeMap, length_ms: int) -> bytes:
    opened, closes = int(found[2]), int(found[4])
    ours = to_ours(opened) // length_ms * length_ms
    ends = ours + closes - opened
    return b"%s%d%s%d" % (found[1], ours, found[3], ends)


def _length_ms(found: re.Match[bytes]) -> int:
    return int(found[1]) * _INTERVAL_MS[found[2].decode()]


def _traded(found: re.Match[bytes], to_ours: TimeMap) -> bytes:
    # The stamp itself is mapped with all the others afterwards.
    at_ms = to_ours(int(found[10]))
    told = [found[1], _day(at_ms, found[2]), found[3], _time(at_ms, found[4])]
    if found[5] is not None:
        won_ms = at_ms + _KST_MS
        told += [found[5], _day(won_ms, found[6]), found[7], _time(won_ms, found[8])]
    return b"".join([*told, found[9], found[10]])


def _candle(
    found: re.Match[bytes], to_ours: TimeMap, length_ms: int, ahead_ms: int
) -> bytes:
    began_ms = _parsed(found[2].decode(), "%Y-%m-%dT%H:%M:%S") - ahead_ms
    ours = to_ours(began_ms) // length_ms * length_ms + ahead_ms
    return found[1] + _text(ours, "%Y-%m-%dT%H:%M:%S")


def _notice(found: re.Match[bytes], to_ours: TimeMap) -> bytes:
    label = f"{found[2].decode()} {found[4].decode()}"
    at_ms = to_ours(_parsed(label, "%Y-%m-%d %H:%M:%S") - _KST_MS) + _KST_MS
    return b"%s%s%s%s" % (
        found[1],
        _text(at_ms, "%Y-%m-%d"),
        found[3],
        _text(at_ms, "%H:%M:%S"),
    )


def _fixing(found: re.Match[bytes], to_ours: TimeMap) -> bytes:
    days = (to_ours.ours_ms - to_ours.recorded_ms) // DAY_MS
    moved = date.fromisoformat(found[2].decode()) + timedelta(days=days)
    return found[1] + moved.isoformat().encode()


def _day(at_ms: int, like: bytes) -> bytes:
    return _text(at_ms, "%Y-%m-%d" if b"-" in like else "%Y%m%d")


def _time(at_ms: int, like: bytes) -> bytes:
    return _text(at_ms, "%H:%M:%S" if b":" in like else "%H%M%S")


def _text(at_ms: int, form: str) -> bytes:
    return datetime.fromtimestamp(at_ms // 1_000, UTC).strftime(form).encode()


def _parsed(label: str, form: str) -> int:
    instant = datetime.strptime(label, form).replace(tzinfo=UTC)
    return int(instant.timestamp()) * 1_000
