"""Server-sent events and parts, to the byte."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from tests.contract.transport.client import (
    EVENT_STREAM,
    JSON,
    MULTIPART,
    Ended,
    EventReader,
    PartReader,
    stream_of,
)

COIN = 'subscription { premium(symbol: "BTC", throttleMs: 100) { percent } }'


@pytest.fixture
async def url(world: Any, serving: Any) -> Any:
    """The address of a server."""
    async with serving(world.deps) as found:
        yield found + "/graphql"


@asynccontextmanager
async def asked(
    url: str, accept: str, query: str = COIN, **headers: str
) -> AsyncIterator[aiohttp.ClientResponse]:
    """Ask for a stream."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    sent = {"Accept": accept, **named}
    async with (
        aiohttp.ClientSession() as http,
        http.get(url, params={"query": query}, headers=sent) as response,
    ):
        yield response


def events_of(response: aiohttp.ClientResponse) -> EventReader:
    """Return the reader of a response that is an event stream."""
    stream = stream_of(response)
    assert isinstance(stream, EventReader)
    return stream


async def test_an_event_names_the_tick_it_was_made_of(world: Any, url: str) -> None:
    async with asked(url, EVENT_STREAM) as response:
        stream = events_of(response)
        await stream.next()
        assert stream.last_id == str(world.board.board.seq)
        assert stream.retry_ms == 2000
        assert stream.comments == []
        await world.clock.advance(1)
        world.publish(BTC="52100000")
        await stream.next()
        assert stream.last_id == str(world.board.board.seq)


async def test_who_connects_again_is_told_everything_anew(world: Any, url: str) -> None:
    board = "subscription { premiums { snapshot seq } }"
    async with asked(url, EVENT_STREAM, board) as response:
        stream = events_of(response)
        await stream.next()
        seen = stream.last_id
    for price in ("52100000", "52200000"):
        await world.clock.advance(1)
        world.publish(BTC=price)
    async with asked(url, EVENT_STREAM, board, Last_Event_ID=seen) as response:
        stream = events_of(response)
        told = (await stream.next())["data"]["premiums"]
        assert told == {"snapshot": True, "seq": world.board.board.seq}
        assert stream.comments == [f"you had {seen}, this is {int(seen) + 2}"]


@pytest.mark.parametrize("last", ["", "nope", "-1", "9" * 30, "\u0661"])
async def test_an_id_that_is_none_of_ours_is_no_reason_to_refuse(
    url: str, last: str
) -> None:
    async with asked(url, EVENT_STREAM, Last_Event_ID=last) as response:
        stream = events_of(response)
        await stream.next()
        assert stream.comments == []


async def test_a_stream_that_has_ended_is_not_opened_again(url: str) -> None:
    async with asked(url, EVENT_STREAM, "{ __typename }") as response:
        stream = events_of(response)
        await stream.next()
        with pytest.raises(Ended):
            await stream.next()
        assert stream.last_id == "end"
    async with asked(url, EVENT_STREAM, Last_Event_ID="end") as response:
        assert response.status == 204
        assert await response.read() == b""


async def test_nothing_on_the_way_may_keep_or_hold_back_events(url: str) -> None:
    for accept in (EVENT_STREAM, MULTIPART):
        async with asked(url, accept) as response:
            assert response.headers["Cache-Control"] == "no-store, no-transform"
            assert response.headers["X-Accel-Buffering"] == "no"
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            assert "Accept" in response.headers["Vary"]
            assert "Content-Length" not in response.headers


async def test_parts_are_written_with_the_boundary_behind_them(
    world: Any, url: str
) -> None:
    async with asked(url, MULTIPART, COIN.replace("BTC", "NOPE")) as response:
        text = (await response.read()).decode()
    head = "\r\nContent-Type: application/json; charset=utf-8\r\n\r\n"
    beginning, heartbeat, refusal, end = text.split("\r\n--graphql")
    assert (beginning, heartbeat, end) == ("", head + "{}", "--\r\n")
    assert refusal.startswith(head)
    told = json.loads(refusal.removeprefix(head))
    assert told["payload"] is None
    assert told["errors"][0]["extensions"]["code"] == "NOT_FOUND"


@pytest.mark.parametrize("accept", [EVENT_STREAM, MULTIPART])
async def test_an_idle_stream_is_kept_open(
    url: str, accept: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.live.listening.HEARTBEAT_S", 0.01)
    async with asked(url, accept) as response:
        stream = stream_of(response)
        await stream.next()
        waiting = asyncio.ensure_future(stream.next())
        if isinstance(stream, PartReader):
            while stream.heartbeats < 3:  # noqa: ASYNC110 (they end no wait)
                await asyncio.sleep(0.005)  # the next look
        else:
            while stream.comments != ["ping"] * 3:  # noqa: ASYNC110 (end no wait)
                await asyncio.sleep(0.005)  # the next look
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        (MULTIPART, "application/graphql-response+json"),
        (
            'multipart/mixed;subscriptionSpec="1.0", application/json',
            "application/json",
        ),
        ("multipart/mixed;deferSpec=20220824, application/json", JSON),
        ("multipart/mixed;subscriptionSpec=1.0", "multipart/mixed"),
    ],
)
async def test_a_plain_query_is_answered_plainly_whatever_comes_first(
    url: str, accept: str, media: str
) -> None:
    async with asked(url, accept, "{ __typename }") as response:
        assert response.headers["Content-Type"].partition(";")[0] == media
        assert b'"__typename":"Query"' in await response.read()


async def test_a_client_that_takes_nothing_is_let_go(
    world: Any, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.live.listening.MAX_PAUSE_S", 0.01)
    monkeypatch.setattr("api.live.listening.HEARTBEAT_S", 0.001)
    monkeypatch.setattr(
        "api.stream.EventStream.heartbeat", lambda _: b": " + b"x" * 1_000_000 + b"\n\n"
    )
    async with asked(url, EVENT_STREAM):
        traffic = world.deps.traffic
        while sum(traffic.subscriptions.values()):  # noqa: ASYNC110 (nobody is told)
            await asyncio.sleep(0.005)  # the next look
        assert not world.deps.traffic.live.groups
