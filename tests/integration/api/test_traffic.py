"""What is counted and traced of operations, over real transports."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from domain.ports.tracer import Attribute

BOARD = "subscription { premiums { premiums { symbol percent } } }"
COIN = '{ coin(symbol: "BTC") { symbol } }'
LIMIT_S = 10.0


@dataclass
class MemoryTracer:
    """A tracer that keeps what it was told."""

    is_on: bool = True
    spans: list[tuple[str, dict[str, Attribute], str | None]] = field(
        default_factory=list
    )

    @contextmanager
    def span(
        self,
        name: str,
        attributes: Mapping[str, Attribute] | None = None,
        *,
        parent: str | None = None,
    ) -> Iterator[Any]:
        kept = dict(attributes or {})
        self.spans.append((name, kept, parent))
        yield type(
            "Span", (), {"set": lambda _, key, value: kept.update({key: value})}
        )()

    def record(
        self,
        name: str,
        duration_s: float,
        attributes: Mapping[str, Attribute] | None = None,
        *,
        parent: str | None = None,
    ) -> None:
        self.spans.append((name, dict(attributes or {}), parent))


async def eventually(world: Any, condition: Any) -> None:
    """Return once the condition holds; other tasks get their turns meanwhile."""
    async with asyncio.timeout(LIMIT_S):
        while not condition():
            await world.clock.settle()


async def test_operations_are_counted_by_kind_transport_and_code(
    world: Any, site: Any
) -> None:
    await site.query(COIN)
    await site.query("{ nothing }")
    await site.query("{ not a document")
    async with site.talk() as talk:
        await talk.subscribe("q", COIN)
        await talk.hear()
        assert (await talk.hear())["type"] == "complete"
    assert world.deps.traffic.operations == {
        ("query", "http", "OK"): 1,
        ("query", "http", "BAD_USER_INPUT"): 1,
        ("unknown", "http", "BAD_USER_INPUT"): 1,
        ("query", "websocket", "OK"): 1,
    }
    assert world.deps.traffic.operation_s["query", "http"].count == 2
    assert world.deps.traffic.errors == {"BAD_USER_INPUT": 2}


async def test_a_subscription_is_counted_while_it_lasts_and_its_events_too(
    world: Any, site: Any
) -> None:
    traffic = world.deps.traffic
    async with site.talk() as talk:
        await talk.subscribe("1", BOARD)
        await talk.hear()
        assert (traffic.sockets, traffic.subscriptions) == (
            1,
            {("premiums", "websocket"): 1},
        )
        await world.clock.advance(1)
        world.publish(BTC="52100000")
        await talk.hear()
        await eventually(world, lambda: traffic.events["premiums", "websocket"] == 2)
        assert traffic.lag_s["premiums"].count == 1
        await talk.say(type="complete", id="1")
        await eventually(
            world, lambda: not traffic.subscriptions["premiums", "websocket"]
        )
    await eventually(world, lambda: not traffic.sockets)
    assert traffic.operations == {("subscription", "websocket", "OK"): 1}


async def test_a_refused_subscription_never_counts_as_running(
    world: Any, site: Any
) -> None:
    async with site.talk() as talk:
        await talk.subscribe("1", 'subscription { premium(symbol: "NO") { percent } }')
        assert (await talk.hear())["type"] == "error"
    traffic = world.deps.traffic
    assert traffic.operations == {("subscription", "websocket", "NOT_FOUND"): 1}
    assert not traffic.subscriptions
    assert not traffic.events


async def test_an_event_stream_is_a_transport_of_its_own(world: Any, site: Any) -> None:
    traffic = world.deps.traffic
    body = {"query": BOARD}
    sent = {"Accept": "text/event-stream"}
    async with site.http.post(f"{site.url}/graphql", json=body, headers=sent) as answer:
        await answer.content.readline()
        assert traffic.subscriptions == {("premiums", "event_stream"): 1}
    assert traffic.operations == {("subscription", "event_stream", "OK"): 1}
    await eventually(world, lambda: traffic.requests["POST", "/graphql", "200"] == 1)
    assert not traffic.request_s


async def test_ticks_that_a_slow_reader_misses_are_counted(world: Any) -> None:
    stream = await world.stream("subscription { premiums { seq } }")
    await world.event(stream)
    await world.clock.advance(1)
    world.publish(BTC="52100000")
    await world.event(stream)
    # The reader takes its time: three ticks pass before it asks for more.
    for price in ("52200000", "52300000", "52400000"):
        await world.clock.advance(1)
        world.publish(BTC=price)
    await world.event(stream)
    assert world.deps.traffic.merged == {"premiums": 2}
    assert world.deps.traffic.lag_s["premiums"].total == pytest.approx(3.0)
    await stream.aclose()
    assert world.deps.traffic.subscriptions["premiums", "event_stream"] == 0


async def test_health_events_have_no_lag(world: Any) -> None:
    stream = await world.stream(
        "subscription { ...a } fragment a on Subscription "
        "{ ... on Subscription { health { status } } }"
    )
    await world.event(stream)
    assert world.deps.traffic.subscriptions == {("health", "event_stream"): 1}
    await stream.aclose()
    assert not world.deps.traffic.lag_s


async def test_closes_are_counted_by_code(world: Any, site: Any) -> None:
    async with site.talk() as talk:
        await talk.say(type="subscribe", id="", payload={"query": COIN})
        await talk.connection.wait_closed()
    await eventually(world, lambda: world.deps.traffic.closes == {"4400": 1})


async def test_surplus_operations_are_counted_as_errors(world: Any, site: Any) -> None:
    async with site.talk() as talk:
        for number in range(101):
            await talk.subscribe(str(number), BOARD)
        heard = [await talk.hear() for _ in range(101)]
    assert sum(message["type"] == "error" for message in heard) == 1
    assert world.deps.traffic.errors == {"RATE_LIMITED": 1}


async def test_a_request_keeps_its_name_in_answer_error_and_log(
    world: Any, serving: Any, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken:
        def coin(self, symbol: str) -> Any:
            raise RuntimeError(symbol)

    async with serving(replace(world.deps, catalog=Broken())) as site:
        _, headers, answer = await site.post({"query": COIN}, X_Request_ID="proxy-7")
    assert headers["X-Request-ID"] == "proxy-7"
    assert answer["errors"][0]["extensions"]["requestId"] == "proxy-7"
    assert vars(caplog.records[-1])["request_id"] == "proxy-7"


async def test_operations_of_one_socket_have_names_of_their_own(
    world: Any, serving: Any
) -> None:
    class Broken:
        def coin(self, symbol: str) -> Any:
            raise RuntimeError(symbol)

    names = []
    async with (
        serving(replace(world.deps, catalog=Broken())) as site,
        site.talk() as talk,
    ):
        for name in "ab":
            await talk.subscribe(name, COIN)
            told = await talk.hear()
            names.append(told["payload"]["errors"][0]["extensions"]["requestId"])
            await talk.hear()
    assert len(set(names)) == 2


async def test_operations_are_traced_without_their_text(
    world: Any, serving: Any
) -> None:
    tracer = MemoryTracer()
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    async with serving(replace(world.deps, tracer=tracer)) as site:
        await site.post({"query": COIN}, traceparent=parent)
        async with site.talk() as talk:
            await talk.subscribe("1", BOARD)
            await talk.hear()
    (name, told, given), (watched, more, _) = tracer.spans
    assert (name, given) == ("graphql.query", parent)
    assert told["kimp.transport"] == "http"
    assert told["kimp.code"] == "OK"
    assert len(str(told["graphql.document.hash"])) == 16
    assert "BTC" not in str(told)
    assert (watched, more["kimp.transport"]) == ("graphql.subscription", "websocket")


@pytest.mark.parametrize(
    "document",
    [
        "subscription { ...a } fragment a on Subscription { ...a }",
        "subscription { ...missing }",
        "subscription { nothing }",
    ],
)
async def test_a_document_without_a_known_field_is_refused_and_counted(
    world: Any, document: str
) -> None:
    stream = await world.stream(document)
    result = await world.event(stream)
    assert result.errors
    counted = world.deps.traffic.operations
    assert counted == {("subscription", "event_stream", "BAD_USER_INPUT"): 1}
    await stream.aclose()
