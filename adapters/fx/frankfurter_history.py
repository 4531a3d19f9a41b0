"""Frankfurter's rates of the past, by one question per quarter.

Source: exchanges.md A4; its own source: a span that begins on a day without a fixing
is answered from the fixing before, and a long one by means of weeks. Dates are the
ECB's business days.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from msgspec import Struct

from adapters.fx.frankfurter import NAME, UPSTREAM
from adapters.fx.wire import Number, decode, decoder, rate
from adapters.resilience.error import UndecodableAnswer
from adapters.resilience.http import HttpAnswer, UpstreamHttp
from adapters.resilience.question import BAD_ROW, ignore
from adapters.resilience.session import Reject
from domain.model.daily_rate import DailyRate
from domain.model.fx import MAX_USD_KRW, MIN_USD_KRW

# Asked for as well, so that the first days of a span have a rate: more than the longest
# pause between fixings.
MARGIN: Final = timedelta(days=10)
# Longer spans may be answered by weekly means, without a word: over a year today, over
# 90 days in older versions (issue 22 of lineofflight/frankfurter).
MAX_SPAN_DAYS: Final = 90
# The ECB's first fixing: before it there is nothing to ask for.
FIRST_DAY: Final = date(1999, 1, 4)


# {"amount":1.0,"base":"USD","start_date":"2026-10-01","end_date":"2026-10-02",
#  "rates":{"2026-10-01":{"KRW":1351.2},"2026-10-02":{"KRW":1348.28}}}
class _Span(Struct):
    base: str
    rates: dict[str, dict[str, Number]]
    amount: Number = 1


_READER = decoder(_Span)


class FrankfurterHistory:
    """Implements `domain.ports.fx_history.FxHistory`.

    `on_reject` hears of every day that could not be used (`UpstreamMonitor.rejected`).
    """

    def __init__(
        self, http: UpstreamHttp, on_reject: Callable[[Reject], None] = ignore
    ) -> None:
        self._http = http
        self._on_reject = on_reject

    async def daily(self, from_day: date, to_day: date) -> Sequence[DailyRate]:
        """Return the fixings of a span, both ends inclusive, and some before.

        Ascending. A day whose rate is outside 500..3000 or no number is counted and
        left out.

        Raises:
            UpstreamUnavailable: no usable answer; one without any rate is none.
        """
        if to_day < FIRST_DAY:
            return ()
        first = max(from_day - MARGIN, FIRST_DAY)

        def read(answer: HttpAnswer) -> Sequence[DailyRate]:
            return read_span(answer, self._on_reject)

        found: dict[date, DailyRate] = {}
        for begin, end in _slices(first, to_day):
            told = await self._http.read(
                read, f"/v1/{begin}..{end}", {"base": "USD", "symbols": "KRW"}
            )
            found.update((each.day, each) for each in told if each.day <= to_day)
        return [found[day] for day in sorted(found)]


def _slices(first: date, last: date) -> Iterator[tuple[date, date]]:
    """Yield spans of nearly equal length, none too long or too short to have a rate."""
    days = (last - first).days + 1
    pieces = max(1, -(-days // MAX_SPAN_DAYS))
    for number in range(pieces):
        begin, end = days * number // pieces, days * (number + 1) // pieces - 1
        yield first + timedelta(days=begin), first + timedelta(days=end)


def read_span(
    answer: HttpAnswer, on_reject: Callable[[Reject], None] = ignore
) -> Sequence[DailyRate]:
    """Return the rates of an answer, ascending.

    Raises:
        UndecodableAnswer: not what the source is documented to say, or no usable rate.
    """
    span = decode(_READER, answer.body, UPSTREAM)
    if span.base != "USD" or span.amount != 1:
        asked = f"{str(span.amount)[:20]} {span.base[:20]}"
        raise UndecodableAnswer(UPSTREAM, f"the answer is about {asked!r}")
    found = []
    for day, rates in sorted(span.rates.items()):
        try:
            found.append(DailyRate(_day(day), _won(rates.get("KRW")), NAME))
        except UndecodableAnswer as exc:
            text = f"{day[:40]}: {str(rates)[:80]}"
            on_reject(Reject.of(BAD_ROW, exc.reason, text.encode()))
    if not found:
        raise UndecodableAnswer(UPSTREAM, "no rate in a span that has some")
    return found


def _day(text: str) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError as exc:
        raise UndecodableAnswer(UPSTREAM, "the rate has no date") from exc
    if found.isoformat() != text:
        raise UndecodableAnswer(UPSTREAM, "the rate has no date")
    return found


def _won(value: Number) -> Decimal:
    found = rate(value, UPSTREAM)
    if not MIN_USD_KRW <= found <= MAX_USD_KRW:
        raise UndecodableAnswer(
            UPSTREAM, f"the rate is outside {MIN_USD_KRW}..{MAX_USD_KRW}"
        )
    return found
