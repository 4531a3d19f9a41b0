"""API keys over HTTP and over sockets, against the real application."""

from __future__ import annotations

import asyncio
import json
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from domain.model.access import KeyLimits, Scope, new_key

if TYPE_CHECKING:
    from tests.integration.api.access.conftest import Keys

HEALTH = "{ health { status } }"
LIVE = "subscription { premiums { seq } }"
LIMIT_S = 10.0
PROTOCOLS = [Subprotocol("graphql-transport-ws")]


async def close_of(connection: Any) -> tuple[int, str]:
    """Return code and reason of the close that comes."""
    async with asyncio.timeout(LIMIT_S):
        with suppress(ConnectionClosed):
            while True:
                await connection.recv()
    return connection.close_code, connection.close_reason


def code_of(answer: Any) -> str:
    return str(answer["errors"][0]["extensions"]["code"])


async def test_without_a_key_nothing_is_answered_where_one_is_demanded(
    keyed_site: Any,
) -> None:
    for headers in ({}, {"Accept": "application/graphql-response+json"}):
        status, told, answer = await keyed_site.post({"query": HEALTH}, **headers)
        assert status == 401
        assert told["WWW-Authenticate"] == 'Bearer realm="kimchi-premium"'
        assert told["Cache-Control"] == "no-store"
        assert code_of(answer) == "UNAUTHENTICATED"
        assert "data" not in answer
    status, _, body = await keyed_site.get("/graphql?query={health{status}}")
    assert (status, code_of(json.loads(body))) == (401, "UNAUTHENTICATED")
    events = {"Accept": "text/event-stream"}
    assert (await keyed_site.post({"query": LIVE}, **events))[0] == 401


@pytest.mark.parametrize("path", ["/health", "/ready", "/metrics", "/schema.graphql"])
async def test_what_is_for_operators_stays_open(keyed_site: Any, path: str) -> None:
    assert (await keyed_site.get(path))[0] == 200


async def test_the_page_opens_without_a_key(keyed_site: Any) -> None:
    status, headers, _ = await keyed_site.get("/graphql", Accept="text/html")
    assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")


@pytest.mark.parametrize("name", ["Authorization", "X_Api_Key"])
async def test_a_key_opens_in_either_header(
    keyed_site: Any, open_site: Any, keys: Keys, name: str
) -> None:
    token = await keys.make()
    shown = f"Bearer {token}" if name == "Authorization" else token
    for site in (keyed_site, open_site):
        # Often enough for the direct path, which takes what it has seen before.
        for _ in range(4):
            status, _, answer = await site.post({"query": HEALTH}, **{name: shown})
            assert (status, answer["data"]["health"]["status"]) == (200, "HEALTHY")


async def test_a_wrong_key_is_refused_also_where_none_is_needed(
    open_site: Any, keys: Keys
) -> None:
    assert (await open_site.post({"query": HEALTH}))[0] == 200
    token = await keys.make()
    for _ in range(4):
        for wrong in (token[:-1], f"{token[:-4]}aaaa", "x"):
            headers = {"Authorization": f"Bearer {wrong}"}
            status, told, answer = await open_site.post({"query": HEALTH}, **headers)
            assert (status, code_of(answer)) == (401, "UNAUTHENTICATED")
            assert 'error="invalid_token"' in told["WWW-Authenticate"]
            assert wrong == "x" or wrong not in json.dumps(answer)


async def test_a_revoked_key_opens_no_more(keyed_site: Any, keys: Keys) -> None:
    token = await keys.make()
    headers = {"X_Api_Key": token}
    for _ in range(4):
        assert (await keyed_site.post({"query": HEALTH}, **headers))[0] == 200
    await keys.revoke(token)
    await keys.look()
    for _ in range(4):
        assert (await keyed_site.post({"query": HEALTH}, **headers))[0] == 401


async def test_what_cannot_be_looked_up_may_be_tried_again(
    keyed_site: Any, keys: Keys
) -> None:
    known = await keys.make()
    keys.store.down = "gone"
    await keys.look()
    assert (await keyed_site.post({"query": HEALTH}, X_Api_Key=known))[0] == 200
    other = new_key(b"x" * 42).token
    status, headers, answer = await keyed_site.post({"query": HEALTH}, X_Api_Key=other)
    assert (status, code_of(answer)) == (503, "UPSTREAM_UNAVAILABLE")
    assert headers["Retry-After"] == "1"
    async with keyed_site.dial() as socket:
        await socket.send(
            json.dumps({"type": "connection_init", "payload": {"apiKey": other}})
        )
        assert (await close_of(socket))[0] == 1013


@pytest.mark.parametrize(
    "payload",
    [
        None,
        {},
        {"Authorization": "Basic x"},
        {"apiKey": "x"},
        {"Authorization": "Bearer x"},
        {"apiKey": 5},
    ],
)
@pytest.mark.parametrize(
    "offers", [["graphql-transport-ws"], ["a", "graphql-transport-ws"]]
)
async def test_a_socket_without_the_key_is_closed_with_4403(
    keyed_site: Any, payload: Any, offers: list[str]
) -> None:
    async with keyed_site.dial(subprotocols=offers) as socket:
        message = {"type": "connection_init"}
        if payload is not None:
            message["payload"] = payload
        await socket.send(json.dumps(message))
        code, reason = await close_of(socket)
    assert code == 4403
    assert "API key" in reason


async def test_before_the_beginning_it_is_still_4401(keyed_site: Any) -> None:
    async with keyed_site.dial() as socket:
        message = {"type": "subscribe", "id": "1", "payload": {"query": LIVE}}
        await socket.send(json.dumps(message))
        assert (await close_of(socket))[0] == 4401


async def begun(site: Any, payload: Any, **more: Any) -> Any:
    """Return a socket that was let in."""
    url = site.url.replace("http", "ws", 1) + "/graphql"
    socket = await connect(url, subprotocols=PROTOCOLS, **more)
    await socket.send(json.dumps({"type": "connection_init", "payload": payload}))
    assert json.loads(await socket.recv()) == {"type": "connection_ack"}
    return socket


@pytest.mark.parametrize(
    "query", [LIVE, "subscription { health { status } }"], ids=["grouped", "ordinary"]
)
async def test_a_revoked_key_closes_its_sockets_and_no_others(
    open_site: Any, keys: Keys, query: str
) -> None:
    token, other = await keys.make(), await keys.make()
    lost = await begun(open_site, {"Authorization": f"Bearer {token}"})
    kept = [
        await begun(open_site, {"apiKey": other}),
        await begun(open_site, None),
        await begun(open_site, None, additional_headers={"X-Api-Key": other}),
    ]
    for socket in (lost, *kept):
        message = {"type": "subscribe", "id": "1", "payload": {"query": query}}
        await socket.send(json.dumps(message))
        assert json.loads(await socket.recv())["type"] == "next"
    await keys.revoke(token)
    await keys.look()
    assert await close_of(lost) == (4403, "the API key was revoked or has expired")
    for socket in kept:
        await socket.send(json.dumps({"type": "ping"}))
        assert json.loads(await socket.recv()) == {"type": "pong"}
        await socket.close()


async def test_an_expired_key_closes_its_sockets(
    open_site: Any, keys: Keys, world: Any
) -> None:
    token = await keys.make(expires_ms=world.clock.now_ms() + 1_000)
    socket = await begun(open_site, {"apiKey": token})
    await world.clock.advance(1.0)
    await keys.look()
    assert (await close_of(socket))[0] == 4403


@pytest.mark.parametrize(
    "query", [LIVE, "subscription { health { status } }"], ids=["grouped", "ordinary"]
)
@pytest.mark.parametrize(
    "accept", ["text/event-stream", "multipart/mixed;subscriptionSpec=1.0"]
)
async def test_a_revoked_key_ends_its_streams_with_a_word(
    open_site: Any, keys: Keys, query: str, accept: str
) -> None:
    token = await keys.make()
    headers = {"Accept": accept, "X-Api-Key": token, "Content-Type": "application/json"}
    body = json.dumps({"query": query})
    url = f"{open_site.url}/graphql"
    async with open_site.http.post(url, data=body, headers=headers) as response:
        assert response.status == 200
        heard = b""
        while b'"data":{' not in heard:
            heard += await response.content.readany()
        await keys.revoke(token)
        await keys.look()
        rest = (await response.content.read()).decode()
    assert rest.count("UNAUTHENTICATED") == 1
    assert "the API key was revoked or has expired" in rest
    assert token not in rest


async def test_a_key_does_what_its_scopes_say_over_every_transport(
    open_site: Any, keys: Keys
) -> None:
    reader = await keys.make(frozenset({Scope.READ}))
    listener = await keys.make(frozenset({Scope.LIVE}))
    for _ in range(4):
        assert (await open_site.post({"query": HEALTH}, X_Api_Key=reader))[0] == 200
        status, _, answer = await open_site.post(
            {"query": HEALTH},
            X_Api_Key=listener,
            Accept="application/graphql-response+json",
        )
        assert (status, code_of(answer)) == (403, "FORBIDDEN")
        assert "lacks the scope read" in answer["errors"][0]["message"]
    past = {"query": '{ premium(symbol: "BTC") { stats { min } } }'}
    _, _, answer = await open_site.post(past, X_Api_Key=reader)
    assert code_of(answer) == "FORBIDDEN"
    for token, query, expected in (
        (reader, LIVE, "error"),
        (reader, HEALTH, "next"),
        (listener, LIVE, "next"),
        (listener, HEALTH, "error"),
    ):
        socket = await begun(open_site, {"apiKey": token})
        message = {"type": "subscribe", "id": "1", "payload": {"query": query}}
        await socket.send(json.dumps(message))
        told = json.loads(await socket.recv())
        assert told["type"] == expected
        if expected == "error":
            assert told["payload"][0]["extensions"]["code"] == "FORBIDDEN"
        await socket.close()


async def test_who_may_not_subscribe_joins_no_group_that_is_there(
    open_site: Any, keys: Keys
) -> None:
    reader = await keys.make(frozenset({Scope.READ}))
    full = await keys.make()
    members = [await begun(open_site, None), await begun(open_site, {"apiKey": full})]
    message = json.dumps({"type": "subscribe", "id": "1", "payload": {"query": LIVE}})
    for socket in members:
        await socket.send(message)
        assert json.loads(await socket.recv())["type"] == "next"
    socket = await begun(open_site, {"apiKey": reader})
    await socket.send(message)
    assert json.loads(await socket.recv())["type"] == "error"
    for one in (socket, *members):
        await one.close()


async def test_a_key_has_limits_of_its_own(open_site: Any, keys: Keys) -> None:
    token = await keys.make(limits=KeyLimits(rate=1.0, burst=4.0, sockets=1))
    # One after another until the budget is used up; others have their own.
    answers = [
        await open_site.post({"query": HEALTH}, X_Api_Key=token) for _ in range(5)
    ]
    refused = [answer for status, _, answer in answers if status == 429]
    assert refused
    # The key's own rate is told, not the server's.
    assert refused[0]["errors"][0]["extensions"]["maximum"] == 1
    assert (await open_site.post({"query": HEALTH}))[0] == 200
    first = await begun(open_site, {"apiKey": token})
    async with open_site.dial() as second:
        await second.send(
            json.dumps({"type": "connection_init", "payload": {"apiKey": token}})
        )
        assert (await close_of(second))[0] == 1013
    await first.close()


async def test_no_secret_is_in_a_log_a_metric_or_an_answer(
    open_site: Any, keys: Keys, world: Any, caplog: pytest.LogCaptureFixture
) -> None:
    for theirs in ("uvicorn", "websockets"):
        # As `app.log` has it: at DEBUG they would show what goes over the wire.
        caplog.set_level(logging.WARNING, logger=theirs)
    caplog.set_level(logging.DEBUG)
    token = await keys.make()
    secret = token.rpartition("_")[2]
    wrong = token[:-1]
    answers = []
    for shown in (token, wrong):
        headers = {"Authorization": f"Bearer {shown}"}
        for query in (HEALTH, "{ nonsense }", "{"):
            answers.append(await open_site.post({"query": query}, **headers))
        async with open_site.dial() as socket:
            init = {"type": "connection_init", "payload": {"apiKey": shown}}
            await socket.send(json.dumps(init))
            if shown == token:
                await socket.recv()
                await keys.revoke(token)
                keys.store.down = "gone"
                await keys.look()
                keys.store.down = None
                await keys.look()
            answers.append(await close_of(socket))
    _, _, metrics = await open_site.get("/metrics")
    told = caplog.text + str([vars(record) for record in caplog.records])
    seen = told + repr(answers) + metrics.decode() + repr(vars(world.deps.traffic))
    assert secret[:-1] not in seen
    assert "key.ended" in caplog.messages
