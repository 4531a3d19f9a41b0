"""LIVE and STALE: cuts, silence, reconnects, and streams beyond the needed ones."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from tests.e2e.semantics import expect
from tests.e2e.semantics.server import PREMIUM, Server, serving, timeless, until
from tests.e2e.semantics.test_subscription import folding, query
from tests.e2e.semantics.venue import Raw, Venue, stamp_ms
from tests.e2e.semantics.world import World, dunamu

BOUND_S = 3.0
NUMBERS = ("percent", "absoluteKrw", "at")


@dataclass(frozen=True)
class Feeds:
    """A server of which each test may ruin the feeds; they are healed afterwards."""

    server: Server
    world: World


@pytest.fixture(scope="module")
def running(
    tmp_path_factory: pytest.TempPathFactory, module_url: str
) -> Iterator[Feeds]:
    with World() as world:
        world.coin("DOGE", "201.5", "0.1501")
        world.coin("BTC", "52000000", "39000")
        world.coin("ETH", "3456000", "2600")
        world.coin("XRP", "3456", "2.61")
        world.upbit.add("USDT", "1320")
        world.coin("USDC", "1290", "1.0001")
        world.upbit.add("AQT", "1500")
        world.coin("ZIL", "20", None)
        world.binance.add("ZIL", "0.015", status="BREAK")
        for venue in (world.upbit, world.binance):
            venue.extras = True
        world.rates["main/v1/forex/recent"] = dunamu("1300", stamp_ms())
        settings = {
            **world.settings(),
            "KIMP_DATABASE__URL": module_url,
            "KIMP_UPBIT__SILENCE_BOUND_S": str(BOUND_S),
            "KIMP_BINANCE__SILENCE_BOUND_S": str(BOUND_S),
        }
        folder = tmp_path_factory.mktemp("feeds")
        with serving(folder, settings) as server:
            yield Feeds(server, world)


LIVE_COINS = ("DOGE", "BTC", "ETH", "XRP")


def settled(server: Server, world: World) -> None:
    """Wait until both streams are up, subscribed, and every coin was carried."""
    until(
        lambda: (
            [set(c.wanted) for c in world.upbit.clients] == [{"ticker", "orderbook"}]
            and ["xrpusdt@aggTrade" in w for w in streams(world)] == [True]
        ),
        "both streams are subscribed",
        20.0,
    )
    until(
        lambda: all(v.seeded_s > v.dialled_s for v in (world.upbit, world.binance)),
        "both are seeded",
        30.0,
    )
    for symbol in (*LIVE_COINS, "AQT", "USDT", "USDC"):
        world.do(world.upbit.push(symbol))
        if f"{symbol}USDT" in world.binance.rows:
            world.do(world.binance.push(symbol))
    for symbol in LIVE_COINS:
        wait_carried(server, world, symbol)


def wait_carried(server: Server, world: World, symbol: str) -> None:
    """Wait until a coin is LIVE and shows the last message of Binance."""
    end = f"{world.binance.rows[f'{symbol}USDT']['closeTime'] % 1000:03d}Z"
    server.premium_when(
        symbol,
        lambda p: p["quality"] == "LIVE" and p["global"]["exchangeTime"].endswith(end),
        f"{symbol} LIVE",
        30.0,
    )


def await_dial(venue: Venue, number: int) -> None:
    """Wait until a venue's so-manieth connection stands."""
    until(lambda: venue.dials >= number and venue.clients, "dialled anew")


def streams(world: World) -> list[set[str]]:
    """Return what each socket of Binance subscribed to."""
    return [c.wanted.get("streams", set()) for c in world.binance.clients]


@pytest.fixture
def feeds(running: Feeds) -> Iterator[Feeds]:
    """The feeds, all coins LIVE before the test, and healed after it."""
    settled(running.server, running.world)
    yield running
    world = running.world
    world.upbit.unseeded.clear()
    for venue in (world.upbit, world.binance):
        venue.rest_status = 200
        venue.accepts, venue.mute, venue.beats = True, False, True


def numbers(premium: Any) -> list[Any]:
    """Return all numbers of a premium and their instant."""
    bases = [(b["percent"], b["absoluteKrw"]) for b in premium["bases"]]
    return [[premium[name] for name in NUMBERS], bases]


def down(venue: Venue) -> None:
    """Let a venue refuse everything from now on; its sockets are cut by the caller."""
    venue.accepts, venue.rest_status = False, 503


def test_a_cut_is_stale_at_once_in_one_event_with_all_coins(feeds: Feeds) -> None:
    server, world = feeds.server, feeds.world
    document = f"""subscription {{ premiums(throttleMs: 100) {{
      snapshot removed premiums {PREMIUM} }} }}"""
    filtered = """subscription($f: PremiumFilter) { premiums(filter: $f,
      throttleMs: 100) { removed premiums { symbol quality } } }"""
    with server.events() as events:
        name = events.subscribe(document)
        snapshot = events.data(name)
        before = {p["symbol"]: p for p in snapshot["premiums"]}
        live = events.subscribe(filtered, f={"quality": ["LIVE"]})
        numbered = events.subscribe(filtered, f={"minPercent": "-100"})
        for other in (live, numbered):
            assert {p["symbol"] for p in events.data(other)["premiums"]} >= {"BTC"}
        down(world.upbit)
        world.do(world.upbit.cut())
        # Well within the bound of 3 s: nobody waited for silence.
        update = events.data(name, 2.0)
        left = events.data(live, 2.0)
        stayed = events.data(numbered, 2.0)
    assert left == {"premiums": [], "removed": sorted((*LIVE_COINS, "USDC"))}
    assert stayed["removed"] == []
    assert {p["quality"] for p in stayed["premiums"]} == {"STALE"}
    assert {p["symbol"] for p in stayed["premiums"]} == {*LIVE_COINS, "USDC"}
    told = {p["symbol"]: p for p in update["premiums"]}
    assert set(told) == set(before)
    assert update["removed"] == []
    for symbol in ("DOGE", "BTC", "ETH", "XRP"):
        after = told[symbol]
        assert (after["quality"], after["reason"]) == ("STALE", "DOMESTIC_STALE")
        assert after["domestic"]["quality"] == "STALE"
        assert after["global"]["quality"] == "LIVE"
        assert numbers(after) == numbers(before[symbol]), "numbers stay"
        assert after["seq"] == before[symbol]["seq"] + 1
        assert after["lastLiveAt"] is not None
        assert {b["reason"] for b in after["bases"]} == {"DOMESTIC_STALE"}
    assert told["ZIL"]["reason"] == "HALTED", "before DOMESTIC_STALE"
    assert told["AQT"]["reason"] == "NO_GLOBAL_MARKET"
    assert told["AQT"]["domestic"]["quality"] == "STALE"


def test_numbers_stay_while_the_other_leg_moves(feeds: Feeds) -> None:
    server, world = feeds.server, feeds.world
    down(world.upbit)
    world.do(world.upbit.cut())
    before = server.premium_when("ETH", lambda p: p["reason"] == "DOMESTIC_STALE")
    world.do(world.binance.push("ETH", lastPrice="2700"))
    after = server.premium_when("ETH", lambda p: p["global"]["price"] == "2700")
    assert after["global"]["quality"] == "LIVE"
    assert numbers(after) == numbers(before)
    assert after["percent"] is not None
    world.do(world.binance.push("ETH", lastPrice="2600"))


def test_both_legs_down_is_domestic_stale_and_only_binance_is_global_stale(
    feeds: Feeds,
) -> None:
    server, world = feeds.server, feeds.world
    down(world.binance)
    world.do(world.binance.cut())
    stale = server.premium_when("BTC", lambda p: p["reason"] == "GLOBAL_STALE")
    assert stale["quality"] == "STALE"
    assert stale["domestic"]["quality"] == "LIVE"
    assert stale["percent"] is not None
    down(world.upbit)
    world.do(world.upbit.cut())
    server.premium_when("BTC", lambda p: p["reason"] == "DOMESTIC_STALE")


def test_silence_is_stale_after_the_bound_and_sound_makes_it_live(
    feeds: Feeds,
) -> None:
    server, world = feeds.server, feeds.world
    last: list[Any] = []

    def silent(premium: Any) -> bool:
        if premium["quality"] == "LIVE":
            last[:] = [premium]  # what was on its way when the venue fell silent
        return bool(premium["reason"] == "DOMESTIC_STALE")

    last.append(server.premium("BTC"))
    world.upbit.mute = True
    stale = server.premium_when("BTC", silent, "silence", BOUND_S + 5.0)
    before = last[0]
    assert numbers(stale) == numbers(before)
    assert stale["domestic"]["price"] == before["domestic"]["price"]
    world.upbit.mute = False
    world.do(world.upbit.cut())  # the socket that heard nothing, not even snapshots
    server.premium_when("BTC", lambda p: p["quality"] == "LIVE", "sound", 20.0)


def test_chatter_without_data_is_silence(feeds: Feeds) -> None:
    server, world = feeds.server, feeds.world
    world.upbit.beats = False
    world.upbit.unseeded.update(world.upbit.rows)

    def after_chatter(premium: Any) -> bool:
        for frame in (b'{"status":"UP"}', b"garbage"):
            world.do(world.upbit.raw(frame))
        return bool(premium["reason"] == "DOMESTIC_STALE")

    server.premium_when("BTC", after_chatter, "no data", BOUND_S + 5.0)


def test_a_quiet_coin_on_a_live_feed_stays_live_past_the_bound(feeds: Feeds) -> None:
    server = feeds.server
    # Only DOGE is carried by the beats; XRP says nothing for more than the bound.
    document = f'subscription {{ premium(symbol: "XRP") {PREMIUM} }}'
    with server.events() as events:
        name = events.subscribe(document)
        first = events.data(name)
        while not events.is_quiet(name, 1.0):  # the seeds of the last reconnect
            first = events.data(name)
        assert first["quality"] == "LIVE"
        quiet = events.is_quiet(name, 2 * BOUND_S)
        assert quiet, [timeless(first), timeless(events.data(name))]
    after = server.premium("XRP")
    assert timeless(after) == timeless(first)
    assert after["quality"] == "LIVE"


def test_a_reconnect_makes_nothing_live_that_was_not_carried(feeds: Feeds) -> None:
    server, world = feeds.server, feeds.world
    before = server.premium("BTC")
    # Neither the snapshots nor the seed know these two after the cut.
    world.upbit.unseeded.update({"KRW-BTC", "KRW-USDT"})
    world.do(world.upbit.cut())
    server.premium_when("BTC", lambda p: p["quality"] == "STALE")
    server.premium_when("ETH", lambda p: p["quality"] == "LIVE", "ETH carried")
    stale = server.premium("BTC")
    assert (stale["quality"], stale["reason"]) == ("STALE", "DOMESTIC_STALE")
    assert numbers(stale) == numbers(before)
    # The basis of an uncarried rate is stale on its own.
    other = server.premium("ETH")
    usdt = other["bases"][1]
    assert (usdt["quality"], usdt["reason"]) == ("STALE", "FX_STALE")
    assert usdt["fx"]["quality"] == "STALE"
    assert usdt["percent"] == expect.percent("3456000", "2600", 1320)
    assert other["bases"][2]["quality"] == "LIVE"
    assert other["quality"] == "LIVE", "quality speaks of OFFICIAL_FX"
    world.do(world.upbit.push("BTC", trade_price=Raw("52100000")))
    live = server.premium_when("BTC", lambda p: p["quality"] == "LIVE")
    assert live["percent"] == expect.percent("52100000", "39000", 1300)
    assert live["at"] > before["at"]
    world.do(world.upbit.push("BTC", trade_price=Raw("52000000")))


def test_a_price_does_not_go_back_over_a_reconnect(feeds: Feeds) -> None:
    server, world = feeds.server, feeds.world
    world.do(world.upbit.push("XRP", trade_price=Raw("3460")))
    before = server.premium_when("XRP", lambda p: p["domestic"]["price"] == "3460")
    fresh = dict(world.upbit.rows["KRW-XRP"])
    old = fresh["trade_timestamp"] - 5_000
    world.upbit.rows["KRW-XRP"] |= {"trade_price": Raw("1"), "trade_timestamp": old}
    world.do(world.upbit.cut())
    server.premium_when("XRP", lambda p: p["quality"] == "STALE", "cut")
    # Snapshot and seed speak of an older trade: the market is carried, no price moves.
    after = server.premium_when("XRP", lambda p: p["quality"] == "LIVE", "back")
    assert after["domestic"]["price"] == "3460"
    assert after["domestic"]["exchangeTime"] == before["domestic"]["exchangeTime"]
    world.upbit.rows["KRW-XRP"] = {**fresh, "trade_price": Raw("3456")}


def test_a_book_fills_bid_and_ask_only_and_carries_no_price(feeds: Feeds) -> None:
    server, world = feeds.server, feeds.world
    before = server.premium("XRP")
    world.do(world.upbit.book("XRP", "3455.00000000", "3457.10000000"))
    after = server.premium_when("XRP", lambda p: p["domestic"]["bid"] == "3455")
    assert after["domestic"]["ask"] == "3457.1"
    for name in ("price", "exchangeTime", "baseVolume24h"):
        assert after["domestic"][name] == before["domestic"][name]


def test_a_trade_stream_sets_price_and_time_of_the_trade(feeds: Feeds) -> None:
    server, world = feeds.server, feeds.world
    now = stamp_ms()
    trade = {
        "e": "aggTrade",
        "E": now + 7,
        "s": "ETHUSDT",
        "a": 1,
        "p": "2601.50000000",
        "q": "1.0",
        "f": 1,
        "l": 1,
        "T": now,
        "m": True,
        "M": True,
    }
    world.do(world.binance.stream("ethusdt@aggTrade", trade))
    after = server.premium_when("ETH", lambda p: p["global"]["price"] == "2601.5")
    told = after["global"]["exchangeTime"]
    assert told.endswith(f"{now % 1000:03d}Z")
    assert after["percent"] == expect.percent("3456000", "2601.5", 1300)
    assert after["global"]["channel"] == "WEBSOCKET"


def test_folds_equal_queries_through_cuts_and_reconnects(feeds: Feeds) -> None:
    server, world = feeds.server, feeds.world
    filters: list[dict[str, Any] | None] = [
        None,
        {"quality": ["LIVE"]},
        {"quality": ["STALE", "UNAVAILABLE"]},
        {"minPercent": "0"},
        {"symbols": ["BTC", "xrp"], "quality": ["LIVE"]},
    ]
    with ExitStack() as stack:
        folds = [stack.enter_context(folding(server, wanted)) for wanted in filters]
        for number, venue in enumerate((world.upbit, world.binance, world.upbit)):
            world.upbit.unseeded = {"KRW-XRP", "KRW-USDT"}
            dials = venue.dials + 1
            world.do(venue.cut())
            # A reconnect may be quicker than a tick: STALE need not be seen.
            await_dial(venue, dials)
            server.premium_when("ETH", lambda p: p["quality"] == "LIVE", "", 20.0)
            for symbol in ("BTC", "XRP"):
                krw = expect.text(3_400 + number)
                world.do(world.upbit.push(symbol, trade_price=Raw(krw)))
                server.at_price(symbol, krw)
        for fold, wanted in zip(folds, filters, strict=True):
            fold.drain(0.8)
            assert timeless(fold.told) == timeless(query(server, wanted)), wanted
    for symbol, krw in (("BTC", "52000000"), ("XRP", "3456")):
        world.do(world.upbit.push(symbol, trade_price=Raw(krw)))


def test_health_tells_a_change_and_queries_go_on(feeds: Feeds) -> None:
    server, world = feeds.server, feeds.world
    document = """subscription { health { status upstreams {
      name status breaker channel retryAt } } }"""
    with server.events() as events:
        name = events.subscribe(document)
        events.data(name)
        down(world.upbit)
        world.do(world.upbit.cut())
        told: Any = None
        states: dict[str, str] = {}
        for _ in range(10):
            told = events.data(name)
            states = {u["name"]: u["status"] for u in told["upstreams"]}
            if states["upbit.stream"] == "UNAVAILABLE":
                break
        assert states["upbit.stream"] == "UNAVAILABLE"
        assert told["status"] == "DEGRADED"
    assert len(server.board()) == 8
    status, _, _ = server.get("/health")
    assert status == 200


def test_a_planned_renewal_is_no_end_of_the_session(feeds: Feeds) -> None:
    server, world = feeds.server, feeds.world
    world.binance.rest_status = 503  # nothing is seeded anew
    dials = world.binance.dials
    (old,) = world.binance.clients
    with server.events() as events:
        name = events.subscribe(
            'subscription { premium(symbol: "XRP") { quality reason } }'
        )
        assert events.data(name)["quality"] == "LIVE"
        said = {"e": "serverShutdown", "E": stamp_ms()}
        world.do(world.binance.stream("!serverShutdown", said))
        until(
            lambda: world.binance.dials > dials and old not in world.binance.clients,
            "the new connection took over",
        )
        # XRP was not carried by the new connection, and is LIVE all the same.
        assert events.is_quiet(name, 1.0)
    assert server.premium("XRP")["quality"] == "LIVE"
