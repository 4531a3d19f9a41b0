import asyncio
import gzip
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp import web

from adapters.resilience.breaker import AsyncBreaker
from adapters.resilience.budget import BINANCE_RULE, UPBIT_RULE
from adapters.resilience.error import (
    AddressBanned,
    BreakerOpen,
    ConnectionFailed,
    RateLimited,
    RequestRejected,
    RequestTimedOut,
    ServerFailed,
    UndecodableAnswer,
)
from adapters.resilience.http import HttpAnswer, UpstreamHttp
from adapters.resilience.limiter import RequestLimiter
from adapters.resilience.monitor import UpstreamMonitor
from adapters.resilience.retry import RetryPolicy
from domain.model.health import BreakerState, ServiceStatus
from domain.model.market import Channel

NAME = "upbit.rest"


class Kit:
    """A client with all its parts at hand."""

    def __init__(self, clock: Any, url: str, **options: Any) -> None:
        self.monitor = UpstreamMonitor(NAME, Channel.REST, clock=clock)
        self.breaker = AsyncBreaker(NAME, clock=clock)
        rule = options.pop("rule", UPBIT_RULE)
        self.recovered = 0
        self.http = UpstreamHttp(
            NAME,
            url,
            self.monitor,
            limiter=RequestLimiter(NAME, rule, clock=clock),
            breaker=self.breaker,
            retry=RetryPolicy(),
            clock=clock,
            random=lambda: 0.0,
            on_recovered=self._recovered,
            **options,
        )

    def _recovered(self) -> None:
        self.recovered += 1


@pytest.fixture
async def make_kit(clock: Any) -> AsyncIterator[Callable[..., Kit]]:
    made: list[Kit] = []

    def make(url: str, **options: Any) -> Kit:
        made.append(Kit(clock, url, **options))
        return made[-1]

    yield make
    for kit in made:
        await kit.http.close()


@pytest.fixture
def kit(make_kit: Callable[..., Kit], upstream: Any) -> Kit:
    return make_kit(upstream.url)


def status(code: int, text: str = "", **headers: str) -> web.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return web.Response(status=code, text=text, headers=named)


async def test_a_good_answer_comes_with_its_headers_body_and_time(
    kit: Kit, upstream: Any
) -> None:
    upstream.script = [status(200, "[1]", Remaining_Req="group=t; min=1; sec=9")]
    answer = await kit.http.get("/v1/ticker")
    assert answer.status == 200
    assert answer.body == b"[1]"
    assert answer.headers["remaining-req"] == "group=t; min=1; sec=9"
    assert answer.rtt_s >= 0
    assert kit.monitor.status().status is ServiceStatus.HEALTHY


async def test_base_and_path_are_joined_and_a_prefix_of_the_base_is_kept(
    make_kit: Callable[..., Kit], upstream: Any
) -> None:
    kit = make_kit(f"{upstream.url}/upbit/")
    params = {"to": "2026-01-01T00:00:00+09:00", "symbols": '["BTC","币安"]'}
    await kit.http.get("/v1/candles", params)
    assert upstream.asked[0].path == "/upbit/v1/candles"
    assert dict(upstream.asked[0].query) == params


async def test_no_origin_is_sent_and_own_headers_are(
    make_kit: Callable[..., Kit], upstream: Any
) -> None:
    kit = make_kit(upstream.url, headers={"User-Agent": "Mozilla/5.0"})
    await kit.http.get("/")
    headers = upstream.asked[0].headers
    assert "Origin" not in headers
    assert headers["User-Agent"] == "Mozilla/5.0"
    assert headers["Accept"] == "application/json"
    with pytest.raises(ValueError, match="Origin"):
        make_kit(upstream.url, headers={"origin": "https://a"})


async def test_a_failing_server_is_asked_four_times_with_growing_waits(
    kit: Kit, upstream: Any, clock: Any
) -> None:
    upstream.script = [status(500), status(502), status(503), status(200, "good")]
    assert (await kit.http.get("/")).body == b"good"
    assert clock.slept_s == [2, 4, 8]
    assert kit.recovered == 1


async def test_every_try_counts_for_the_breaker_and_an_open_one_asks_nothing(
    kit: Kit, upstream: Any, clock: Any
) -> None:
    upstream.script = [status(500) for _ in range(5)]
    with pytest.raises(ServerFailed):
        await kit.http.get("/")
    with pytest.raises(BreakerOpen) as caught:
        await kit.http.get("/")
    assert len(upstream.asked) == 5
    assert caught.value.retry_at_ms is not None
    assert kit.monitor.status().status is ServiceStatus.UNAVAILABLE
    await clock.sleep(60)
    await kit.http.get("/")
    assert kit.breaker.state is BreakerState.CLOSED
    assert kit.recovered == 1


async def test_an_open_breaker_refuses_at_once_and_not_after_a_wait_in_line(
    kit: Kit, upstream: Any, clock: Any
) -> None:
    upstream.script = [status(500) for _ in range(5)]
    for _ in range(5):
        with pytest.raises(ServerFailed):
            await kit.http.get("/", tries=1)
    for _ in range(50):
        with pytest.raises(BreakerOpen):
            await kit.http.get("/")
    assert clock.slept_s == []


async def test_a_feed_s_own_loop_gets_through_an_open_breaker(
    kit: Kit, upstream: Any, clock: Any
) -> None:
    upstream.script = [status(500) for _ in range(5)]
    for _ in range(5):
        with pytest.raises(ServerFailed):
            await kit.http.get("/", tries=1)
    with pytest.raises(BreakerOpen):
        await kit.http.get("/", tries=1, probe=True)
    await clock.sleep(4)
    await kit.http.get("/", tries=1, probe=True)
    assert kit.breaker.state is BreakerState.CLOSED


async def test_a_refused_request_is_not_repeated_and_tells_the_venue_s_words(
    kit: Kit, upstream: Any
) -> None:
    text = '{"error":{"name":404,"message":"Code not found"}}'
    upstream.script = [status(404, text)]
    with pytest.raises(RequestRejected, match="Code not found") as caught:
        await kit.http.get("/v1/ticker", {"markets": "KRW-NONE"})
    assert caught.value.status == 404
    assert len(upstream.asked) == 1
    assert kit.breaker.state is BreakerState.CLOSED


async def test_a_429_is_repeated_after_its_time_and_fails_nothing(
    kit: Kit, upstream: Any, clock: Any
) -> None:
    upstream.script = [status(429, Retry_After="7"), status(200, "good")]
    assert (await kit.http.get("/", group="ticker")).body == b"good"
    assert sum(clock.slept_s) == pytest.approx(7)
    assert kit.monitor.failures == 0
    assert kit.monitor.success_share == 1.0


async def test_after_a_429_with_a_long_time_its_group_is_left_alone_and_others_go_on(
    kit: Kit, upstream: Any, clock: Any
) -> None:
    upstream.script = [status(429, Retry_After="30")]
    with pytest.raises(RateLimited) as caught:
        await kit.http.get("/", group="ticker")
    assert caught.value.retry_at_ms == clock.now_ms() + 30_000
    with pytest.raises(RateLimited):
        await kit.http.get("/", group="ticker")
    assert len(upstream.asked) == 1
    await kit.http.get("/", group="candle")
    assert len(upstream.asked) == 2
    assert kit.monitor.status().retry_at_ms is None


async def test_a_418_holds_every_group_and_is_not_repeated(
    kit: Kit, upstream: Any, clock: Any
) -> None:
    upstream.script = [status(418, "blocked for 90 seconds")]
    with pytest.raises(AddressBanned) as caught:
        await kit.http.get("/", group="ticker")
    assert caught.value.retry_at_ms == clock.now_ms() + 90_000
    assert kit.monitor.status().retry_at_ms == clock.now_ms() + 90_000
    with pytest.raises(AddressBanned):
        await kit.http.get("/", group="candle")
    assert len(upstream.asked) == 1
    assert clock.slept_s == []


async def test_used_weight_told_by_the_venue_holds_requests(
    make_kit: Callable[..., Kit], upstream: Any
) -> None:
    kit = make_kit(upstream.url, rule=BINANCE_RULE)
    upstream.script = [status(200, X_MBX_USED_WEIGHT_1M="5990")]
    await kit.http.get("/", weight=2)
    with pytest.raises(RateLimited):
        await kit.http.get("/", weight=80)
    assert len(upstream.asked) == 1


async def test_an_answer_that_does_not_come_in_time_is_a_time_out(
    make_kit: Callable[..., Kit], upstream: Any
) -> None:
    async def hang(request: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError

    upstream.script = [hang]
    kit = make_kit(upstream.url, timeout_s=0.05)
    with pytest.raises(RequestTimedOut):
        await kit.http.get("/", tries=1)
    assert kit.monitor.status().status is ServiceStatus.UNAVAILABLE


async def test_nobody_there_is_no_connection(make_kit: Callable[..., Kit]) -> None:
    server = await asyncio.start_server(lambda r, w: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    kit = make_kit(f"http://127.0.0.1:{port}")
    with pytest.raises(ConnectionFailed):
        await kit.http.get("/", tries=1)


@pytest.mark.parametrize("zipped", [False, True])
async def test_an_answer_larger_than_allowed_is_not_read_to_its_end(
    make_kit: Callable[..., Kit], upstream: Any, zipped: bool
) -> None:
    body = b"0" * 3_000_000
    packed = web.Response(body=gzip.compress(body))
    packed.headers["Content-Encoding"] = "gzip"
    upstream.script = [packed if zipped else web.Response(body=body)]
    kit = make_kit(upstream.url, max_body_bytes=100_000)
    with pytest.raises(UndecodableAnswer, match="100000"):
        await kit.http.get("/", tries=1)


async def test_an_answer_cut_short_is_undecodable(kit: Kit, upstream: Any) -> None:
    async def cut(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "100"})
        await response.prepare(request)
        await response.write(b"half")
        assert request.transport is not None
        request.transport.close()
        return response

    upstream.script = [cut]
    with pytest.raises(UndecodableAnswer):
        await kit.http.get("/", tries=1)


async def test_redirects_are_not_followed(kit: Kit, upstream: Any) -> None:
    upstream.script = [status(302, Location="/elsewhere")]
    with pytest.raises(RequestRejected, match="302"):
        await kit.http.get("/")
    assert len(upstream.asked) == 1


async def test_garbage_is_counted_and_kept_for_inspection(
    kit: Kit, upstream: Any
) -> None:
    def undecodable(answer: HttpAnswer) -> None:
        raise UndecodableAnswer(NAME, "the rate is not positive")

    upstream.script = [web.Response(text="-1300")]
    with pytest.raises(UndecodableAnswer):
        await kit.http.read(undecodable, "/rate", tries=1)
    assert kit.monitor.rejects == {"answer": 1}
    assert kit.monitor.kept_rejects[0].reject.frame == b"-1300"


async def test_garbage_counts_as_a_failure_and_is_asked_again(
    kit: Kit, upstream: Any
) -> None:
    def decode(answer: HttpAnswer) -> str:
        if answer.body != b"good":
            raise UndecodableAnswer(NAME, "not JSON")
        return "decoded"

    upstream.script = [status(200, "<html>"), status(200, "good")]
    assert await kit.http.read(decode, "/") == "decoded"
    assert len(upstream.asked) == 2
    assert kit.monitor.success_share == 0.5


async def test_cancelling_a_request_counts_for_nothing(kit: Kit, upstream: Any) -> None:
    arrived = asyncio.Event()

    async def hang(request: web.Request) -> web.StreamResponse:
        arrived.set()
        await asyncio.Event().wait()
        raise AssertionError

    upstream.script = [hang] * 6
    for _ in range(6):
        arrived.clear()
        task = asyncio.create_task(kit.http.get("/"))
        await asyncio.wait_for(arrived.wait(), 5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert kit.breaker.state is BreakerState.CLOSED
    assert kit.monitor.failures == 0


async def test_the_skew_of_our_clock_is_measured_by_the_date_of_answers(
    kit: Kit, upstream: Any, clock: Any
) -> None:
    assert kit.http.clock_offset_ms is None
    clock.start_ms = 784_111_777_000 + 30_500
    upstream.script = [status(200, Date="Sun, 06 Nov 1994 08:49:37 GMT")]
    await kit.http.get("/")
    assert kit.http.clock_offset_ms == 30_000


async def test_a_closed_client_asks_nothing_any_more(kit: Kit, upstream: Any) -> None:
    await kit.http.get("/")
    await kit.http.close()
    await kit.http.close()
    with pytest.raises(RuntimeError, match="closed"):
        await kit.http.get("/")


async def test_ten_a_second_and_group_however_many_ask_at_once(
    kit: Kit, upstream: Any, clock: Any
) -> None:
    began_s = clock.monotonic()
    await asyncio.gather(*(kit.http.get("/", group="candle") for _ in range(35)))
    assert len(upstream.asked) == 35
    assert clock.monotonic() - began_s >= 3


async def test_health_names_the_time_of_the_next_try_while_it_is_waited_for(
    kit: Kit, upstream: Any, clock: Any
) -> None:
    upstream.script = [status(500, ""), status(500, "")]
    told: list[int | None] = []
    waited = clock.sleep

    async def sleep(seconds: float) -> None:
        told.append(kit.monitor.status().retry_at_ms)
        await waited(seconds)

    clock.sleep = sleep
    with pytest.raises(ServerFailed):
        await kit.http.get("/", tries=2)
    assert any(at is not None and at > 0 for at in told)


@pytest.mark.parametrize("kept_alive", [False, True])
async def test_a_dropped_connection_is_one_request_and_no_more(
    kit: Kit, upstream: Any, kept_alive: bool
) -> None:
    async def drop(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    if kept_alive:
        await kit.http.get("/first")
        upstream.asked.clear()
    upstream.script = [drop, drop, drop]
    with pytest.raises(ConnectionFailed):
        await kit.http.get("/ticker", tries=1)
    assert len(upstream.asked) == 1
