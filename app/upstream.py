"""What stands around a venue or rate source: limits, breaker, monitor, retry."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from websockets.asyncio.client import connect

from adapters.binance.read_session import BinanceReadSession
from adapters.binance.reader import BinanceReader
from adapters.binance.rest import BinanceSource
from adapters.binance.session import BinanceSession
from adapters.binance.stream_reader import BinanceStreamReader
from adapters.binance.wire import MarketStreamName
from adapters.fx import dunamu
from adapters.fx.dunamu import DunamuSource
from adapters.fx.frankfurter import FrankfurterSource
from adapters.fx.frankfurter_history import FrankfurterHistory
from adapters.fx.open_er_api import OpenErApiSource
from adapters.recording.tap import WireTap
from adapters.resilience.breaker import AsyncBreaker
from adapters.resilience.budget import (
    BINANCE_RULE,
    MODEST_RULE,
    UPBIT_RULE,
    LimitRule,
)
from adapters.resilience.dial import DialPlan
from adapters.resilience.dialer import StreamDialer
from adapters.resilience.http import UpstreamHttp
from adapters.resilience.limiter import RequestLimiter
from adapters.resilience.monitor import UpstreamMonitor
from adapters.resilience.recovery import VenueRecovery
from adapters.resilience.retry import RetryPolicy
from adapters.resilience.session import Reject, StreamSession
from adapters.resilience.stream_read import ReadSession, StreamReads, reading
from adapters.upbit.read_session import UpbitReadSession
from adapters.upbit.reader import UpbitReader
from adapters.upbit.rest import UpbitSource
from adapters.upbit.session import UpbitSession
from adapters.upbit.stream_reader import UpbitStreamReader
from app.settings import Settings
from app.venue_setting import FxSourceName
from domain.model.market import Channel, Exchange
from domain.ports.clock import Clock
from domain.ports.fx_history import FxHistory
from domain.ports.fx_source import FxSource
from domain.ports.market_reader import MarketReader
from domain.ports.market_source import MarketSource
from domain.ports.tracer import NO_TRACER, Tracer

# Binance ends every connection after 24 h; ours is renewed an hour before, overlapped.
BINANCE_RENEW_AFTER_S = 23 * 3600.0
# The last trade at once; once a second bid, ask and the 24-hour figures.
BINANCE_STREAMS: tuple[MarketStreamName, ...] = ("aggTrade", "ticker")
RateMaker = Callable[[UpstreamHttp], FxSource]


@dataclass(frozen=True, slots=True)
class Venue:
    """One venue's adapters, ready to be run.

    `readers` answer one-off reads, one per channel (`reader.channel`); what they hold
    open is closed with `close`.
    """

    source: MarketSource
    stream: StreamDialer
    http: UpstreamHttp
    monitors: tuple[UpstreamMonitor, ...]
    readers: tuple[MarketReader, ...]
    reads: StreamReads
    recovery: VenueRecovery

    @property
    def rest(self) -> MarketReader:
        """The reader that asks by REST, one question at a time."""
        return next(each for each in self.readers if each.channel is Channel.REST)

    def clock_offset_ms(self) -> int | None:
        """Return by how much our clock is ahead of the venue's; None: not measured."""
        return self.http.clock_offset_ms

    async def close(self) -> None:
        """Close all connections but the live one, which is its worker's."""
        await self.reads.close()
        await self.http.close()


RejectSink = Callable[[Reject], None]


@dataclass(frozen=True, slots=True)
class _Adapters:
    """How the parts are made that are a venue's own."""

    session: Callable[[], StreamSession]
    source: Callable[[UpstreamHttp, Clock, RejectSink], MarketSource]
    reader: Callable[[UpstreamHttp, Clock, RejectSink], MarketReader]
    read_session: Callable[[Callable[[], int | None]], ReadSession]
    stream_reader: Callable[[StreamReads], MarketReader]


@dataclass(frozen=True, slots=True)
class Rate:
    """One rate source, ready to be polled."""

    source: FxSource
    http: UpstreamHttp
    monitor: UpstreamMonitor


@dataclass(frozen=True, slots=True)
class RateHistory:
    """The source of past rates, ready to be asked."""

    source: FxHistory
    http: UpstreamHttp
    monitor: UpstreamMonitor


class UpstreamFactory:
    """Builds upstreams by the settings; `share` < 1: we are not the live feed.

    `tap` records what goes over the wire.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        share: float = 1.0,
        tracer: Tracer = NO_TRACER,
        tap: WireTap | None = None,
    ) -> None:
        self._tap = tap
        self._tracer = tracer
        self._settings = settings
        self._clock = clock
        self._share = share

    def upbit(self) -> Venue:
        """Return Upbit."""
        part = self._settings.upbit
        plan = DialPlan(
            exchange=Exchange.UPBIT,
            name="upbit.stream",
            url=part.ws_url,
            silence_bound_s=part.silence_bound_s,
        )
        return self._venue(
            "upbit.rest",
            part.rest_url,
            UPBIT_RULE,
            plan,
            _Adapters(
                session=lambda: UpbitSession(_ticket()),
                source=UpbitSource,
                reader=UpbitReader,
                read_session=lambda offset_ms: UpbitReadSession(_ticket(), offset_ms),
                stream_reader=UpbitStreamReader,
            ),
        )

    def binance(self) -> Venue:
        """Return Binance."""
        part = self._settings.binance
        plan = DialPlan(
            exchange=Exchange.BINANCE,
            name="binance.stream",
            url=f"{part.ws_url.rstrip('/')}/stream",
            silence_bound_s=part.silence_bound_s,
            renew_after_s=BINANCE_RENEW_AFTER_S,
            dials=300,
            dial_window_s=300.0,
        )
        return self._venue(
            "binance.rest",
            part.rest_url,
            BINANCE_RULE,
            plan,
            _Adapters(
                session=lambda: BinanceSession(BINANCE_STREAMS),
                source=BinanceSource,
                reader=BinanceReader,
                read_session=BinanceReadSession,
                stream_reader=BinanceStreamReader,
            ),
        )

    def rate(self, name: FxSourceName) -> Rate:
        """Return a source of the official rate."""
        part = self._settings.fx
        known: Mapping[FxSourceName, tuple[str, RateMaker, Mapping[str, str]]] = {
            "dunamu": (part.dunamu_url, DunamuSource, dunamu.HEADERS),
            "frankfurter": (part.frankfurter_url, FrankfurterSource, {}),
            "open_er_api": (part.open_er_api_url, OpenErApiSource, {}),
        }
        url, make, headers = known[name]
        monitor = UpstreamMonitor(f"fx.{name}", Channel.REST, clock=self._clock)
        breaker = self._breaker(f"fx.{name}")
        http = self._http(monitor, url, MODEST_RULE, breaker, headers=headers)
        return Rate(make(http), http, monitor)

    def rate_history(self) -> RateHistory:
        """Return the source of past rates, with limits and a breaker of its own."""
        monitor = UpstreamMonitor("fx.history", Channel.REST, clock=self._clock)
        breaker = self._breaker("fx.history")
        url = self._settings.fx.frankfurter_url
        http = self._http(monitor, url, MODEST_RULE, breaker)
        return RateHistory(FrankfurterHistory(http, monitor.rejected), http, monitor)

    def _venue(
        self,
        name: str,
        url: str,
        rule: LimitRule,
        plan: DialPlan,
        adapters: _Adapters,
    ) -> Venue:
        timeout_s = self._settings.resilience.stream_read_timeout_s
        read_plan = reading(plan, timeout_s)
        asking, dialling = self._breaker(name), self._breaker(plan.name)
        reading_breaker = self._breaker(read_plan.name)
        recovery = VenueRecovery([asking, dialling, reading_breaker])
        monitor = UpstreamMonitor(name, Channel.REST, clock=self._clock)
        http = self._http(monitor, url, rule, asking, on_recovered=recovery)
        watch = UpstreamMonitor(
            plan.name,
            Channel.WEBSOCKET,
            clock=self._clock,
            silence_bound_s=plan.silence_bound_s,
        )
        stream = self._stream(plan, adapters, watch, dialling, recovery)
        recovery.wakes(stream.wake)
        reads = StreamReads(
            read_plan,
            lambda: adapters.read_session(lambda: http.clock_offset_ms),
            clock=self._clock,
            breaker=reading_breaker,
            budget=stream.dial_budget,
            on_reject=watch.rejected,
            timeout_s=timeout_s,
            idle_s=self._settings.resilience.stream_read_idle_s,
        )
        return Venue(
            source=adapters.source(http, self._clock, monitor.rejected),
            stream=stream,
            http=http,
            monitors=(monitor, watch),
            readers=(
                adapters.reader(http, self._clock, monitor.rejected),
                adapters.stream_reader(reads),
            ),
            reads=reads,
            recovery=recovery,
        )

    def _stream(
        self,
        plan: DialPlan,
        adapters: _Adapters,
        watch: UpstreamMonitor,
        breaker: AsyncBreaker,
        recovery: VenueRecovery,
    ) -> StreamDialer:
        return StreamDialer(
            plan,
            adapters.session,
            watch,
            clock=self._clock,
            random=random.random,
            breaker=breaker,
            on_recovered=recovery,
            connect=connect if self._tap is None else self._tap.connect(plan.name),
        )

    def _http(
        self,
        monitor: UpstreamMonitor,
        url: str,
        rule: LimitRule,
        breaker: AsyncBreaker,
        *,
        headers: Mapping[str, str] | None = None,
        on_recovered: Callable[[], None] | None = None,
    ) -> UpstreamHttp:
        patience = self._settings.resilience
        make_http = UpstreamHttp if self._tap is None else self._tap.http
        return make_http(
            monitor.name,
            url,
            monitor,
            limiter=RequestLimiter(
                monitor.name, rule, clock=self._clock, share=self._share
            ),
            breaker=breaker,
            retry=RetryPolicy(tries=patience.tries),
            clock=self._clock,
            timeout_s=patience.timeout_s,
            headers=headers,
            on_recovered=on_recovered,
            tracer=self._tracer,
        )

    def _breaker(self, name: str) -> AsyncBreaker:
        patience = self._settings.resilience
        return AsyncBreaker(
            name,
            clock=self._clock,
            failures=patience.breaker_failures,
            open_s=patience.breaker_open_s,
        )


def _ticket() -> str:
    # Upbit wants a name per connection; it guards nothing.
    return f"kimp-{random.getrandbits(64):016x}"
