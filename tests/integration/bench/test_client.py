"""What the soak's clients make of a server that is not well."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp import web

from adapters.simulator.market import Market
from bench.soak.check import Checker, Moment
from bench.soak.client import Audience
from bench.soak.report import Report
from bench.soak.truth import Truth

START_MS = 1_795_000_000_000


class Fake:
    """Answers everything with one status and body."""

    def __init__(self) -> None:
        self.status = 200
        self.body: Any = {"data": None}

    async def answer(self, request: web.Request) -> web.Response:
        return web.json_response(self.body, status=self.status)


@pytest.fixture
async def fake() -> AsyncIterator[tuple[Fake, Callable[[Report], Audience]]]:
    server, audiences = Fake(), []
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", server.answer)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    truth = Truth(Market(seed=1, rate=0, coins=3, start_ms=START_MS))

    def come(report: Report) -> Audience:
        checker = Checker(truth, {"upbit": 4.0, "binance": 3.0})
        audience = Audience(url, (100,), checker, report, Moment)
        audiences.append(audience)
        return audience

    yield server, come
    for audience in audiences:
        await audience.end()
    await runner.cleanup()


async def test_an_answer_that_is_well_is_not_blamed(fake: Any) -> None:
    server, come = fake
    server.body = {"data": {"premiums": {"edges": []}}}
    report = Report(1)
    assert await come(report).check_once() == []
    assert not report.failed


@pytest.mark.parametrize(
    ("status", "code"), [(500, "UPSTREAM_UNAVAILABLE"), (200, "INTERNAL")]
)
async def test_failures_of_our_own_are_blamed(
    fake: Any, status: int, code: str
) -> None:
    server, come = fake
    server.status = status
    server.body = {"errors": [{"message": "m", "extensions": {"code": code}}]}
    report = Report(1)
    assert await come(report).check_once() is None
    assert "no failure is ours" in report.counts


async def test_a_contradiction_on_the_board_is_blamed(fake: Any) -> None:
    server, come = fake
    leg = None
    node = {
        "symbol": "BTC",
        "seq": 1,
        "percent": "1",
        "quality": "UNAVAILABLE",
        "reason": "DOMESTIC_MISSING",
        "domestic": leg,
        "global": leg,
        "bases": [{"fx": None}],
    }
    server.body = {"data": {"premiums": {"edges": [{"node": node}]}}}
    report = Report(1)
    assert await come(report).check_once() == [node]
    assert "the board says what is so" in report.counts


async def test_a_server_that_is_gone_is_blamed() -> None:
    truth = Truth(Market(seed=1, rate=0, coins=3, start_ms=START_MS))
    report = Report(1)
    checker = Checker(truth, {})
    audience = Audience("http://127.0.0.1:1", (100,), checker, report, Moment)
    assert await audience.ask_board() is None
    await audience.end()
    assert "every question is answered" in report.counts
