"""Dunamu's rate: the notices of Hana Bank, by the minute in Korean bank hours.

Source: exchanges.md A4; unofficial, without terms. It serves Upbit's own pages and
turns away clients that do not look like a browser.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Final

from msgspec import Struct

from adapters.fx.wire import Number, decode, decoder, instant, rate
from adapters.resilience.error import UndecodableAnswer
from adapters.resilience.http import HttpAnswer, UpstreamHttp
from domain.model.fx import FxQuote

NAME: Final = "dunamu"
UPSTREAM: Final = "fx.dunamu"
PATH: Final = "/v1/forex/recent"
CODE: Final = "FRX.KRWUSD"
POLL_INTERVAL_S: Final = 60.0
# To be given to the `UpstreamHttp` of this source.
HEADERS: Final[Mapping[str, str]] = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 "
    "(KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
}
# Korea has one offset and no summer time (semantics.md "Bars and snapshots").
KST: Final = timezone(timedelta(hours=9))


# [{"code":"FRX.KRWUSD","currencyCode":"USD","currencyName":"달러","country":"미국",
#   "name":"미국 (KRW/USD)","date":"2026-10-30","time":"15:30:00","recurrenceCount":512,
#   "basePrice":1348.50,"openingPrice":1349.00,…,"timestamp":1793341800000,…}]
class _Row(Struct, rename="camel"):
    base_price: Number
    code: str | None = None
    timestamp: int | None = None
    date: str | None = None
    time: str | None = None


class _Rows(Struct, array_like=True):
    first: _Row


_READER = decoder(_Rows)


class DunamuSource:
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
        """Return the newest base price, as of its own stamp.

        Raises:
            UpstreamUnavailable: no usable answer.
        """
        return await self._http.read(read, PATH, {"codes": CODE})


def read(answer: HttpAnswer) -> FxQuote:
    """Return the rate of an answer.

    Raises:
        UndecodableAnswer: not what the source is known to say.
    """
    row = decode(_READER, answer.body, UPSTREAM).first
    if row.code is not None and row.code != CODE:
        raise UndecodableAnswer(UPSTREAM, f"the answer is about {row.code[:40]!r}")
    as_of_ms = row.timestamp if row.timestamp is not None else _told(row)
    return FxQuote(NAME, rate(row.base_price, UPSTREAM), instant(as_of_ms, UPSTREAM))


def _told(row: _Row) -> int:
    try:
        told = datetime.fromisoformat(f"{row.date}T{row.time}")
    except ValueError as exc:
        raise UndecodableAnswer(UPSTREAM, "the rate has no time") from exc
    return round(told.replace(tzinfo=KST).timestamp() * 1000)
