"""graphql-transport-ws over a real socket."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from api.endpoint import GraphQLEndpoint
from api.limit import Limits

BOARD = "subscription { premiums { seq snapshot premiums { symbol percent } } }"
LIMIT_S = 10.0
COIN = 'subscription { premium(symbol: "BTC") { percent } }'


async def closing(connection: Any) -> tuple[int, str]:
    """Return code and reason with which the server closes."""
    await connection.wait_closed()
    return connection.close_code, connection.close_reason


async def test_a_subscription_brings_events_until_it_is_completed(
    world: Any, site: Any
) -> None:
    async with site.talk() as talk:
        await talk.subscribe("1", BOARD)
        first = await talk.hear()
        assert (first["id"], first["type"]) == ("1", "next")
        assert first["payload"]["data"]["premiums"]["snapshot"] is True
        assert first["payload"]["extensions"]["serverTime"].endswith("Z")
        await world.clock.advance(1)
        world.publish(BTC="52100000")
        second = await talk.hear()
        assert second["payload"]["data"]["premiums"]["premiums"] == [
            {"symbol": "BTC", "percent": "0.192308"}
        ]
        await talk.say(type="complete", id="1")
        await talk.say(type="ping")
        assert await talk.hear() == {"type": "pong"}
        await world.clock.advance(1)
        world.publish(BTC="52200000")
        await talk.subscribe("1", "{ __typename }")
        answer = await talk.hear()
        assert answer["payload"]["data"] == {"__typename": "Query"}


async def test_a_query_is_one_event_and_completes(site: Any) -> None:
    async with site.talk() as talk:
        await talk.subscribe("q", '{ coin(symbol: "BTC") { koreanName } }')
        told = await talk.hear()
        assert told["payload"]["data"] == {"coin": {"koreanName": "비트코인"}}
        assert await talk.hear() == {"id": "q", "type": "complete"}


async def test_an_unknown_symbol_is_exactly_one_error(site: Any) -> None:
    async with site.talk() as talk:
        await talk.subscribe("1", COIN.replace("BTC", "NOPE"))
        told = await talk.hear()
        assert (told["id"], told["type"]) == ("1", "error")
        assert [e["extensions"]["code"] for e in told["payload"]] == ["NOT_FOUND"]
        await talk.say(type="ping")
        assert await talk.hear() == {"type": "pong"}


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("subscription { premiums(throttleMs: 1) { seq } }", "BAD_USER_INPUT"),
        ("subscription { premiums(throttleMs: x) { seq } }", "BAD_USER_INPUT"),
        ("subscription { nope }", "BAD_USER_INPUT"),
        ("subscription {", "BAD_USER_INPUT"),
        ("", "BAD_USER_INPUT"),
        ("query A { __typename } query B { __typename }", "BAD_USER_INPUT"),
        ("{ " + "__typename " * 1100 + "}", "QUERY_TOO_COMPLEX"),
    ],
)
async def test_a_wrong_operation_is_one_error_and_others_live_on(
    world: Any, site: Any, query: str, code: str
) -> None:
    async with site.talk() as talk:
        await talk.subscribe("good", COIN)
        assert (await talk.hear())["type"] == "next"
        await talk.subscribe("bad", query)
        told = await talk.hear()
        assert (told["id"], told["type"]) == ("bad", "error")
        assert told["payload"][0]["extensions"]["code"] == code
        await world.clock.advance(1)
        world.publish(BTC="52100000")
        assert (await talk.hear())["id"] == "good"


async def test_operations_beyond_the_bound_are_refused(
    world: Any, serving: Any
) -> None:
    deps = replace(world.deps, limits=Limits(operations=2))
    async with serving(deps) as site, site.talk() as talk:
        for name in ("1", "2"):
            await talk.subscribe(name, COIN)
            assert (await talk.hear())["type"] == "next"
        await talk.subscribe("3", COIN)
        told = await talk.hear()
        assert (told["id"], told["type"]) == ("3", "error")
        assert told["payload"][0]["extensions"]["code"] == "RATE_LIMITED"
        assert "2 operations" in told["payload"][0]["message"]
        await talk.say(type="complete", id="1")
        await talk.subscribe("3", COIN)
        assert (await talk.hear())["type"] == "next"


MALFORMED = [
    "no json",
    "[]",
    "1",
    "{}",
    '{"type": 1}',
    '{"type": "nope"}',
    '{"type": "subscribe"}',
    '{"type": "subscribe", "id": 1, "payload": {"query": "{ a }"}}',
    '{"type": "subscribe", "id": "", "payload": {"query": "{ a }"}}',
    '{"type": "subscribe", "id": "1", "payload": []}',
    '{"type": "subscribe", "id": "1", "payload": {}}',
    '{"type": "subscribe", "id": "1", "payload": {"query": 1}}',
    '{"type":"subscribe","id":"1","payload":{"query":"{a}","variables":[]}}',
    '{"type":"subscribe","id":"1","payload":{"query":"{a}","operationName":1}}',
    '{"type": "complete", "id": 5}',
    "[" * 5000,
    '{"type": "' + "x" * 500 + '"}',
    json.dumps({"type": "complete", "id": "x" * 129}),
    b"\x00\x01",
]


@pytest.mark.parametrize("message", MALFORMED, ids=lambda m: repr(m)[:60])
async def test_a_malformed_message_closes_the_socket(
    site: Any, message: str | bytes
) -> None:
    async with site.talk() as talk:
        await talk.connection.send(message)
        code, reason = await closing(talk.connection)
    assert code == 4400
    assert reason


async def test_a_second_operation_of_one_id_closes_the_socket(site: Any) -> None:
    async with site.talk() as talk:
        await talk.subscribe("1", COIN)
        await talk.hear()
        await talk.subscribe("1", COIN)
        assert (await closing(talk.connection))[0] == 4409


async def test_an_operation_before_the_first_message_closes_the_socket(
    site: Any,
) -> None:
    async with site.dial() as connection:
        payload = {"query": COIN}
        await connection.send(
            json.dumps({"type": "subscribe", "id": "1", "payload": payload})
        )
        assert (await closing(connection))[0] == 4401


async def test_a_second_first_message_closes_the_socket(site: Any) -> None:
    async with site.talk() as talk:
        await talk.say(type="connection_init")
        assert (await closing(talk.connection))[0] == 4429


@pytest.mark.parametrize("payload", [None, {}, {"token": "x"}])
async def test_the_first_message_may_have_a_payload(site: Any, payload: Any) -> None:
    async with site.dial() as connection:
        message = {"type": "connection_init", "payload": payload}
        await connection.send(json.dumps(message))
        assert json.loads(await connection.recv()) == {"type": "connection_ack"}


async def test_a_socket_that_says_nothing_is_closed(world: Any, serving: Any) -> None:
    deps = replace(world.deps, limits=Limits(init_timeout_s=0.01))
    async with serving(deps) as site, site.dial() as connection:
        assert (await closing(connection))[0] == 4408


@pytest.mark.parametrize("protocols", [["graphql-ws"], ["other"], None])
async def test_other_protocols_are_not_spoken(site: Any, protocols: Any) -> None:
    async with site.dial(subprotocols=protocols) as connection:
        assert (await closing(connection))[0] == 4406


@pytest.mark.parametrize(
    ("allowed", "origin", "taken"),
    [
        ((), None, True),
        ((), "same", True),
        ((), "https://evil.example", False),
        ((), "null", False),
        (("https://good.example",), "https://good.example", True),
        (("https://good.example",), "https://good.example.evil", False),
        (("https://good.example",), "http://good.example", False),
        (("*",), "https://any.example", True),
    ],
)
async def test_origins_are_let_in_by_the_list(
    world: Any, serving: Any, allowed: Any, origin: str | None, taken: bool
) -> None:
    async with serving(replace(world.deps, allowed_origins=allowed)) as site:
        shown = site.url if origin == "same" else origin
        if taken:
            async with site.talk(origin=shown) as talk:
                await talk.subscribe("1", "{ __typename }")
                assert (await talk.hear())["type"] == "next"
            return
        with pytest.raises(InvalidStatus) as refused:
            async with site.dial(origin=shown):
                pass
        assert refused.value.response.status_code == 403


class Wire:
    """An ASGI socket whose sending waits while it is `clogged`."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._received: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._received.put_nowait({"type": "websocket.connect"})
        self._flows = asyncio.Event()
        self._flows.set()
        self.sent: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def run(self) -> None:
        """Serve the socket until it ends."""
        scope = {
            "type": "websocket",
            "path": "/graphql",
            "headers": [],
            "query_string": b"",
            "subprotocols": ["graphql-transport-ws"],
        }
        await self._app(scope, self._received.get, self._send)

    @property
    def waiting(self) -> int:
        """How many messages the server has not taken."""
        return self._received.qsize()

    def clog(self, clogged: bool) -> None:
        """Stop or resume what the server sends."""
        (self._flows.clear if clogged else self._flows.set)()

    def say(self, **message: Any) -> None:
        """Send a message to the server."""
        text = json.dumps(message)
        self._received.put_nowait({"type": "websocket.receive", "text": text})

    def leave(self) -> None:
        """End the socket as a client that goes away."""
        self._received.put_nowait({"type": "websocket.disconnect", "code": 1006})

    async def hear(self) -> dict[str, Any]:
        """Return the next message of the server."""
        async with asyncio.timeout(LIMIT_S):
            while "text" not in (message := await self.sent.get()):
                pass
        found: dict[str, Any] = json.loads(message["text"])
        return found

    async def _send(self, message: dict[str, Any]) -> None:
        await self._flows.wait()
        self.sent.put_nowait(message)


async def test_a_slow_subscriber_delays_nobody_and_loses_nothing(world: Any) -> None:
    app = GraphQLEndpoint(world.deps)
    slow, quick = Wire(app), Wire(app)
    serving = [asyncio.create_task(wire.run()) for wire in (slow, quick)]
    for wire in (slow, quick):
        wire.say(type="connection_init")
        await wire.hear()
        wire.say(type="subscribe", id="1", payload={"query": BOARD})
        await wire.hear()
    slow.clog(True)
    told: dict[str, Any] = {}
    for price in range(52_010_000, 52_310_000, 10_000):
        await world.clock.advance(0.5)
        world.publish(BTC=str(price), ETH=str(price // 20))
        told = (await quick.hear())["payload"]["data"]["premiums"]
        assert {p["symbol"] for p in told["premiums"]} >= {"BTC", "ETH"}
    slow.clog(False)
    # One event was on its way, the next has everything that changed since.
    stuck = (await slow.hear())["payload"]["data"]["premiums"]
    merged = (await slow.hear())["payload"]["data"]["premiums"]
    assert stuck["seq"] == 2
    assert merged["seq"] == told["seq"]
    assert [p for p in merged["premiums"] if p["symbol"] != "SATS"] == told["premiums"]
    assert "SATS" in {p["symbol"] for p in merged["premiums"]}
    for wire in (slow, quick):
        wire.leave()
    await asyncio.gather(*serving)


async def test_who_takes_nothing_is_not_listened_to(world: Any) -> None:
    wire = Wire(GraphQLEndpoint(world.deps))
    serving = asyncio.create_task(wire.run())
    wire.say(type="connection_init")
    await wire.hear()
    wire.clog(True)
    for _ in range(100):
        wire.say(type="ping")
    await world.clock.settle()
    assert wire.waiting >= 98
    wire.clog(False)
    for _ in range(100):
        assert await wire.hear() == {"type": "pong"}
    wire.leave()
    await serving


async def test_who_takes_nothing_for_long_is_let_go(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.live.asgi.MAX_PAUSE_S", 0.01)
    wire = Wire(GraphQLEndpoint(world.deps))
    serving = asyncio.create_task(wire.run())
    wire.say(type="connection_init")
    await wire.hear()
    wire.clog(True)
    wire.say(type="subscribe", id="1", payload={"query": BOARD})
    async with asyncio.timeout(LIMIT_S):
        await serving
    assert world.deps.traffic.closes["1013"] == 1
    assert not world.deps.traffic.sockets


async def test_a_client_that_goes_away_leaves_no_task(world: Any, site: Any) -> None:
    before = asyncio.all_tasks()
    for abrupt in (False, True):
        async with site.talk() as talk:
            for name in "abc":
                await talk.subscribe(name, BOARD)
                await talk.hear()
            if abrupt:
                talk.connection.transport.abort()
    left = asyncio.all_tasks() - before
    if left:
        _, pending = await asyncio.wait(left, timeout=5)
        assert not pending
