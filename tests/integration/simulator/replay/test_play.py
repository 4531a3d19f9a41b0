"""When a recorded session begins, how fast it goes, and to whom."""

import asyncio
import json

import aiohttp

from tests.integration.simulator.replay.conftest import (
    BINANCE,
    LIMIT_S,
    NOW_MS,
    THEN_MS,
    UPBIT,
    Script,
    ask_binance,
    ask_upbit,
    binance,
    listening,
    replaying,
    upbit,
)


async def test_a_subscriber_gets_its_markets_frames_with_stamps_of_now(
    http: aiohttp.ClientSession,
) -> None:
    events = [upbit(1), upbit(2, code="KRW-ETH"), upbit(3, at_ms=250)]
    script = Script()
    async with (
        replaying(events, script) as replay,
        listening(replay, http, UPBIT, ask_upbit("KRW-BTC")) as heard,
    ):
        async with asyncio.timeout(LIMIT_S):
            await replay.play()
        first, second = json.loads(await heard()), json.loads(await heard())
    assert (first["tp"], first["ttms"]) == (1.0, NOW_MS)
    assert (second["tp"], second["ttms"]) == (3.0, NOW_MS + 250)
    assert script.slept == [0.25]
    assert replay.count.frames == {"upbit": 3}
    assert replay.routes.sent == 2


async def test_stamps_may_be_kept(http: aiohttp.ClientSession) -> None:
    async with (
        replaying([upbit(1)], keep_stamps=True) as replay,
        listening(replay, http, UPBIT, ask_upbit("KRW-BTC")) as heard,
    ):
        await replay.play()
        assert json.loads(await heard())["ttms"] == THEN_MS


async def test_a_speed_shortens_waits_and_distances(
    http: aiohttp.ClientSession,
) -> None:
    script = Script()
    async with (
        replaying([upbit(1), upbit(2, at_ms=1_000)], script, speed=4.0) as replay,
        listening(replay, http, UPBIT, ask_upbit("KRW-BTC")) as heard,
    ):
        await replay.play()
        stamps = [json.loads(await heard())["ttms"] for _ in range(2)]
    assert stamps == [NOW_MS, NOW_MS + 250]
    assert script.slept == [0.25]


async def test_speed_0_waits_for_nothing_and_ends_now(
    http: aiohttp.ClientSession,
) -> None:
    many = 10_000
    events = [upbit(n + 1, at_ms=n) for n in range(many)]
    script = Script()
    newest_us = events[-1].at_us
    async with (
        replaying(events, script, speed=0.0, newest_us=newest_us) as replay,
        listening(replay, http, UPBIT, ask_upbit("KRW-BTC")) as heard,
    ):
        playing = asyncio.create_task(replay.play())
        stamps = [json.loads(await heard())["ttms"] for _ in range(many)]
        async with asyncio.timeout(LIMIT_S):
            await playing
    assert stamps == list(range(NOW_MS - many + 1, NOW_MS + 1))
    assert set(script.slept) == {0}


async def test_the_session_waits_for_all_its_venues(
    http: aiohttp.ClientSession,
) -> None:
    events = [upbit(1), binance("!miniTicker@arr", "[]")]
    both = frozenset({"upbit", "binance"})
    async with replaying(events, venues=both, start_grace_s=LIMIT_S) as replay:
        playing = asyncio.create_task(replay.play())
        async with listening(replay, http, UPBIT, ask_upbit("KRW-BTC")) as one:
            asks = ask_binance("!miniTicker@arr")
            async with listening(replay, http, BINANCE, asks) as other:
                assert json.loads(await one())["tp"] == 1.0
                assert json.loads(await other()) == {"result": None, "id": 1}
                assert json.loads(await other())["stream"] == "!miniTicker@arr"
                await playing


async def test_a_venue_nobody_asks_for_is_not_waited_for_longer_than_its_grace(
    http: aiohttp.ClientSession,
) -> None:
    both = frozenset({"upbit", "binance"})
    async with (
        replaying([upbit(1)], venues=both, start_grace_s=0.01) as replay,
        listening(replay, http, UPBIT, ask_upbit("KRW-BTC")) as heard,
    ):
        async with asyncio.timeout(LIMIT_S):
            await replay.play()
        assert json.loads(await heard())["tp"] == 1.0


async def test_who_comes_late_gets_the_latest_of_each_market_as_snapshot(
    http: aiohttp.ClientSession,
) -> None:
    events = [upbit(1), upbit(2, at_ms=10), upbit(9, code="KRW-ETH")]
    async with replaying(events, venues=frozenset()) as replay:
        await replay.play()
        both = ask_upbit("KRW-BTC", "KRW-ETH", form="DEFAULT")
        async with listening(replay, http, UPBIT, both) as heard:
            found = [json.loads(await heard()) for _ in range(2)]
        silent = ask_upbit("KRW-BTC", is_only_realtime=True)
        async with listening(replay, http, UPBIT, silent, "PING") as heard:
            assert json.loads(await heard()) == {"status": "UP"}
    assert found == [
        {
            "type": "ticker",
            "code": code,
            "trade_price": price,
            "trade_timestamp": stamp,
            "stream_type": "SNAPSHOT",
        }
        for code, price, stamp in (
            ("KRW-BTC", 2.0, NOW_MS + 10),
            ("KRW-ETH", 9.0, NOW_MS),
        )
    ]


async def test_a_new_request_replaces_the_last_and_lists_are_told(
    http: aiohttp.ClientSession,
) -> None:
    listing = json.dumps([{"method": "LIST_SUBSCRIPTIONS"}, {"ticket": "y"}])
    asks = (ask_upbit("KRW-BTC"), ask_upbit("KRW-ETH"), listing, "oops")
    async with (
        replaying([upbit(1), upbit(2, code="KRW-ETH")]) as replay,
        listening(replay, http, UPBIT, *asks) as heard,
    ):
        assert json.loads(await heard()) == {
            "method": "LIST_SUBSCRIPTIONS",
            "result": [{"type": "ticker", "codes": ["KRW-ETH"]}],
            "ticket": "y",
        }
        assert json.loads(await heard())["error"]["name"] == "WRONG_FORMAT"
        await replay.play()
        assert json.loads(await heard())["cd"] == "KRW-ETH"


async def test_a_list_without_subscription_is_empty(
    http: aiohttp.ClientSession,
) -> None:
    listing = json.dumps(
        [{"method": "LIST_SUBSCRIPTIONS"}, {"ticket": "y"}, {"format": "SIMPLE"}]
    )
    async with (
        replaying([upbit(1)]) as replay,
        listening(replay, http, UPBIT, listing) as heard,
    ):
        assert json.loads(await heard()) == {
            "mthd": "LIST_SUBSCRIPTIONS",
            "rslt": [],
            "tckt": "y",
        }
