"""What one caller may ask for at once, and hold."""

import asyncio
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from api.caller import Caller, networks

PAGE = "{ premiums(first: 10) { edges { node { symbol } } } }"
COST = 52
WATCH = 'subscription { premium(symbol: "BTC") { seq } }'
ALONE = "subscription { health { version } }"
FROM = Caller("127.0.0.1")
LOOPBACK = networks(["127.0.0.0/8"])


async def test_a_caller_without_budget_waits(limited: Any, world: Any) -> None:
    async with limited(rate=COST, burst=10_000, cost=1000) as site:
        await site.query(PAGE)
        await world.clock.advance(100)
        for _ in range(10_000 // COST):
            await site.query(PAGE)
        for wanted in ("application/json", "application/graphql-response+json"):
            status, headers, answer = await site.post({"query": PAGE}, Accept=wanted)
            assert status == 429
            assert headers["Retry-After"] == "1"
            (error,) = answer["errors"]
            more = error["extensions"]
            assert (more["code"], more["limit"]) == ("RATE_LIMITED", "rate")
            assert more["maximum"] == COST
            # 10,000 - 192 * 52 are left: 36 of 52 are missing.
            assert more["retryAfterMs"] == pytest.approx(692, abs=1)
            assert f"this costs {COST}" in error["message"]
        await world.clock.advance(1)
        assert (await site.query(PAGE))["data"]
    assert world.deps.traffic.refused == {"rate": 2}
    assert world.deps.traffic.errors["RATE_LIMITED"] == 2


async def test_documents_that_are_wrong_are_paid_for_too(limited: Any) -> None:
    async with limited(rate=1, burst=30_000, cost=1000) as site:
        codes = []
        for number in range(40):
            body = {"query": f"{{ nope{number} }}"}
            _, _, answer = await site.post(body)
            codes.append(answer["errors"][0]["extensions"]["code"])
        refused = codes.index("RATE_LIMITED")
        assert 0 < refused < 20
        assert set(codes[refused:]) == {"RATE_LIMITED"}


async def test_addresses_behind_trusted_proxies_have_budgets_of_their_own(
    limited: Any,
) -> None:
    async with limited(LOOPBACK, rate=1, burst=COST, cost=COST) as site:

        async def ask(**headers: str) -> int:
            status, _, _ = await site.post({"query": PAGE}, **headers)
            found: int = status
            return found

        # The first one may pay for the document, and more than once it may not ask.
        await ask(X_Forwarded_For="192.0.2.9")
        assert await ask(X_Forwarded_For="192.0.2.1") == 200
        assert await ask(X_Forwarded_For="192.0.2.1") == 429
        assert await ask(X_Forwarded_For="6.6.6.6, 192.0.2.1") == 429
        assert await ask(X_Forwarded_For="192.0.2.1, 127.0.0.3") == 429
        assert await ask(X_Forwarded_For="192.0.2.2") == 200
        assert await ask(Forwarded='for="[2001:db8::1]"') == 200
        assert await ask(Forwarded='for="[2001:db8::2]"') == 429
        assert await ask() == 200


async def test_strangers_are_not_believed_who_they_are(limited: Any) -> None:
    async with limited(rate=1, burst=COST, cost=COST) as site:
        statuses = []
        for number in range(4):
            headers = {"X_Forwarded_For": f"192.0.2.{number}"}
            status, _, _ = await site.post({"query": PAGE}, **headers)
            statuses.append(status)
        assert statuses[1:] == [429] * 3


async def test_sockets_of_one_address_are_bounded(limited: Any, world: Any) -> None:
    async with limited(sockets=2) as site:
        async with site.talk() as one, site.talk():
            with pytest.raises(InvalidStatus) as refused:
                async with site.dial():
                    pass
            assert refused.value.response.status_code == 429
            assert refused.value.response.headers["Retry-After"] == "1"
            assert world.deps.traffic.refused == {"sockets": 1}
            await one.connection.close()
            await soon(lambda: world.deps.traffic.sockets == 1)
            async with site.talk() as three:
                await three.subscribe("1", "{ __typename }")
                assert (await three.hear())["type"] == "next"
        await soon(lambda: world.deps.traffic.sockets == 0)
        async with site.talk(), site.talk():
            pass


@pytest.mark.parametrize("query", [WATCH, ALONE])
async def test_subscriptions_of_one_caller_are_bounded(
    limited: Any, world: Any, query: str
) -> None:
    async with limited(subscriptions=2) as site, site.talk() as one, site.talk() as two:
        for talk in (one, two):
            await talk.subscribe("1", query)
            assert (await talk.hear())["type"] == "next"
        await two.subscribe("2", query)
        told = await two.hear()
        assert (told["id"], told["type"]) == ("2", "error")
        assert told["payload"][0]["extensions"] == {
            "code": "RATE_LIMITED",
            "limit": "subscriptions",
            "maximum": 2,
        }
        # Queries are none, and an event stream is one as well.
        await two.subscribe("3", "{ __typename }")
        assert (await two.hear())["type"] == "next"
        assert (await two.hear())["type"] == "complete"
        status, _, _ = await site.post({"query": query}, Accept="text/event-stream")
        assert status == 429
        await one.say(type="complete", id="1")
        await one.subscribe("4", query)
        assert (await one.hear())["type"] == "next"
        await two.connection.close()
        await soon(lambda: world.deps.traffic.sockets == 1)
        await one.subscribe("5", query)
        assert (await one.hear())["type"] == "next"
        assert world.deps.traffic.refused == {"subscriptions": 2}


async def test_operations_on_one_socket_are_bounded(limited: Any, world: Any) -> None:
    async with limited(operations=1) as site, site.talk() as talk:
        await talk.subscribe("1", WATCH)
        assert (await talk.hear())["type"] == "next"
        await talk.subscribe("2", WATCH)
        told = await talk.hear()
        assert told["payload"][0]["message"].startswith("1 operations on one WebSocket")
        assert told["payload"][0]["extensions"]["code"] == "RATE_LIMITED"
    assert world.deps.traffic.refused == {"operations": 1}


async def test_a_pace_below_the_floor_is_taken_as_the_floor(
    limited: Any, world: Any
) -> None:
    query = 'subscription { premium(symbol: "BTC", throttleMs: 100) { seq } }'
    async with limited(throttle_ms=950) as site, site.talk() as talk:
        await talk.subscribe("1", query)
        await talk.hear()
        await world.clock.advance(0.1)
        world.publish(BTC="53000000")
        await world.clock.advance(0.8)
        world.publish(BTC="54000000")
        assert world.deps.traffic.events["premium", "websocket"] == 1
        await world.clock.advance(0.2)
        assert (await talk.hear())["type"] == "next"
        assert world.deps.traffic.events["premium", "websocket"] == 2


async def test_a_socket_that_does_not_begin_is_closed(limited: Any, world: Any) -> None:
    async with limited(init_timeout_s=0.01) as site, site.dial() as connection:
        with pytest.raises(ConnectionClosed) as closed:
            await connection.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4408
    assert world.deps.traffic.refused == {"init_timeout_s": 1}


async def soon(condition: Any) -> None:
    """Wait until something holds, for a bounded time."""
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 (sockets tell nobody)
            await asyncio.sleep(0)  # the next look


LIVELY = 'subscription { premium(symbol: "%s", throttleMs: %d) { symbol percent } }'


async def test_subscriptions_hold_what_their_events_may_cost(
    limited: Any, world: Any
) -> None:
    # An event costs 4, ten of them a second 40; hearing what is made for others, 10.
    async with limited(rate=100) as site, site.talk() as one, site.talk() as two:
        await one.subscribe("1", LIVELY % ("BTC", 100))
        await two.subscribe("1", LIVELY % ("BTC", 100))
        await two.subscribe("2", LIVELY % ("ETH", 100))
        for talk in (one, two, two):
            assert (await talk.hear())["type"] == "next"
        await one.subscribe("2", LIVELY % ("SATS", 100))
        told = await one.hear()
        assert told["payload"][0]["extensions"] == {
            "code": "RATE_LIMITED",
            "limit": "rate",
            "maximum": 100,
            "retryAfterMs": 1000,
        }
        assert "may cost 40 a second" in told["payload"][0]["message"]
        # At a slower pace there is room, and what runs alone is held likewise.
        await one.subscribe("3", LIVELY % ("SATS", 1000))
        assert (await one.hear())["type"] == "next"
        await one.subscribe("4", "subscription { health { status version } }")
        assert (await one.hear())["type"] == "next"
        assert world.deps.guard.may_hold(FROM, 2)
        assert not world.deps.guard.may_hold(FROM, 3)
        # Who leaves others behind leaves them what the events cost.
        await one.say(type="complete", id="1")
        await one.subscribe("5", "{ __typename }")
        assert (await one.hear())["id"] == "5"
        assert not world.deps.guard.may_hold(FROM, 13)
        assert world.deps.guard.may_hold(FROM, 12)
        await two.say(type="complete", id="1")
        await two.subscribe("3", "{ __typename }")
        assert (await two.hear())["id"] == "3"
        assert world.deps.guard.may_hold(FROM, 52)
        assert not world.deps.guard.may_hold(FROM, 53)
    await soon(lambda: world.deps.traffic.sockets == 0)
    await soon(lambda: world.deps.guard.may_hold(FROM, 100))


async def test_event_streams_hold_theirs_too(limited: Any, world: Any) -> None:
    async with limited(rate=30) as site:
        body = {"query": LIVELY % ("BTC", 100)}
        async with site.http.post(
            f"{site.url}/graphql", json=body, headers={"Accept": "text/event-stream"}
        ) as stream:
            text = await stream.text()
        assert "RATE_LIMITED" in text
        assert world.deps.guard.may_hold(FROM, 30)


async def test_nobody_without_budget_makes_us_read(
    limited: Any, world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with limited(rate=1, burst=5000, cost=1000) as site, site.talk() as talk:
        known = await site.query("query Known { __typename }")
        assert known["data"]
        # Read on credit: its 64 tokens cost more than there is.
        wide = "query Wide { " + "__typename " * 60 + "}"
        assert (await site.post({"query": wide}))[0] == 429

        def fail(*_: object, **__: object) -> None:
            raise AssertionError("it was read")

        monkeypatch.setattr("api.document.parse", fail)
        status, headers, answer = await site.post({"query": "query New { health }"})
        assert status == 429
        assert headers["Retry-After"]
        assert answer["errors"][0]["extensions"]["limit"] == "rate"
        wanted = {"Accept": "text/event-stream"}
        _, _, text = await site.get("/graphql?query={health}", **wanted)
        assert b"RATE_LIMITED" in text
        await talk.subscribe("1", "query New { __typename }")
        told = await talk.hear()
        assert told["payload"][0]["extensions"]["code"] == "RATE_LIMITED"
        await world.clock.advance(10_000)
        assert (await site.query("query Known { __typename }"))["data"]
