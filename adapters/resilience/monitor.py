"""How one upstream is over one channel, as its adapter sees it."""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

import structlog

from adapters.resilience.meter import Percentiles, RateMeter
from adapters.resilience.session import Reject
from domain.model.health import BreakerState, ServiceStatus, UpstreamStatus
from domain.model.market import Channel
from domain.ports.clock import Clock

MAX_KEPT_REJECTS = 100
# A venue that invents kinds must not fill the memory: the rest is counted as "other".
MAX_REJECT_KINDS = 32
LOG_EVERY_S = 60.0
CALL_SAMPLES = 100
# Above this part of undecodable frames in the last ten seconds something has changed.
DEGRADED_REJECT_SHARE = 0.1
OTHER_KIND = "other"


class BreakerView(Protocol):
    """What health tells of a breaker."""

    @property
    def state(self) -> BreakerState:
        """Its state."""
        ...

    @property
    def retry_at_ms(self) -> int | None:
        """When it lets the next call through, Unix ms."""
        ...


@dataclass(frozen=True, slots=True)
class KeptReject:
    """A rejected frame and when it came, Unix ms."""

    at_ms: int
    reject: Reject


class UpstreamMonitor:
    """Counts what happens on one channel and derives its status from that.

    Implements `domain.ports.upstream.UpstreamReporter`. A stream tells `connected`,
    `message`, `disconnected`; a request channel `succeeded`, `failed`, `held`.
    """

    def __init__(
        self,
        name: str,
        channel: Channel | None,
        *,
        clock: Clock,
        silence_bound_s: float | None = None,
    ) -> None:
        self.name = name
        self.channel = channel
        self.messages = 0
        self.reconnects = 0
        self._clock = clock
        self._bound_s = silence_bound_s
        self._breaker: BreakerView | None = None
        self._log = structlog.get_logger(__name__).bind(upstream=name)
        self._rate = RateMeter()
        self._reject_rate = RateMeter()
        self._latency = Percentiles()
        self._calls: deque[bool] = deque(maxlen=CALL_SAMPLES)
        self._rejects: dict[str, int] = {}
        self._kept: deque[KeptReject] = deque(maxlen=MAX_KEPT_REJECTS)
        self._logged_s: dict[str, float] = {}
        self._connected_since_ms: int | None = None
        self._ever_connected = False
        self._data_s: float | None = None
        self._last_message_ms: int | None = None
        self._failures = 0
        self._failure: str | None = None
        self._retry_at_ms: int | None = None

    # What happens

    def follow(self, breaker: BreakerView) -> None:
        """Tell this breaker's state together with the rest."""
        self._breaker = breaker

    def connected(self, *, renewed: bool = False) -> None:
        """A connection is open; `renewed`: in place of one that still worked."""
        if self._ever_connected and not renewed:
            self.reconnects += 1
        self._ever_connected = True
        self._connected_since_ms = self._clock.now_ms()
        self._retry_at_ms = None
        if not renewed:
            self._data_s = None

    def disconnected(self, reason: str) -> None:
        """The connection is gone, or a dial was in vain."""
        self._connected_since_ms = None
        self._data_s = None
        self.failed(reason)

    def retrying(self, at_ms: int) -> None:
        """Tell when the next try is due, Unix ms."""
        self._retry_at_ms = at_ms

    def message(
        self, received_ms: int, received_s: float, latency_ms: float | None = None
    ) -> None:
        """Count a valid data message; latency from the venue's stamp to us."""
        self.messages += 1
        self._last_message_ms = received_ms
        self._data_s = received_s
        self._failures = 0
        self._rate.add(received_s)
        if latency_ms is not None:
            self._latency.add(latency_ms)

    def succeeded(self, latency_ms: float) -> bool:
        """Count a good answer; return whether it ends a row of failures."""
        recovered = self._failures > 0
        self._retry_at_ms = None
        self._calls.append(True)
        self.message(self._clock.now_ms(), self._clock.monotonic(), latency_ms)
        return recovered

    def failed(self, reason: str) -> None:
        """Count a failed request, dial or connection."""
        self._failures += 1
        self._failure = reason
        self._calls.append(False)

    def refused(self, reason: str) -> None:
        """Count an answer that refuses one request of an upstream that is well."""
        self._failures = 0
        self._calls.append(False)
        self._last_message_ms = self._clock.now_ms()
        self._log.debug("upstream.refused", reason=reason)

    def held(self, until_ms: int) -> None:
        """The venue's limits hold us until then (Unix ms); not a failure."""
        self._retry_at_ms = until_ms

    def rejected(self, reject: Reject) -> None:
        """Count and keep an undecodable frame; log each kind once a minute."""
        kind = reject.kind
        if kind not in self._rejects and len(self._rejects) >= MAX_REJECT_KINDS:
            kind = OTHER_KIND
        self._rejects[kind] = self._rejects.get(kind, 0) + 1
        self._reject_rate.add(self._clock.monotonic())
        self._kept.append(KeptReject(self._clock.now_ms(), reject))
        if self._is_news(f"reject {kind}"):
            self._log.warning(
                "upstream.frame_rejected",
                kind=kind,
                detail=reject.detail,
                count=self._rejects[kind],
            )

    def complained(self, error: str) -> None:
        """The venue sent an error message; it is logged once a minute."""
        self._failure = error
        if self._is_news("complaint"):
            self._log.warning("upstream.complained", error=error)

    # What is known

    @property
    def rejects(self) -> Mapping[str, int]:
        """How many frames were rejected, by kind."""
        return MappingProxyType(self._rejects)

    @property
    def kept_rejects(self) -> tuple[KeptReject, ...]:
        """The last hundred rejected frames, oldest first."""
        return tuple(self._kept)

    @property
    def failures(self) -> int:
        """How many requests, dials or connections failed in a row."""
        return self._failures

    @property
    def success_share(self) -> float | None:
        """Part of the last hundred calls that went well; None: no call yet."""
        calls = self._calls
        return sum(calls) / len(calls) if calls else None

    def statuses(self) -> Iterable[UpstreamStatus]:
        """Return the one status of this upstream and channel."""
        return (self.status(),)

    def status(self) -> UpstreamStatus:
        """Return how this upstream is now."""
        now_s, now_ms = self._clock.monotonic(), self._clock.now_ms()
        p50, p99 = self._latency.at(50, 99)
        if self.channel is Channel.WEBSOCKET:
            status, detail = self._stream_health(now_s)
        else:
            status, detail = self._request_health(now_ms)
        if status is ServiceStatus.HEALTHY:
            status, detail = self._decoding_health(now_s)
        return UpstreamStatus(
            name=self.name,
            status=status,
            channel=self.channel,
            breaker=BreakerState.CLOSED
            if self._breaker is None
            else self._breaker.state,
            retry_at_ms=self._retry_at(now_ms),
            connected_since_ms=self._connected_since_ms,
            last_message_ms=self._last_message_ms,
            last_success_ms=self._last_message_ms,
            reconnects=self.reconnects,
            messages_per_second=self._rate.per_second(now_s),
            latency_ms_p50=p50,
            latency_ms_p99=p99,
            detail=detail,
        )

    def _retry_at(self, now_ms: int) -> int | None:
        if self._retry_at_ms is not None and self._retry_at_ms > now_ms:
            return self._retry_at_ms
        # A dialler does not wait for its breaker: its own time is the true one.
        if self._breaker is None or self.channel is Channel.WEBSOCKET:
            return None
        return self._breaker.retry_at_ms

    def _stream_health(self, now_s: float) -> tuple[ServiceStatus, str | None]:
        if self._connected_since_ms is None:
            if self._failures:
                return ServiceStatus.UNAVAILABLE, self._failure
            return ServiceStatus.DEGRADED, "not connected yet"
        if self._data_s is None:
            return ServiceStatus.DEGRADED, self._failure or "connected, no data yet"
        if self._bound_s is not None and now_s - self._data_s > self._bound_s:
            return ServiceStatus.DEGRADED, f"silent for {now_s - self._data_s:.0f} s"
        return ServiceStatus.HEALTHY, None

    def _request_health(self, now_ms: int) -> tuple[ServiceStatus, str | None]:
        breaker = self._breaker
        if breaker is not None and breaker.state is not BreakerState.CLOSED:
            return ServiceStatus.UNAVAILABLE, self._failure
        if self._failures:
            never = self._last_message_ms is None
            status = ServiceStatus.UNAVAILABLE if never else ServiceStatus.DEGRADED
            return status, self._failure
        if self._retry_at_ms is not None and self._retry_at_ms > now_ms:
            return ServiceStatus.DEGRADED, "held by the venue's request limit"
        if self._last_message_ms is None:
            return ServiceStatus.DEGRADED, "not asked yet"
        return ServiceStatus.HEALTHY, None

    def _decoding_health(self, now_s: float) -> tuple[ServiceStatus, str | None]:
        rejected = self._reject_rate.count(now_s)
        total = rejected + self._rate.count(now_s)
        if rejected and rejected > DEGRADED_REJECT_SHARE * total:
            return ServiceStatus.DEGRADED, f"{rejected} of {total} frames undecodable"
        return ServiceStatus.HEALTHY, None

    def _is_news(self, subject: str) -> bool:
        now_s = self._clock.monotonic()
        last_s = self._logged_s.get(subject)
        if last_s is not None and now_s - last_s < LOG_EVERY_S:
            return False
        self._logged_s[subject] = now_s
        return True
