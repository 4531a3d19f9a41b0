"""The rate of open.er-api.com, once a day.

Source: exchanges.md A4. Its terms ask for attribution and forbid redistribution: it is
off by default. Asked at most once an hour it never limits.
"""

from typing import Final

from msgspec import Struct

from adapters.fx.wire import Number, decode, decoder, instant, rate
from adapters.resilience.error import UndecodableAnswer
from adapters.resilience.http import HttpAnswer, UpstreamHttp
from domain.model.fx import FxQuote

NAME: Final = "open_er_api"
UPSTREAM: Final = "fx.open_er_api"
PATH: Final = "/v6/latest/USD"
POLL_INTERVAL_S: Final = 3_600.0


# {"result":"success",…,"time_last_update_unix":1790899351,…,"base_code":"USD",
#  "rates":{"USD":1,"KRW":1348.28,…}}, and on failure {"result":"error",
#  "error-type":"unsupported-code"}, both with status 200
class _Latest(Struct, rename={"failure": "error-type"}):
    result: str
    time_last_update_unix: int = 0
    base_code: str = ""
    rates: dict[str, Number] = {}
    failure: str = ""


_READER = decoder(_Latest)


class OpenErApiSource:
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
        """Return the day's rate, as of its update.

        Raises:
            UpstreamUnavailable: no usable answer.
        """
        return await self._http.read(read, PATH)


def read(answer: HttpAnswer) -> FxQuote:
    """Return the rate of an answer.

    Raises:
        UndecodableAnswer: not what the source is documented to say.
    """
    latest = decode(_READER, answer.body, UPSTREAM)
    if latest.result != "success" or latest.base_code != "USD":
        told = f"{latest.result[:40]} {latest.base_code[:20]} {latest.failure[:80]}"
        raise UndecodableAnswer(UPSTREAM, f"the source says {told.strip()!r}")
    won = rate(latest.rates.get("KRW"), UPSTREAM)
    return FxQuote(NAME, won, instant(latest.time_last_update_unix * 1000, UPSTREAM))
