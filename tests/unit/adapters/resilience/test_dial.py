import asyncio
import ssl
from typing import Any

import pytest
from websockets.datastructures import Headers
from websockets.exceptions import InvalidStatus
from websockets.http11 import Response

from domain.model.health import BreakerState

REFUSED = ConnectionRefusedError(111, "refused")


async def test_a_dead_venue_is_dialled_by_the_schedule(stream: Any, clock: Any) -> None:
    stream.connect.default = REFUSED
    await stream.start()
    await clock.advance(20)
    assert stream.connect.dials_s == pytest.approx(
        [0, 0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5]
    )
    assert stream.events == []
    assert (
        stream.monitor.status().detail == "ConnectionRefusedError [Errno 111] refused"
    )
    assert stream.monitor.status().retry_at_ms == clock.now_ms() + 3_500


async def test_the_breaker_learns_of_failed_dials_and_never_stops_them(
    stream: Any, clock: Any
) -> None:
    stream.connect.default = REFUSED
    await stream.start()
    await clock.advance(10)
    assert stream.breaker.state is BreakerState.OPEN
    before = len(stream.connect.dials_s)
    await clock.advance(8)
    assert len(stream.connect.dials_s) == before + 2
    stream.connect.default = None
    await clock.advance(4)
    await stream.push(b"data")
    assert stream.breaker.state is BreakerState.CLOSED


async def test_a_venue_that_comes_back_within_ten_minutes_is_found_within_five_seconds(
    stream: Any, clock: Any
) -> None:
    stream.connect.default = REFUSED
    await stream.start()
    await clock.advance(590)
    stream.connect.default = None
    await clock.advance(4.5)
    assert stream.told() == ["up"]


async def test_in_a_black_hole_a_hanging_dial_is_overtaken_every_four_seconds(
    stream: Any, clock: Any, hung: Any
) -> None:
    stream.connect.default = hung
    await stream.start()
    await clock.advance(21)
    assert stream.connect.dials_s == pytest.approx([0, 4, 8, 12, 16, 20])
    assert stream.connect.pending <= 3
    stream.connect.default = None
    await clock.advance(4)
    assert stream.told() == ["up"]
    assert stream.connect.pending == 0


async def test_a_slow_handshake_is_not_given_up_before_its_time_out(
    stream: Any, clock: Any, hung: Any
) -> None:
    stream.connect.outcomes = [hung]
    await stream.start()
    await clock.advance(3.9)
    assert len(stream.connect.dials_s) == 1
    await clock.advance(0.2)
    assert stream.told() == ["up"]


async def test_news_from_the_other_channel_makes_it_dial_at_once(
    stream: Any, clock: Any
) -> None:
    stream.connect.default = REFUSED
    await stream.start()
    await clock.advance(8)
    stream.connect.default = None
    stream.dialer.wake()
    await clock.settle()
    assert stream.told() == ["up"]
    assert stream.connect.dials_s[-1] == 8
    stream.dialer.wake()  # nothing is waited for
    await clock.advance(1)
    assert len(stream.connect.sockets) == 1


async def test_a_refused_handshake_holds_the_dials_for_the_time_named(
    stream: Any, clock: Any
) -> None:
    refusal = InvalidStatus(Response(429, "", Headers({"Retry-After": "50"}), b""))
    stream.connect.outcomes = [refusal]
    await stream.start()
    stream.dialer.wake()
    await clock.advance(49.9)
    assert stream.connect.dials_s == [0]
    assert stream.breaker.state is BreakerState.CLOSED
    await clock.advance(0.2)
    assert stream.told() == ["up"]


async def test_dials_keep_to_the_venue_s_budget(make_stream: Any, clock: Any) -> None:
    stream = make_stream(dials=3, dial_window_s=60.0)
    stream.connect.default = REFUSED
    await stream.start()
    await clock.advance(60)
    assert stream.connect.dials_s == pytest.approx([0, 0.5, 1.5])


async def test_no_origin_is_sent_and_every_limit_is_handed_over(
    make_stream: Any,
) -> None:
    stream = make_stream(connect_timeout_s=7.0, max_frame_bytes=99, compress=True)
    await stream.start()
    options = stream.connect.options
    assert options["origin"] is None
    assert options["open_timeout"] == 7.0
    assert options["close_timeout"] == 1.0
    assert options["max_size"] == 99
    assert options["compression"] == "deflate"
    assert options["proxy"] is True
    assert isinstance(options["ssl"], ssl.SSLContext)


async def test_the_url_may_be_asked_for_before_every_dial(
    make_stream: Any, clock: Any
) -> None:
    urls = iter(["ws://127.0.0.1:1/a", "ws://127.0.0.1:1/b"])
    stream = make_stream(url=lambda: next(urls))
    stream.connect.outcomes = [REFUSED]
    await stream.start()
    await clock.advance(1)
    assert stream.connect.urls == ["ws://127.0.0.1:1/a", "ws://127.0.0.1:1/b"]
    assert stream.connect.options["proxy"] is None
    assert stream.connect.options["compression"] is None
    assert "ssl" not in stream.connect.options


async def test_cancelling_closes_what_opens_in_that_very_moment(
    make_stream: Any, clock: Any
) -> None:
    before = asyncio.all_tasks()
    opened = 0
    for turns in range(30):
        stream = make_stream()
        stream.dialer.watch(["KRW-BTC"])
        stream.task = asyncio.create_task(stream.dialer.run(stream.events.append))
        for _ in range(turns):
            await asyncio.sleep(0)  # stopped at every turn
        await stream.stop()
        opened += len(stream.connect.sockets)
        assert all(socket.closed == 1 for socket in stream.connect.sockets), turns
        assert stream.told() in ([], ["up", "down"])
    assert opened > 10
    assert asyncio.all_tasks() == before


async def test_a_surprise_in_a_dial_ends_the_run(stream: Any, clock: Any) -> None:
    stream.connect.default = ZeroDivisionError("bug")
    await stream.start()
    with pytest.raises(ZeroDivisionError, match="bug"):
        await stream.task
