"""What goes wrong on our side: masked, logged, and never the end of a stream."""

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from domain.model.error import InvalidArgument, StoreUnavailable, UpstreamUnavailable
from domain.model.health import Health

SECRET = "password=hunter2"  # what must never be seen
COINS = "{ coins { totalCount } }"


class BrokenCatalog:
    """A catalogue that fails."""

    def __init__(self, condition: Exception) -> None:
        self._condition = condition

    def page(self, *_wanted: Any) -> Any:
        raise self._condition

    coin = coins = page


def broken(world: Any, condition: Exception) -> Any:
    """Return a world whose catalogue fails."""
    return replace(world, deps=replace(world.deps, catalog=BrokenCatalog(condition)))


async def test_a_failure_of_ours_is_masked_and_logged_under_its_request_id(
    world: Any, caplog: pytest.LogCaptureFixture
) -> None:
    answer = await broken(world, RuntimeError(SECRET)).execute(COINS)
    assert SECRET not in str(answer)
    extensions = answer["errors"][0]["extensions"]
    assert extensions["code"] == "INTERNAL"
    assert answer["errors"][0]["path"] == ["coins"]
    logged = caplog.records[-1]
    assert logged.levelno == logging.ERROR
    assert vars(logged)["request_id"] == extensions["requestId"]
    assert logged.exc_info is not None
    assert SECRET in str(logged.exc_info[1])


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (StoreUnavailable(SECRET), "database"),
        (UpstreamUnavailable("upbit.rest", SECRET), "upbit.rest"),
    ],
)
async def test_an_upstream_that_is_away_is_told_without_its_words(
    world: Any, condition: Exception, words: str
) -> None:
    answer = await broken(world, condition).execute(COINS)
    error = answer["errors"][0]
    assert error["extensions"] == {
        "code": "UPSTREAM_UNAVAILABLE",
        "retryAfterMs": 1000,
    }
    assert words in error["message"]
    assert SECRET not in str(answer)


async def test_a_condition_of_the_domain_keeps_its_words(world: Any) -> None:
    condition = InvalidArgument("first", "must be prime")
    answer = await broken(world, condition).execute(COINS)
    assert answer["errors"][0]["message"] == "first must be prime"


async def test_other_fields_are_answered_beside_a_failure(world: Any) -> None:
    answer = await broken(world, RuntimeError(SECRET)).execute(
        '{ coin(symbol: "BTC") { symbol } premium(symbol: "BTC") { percent } }'
    )
    assert answer["data"] == {"coin": None, "premium": {"percent": "0"}}


class FailingHealth:
    """A health that is well once, then fails."""

    def __init__(self, health: Health) -> None:
        self._health = health

    def now(self) -> Health:
        return self._health

    async def watch(self) -> AsyncIterator[Health]:
        yield self._health
        raise RuntimeError(SECRET)


def failing(world: Any) -> Any:
    """Return dependencies whose stream of healths fails."""
    return replace(world.deps, health=FailingHealth(world.deps.health.now()))


async def test_a_source_that_fails_is_masked_in_the_stream(
    world: Any, caplog: pytest.LogCaptureFixture
) -> None:
    stream = await replace(world, deps=failing(world)).stream(
        "subscription { health { version } }"
    )
    first, second = await world.event(stream), await world.event(stream)
    assert first.data == {"health": {"version": "9.9.9"}}
    assert first.errors is None
    error = second.errors[0].formatted
    assert error["extensions"]["code"] == "INTERNAL"
    assert SECRET not in str(error)
    assert SECRET in caplog.text


async def test_a_source_that_fails_is_masked_on_a_socket(
    world: Any, serving: Any
) -> None:
    async with serving(failing(world)) as site, site.talk() as talk:
        await talk.subscribe("1", "subscription { health { version } }")
        assert (await talk.hear())["payload"]["data"] is not None
        failed = await talk.hear()
        assert failed["payload"]["errors"][0]["extensions"]["code"] == "INTERNAL"
        assert SECRET not in str(failed)
        assert await talk.hear() == {"id": "1", "type": "complete"}


async def test_an_event_with_a_field_error_does_not_end_the_stream(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = await world.stream(
        'subscription { premium(symbol: "BTC") { domestic { price } } }'
    )
    first = await world.event(stream)
    waiting = asyncio.ensure_future(world.event(stream))
    await world.clock.advance(1)
    with monkeypatch.context() as patch:
        patch.setattr("api.type.premium.Quote.from_domain", lambda *_: SECRET)
        world.publish(BTC="53000000")
        broken_event = await waiting
    await world.clock.advance(1)
    world.publish(BTC="54000000")
    third = await world.event(stream)
    assert first.errors is None
    assert broken_event.errors[0].extensions["code"] == "INTERNAL"
    assert SECRET not in str(broken_event.errors)
    assert third.errors is None
    assert third.data["premium"]["domestic"] == {"price": "54000000"}
    await stream.aclose()


@pytest.mark.parametrize("name", ["schema.admit", "admission.operation_problem"])
async def test_a_failure_before_a_stream_is_masked(
    world: Any, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError(SECRET)

    monkeypatch.setattr(f"api.{name}", fail)
    query = "query A { __typename } query B { __typename }"
    results = [result async for result in await world.stream(query)]
    assert [r.errors[0].extensions["code"] for r in results] == ["INTERNAL"]
    assert SECRET not in str(results)


async def test_a_failure_beside_the_schema_is_masked_over_http(
    world: Any, serving: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError(SECRET)

    monkeypatch.setattr("api.endpoint.read_request", fail)
    async with serving(world.deps) as site:
        status, _, answer = await site.post({"query": COINS})
    assert status == 500
    assert answer["errors"][0]["extensions"]["code"] == "INTERNAL"
    assert SECRET not in str(answer)


async def test_a_failure_of_another_route_is_masked(world: Any, serving: Any) -> None:
    def fail() -> bytes:
        raise RuntimeError(SECRET)

    async with serving(replace(world.deps, metrics=fail)) as site:
        status, _, body = await site.get("/metrics")
    assert status == 500
    assert b"INTERNAL" in body
    assert SECRET.encode() not in body
