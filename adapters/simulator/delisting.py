"""What Upbit's stream says of a market that has ended. Pure."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime

_CODE = re.compile(rb'"(?:code|cd)":"([^"]+)"')
_TICKER = re.compile(rb'\[?\{"(?:type|ty)":"ticker"')
_STATE = re.compile(rb'("(?:market_state|ms)":)"ACTIVE"')
_DATE = re.compile(rb'("(?:delisting_date|dd)":)null')


def ended(payload: bytes, delisted: Mapping[str, int]) -> bytes | None:
    """Return a data frame as it is said of a delisted market, others as they are.

    `delisted` has the instant (ms) a code's market ended. Its ticker says DELISTED
    and since when; it has no trades, books or candles any more: None.
    """
    code = _CODE.search(payload)
    since_ms = delisted.get(code[1].decode()) if code else None
    if since_ms is None:
        return payload
    if _TICKER.match(payload) is None:
        return None
    day = datetime.fromtimestamp(since_ms // 1_000, UTC)
    date = b'{"year":%d,"month":%d,"day":%d}' % (day.year, day.month, day.day)
    payload = _STATE.sub(rb'\1"DELISTED"', payload)
    return _DATE.sub(rb"\1" + date, payload)
