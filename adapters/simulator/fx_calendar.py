"""When the sources of USD/KRW have news; instants are ms since 1970."""

from calendar import timegm
from datetime import UTC, date, datetime, timedelta

from adapters.simulator.history import DAY_MS, HOUR_MS, MINUTE_MS

KST_MS = 9 * HOUR_MS
# The bank's notices: every minute of its day, none at night and on weekends.
NOTICES_FROM_MS = 8 * HOUR_MS + 30 * MINUTE_MS
NOTICES_UNTIL_MS = 20 * HOUR_MS
# The ECB fixes at 14:15 CET and publishes around 16:00 CET.
ECB_FIXES_MS = 13 * HOUR_MS + 15 * MINUTE_MS
ECB_PUBLISHES_MS = 15 * HOUR_MS
# open.er-api's daily update comes a little after midnight UTC.
DAILY_AFTER_MS = 151_000
ECB_FIRST_DAY = date(1999, 1, 4)
SATURDAY = 5
_FRIDAY = 4
_EVENING_MS = 23 * HOUR_MS


def last_notice_ms(now_ms: int) -> int:
    """Return the minute (ms UTC) of the bank's latest notice."""
    kst_ms = now_ms + KST_MS
    day = kst_ms - kst_ms % DAY_MS
    if kst_ms - day < NOTICES_FROM_MS:
        day -= DAY_MS
    late = kst_ms - day
    while _weekday(day) >= SATURDAY:
        day -= DAY_MS
        late = NOTICES_UNTIL_MS
    minute = min(late, NOTICES_UNTIL_MS) // MINUTE_MS * MINUTE_MS
    return day + minute - KST_MS


def friday_evening_ms(now_ms: int) -> int:
    """Return 23:00 UTC of the last Friday: bank and ECB have said their last."""
    day = now_ms - now_ms % DAY_MS
    while _weekday(day) != _FRIDAY or day + _EVENING_MS > now_ms:
        day -= DAY_MS
    return day + _EVENING_MS


def last_fixing(now_ms: int) -> date:
    """Return the day of the latest published ECB fixing."""
    day = datetime.fromtimestamp((now_ms - ECB_PUBLISHES_MS) // 1_000, UTC).date()
    return business_day(day)


def business_day(day: date) -> date:
    """Return the day itself, or the Friday before a weekend."""
    while day.weekday() >= SATURDAY:
        day -= timedelta(days=1)
    return day


def business_days(begin: date, end: date) -> list[date]:
    """Return the days from begin to end that are no weekend; both inclusive."""
    many = max((end - begin).days + 1, 0)
    days = (begin + timedelta(days=n) for n in range(many))
    return [day for day in days if day.weekday() < SATURDAY]


def fixing_ms(day: date) -> int:
    """Return the instant of a day's ECB fixing."""
    return timegm(day.timetuple()) * 1_000 + ECB_FIXES_MS


def _weekday(day_ms: int) -> int:
    # 1970-01-01 was a Thursday.
    return (day_ms // DAY_MS + 3) % 7
