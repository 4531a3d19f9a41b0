from typing import Any

import pytest
from structlog.testing import capture_logs

from adapters.resilience.breaker import AsyncBreaker
from adapters.resilience.monitor import (
    MAX_KEPT_REJECTS,
    MAX_REJECT_KINDS,
    UpstreamMonitor,
)
from adapters.resilience.session import Reject
from domain.model.health import BreakerState, ServiceStatus, UpstreamStatus
from domain.model.market import Channel


@pytest.fixture
def stream(clock: Any) -> UpstreamMonitor:
    return UpstreamMonitor(
        "upbit.stream", Channel.WEBSOCKET, clock=clock, silence_bound_s=10
    )


@pytest.fixture
def rest(clock: Any) -> UpstreamMonitor:
    return UpstreamMonitor("upbit.rest", Channel.REST, clock=clock)


def message(monitor: UpstreamMonitor, clock: Any, latency_ms: float = 1.0) -> None:
    monitor.message(clock.now_ms(), clock.monotonic(), latency_ms)


def only(monitor: UpstreamMonitor) -> UpstreamStatus:
    (status,) = monitor.statuses()
    return status


def reject(kind: str = "syntax") -> Reject:
    return Reject(kind, "not JSON", b"<html>")


async def test_a_stream_is_healthy_from_its_first_data_until_it_falls_silent(
    stream: UpstreamMonitor, clock: Any
) -> None:
    assert only(stream).status is ServiceStatus.DEGRADED
    assert only(stream).detail == "not connected yet"
    stream.connected()
    assert only(stream).status is ServiceStatus.DEGRADED
    message(stream, clock)
    status = only(stream)
    assert status.status is ServiceStatus.HEALTHY
    assert status.detail is None
    assert status.connected_since_ms == status.last_message_ms == clock.now_ms()
    assert status.last_success_ms == clock.now_ms()
    await clock.advance(11)
    assert only(stream).status is ServiceStatus.DEGRADED
    assert only(stream).detail == "silent for 11 s"


def test_a_cut_stream_is_unavailable_and_tells_why_and_when_it_is_tried_again(
    stream: UpstreamMonitor, clock: Any
) -> None:
    stream.connected()
    message(stream, clock)
    stream.disconnected("cut")
    stream.retrying(clock.now_ms() + 500)
    status = only(stream)
    assert status.status is ServiceStatus.UNAVAILABLE
    assert status.detail == "cut"
    assert status.retry_at_ms == clock.now_ms() + 500
    assert status.connected_since_ms is None
    assert stream.failures == 1


def test_reconnects_are_counted_but_not_the_first_connection_nor_renewals(
    stream: UpstreamMonitor, clock: Any
) -> None:
    stream.connected()
    message(stream, clock)
    stream.connected(renewed=True)
    assert only(stream).reconnects == 0
    assert only(stream).status is ServiceStatus.HEALTHY
    stream.disconnected("cut")
    stream.connected()
    assert only(stream).reconnects == 1


def test_a_dialler_s_own_time_is_told_not_its_breaker_s(
    stream: UpstreamMonitor, clock: Any
) -> None:
    breaker = AsyncBreaker("upbit.stream", clock=clock, failures=1)
    stream.follow(breaker)
    breaker.failed("down")
    assert only(stream).breaker is BreakerState.OPEN
    assert only(stream).retry_at_ms is None


async def test_a_request_channel_is_what_its_last_answers_were(
    rest: UpstreamMonitor, clock: Any
) -> None:
    assert only(rest).detail == "not asked yet"
    assert rest.success_share is None
    rest.failed("status 500")
    assert only(rest).status is ServiceStatus.UNAVAILABLE
    assert rest.succeeded(30.0)
    assert not rest.succeeded(50.0)
    status = only(rest)
    assert status.status is ServiceStatus.HEALTHY
    assert (status.latency_ms_p50, status.latency_ms_p99) == (30.0, 50.0)
    rest.failed("status 502")
    assert only(rest).status is ServiceStatus.DEGRADED
    assert only(rest).detail == "status 502"
    assert rest.success_share == 0.5


async def test_a_request_channel_with_an_open_breaker_is_unavailable(
    rest: UpstreamMonitor, clock: Any
) -> None:
    breaker = AsyncBreaker("upbit.rest", clock=clock, failures=1)
    rest.follow(breaker)
    rest.succeeded(1.0)
    breaker.failed("down")
    rest.failed("down")
    status = only(rest)
    assert status.status is ServiceStatus.UNAVAILABLE
    assert status.breaker is BreakerState.OPEN
    assert status.retry_at_ms == clock.now_ms() + 60_000


async def test_a_held_channel_is_degraded_until_its_time(
    rest: UpstreamMonitor, clock: Any
) -> None:
    rest.succeeded(1.0)
    rest.held(clock.now_ms() + 5_000)
    assert only(rest).status is ServiceStatus.DEGRADED
    assert only(rest).retry_at_ms == clock.now_ms() + 5_000
    await clock.advance(5)
    assert only(rest).status is ServiceStatus.HEALTHY
    assert only(rest).retry_at_ms is None


async def test_messages_per_second_are_measured(
    stream: UpstreamMonitor, clock: Any
) -> None:
    for _ in range(30):
        message(stream, clock)
        await clock.advance(0.5)
    assert only(stream).messages_per_second == pytest.approx(2, rel=0.1)
    assert stream.messages == 30


async def test_rejects_are_counted_kept_and_logged_once_a_minute_and_kind(
    stream: UpstreamMonitor, clock: Any
) -> None:
    with capture_logs() as logs:
        for _ in range(200):
            stream.rejected(reject())
        stream.rejected(reject("number"))
        await clock.advance(59)
        stream.rejected(reject())
        await clock.advance(1)
        stream.rejected(reject())
    told = [(log["event"], log["kind"], log["count"]) for log in logs]
    assert told == [
        ("upstream.frame_rejected", "syntax", 1),
        ("upstream.frame_rejected", "number", 1),
        ("upstream.frame_rejected", "syntax", 202),
    ]
    assert {log["upstream"] for log in logs} == {"upbit.stream"}
    assert stream.rejects == {"syntax": 202, "number": 1}
    assert len(stream.kept_rejects) == MAX_KEPT_REJECTS
    assert stream.kept_rejects[-1].at_ms == clock.now_ms()


def test_kinds_beyond_the_bound_are_counted_as_other(stream: UpstreamMonitor) -> None:
    with capture_logs():
        for number in range(MAX_REJECT_KINDS + 5):
            stream.rejected(reject(f"kind {number}"))
    assert stream.rejects["other"] == 5
    assert len(stream.rejects) == MAX_REJECT_KINDS + 1


def test_many_undecodable_frames_among_good_ones_degrade_a_stream(
    stream: UpstreamMonitor, clock: Any
) -> None:
    stream.connected()
    with capture_logs():
        for _ in range(9):
            message(stream, clock)
        stream.rejected(reject())
        assert only(stream).status is ServiceStatus.HEALTHY
        stream.rejected(reject())
    assert only(stream).status is ServiceStatus.DEGRADED
    assert only(stream).detail == "2 of 11 frames undecodable"


def test_a_venue_s_complaint_is_logged_once_a_minute_and_told(
    stream: UpstreamMonitor, clock: Any
) -> None:
    stream.connected()
    with capture_logs() as logs:
        stream.complained("WRONG_FORMAT")
        stream.complained("NO_CODES")
    assert [log["error"] for log in logs] == ["WRONG_FORMAT"]
    assert only(stream).detail == "NO_CODES"
    message(stream, clock)
    assert only(stream).status is ServiceStatus.HEALTHY


def test_a_request_that_a_well_upstream_refuses_costs_only_itself(
    rest: UpstreamMonitor,
) -> None:
    rest.refused("Code not found")
    assert only(rest).status is ServiceStatus.HEALTHY
    assert rest.success_share == 0
