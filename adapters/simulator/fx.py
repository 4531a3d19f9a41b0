"""The three sources of USD/KRW, each with its own cadence and spelling."""

import json
from datetime import UTC, date, datetime

from aiohttp import web

from adapters.simulator.answer import json_answer
from adapters.simulator.clock import Clock
from adapters.simulator.economy import Economy
from adapters.simulator.fx_calendar import (
    DAILY_AFTER_MS,
    ECB_FIRST_DAY,
    KST_MS,
    NOTICES_FROM_MS,
    business_day,
    business_days,
    fixing_ms,
    last_fixing,
    last_notice_ms,
)
from adapters.simulator.history import DAY_MS, MINUTE_MS

_CASH_SPREAD = 0.0175
_WIRE_SPREAD = 0.0098
# The other currencies of the daily table, per dollar; they stand still here.
_OTHERS = {"EUR": 0.8603, "JPY": 152.31, "GBP": 0.7534, "CNY": 7.121}
_DUNAMU_CODE = "FRX.KRWUSD"


class FxRest:
    """Handlers over the economy's rate; paths are those of all three sources."""

    def __init__(self, economy: Economy, now_ms: Clock) -> None:
        self._economy = economy
        self._now_ms = now_ms

    def routes(self) -> list[web.RouteDef]:
        """Return the routes, relative to the venue's prefix."""
        return [
            web.get("/v1/forex/recent", self._dunamu),
            web.get("/v1/{days}", self._frankfurter),
            web.get("/v6/latest/{base}", self._open_er_api),
        ]

    def dunamu_rate(self, at_ms: int) -> float:
        """Return the rate of a notice, won per dollar with two decimals."""
        return round(self._economy.fx(at_ms), 2)

    def ecb_rate(self, day: date) -> float:
        """Return the rate of a day's fixing, won per dollar with two decimals."""
        return round(self._economy.fx(fixing_ms(day)), 2)

    def newest(self) -> dict[str, tuple[str, int]]:
        """Return each source's rate as canonical text, and its own stamp in ms.

        The ECB names a day only; its stamp here is the fixing's.
        """
        now_ms = self._now_ms()
        notice_ms, day = last_notice_ms(now_ms), last_fixing(now_ms)
        updated_ms = _updated_ms(now_ms)
        return {
            "dunamu": (_canonical(self.dunamu_rate(notice_ms)), notice_ms),
            "frankfurter": (_canonical(self.ecb_rate(day)), fixing_ms(day)),
            "open_er_api": (_canonical(self.daily_rate(updated_ms)), updated_ms),
        }

    def daily_rate(self, updated_ms: int) -> float:
        """Return the rate of a daily update, won per dollar with six decimals."""
        return round(self._economy.fx(updated_ms - DAILY_AFTER_MS), 6)

    async def _dunamu(self, request: web.Request) -> web.Response:
        codes = request.query.get("codes", "").split(",")
        rows = [self._notice()] if _DUNAMU_CODE in codes else []
        return json_answer(_dump(rows))

    def _notice(self) -> dict[str, object]:
        at_ms = last_notice_ms(self._now_ms())
        kst_ms = at_ms + KST_MS
        day = kst_ms - kst_ms % DAY_MS
        opened = day + NOTICES_FROM_MS - KST_MS
        rate, opening = self.dunamu_rate(at_ms), self.dunamu_rate(opened)
        previous = self.dunamu_rate(last_notice_ms(opened - MINUTE_MS))
        moved = round(rate - previous, 2)
        stamp = datetime.fromtimestamp(kst_ms // 1_000, UTC)
        return {
            "code": _DUNAMU_CODE,
            "currencyCode": "USD",
            "currencyName": "달러",
            "country": "미국",
            "name": "미국 (KRW/USD)",
            "date": stamp.strftime("%Y-%m-%d"),
            "time": stamp.strftime("%H:%M:%S"),
            "recurrenceCount": (at_ms - opened) // MINUTE_MS + 1,
            "basePrice": rate,
            "openingPrice": opening,
            "highPrice": max(rate, opening),
            "lowPrice": min(rate, opening),
            "change": "EVEN" if not moved else "RISE" if moved > 0 else "FALL",
            "changePrice": abs(moved),
            "cashBuyingPrice": round(rate * (1 + _CASH_SPREAD), 2),
            "cashSellingPrice": round(rate * (1 - _CASH_SPREAD), 2),
            "ttBuyingPrice": round(rate * (1 - _WIRE_SPREAD), 2),
            "ttSellingPrice": round(rate * (1 + _WIRE_SPREAD), 2),
            "tcBuyingPrice": None,
            "fcSellingPrice": None,
            "exchangeCommission": 0.0,
            "usDollarRate": 1.0,
            "currencyUnit": 1,
            "provider": "하나은행",
            "timestamp": at_ms,
            "id": 79,
            "modifiedAt": _iso(at_ms),
            "createdAt": "2016-10-21T06:13:34.000+0000",
            "changeRate": round(abs(moved) / previous, 10),
            "signedChangePrice": moved,
            "signedChangeRate": round(moved / previous, 10),
        }

    async def _frankfurter(self, request: web.Request) -> web.Response:
        newest = last_fixing(self._now_ms())
        query = request.query
        base = query.get("base", "EUR")
        symbols = [each for each in query.get("symbols", "KRW").split(",") if each]
        if base != "USD" or any(each not in ("KRW", *_OTHERS) for each in symbols):
            return _not_found()
        text = request.match_info["days"]
        first, dots, last = text.partition("..")
        try:
            begin = newest if text == "latest" else date.fromisoformat(first)
            end = min(date.fromisoformat(last), newest) if last else newest
        except ValueError:
            return _not_found()
        if not dots:
            day = business_day(min(begin, newest))
            return json_answer(_dump(self._one_day(day, symbols)))
        if begin > self._today() or end < ECB_FIRST_DAY:
            return _not_found()
        # A span begins with the last fixing there was on its first day.
        first_day = business_day(min(max(begin, ECB_FIRST_DAY), newest))
        days = business_days(first_day, max(end, first_day))
        rates = {day.isoformat(): self._rates(day, symbols) for day in days}
        body = {
            "amount": 1.0,
            "base": base,
            "start_date": days[0].isoformat(),
            "end_date": days[-1].isoformat(),
            "rates": rates,
        }
        return json_answer(_dump(body))

    def _today(self) -> date:
        return datetime.fromtimestamp(self._now_ms() // 1_000, UTC).date()

    def _one_day(self, day: date, symbols: list[str]) -> dict[str, object]:
        rates = self._rates(day, symbols)
        return {"amount": 1.0, "base": "USD", "date": day.isoformat(), "rates": rates}

    def _rates(self, day: date, symbols: list[str]) -> dict[str, float]:
        return {
            each: self.ecb_rate(day) if each == "KRW" else _OTHERS[each]
            for each in symbols
        }

    async def _open_er_api(self, request: web.Request) -> web.Response:
        if request.match_info["base"].upper() != "USD":
            body: dict[str, object] = {
                "result": "error",
                "error-type": "unsupported-code",
            }
            return json_answer(_dump(body), 404)
        now_ms = self._now_ms()
        updated = _updated_ms(now_ms)
        following = updated + DAY_MS
        body = {
            "result": "success",
            "provider": "https://www.exchangerate-api.com",
            "documentation": "https://www.exchangerate-api.com/docs/free",
            "terms_of_use": "https://www.exchangerate-api.com/terms",
            "time_last_update_unix": updated // 1_000,
            "time_last_update_utc": _rfc(updated),
            "time_next_update_unix": following // 1_000,
            "time_next_update_utc": _rfc(following),
            "time_eol_unix": 0,
            "base_code": "USD",
            "rates": {
                "USD": 1,
                "KRW": self.daily_rate(updated),
                **_OTHERS,
            },
        }
        return json_answer(_dump(body))


def _updated_ms(now_ms: int) -> int:
    return (now_ms - DAILY_AFTER_MS) // DAY_MS * DAY_MS + DAILY_AFTER_MS


def _canonical(rate: float) -> str:
    return f"{rate:f}".rstrip("0").rstrip(".")


def _iso(t_ms: int) -> str:
    stamp = datetime.fromtimestamp(t_ms // 1_000, UTC)
    return stamp.strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def _rfc(t_ms: int) -> str:
    stamp = datetime.fromtimestamp(t_ms // 1_000, UTC)
    return stamp.strftime("%a, %d %b %Y %H:%M:%S +0000")


def _not_found() -> web.Response:
    return json_answer(b'{"message":"not found"}', 404)


def _dump(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
