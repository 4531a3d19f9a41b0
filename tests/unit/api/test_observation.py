"""The outermost layer: names, times and counts every request."""

from typing import Any

import pytest
from starlette.routing import Mount, Route

from adapters.memory.clock import FakeClock
from api.observation import CLIENT_LEFT, Observation, route_of
from api.traffic import OTHER, Traffic


async def ask(
    *messages: dict[str, Any], takes_s: float = 0.0, fails: bool = False, **more: Any
) -> tuple[Traffic, list[Any]]:
    """Return what was counted and sent for a request that is answered so."""
    clock, traffic, sent = FakeClock(), Traffic(), []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        scope["route"] = Route("/graphql", app)
        for message in messages:
            await send(message)
        await clock.advance(takes_s)
        if fails:
            raise RuntimeError

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "headers": [], **more}
    seen = Observation(app, traffic, clock)
    try:
        await seen(scope, None, send)  # type: ignore[arg-type]  # nobody receives
    except RuntimeError:
        assert fails
    return traffic, sent


def head(status: int, media: bytes = b"application/json") -> dict[str, Any]:
    return {
        "type": "http.response.start",
        "status": status,
        "headers": [(b"content-type", media)],
    }


BODY = {"type": "http.response.body", "body": b"{}"}


async def test_an_answer_is_counted_timed_and_named() -> None:
    named = [(b"x-request-id", b"abc")]
    traffic, sent = await ask(head(200), BODY, takes_s=0.3, headers=named)
    assert traffic.requests == {("POST", "/graphql", "200"): 1}
    assert traffic.request_s["/graphql"].total == pytest.approx(0.3)
    assert (b"x-request-id", b"abc") in sent[0]["headers"]
    assert sent[1] == BODY


async def test_an_event_stream_is_counted_but_not_timed() -> None:
    traffic, _ = await ask(head(200, b"text/event-stream; charset=utf-8"), BODY)
    assert traffic.requests == {("POST", "/graphql", "200"): 1}
    assert not traffic.request_s


async def test_a_failure_is_a_500_and_goes_on_its_way() -> None:
    traffic, sent = await ask(fails=True)
    assert traffic.requests == {("POST", "/graphql", "500"): 1}
    assert not sent


async def test_a_failure_after_the_head_keeps_its_status() -> None:
    traffic, _ = await ask(head(200), fails=True)
    assert traffic.requests == {("POST", "/graphql", "200"): 1}


async def test_a_client_that_left_before_an_answer_is_told_apart() -> None:
    traffic, _ = await ask()
    assert traffic.requests == {("POST", "/graphql", str(CLIENT_LEFT)): 1}


async def test_sockets_pass_uncounted() -> None:
    traffic, sent = await ask({"type": "websocket.accept"}, type="websocket")
    assert sent == [{"type": "websocket.accept"}]
    assert not traffic.requests


def test_a_path_is_counted_by_its_pattern() -> None:
    assert route_of(Route("/icons/{symbol}", lambda _: None)) == "/icons/{symbol}"
    assert route_of(Mount("/static", routes=[])) == "/static"
    assert route_of(None) == OTHER
