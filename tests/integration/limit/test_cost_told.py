"""What an operation costs is told with its answer, or instead of it."""

from typing import Any

import pytest

PAGE = "query($n: Int) { premiums(first: $n) { edges { node { symbol } } } }"
DRY = {"X_Kimp_Dry_Run": "cost"}


async def test_answers_tell_the_cost_and_what_is_left(limited: Any) -> None:
    async with limited(cost=60, rate=1, burst=10_000) as site:
        first = await site.query(PAGE, n=10)
        told = first["extensions"]["cost"]
        assert told["requested"] == 2 + 10 * 5
        assert told["maximum"] == 60
        # Reading the document was paid for, too; that of a known one is free. Whatever
        # way the answer takes, it costs the same.
        left = told["available"]
        assert left < 10_000 - 52
        for step in range(1, 5):
            again = await site.query(PAGE, n=10)
            assert again["data"] == first["data"]
            assert again["extensions"]["cost"] == {
                "requested": 52,
                "maximum": 60,
                "available": left - step * 52,
            }


async def test_what_is_too_dear_is_told_its_cost_and_pays_for_little(
    limited: Any,
) -> None:
    async with limited(cost=60, rate=1, burst=10_000) as site:
        await site.query(PAGE, n=10)
        before = (await site.query("{ __typename }"))["extensions"]["cost"]
        for _ in range(2):
            _, _, answer = await site.post({"query": PAGE, "variables": {"n": 13}})
            assert answer["extensions"]["cost"]["requested"] == 2 + 13 * 5
            assert "data" not in answer
        after = (await site.query("{ __typename }"))["extensions"]["cost"]
        assert before["available"] - after["available"] == 3


async def test_a_dry_run_tells_the_cost_and_runs_nothing(
    limited: Any, world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with limited(cost=1000, rate=1, burst=10_000) as site:
        await site.query(PAGE, n=1)

        def fail(*_: object, **__: object) -> None:
            raise AssertionError("it ran")

        monkeypatch.setattr("api.query.paginate", fail)
        monkeypatch.setattr("domain.services.premium_watch.PremiumWatch.premiums", fail)
        left = []
        for _ in range(2):
            body = {"query": PAGE, "variables": {"n": 100}}
            status, _, answer = await site.post(body, **DRY)
            assert status == 200
            assert answer["data"] is None
            assert "errors" not in answer
            assert answer["extensions"]["cost"]["requested"] == 502
            left.append(answer["extensions"]["cost"]["available"])
        assert left[0] - left[1] == 1
        # A subscription needs no stream for it, and the dear and the wrong are told so.
        watch = {"query": "subscription { premiums { premiums { symbol } } }"}
        status, _, answer = await site.post(watch, **DRY)
        assert status == 200
        assert answer["extensions"]["cost"]["requested"] == 902
        body = {"query": PAGE, "variables": {"n": 1000}}
        _, _, answer = await site.post(body, **DRY)
        assert answer["extensions"]["cost"]["requested"] == 5002
        assert answer["errors"][0]["extensions"]["limit"] == "cost"
        _, _, answer = await site.post({"query": "{ nope }"}, **DRY)
        assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
        sent = {"Accept": "text/event-stream", **DRY}
        _, _, text = await site.get("/graphql?query={__typename}", **sent)
        assert b'"requested":1' in text


@pytest.mark.parametrize(
    ("query", "requested"),
    [
        # Run for a group, and run alone.
        ('subscription { premium(symbol: "BTC", throttleMs: 100) { seq } }', 2 + 1),
        ("subscription { premiums(throttleMs: 100) { seq } }", 2 + 1),
        (
            'subscription { premium(symbol: "BTC", throttleMs: 100)'
            " { seq ... @include(if: true) { stats { mean } } } }",
            100 + 2 + 1 + 2 + 1,
        ),
    ],
)
async def test_a_subscription_tells_its_cost_once(
    limited: Any, world: Any, query: str, requested: int
) -> None:
    async with limited() as site, site.talk() as talk:
        await talk.subscribe("1", query)
        first = (await talk.hear())["payload"]
        assert first["extensions"]["cost"] == {
            "requested": requested,
            "maximum": 1_000_000,
        }
        await world.clock.advance(1)
        world.publish(BTC="53000000")
        assert "cost" not in (await talk.hear())["payload"]["extensions"]


async def test_who_joins_others_pays_little(limited: Any, world: Any) -> None:
    query = "subscription { premiums(throttleMs: 100) { premiums { symbol percent } } }"
    async with limited(cost=2000, rate=20_000, burst=6000) as site:
        # The document is read, and paid for, once.
        await site.post({"query": query}, **DRY)
        await world.clock.advance(1)
        async with site.talk() as talk:
            for name in range(10):
                await talk.subscribe(str(name), query)
                assert (await talk.hear())["type"] == "next"
            await talk.subscribe("other", query + " ")
            told = await talk.hear()
            assert told["type"] == "error"
            assert told["payload"][0]["extensions"]["code"] == "RATE_LIMITED"
            assert told["payload"][0]["extensions"]["retryAfterMs"] > 0
        assert world.deps.traffic.refused == {"rate": 1}
