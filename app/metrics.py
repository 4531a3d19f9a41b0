"""What Prometheus reads: gathered at the moment it asks, nothing on the hot path.

Names follow the Prometheus naming practices: base units, `_total` for counters.
"""

from collections.abc import Callable, Iterator, Mapping

from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector

from domain.model.health import BreakerState, ServiceStatus
from domain.model.market import Quality
from domain.ports.clock import Clock
from domain.services.board_service import BoardService
from domain.services.fx_service import FxService
from domain.services.health_service import HealthService


class ServerCollector(Collector):
    """Reads the health, the board and the counters of refused values."""

    def __init__(
        self,
        health: HealthService,
        board: BoardService,
        fx: FxService,
        clock: Clock,
        rejects: Callable[[], Mapping[str, Mapping[str, int]]],
    ) -> None:
        """Compose; `rejects` returns undecodable frames per upstream and kind."""
        self._rejects = rejects
        self._health = health
        self._board = board
        self._fx = fx
        self._clock = clock

    def collect(self) -> Iterator[Metric]:
        """Yield every metric family with its samples of now."""
        yield from self._upstreams()
        yield from self._board_figures()
        yield from self._refused()

    def _upstreams(self) -> Iterator[Metric]:
        health = self._health.now()
        yield InfoMetricFamily(
            "kimp_build", "The running version.", {"version": health.version}
        )
        yield GaugeMetricFamily(
            "kimp_database_up",
            "1 while the database answers.",
            float(health.database is ServiceStatus.HEALTHY),
        )
        up = _gauge("kimp_upstream_up", "1 while the upstream is healthy.")
        age = _gauge("kimp_feed_age_seconds", "Seconds since the last message.")
        rate = _gauge("kimp_feed_messages_per_second", "Messages received.")
        opened = _gauge("kimp_breaker_open", "1 while the breaker is not closed.")
        redials = CounterMetricFamily(
            "kimp_feed_reconnects", "Connections made again.", labels=["upstream"]
        )
        now_ms = self._clock.now_ms()
        for item in health.upstreams:
            name = [item.name]
            up.add_metric(name, float(item.status is ServiceStatus.HEALTHY))
            rate.add_metric(name, item.messages_per_second)
            opened.add_metric(name, float(item.breaker is not BreakerState.CLOSED))
            redials.add_metric(name, item.reconnects)
            if item.last_message_ms is not None:
                age.add_metric(name, max(0, now_ms - item.last_message_ms) / 1000)
        yield from (up, age, rate, opened, redials)

    def _board_figures(self) -> Iterator[Metric]:
        board = self._board.board
        summary = board.summary()
        coins = GaugeMetricFamily(
            "kimp_board_coins", "Coins on the board by quality.", labels=["quality"]
        )
        counts = (summary.live, summary.stale, summary.unavailable)
        for quality, count in zip(Quality, counts, strict=True):
            coins.add_metric([quality.value.lower()], count)
        yield coins
        yield CounterMetricFamily(
            "kimp_ticks", "Number of the last published tick.", board.seq
        )
        if summary.btc_percent is not None:
            yield GaugeMetricFamily(
                "kimp_bitcoin_premium_ratio",
                "Premium of BTC on official USD/KRW, 0.01 is one percent.",
                float(summary.btc_percent) / 100,
            )

    def _refused(self) -> Iterator[Metric]:
        rejects = self._board.board.book.rejects
        refused = CounterMetricFamily(
            "kimp_quotes_rejected", "Quotes that were not taken.", labels=["reason"]
        )
        refused.add_metric(["older"], rejects.older)
        refused.add_metric(["future"], rejects.future)
        refused.add_metric(["not_positive"], rejects.not_positive)
        refused.add_metric(["crossed"], rejects.crossed)
        refused.add_metric(["unknown_market"], rejects.unknown_market)
        yield refused
        frames = CounterMetricFamily(
            "kimp_frames_rejected",
            "Frames and rows that could not be used.",
            labels=["upstream", "kind"],
        )
        for upstream, kinds in self._rejects().items():
            for kind, count in kinds.items():
                frames.add_metric([upstream, kind], count)
        yield frames
        rates = CounterMetricFamily(
            "kimp_rates_refused", "Rates outside their bounds.", labels=["source"]
        )
        for source, count in self._fx.refused.items():
            rates.add_metric([source], count)
        yield rates


class Metrics:
    """The registry of one server and its text."""

    def __init__(self, collector: Collector) -> None:
        self.registry = CollectorRegistry()
        self.registry.register(collector)
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)

    def text(self) -> bytes:
        """Return everything in Prometheus' text format."""
        return generate_latest(self.registry)


def _gauge(name: str, text: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, labels=["upstream"])
