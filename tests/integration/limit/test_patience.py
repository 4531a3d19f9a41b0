"""What takes too long is cut short; what it held is let go."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from tests.integration.api.conftest import serve

PAST = '{ premium(symbol: "BTC", asOf: "2025-12-31T00:00:00Z") { percent } }'
LATE = {
    "code": "UPSTREAM_UNAVAILABLE",
    "limit": "timeout_s",
    "maximum": 0.01,
    "retryAfterMs": 1000,
}


class Stuck:
    """A database and a health that never answer, and hear when they are let go."""

    def __init__(self) -> None:
        self.let_go = 0
        self.cancelled = asyncio.Event()

    async def board_at(self, *_: object) -> None:
        await self._wait()

    async def watch(self) -> AsyncIterator[None]:
        await self._wait()
        yield None

    async def _wait(self) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            self.let_go += 1
            self.cancelled.set()


@pytest.fixture
def stuck(world: Any) -> Stuck:
    """The world's database and health, which never answer."""
    found = Stuck()
    parts: Any = {"history": found, "health": found}
    limits = replace(world.deps.limits, timeout_s=0.01)
    world.deps = replace(world.deps, limits=limits, **parts)
    return found


@pytest.mark.parametrize(
    ("accept", "status"),
    [("application/json", 200), ("application/graphql-response+json", 503)],
)
async def test_a_query_that_waits_too_long_is_told_so(
    world: Any, stuck: Stuck, accept: str, status: int
) -> None:
    async with serve(world.deps) as site:
        found, headers, answer = await site.post({"query": PAST}, Accept=accept)
    assert found == status
    (error,) = answer["errors"]
    assert error["extensions"] == LATE
    assert "longer than the 0.01 s allowed" in error["message"]
    assert headers.get("Retry-After") == ("1" if status == 503 else None)
    assert stuck.let_go == 1
    assert world.deps.traffic.refused == {"timeout_s": 1}


async def test_on_a_socket_it_is_that_operation_s_error(
    world: Any, stuck: Stuck
) -> None:
    async with serve(world.deps) as site, site.talk() as talk:
        for name, query in (("1", PAST), ("2", "subscription { health { version } }")):
            await talk.subscribe(name, query)
            told = await talk.hear()
            assert (told["id"], told["type"]) == (name, "error")
            assert told["payload"][0]["extensions"] == LATE
        await talk.subscribe("3", "{ __typename }")
        assert (await talk.hear())["type"] == "next"
    assert stuck.let_go == 2


async def test_a_client_that_leaves_meanwhile_cancels_it(
    world: Any, stuck: Stuck
) -> None:
    world.deps = replace(world.deps, limits=replace(world.deps.limits, timeout_s=60))
    async with serve(world.deps) as site, site.talk() as talk:
        await talk.subscribe("1", PAST)
        await talk.subscribe("2", "{ __typename }")
        assert (await talk.hear())["id"] == "2"
        await talk.say(type="complete", id="1")
        await stuck.cancelled.wait()
    assert stuck.let_go == 1


async def test_only_the_first_event_of_a_subscription_is_bounded(world: Any) -> None:
    limits = replace(world.deps.limits, timeout_s=0.01)
    world.deps = replace(world.deps, limits=limits)
    async with serve(world.deps) as site, site.talk() as talk:
        await talk.subscribe("1", "subscription { health { version } }")
        assert (await talk.hear())["type"] == "next"
        # Longer than the bound, by the loop's own clock.
        late = asyncio.Event()
        asyncio.get_running_loop().call_later(0.05, late.set)
        await late.wait()
        await talk.subscribe("2", "{ __typename }")
        assert [(await talk.hear())["id"] for _ in range(2)] == ["2", "2"]
        assert world.deps.traffic.refused == {}
