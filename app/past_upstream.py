"""The venues and the source of past rates, as a command asks them beside a server."""

from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Final

from adapters.binance.reader import BinanceReader
from adapters.resilience.budget import UPBIT_RULE
from adapters.upbit.reader import UpbitReader
from app.settings import Settings
from app.upstream import RateHistory, RejectSink, UpstreamFactory, Venue
from domain.ports.clock import Clock

# The live feed may need the other half; see `RequestLimiter`.
SHARE: Final = 0.5
# The longest wait in line for the limits: nobody waits for an answer here.
LINE_S: Final = 15.0
# Requests per second that this leaves of the venue whose pages are the smaller.
PACE: Final = UPBIT_RULE.limit * SHARE / UPBIT_RULE.window_s


@dataclass(frozen=True, slots=True)
class PastUpstream:
    """Both venues and the rates of days past, on half the limits."""

    upbit: Venue
    binance: Venue
    rates: RateHistory
    readers: tuple[UpbitReader, BinanceReader]

    @property
    def requests(self) -> int:
        """How many requests were sent so far."""
        return sum(each.http.sent for each in (self.upbit, self.binance, self.rates))


def open_past_upstream(
    settings: Settings, clock: Clock, stack: AsyncExitStack
) -> PastUpstream:
    """Compose; connections are closed by the stack."""
    factory = UpstreamFactory(settings, clock, share=SHARE)
    upbit, binance = factory.upbit(), factory.binance()
    rates = factory.rate_history()
    for closer in (upbit.close, binance.close, rates.http.close):
        stack.push_async_callback(closer)
    tries = settings.resilience.tries
    domestic = UpbitReader(
        upbit.http, clock, _rejected(upbit), tries=tries, max_wait_s=LINE_S
    )
    global_ = BinanceReader(
        binance.http, clock, _rejected(binance), tries=tries, max_wait_s=LINE_S
    )
    return PastUpstream(upbit, binance, rates, (domestic, global_))


def _rejected(venue: Venue) -> RejectSink:
    return venue.monitors[0].rejected
