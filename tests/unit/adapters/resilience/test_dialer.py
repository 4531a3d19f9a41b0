import asyncio
from typing import Any

import pytest
from structlog.testing import capture_logs

from adapters.resilience.error import RequestTimedOut
from domain.model.event import FeedDown
from domain.model.health import BreakerState, ServiceStatus
from domain.model.market import Exchange


async def test_it_is_up_when_open_and_hands_data_on(stream: Any, clock: Any) -> None:
    await stream.start("KRW-BTC", "KRW-ETH")
    assert stream.dialer.exchange is Exchange.UPBIT
    assert stream.told() == ["up"]
    assert stream.connect.sockets[0].sent == ["watch KRW-BTC,KRW-ETH"]
    await stream.push(b"data 5")
    await stream.push(b"data 6")
    assert stream.told() == ["up", "data 5", "data 6"]
    assert stream.monitor.status().status is ServiceStatus.HEALTHY
    assert stream.monitor.status().latency_ms_p50 == 40


async def test_nothing_is_dialled_before_a_market_is_wanted(
    stream: Any, clock: Any
) -> None:
    stream.dialer.watch([])
    stream.task = asyncio.create_task(stream.dialer.run(stream.events.append))
    await clock.advance(60)
    assert stream.connect.dials_s == []
    stream.dialer.watch(["KRW-BTC"])
    await clock.settle()
    assert stream.told() == ["up"]


async def test_a_cut_is_told_at_once_with_its_reason_and_dialled_at_once(
    stream: Any, clock: Any
) -> None:
    await stream.start()
    await clock.advance(5)
    await stream.push(b"data 1")
    with capture_logs() as logs:
        await stream.cut()
    assert stream.told() == ["up", "data 1", "down", "up"]
    down = stream.events[2]
    assert isinstance(down, FeedDown)
    assert down.at_s == clock.monotonic()
    assert "ConnectionClosedError" in down.reason
    assert logs == [
        {
            "event": "stream.down",
            "log_level": "info",
            "reason": down.reason,
            "upstream": "upbit.stream",
        }
    ]
    assert stream.connect.sockets[0].closed == 1
    assert stream.sessions[1].watched == [frozenset({"KRW-BTC"})]
    assert stream.monitor.status().reconnects == 1


async def test_a_venue_that_accepts_and_closes_is_not_stormed(
    stream: Any, clock: Any
) -> None:
    await stream.start()
    for _ in range(60):
        await stream.cut()
        await clock.advance(1)
    assert len(stream.connect.dials_s) <= 18
    assert stream.connect.dials_s[:4] == [0, 0.5, 2.0, 4.0]


async def test_a_silent_connection_is_closed_and_replaced(
    stream: Any, clock: Any
) -> None:
    await stream.start()
    await clock.advance(6)
    await stream.push(b"data")
    await clock.advance(9.9)
    assert stream.told() == ["up", "data 1"]
    await clock.advance(0.2)
    assert stream.told() == ["up", "data 1", "down", "up"]
    assert stream.events[2].reason == "no data for 10 s"
    assert stream.connect.sockets[0].closed == 1


async def test_frames_without_data_do_not_count_as_life(
    stream: Any, clock: Any
) -> None:
    await stream.start()
    with capture_logs():
        for _ in range(21):
            await stream.push(b"reject not JSON")
            await clock.advance(0.5)
    assert "down" in stream.told()
    assert stream.monitor.rejects == {"syntax": 20}


async def test_an_undecodable_frame_or_a_broken_session_costs_only_that_frame(
    stream: Any, clock: Any
) -> None:
    await stream.start()
    with capture_logs() as logs:
        await stream.push(b"reject not JSON")
        await stream.push(b"boom")
        await stream.push(b"error WRONG_FORMAT")
    await stream.push(b"data 7")
    assert stream.told() == ["up", "data 7"]
    assert stream.monitor.rejects == {"syntax": 1, "surprise": 1}
    assert [log["event"] for log in logs] == [
        *("upstream.frame_rejected", "upstream.frame_rejected"),
        "upstream.complained",
    ]


async def test_markets_may_change_on_an_open_connection(
    stream: Any, clock: Any
) -> None:
    await stream.start("KRW-BTC")
    stream.dialer.watch(["KRW-ETH"])
    stream.dialer.watch(["KRW-ETH"])
    await clock.settle()
    assert stream.connect.sockets[0].sent == ["watch KRW-BTC", "watch KRW-ETH"]


async def test_the_session_paces_its_own_frames(stream: Any, clock: Any) -> None:
    await stream.start()
    await stream.push(b"data")
    await stream.push(b"later 2.5")
    await clock.advance(2.4)
    assert "later" not in stream.connect.sockets[0].sent
    await clock.advance(0.2)
    assert stream.connect.sockets[0].sent[-1] == "later"


async def test_a_failed_send_is_a_cut(stream: Any, clock: Any) -> None:
    await stream.start()
    stream.connect.sockets[0].send_error = ConnectionResetError("reset")
    stream.dialer.watch(["KRW-ETH"])
    await clock.advance(1)
    assert stream.told() == ["up", "down", "up"]
    assert "reset" in stream.events[1].reason


async def test_what_belongs_to_a_session_s_begin_runs_once_per_session_and_ends_with_it(
    stream: Any, clock: Any
) -> None:
    began, ended = [], []

    async def seed() -> None:
        began.append(clock.elapsed_s)
        try:
            await clock.sleep(100)
        finally:
            ended.append(clock.elapsed_s)

    stream.up = seed
    await stream.start()
    await stream.push(b"data")
    await stream.push(b"bye")
    await clock.advance(1)
    await stream.push(b"data", socket=1)
    assert began == [0]
    await clock.advance(3)
    await stream.cut()
    assert began == [0, 4]
    assert ended[0] <= 4


async def test_a_seed_in_vain_is_logged_and_the_feed_goes_on(
    stream: Any, clock: Any
) -> None:
    async def seed() -> None:
        raise RequestTimedOut("upbit.rest", "10 s")

    stream.up = seed
    with capture_logs() as logs:
        await stream.start()
    assert [log["event"] for log in logs] == ["stream.not_seeded"]
    await stream.push(b"data 1")
    assert stream.told() == ["up", "data 1"]


async def test_a_bug_in_the_seed_or_the_sink_ends_the_run_and_closes_the_socket(
    make_stream: Any, clock: Any
) -> None:
    async def seed() -> None:
        raise ZeroDivisionError("seed")

    stream = make_stream()
    stream.up = seed
    await stream.start()
    with pytest.raises(ZeroDivisionError, match="seed"):
        await stream.task
    assert stream.connect.sockets[0].closed == 1

    stream = make_stream()

    def sink(event: Any) -> None:
        stream.events.append(event)
        if len(stream.events) == 2:
            raise ZeroDivisionError("sink")

    stream.dialer.watch(["KRW-BTC"])
    task = asyncio.create_task(stream.dialer.run(sink))
    await clock.settle()
    stream.connect.sockets[0].push(b"data 1")
    with pytest.raises(ZeroDivisionError, match="sink"):
        await task
    assert stream.connect.sockets[0].closed == 1
    assert stream.told() == ["up", "data 1", "down"]


async def test_recovery_is_told_with_the_first_data_after_a_failure(
    stream: Any, clock: Any
) -> None:
    await stream.start()
    await stream.push(b"data 1")
    assert stream.recovered == 0
    await stream.cut()
    await clock.advance(1)
    assert stream.recovered == 0
    await stream.push(b"data 2")
    await stream.push(b"data 3")
    assert stream.recovered == 1


async def test_a_dial_in_vain_counts_as_a_failure_to_recover_from(
    stream: Any, clock: Any
) -> None:
    stream.connect.outcomes = [OSError("down")] * 5
    await stream.start()
    await clock.advance(12)
    assert stream.told() == ["up"]
    assert stream.breaker.state is BreakerState.OPEN
    await stream.push(b"data 1")
    assert stream.breaker.state is BreakerState.CLOSED
    assert stream.recovered == 1


async def test_cancelling_tells_the_end_closes_everything_and_leaves_no_task(
    make_stream: Any, clock: Any
) -> None:
    before = asyncio.all_tasks()
    stream = make_stream(renew_after_s=5.0)
    await stream.start()
    await stream.push(b"data 1")
    await clock.advance(5)
    assert len(stream.connect.sockets) == 2
    await stream.stop()
    assert stream.task.cancelled()
    assert stream.told()[-1] == "down"
    assert stream.events[-1].reason == "stopped"
    assert [socket.closed for socket in stream.connect.sockets] == [1, 1]
    assert asyncio.all_tasks() == before
    # and it can be started again
    await stream.start()
    await clock.advance(1)
    assert stream.told()[-1] == "up"


async def test_every_task_has_a_name_of_its_upstream(
    make_stream: Any, clock: Any
) -> None:
    before = asyncio.all_tasks()
    stream = make_stream(renew_after_s=5.0)
    await stream.start()
    stream.task.set_name("upbit.stream")
    names = {task.get_name() for task in asyncio.all_tasks() - before}
    assert names == {
        "upbit.stream",
        "upbit.stream.link",
        "upbit.stream.read",
        "upbit.stream.keep",
        "upbit.stream.wait",
        "upbit.stream.renew",
    }


@pytest.mark.parametrize(("age_ms", "latency"), [(-50, 0.0), (61_000, None)])
async def test_a_stamp_of_the_future_or_of_a_quiet_market_is_no_latency(
    stream: Any, clock: Any, age_ms: int, latency: float | None, monkeypatch: Any
) -> None:
    await stream.start()
    receive = stream.sessions[0].receive

    def shifted(frame: bytes, received_ms: int, received_s: float) -> Any:
        # The fake stamps its data 40 ms before it is received.
        return receive(frame, received_ms - age_ms + 40, received_s)

    monkeypatch.setattr(stream.sessions[0], "receive", shifted)
    await stream.push(b"data 1")
    assert stream.monitor.status().latency_ms_p50 == latency
