"""Each part's figures, read from those who know."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from adapters.memory.clock import FakeClock
from api.traffic import Traffic
from app.metric.board import BoardFigures
from app.metric.cache import CacheFigures
from app.metric.database import DatabaseFigures
from app.metric.fallback import FallbackFigures
from app.metric.route import RouteFigures
from app.metric.runtime import SAMPLE_INTERVAL_S, LoopDelay, RuntimeFigures
from app.metric.traffic import TrafficFigures
from app.metric.upstream import UpstreamFigures
from domain.model.alarm import StoreAlarm
from domain.model.board import PremiumBoard
from domain.model.fallback import FallbackPlan, FallbackPolicy
from domain.model.fx import FxChain, FxQuote, FxSourcePlan
from domain.model.health import BreakerState, Health, ServiceStatus, UpstreamStatus
from domain.model.market import Channel, Exchange
from domain.model.route import ReadKind, RouteReason
from domain.services.board_service import BoardService
from domain.services.cache import CacheStats
from domain.services.channel_router import RouteStats
from tests.unit.app.metric.sample import samples


@dataclass
class Monitor:
    name: str
    messages: int = 0
    failures: int = 0
    rejects: Any = field(default_factory=lambda: MappingProxyType({}))


def test_upstreams_tell_age_breaker_and_next_try() -> None:
    clock = FakeClock()
    now_ms = clock.now_ms()
    state = UpstreamStatus(
        "upbit.stream",
        ServiceStatus.UNAVAILABLE,
        Channel.WEBSOCKET,
        BreakerState.HALF_OPEN,
        retry_at_ms=now_ms + 1500,
        last_message_ms=now_ms - 2500,
        reconnects=4,
        latency_ms_p50=20.0,
    )
    fresh = UpstreamStatus("fx.dunamu", ServiceStatus.HEALTHY, Channel.REST)
    health = Health(
        ServiceStatus.DEGRADED, "1", 0, ServiceStatus.HEALTHY, (state, fresh)
    )
    monitor = Monitor("upbit.stream", 7, 2, {"syntax": 3})
    offsets = {Exchange.UPBIT: lambda: -2500, Exchange.BINANCE: lambda: None}
    told = samples(UpstreamFigures(lambda: health, [monitor], offsets, clock).gather())
    assert told["kimp_upstream_up/upbit.stream"] == 0
    assert told["kimp_upstream_up/fx.dunamu"] == 1
    assert told["kimp_feed_age_seconds/upbit.stream"] == 2.5
    assert "kimp_feed_age_seconds/fx.dunamu" not in told
    assert told["kimp_upstream_retry_seconds/upbit.stream"] == 1.5
    assert told["kimp_upstream_retry_seconds/fx.dunamu"] == 0
    assert told["kimp_upstream_latency_seconds/upbit.stream/0.5"] == 0.02
    assert told["kimp_breaker_state/upbit.stream/half_open"] == 1
    assert told["kimp_breaker_state/upbit.stream/closed"] == 0
    assert told["kimp_breaker_state/fx.dunamu/closed"] == 1
    assert told["kimp_feed_reconnects_total/upbit.stream"] == 4
    assert told["kimp_feed_messages_total/upbit.stream"] == 7
    assert told["kimp_upstream_failures_in_a_row/upbit.stream"] == 2
    assert told["kimp_frames_rejected_total/upbit.stream/syntax"] == 3
    assert told["kimp_clock_skew_seconds/upbit"] == -2.5
    assert "kimp_clock_skew_seconds/binance" not in told


def test_an_empty_board_has_no_premium_and_rates_have_age_and_quality() -> None:
    clock = FakeClock()
    chain = FxChain([FxSourcePlan("dunamu", 60.0), FxSourcePlan("frankfurter", 60.0)])
    board = BoardService(PremiumBoard(chain), clock)
    board.answer_rate(FxQuote("dunamu", Decimal(1300), clock.now_ms() - 60_000))
    chain.restore(FxQuote("frankfurter", Decimal(1301), clock.now_ms() - 120_000))

    @dataclass
    class Refusing:
        refused: dict[str, int]

    told = samples(BoardFigures(board, Refusing({"dunamu": 2}), clock).gather())
    assert "kimp_bitcoin_premium_ratio" not in told
    assert told["kimp_board_coins/live"] == 0
    assert told["kimp_fx_rate_won/dunamu"] == 1300
    assert told["kimp_fx_rate_age_seconds/frankfurter"] == 120
    assert told["kimp_fx_rate_live/dunamu"] == 1
    assert told["kimp_fx_rate_live/frankfurter"] == 0
    assert told["kimp_fx_rate_used/dunamu"] == 1
    assert told["kimp_fx_rate_used/frankfurter"] == 0
    assert told["kimp_rates_refused_total/dunamu"] == 2
    assert told["kimp_quotes_rejected_total/not_positive"] == 0


def test_traffic_is_told_as_it_was_counted() -> None:
    traffic = Traffic()
    traffic.request("POST", "/graphql", 200, 0.01)
    traffic.operation("query", "http", "OK", 0.004)
    traffic.errors["INTERNAL"] += 1
    traffic.closes["4400"] += 1
    traffic.handed("premiums", "websocket")
    traffic.lagged("premiums", 0.002, 3)
    traffic.socket_opened()
    with traffic.subscription("premiums", "websocket"):
        told = samples(TrafficFigures(traffic).gather())
    assert told["kimp_http_requests_total/POST//graphql/200"] == 1
    assert told["kimp_http_request_duration_seconds_count//graphql"] == 1
    assert told["kimp_graphql_operations_total/query/http/OK"] == 1
    assert told["kimp_graphql_operation_duration_seconds_sum/query/http"] == 0.004
    assert told["kimp_graphql_errors_total/INTERNAL"] == 1
    assert told["kimp_graphql_errors_total/NOT_FOUND"] == 0
    assert told["kimp_websocket_connections"] == 1
    assert told["kimp_websocket_connections_opened_total"] == 1
    assert told["kimp_websocket_closes_total/4400"] == 1
    assert told["kimp_subscriptions_active/premiums/websocket"] == 1
    assert told["kimp_subscription_events_total/premiums/websocket"] == 1
    assert told["kimp_subscription_lag_seconds_count/premiums"] == 1
    assert told["kimp_subscription_ticks_merged_total/premiums"] == 3


def test_the_pool_is_split_into_idle_and_in_use() -> None:
    @dataclass
    class Pool:
        size: int = 8
        open: int = 5
        in_use: int = 3
        waiting: int = 1
        timeouts: int = 2

    @dataclass
    class Database:
        status: ServiceStatus
        pool_stats: Pool

    @dataclass
    class Writer:
        unsaved_count: int
        alarm: StoreAlarm | None

    away = Database(ServiceStatus.UNAVAILABLE, Pool())
    writer = Writer(12, StoreAlarm(0, "the disk is full"))
    told = samples(DatabaseFigures(away, writer).gather())
    assert told == {
        "kimp_database_up": 0,
        "kimp_database_pool_size": 8,
        "kimp_database_pool_connections/in_use": 3,
        "kimp_database_pool_connections/idle": 2,
        "kimp_database_pool_waiting": 1,
        "kimp_database_pool_timeouts_total": 2,
        "kimp_store_unsaved_rows": 12,
        "kimp_store_alarm": 1,
    }


def test_every_cache_tells_its_counts() -> None:
    @dataclass
    class Kept:
        name: str
        stats: CacheStats

    stats = CacheStats(
        hits=8,
        misses=1,
        coalesced=1,
        loads=2,
        load_failures=3,
        evictions=4,
        invalidations=5,
        entries=6,
    )
    told = samples(CacheFigures([Kept("coins", stats)]).gather())
    assert told == {
        "kimp_cache_requests_total/coins/hit": 8,
        "kimp_cache_requests_total/coins/miss": 1,
        "kimp_cache_requests_total/coins/coalesced": 1,
        "kimp_cache_loads_total/coins/success": 2,
        "kimp_cache_loads_total/coins/failure": 3,
        "kimp_cache_dropped_total/coins/evicted": 4,
        "kimp_cache_dropped_total/coins/invalidated": 5,
        "kimp_cache_entries/coins": 6,
    }


def test_decisions_and_calls_of_the_router_are_told_by_channel() -> None:
    upbit, rest = Exchange.UPBIT, Channel.REST
    stats = RouteStats(
        decisions=Counter({(upbit, ReadKind.TICKER, rest, RouteReason.ONE_TICKER): 4}),
        answers=Counter({(upbit, ReadKind.TICKER, Channel.CACHE): 1}),
        unanswered=Counter({(upbit, ReadKind.CANDLES): 2}),
        calls=Counter({(upbit, rest): 5}),
        failures=Counter({(upbit, rest): 2}),
        refusals=Counter({(upbit, rest): 1}),
    )
    told = samples(RouteFigures(lambda: stats).gather())
    assert told == {
        "kimp_route_decisions_total/upbit/ticker/rest/one_ticker": 4,
        "kimp_route_answers_total/upbit/ticker/cache": 1,
        "kimp_route_unanswered_total/upbit/candles": 2,
        "kimp_route_calls_total/upbit/rest/success": 3,
        "kimp_route_calls_total/upbit/rest/failure": 2,
        "kimp_route_calls_total/upbit/rest/refused": 1,
    }


def test_a_venue_tells_whether_rest_stands_in() -> None:
    @dataclass
    class Market:
        exchange: Exchange
        fallback: FallbackPlan

    plan = FallbackPlan(FallbackPolicy(bound_s=10.0))
    plan.started(0.0)
    plan.asked(2.0)
    plan.answered(2.5, 1)
    told = samples(FallbackFigures([Market(Exchange.BINANCE, plan)]).gather())
    assert told == {
        "kimp_fallback_active/binance": 1,
        "kimp_fallback_takeovers_total/binance": 1,
        "kimp_fallback_reads_total/binance": 1,
        "kimp_fallback_failures_total/binance": 0,
    }


async def test_the_delay_of_the_loop_is_what_a_timer_is_late() -> None:
    clock = FakeClock()
    delay = LoopDelay(clock)
    task = asyncio.create_task(delay.run())
    await clock.advance(SAMPLE_INTERVAL_S)
    assert (delay.histogram.count, delay.histogram.total) == (1, 0)
    task.cancel()
    started_ms = clock.now_ms() - 3000
    told = samples(RuntimeFigures("1.2.3", started_ms, delay, clock).gather())
    assert told["kimp_build_info/1.2.3"] == 1
    assert told["kimp_uptime_seconds"] == 3
    assert told["kimp_event_loop_delay_seconds_count"] == 1


async def test_a_loop_that_was_busy_is_late() -> None:
    class LateClock(FakeClock):
        async def sleep(self, seconds: float) -> None:
            await super().sleep(seconds + 0.4)

    clock = LateClock()
    delay = LoopDelay(clock)
    task = asyncio.create_task(delay.run())
    await clock.advance(SAMPLE_INTERVAL_S + 0.4)
    assert round(delay.histogram.total, 6) == 0.4
    task.cancel()
