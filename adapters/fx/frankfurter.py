"""Frankfurter's rate: the euro reference rates of the ECB, crossed to won per dollar.

Source: exchanges.md A4. One fixing per business day, published about 16:00 in
Frankfurt; on weekends and holidays the last one stands.
"""

from datetime import date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct

from adapters.fx.wire import Number, decode, decoder, instant, rate
from adapters.resilience.error import UndecodableAnswer
from adapters.resilience.http import HttpAnswer, UpstreamHttp
from domain.model.fx import FxQuote

NAME: Final = "frankfurter"
UPSTREAM: Final = "fx.frankfurter"
PATH: Final = "/v1/latest"
POLL_INTERVAL_S: Final = 3_600.0
FIXING: Final = time(16, tzinfo=ZoneInfo("Europe/Berlin"))


# {"amount":1.0,"base":"USD","date":"2026-10-02","rates":{"KRW":1348.28}}
class _Latest(Struct):
    base: str
    date: str
    rates: dict[str, Number]
    amount: Number = 1


_READER = decoder(_Latest)


class FrankfurterSource:
    """Implements `domain.ports.fx_source.FxSource`."""

    name: str = NAME

    def __init__(
        self, http: UpstreamHttp, poll_interval_s: float = POLL_INTERVAL_S
    ) -> None:
        self._http = http
        self.poll_interval_s = poll_interval_s

    def will_ask(self, at_ms: int) -> None:
        """Let health tell when the next question comes, Unix ms."""
        self._http.will_ask(at_ms)

    async def latest(self) -> FxQuote:
        """Return the last fixing, as of 16:00 in Berlin of its date.

        Raises:
            UpstreamUnavailable: no usable answer.
        """
        return await self._http.read(read, PATH, {"base": "USD", "symbols": "KRW"})


def read(answer: HttpAnswer) -> FxQuote:
    """Return the rate of an answer.

    Raises:
        UndecodableAnswer: not what the source is documented to say.
    """
    latest = decode(_READER, answer.body, UPSTREAM)
    if latest.base != "USD" or latest.amount != 1:
        asked = f"{str(latest.amount)[:20]} {latest.base[:20]}"
        raise UndecodableAnswer(UPSTREAM, f"the answer is about {asked!r}")
    try:
        fixed = datetime.combine(date.fromisoformat(latest.date), FIXING)
    except ValueError as exc:
        raise UndecodableAnswer(UPSTREAM, "the rate has no date") from exc
    won = rate(latest.rates.get("KRW"), UPSTREAM)
    return FxQuote(NAME, won, instant(round(fixed.timestamp() * 1000), UPSTREAM))
