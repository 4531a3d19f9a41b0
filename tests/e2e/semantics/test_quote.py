"""Stamps, ages, windows and channels of a single quote."""

import json
import re
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest

from tests.e2e.semantics import expect
from tests.e2e.semantics.conftest import AGES
from tests.e2e.semantics.server import Server, until
from tests.e2e.semantics.venue import Raw, stamp_ms, write
from tests.e2e.semantics.world import World

INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


def instant(text: str) -> datetime:
    """Read an instant and check its form."""
    assert INSTANT.fullmatch(text), text
    moment = datetime.fromisoformat(text)
    assert moment.tzinfo is not None
    return moment


def unix_ms(text: str) -> int:
    """Return an instant in Unix ms."""
    return (instant(text) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(
        milliseconds=1
    )


def at_price(server: Server, symbol: str, price: str, side: str = "domestic") -> Any:
    """Wait until a leg shows a price and return the leg."""
    premium = server.premium_when(
        symbol, lambda p: p[side]["price"] == price, f"{symbol} at {price}"
    )
    return premium[side]


def test_stamps_are_the_venues_own(server: Server, world: World) -> None:
    world.do(world.upbit.push("XLM", trade_price=Raw("13001")))
    leg = at_price(server, "XLM", "13001")
    assert (
        unix_ms(leg["exchangeTime"]) == (world.upbit.rows["KRW-XLM"]["trade_timestamp"])
    )
    assert (leg["exchange"], leg["market"]) == ("UPBIT", "KRW-XLM")
    assert leg["channel"] == "WEBSOCKET"
    world.do(world.binance.push("XLM", lastPrice="9.91"))
    leg = at_price(server, "XLM", "9.91", "global")
    assert unix_ms(leg["exchangeTime"]) == world.binance.rows["XLMUSDT"]["closeTime"]
    assert (leg["exchange"], leg["market"]) == ("BINANCE", "XLMUSDT")
    assert leg["channel"] == "WEBSOCKET"


def test_a_price_read_by_rest_says_so_with_its_close_time(
    server: Server, world: World
) -> None:
    # Nothing ever came over the stream for this one.
    leg = server.premium("AVAX")["global"]
    assert leg["channel"] == "REST"
    assert leg["quality"] == "LIVE"
    assert unix_ms(leg["exchangeTime"]) == world.binance.rows["AVAXUSDT"]["closeTime"]


def test_an_older_stamp_never_replaces_a_newer_one(
    server: Server, world: World
) -> None:
    world.do(world.upbit.push("XLM", trade_price=Raw("13002")))
    before = at_price(server, "XLM", "13002")
    old = unix_ms(before["exchangeTime"]) - 1
    late = world.upbit.frame(
        "KRW-XLM", "REALTIME", "SIMPLE", trade_price=Raw("99"), trade_timestamp=old
    )
    world.do(world.upbit.raw(late))
    after = server.premium_when(
        "XLM",
        lambda p: p["domestic"]["receivedAt"] > before["receivedAt"],
        "receivedAt moves on",
    )["domestic"]
    assert after["price"] == "13002"
    assert after["exchangeTime"] == before["exchangeTime"]

    world.do(world.binance.push("XLM", lastPrice="9.92"))
    before = at_price(server, "XLM", "9.92", "global")
    item = world.binance.item("XLMUSDT")
    item |= {"c": "0.5", "E": unix_ms(before["exchangeTime"]) - 1}
    world.do(world.binance.array([item]))
    after = server.premium_when(
        "XLM",
        lambda p: p["global"]["receivedAt"] > before["receivedAt"],
        "receivedAt moves on",
    )["global"]
    assert after["price"] == "9.92"


def test_two_trades_of_one_millisecond_both_count(server: Server, world: World) -> None:
    world.do(world.upbit.push("XLM", trade_price=Raw("13003")))
    stamp = world.upbit.rows["KRW-XLM"]["trade_timestamp"]
    at_price(server, "XLM", "13003")
    again = {"trade_timestamp": stamp, "trade_price": Raw("13004")}
    world.do(world.upbit.push("XLM", **again))
    assert unix_ms(at_price(server, "XLM", "13004")["exchangeTime"]) == stamp


def test_received_at_moves_where_nothing_else_changed(
    server: Server, world: World
) -> None:
    world.do(world.upbit.push("XLM", trade_price=Raw("13005")))
    before = server.premium_when("XLM", lambda p: p["domestic"]["price"] == "13005")
    world.do(world.upbit.raw(world.upbit.frame("KRW-XLM", "REALTIME", "SIMPLE")))
    after = server.premium_when(
        "XLM",
        lambda p: p["domestic"]["receivedAt"] > before["domestic"]["receivedAt"],
        "receivedAt of an identical ticker",
    )
    assert after["seq"] == before["seq"]
    assert after["domestic"]["exchangeTime"] == before["domestic"]["exchangeTime"]
    world.do(world.binance.array([world.binance.item("XLMUSDT")]))
    server.premium_when(
        "XLM",
        lambda p: p["global"]["receivedAt"] > before["global"]["receivedAt"],
        "receivedAt of an identical mini ticker",
    )


def test_without_a_stamp_the_receive_time_counts(server: Server, world: World) -> None:
    frame = world.upbit.frame("KRW-XLM", "REALTIME", "SIMPLE", trade_price=Raw("12999"))
    told = json.loads(frame)
    del told["ttms"]
    world.do(world.upbit.raw(write(told).encode()))
    leg = at_price(server, "XLM", "12999")
    assert leg["exchangeTime"] == leg["receivedAt"]


@pytest.mark.parametrize(
    "date", [{"year": 2026, "month": 12, "day": 1}, "2026-12-01", None]
)
def test_a_delisting_date_in_any_form_harms_no_price(
    server: Server, world: World, date: object
) -> None:
    known = server.premium("XLM")["domestic"]["price"]
    krw = expect.text(Fraction(known) + 1)
    world.do(world.upbit.push("XLM", trade_price=Raw(krw), delisting_date=date))
    at_price(server, "XLM", krw)
    world.do(world.upbit.push("XLM", delisting_date=None))


def test_symbols_that_are_not_ascii_harm_no_array(server: Server, world: World) -> None:
    world.binance.change("XLMUSDT", lastPrice="9.93")
    items = [world.binance.item(s) for s in ("币安人生USDT", "XLMUSDT")]
    world.do(world.binance.array(items))
    at_price(server, "XLM", "9.93", "global")


def test_what_is_not_needed_costs_only_its_own_fields(server: Server) -> None:
    # Candles, books and trade streams are refused by these venues for ever.
    document = "{ health { status upstreams { name status breaker } } }"
    health = server.ask(document)["health"]
    rests = [u for u in health["upstreams"] if u["name"].endswith(".rest")]
    assert [u["breaker"] for u in rests] == ["CLOSED", "CLOSED"]
    assert [(u["name"], u["status"]) for u in rests] == [
        ("upbit.rest", "HEALTHY"),
        ("binance.rest", "HEALTHY"),
    ]


def test_default_frames_are_read_on_a_connection_that_asked_for_simple(
    server: Server, world: World
) -> None:
    world.do(world.upbit.push("XLM", trade_price=Raw("13006")))
    at_price(server, "XLM", "13006")
    for number, form in enumerate(("DEFAULT", "SIMPLE", "DEFAULT")):
        price = str(13007 + number)
        changes = {"trade_price": Raw(price), "trade_timestamp": stamp_ms()}
        frame = world.upbit.frame("KRW-XLM", "REALTIME", form, **changes)
        world.do(world.upbit.raw(frame))
        at_price(server, "XLM", price)


def test_the_whole_subscription_is_one_message_without_an_origin(world: World) -> None:
    for client in world.upbit.clients:
        codes = {p["type"]: p["codes"] for p in client.said[-1] if "type" in p}
        won = [code for code in world.upbit.listed if code.startswith("KRW-")]
        assert sorted(codes["ticker"]) == sorted(won)
        assert client.said[-1][0]["ticket"]
    assert len(world.upbit.clients) == 1
    assert not [h for h in world.upbit.headers if "Origin" in h]


def test_age_is_now_minus_exchange_time(server: Server) -> None:
    answer = server.answer(
        """{ premium(symbol: "BTC") { domestic { exchangeTime ageMs }
        global { exchangeTime ageMs } bases { fx { asOf ageMs } } } }"""
    )
    now = unix_ms(answer["extensions"]["serverTime"])
    premium = answer["data"]["premium"]
    for leg in (premium["domestic"], premium["global"]):
        assert abs(now - unix_ms(leg["exchangeTime"]) - leg["ageMs"]) <= 250
    for basis in premium["bases"]:
        age = now - unix_ms(basis["fx"]["asOf"])
        assert abs(age - basis["fx"]["ageMs"]) <= 250


def test_an_age_fits_into_32_bits_and_is_never_negative(server: Server) -> None:
    old = server.premium("ARK")
    assert old["domestic"]["ageMs"] == 2_147_483_647
    assert unix_ms(old["domestic"]["exchangeTime"]) == AGES
    # Age decides nothing: no trade for years on a live feed is LIVE.
    assert (old["quality"], old["domestic"]["quality"]) == ("LIVE", "LIVE")


def test_a_stamp_ahead_of_our_clock_has_age_zero(server: Server, world: World) -> None:
    ahead = {"trade_price": Raw("701"), "trade_timestamp": stamp_ms() + 60_000}
    world.do(world.upbit.push("KNC", **ahead))
    assert at_price(server, "KNC", "701")["ageMs"] == 0


def test_change_since_utc_midnight_is_from_the_previous_close(
    server: Server, world: World
) -> None:
    bitcoin = server.premium("BTC")
    leg = bitcoin["domestic"]
    assert leg["changePercentSinceUtcMidnight"] == expect.change(52, 51)
    # No ten-minute candles from this venue: not known, not zero.
    assert leg["changePercentRolling24h"] is None
    changes = {"trade_price": Raw("12000"), "prev_closing_price": Raw("13000")}
    world.do(world.upbit.push("ALGO", **changes))
    leg = at_price(server, "ALGO", "12000")
    assert leg["changePercentSinceUtcMidnight"] == expect.change(12, 13)


def test_change_over_24_hours_is_from_binance_open(
    server: Server, world: World
) -> None:
    leg = server.premium("BTC")["global"]
    assert leg["changePercentRolling24h"] == expect.change(40_000, 39_000)
    assert leg["changePercentSinceUtcMidnight"] is None
    world.do(world.binance.push("ALGO", lastPrice="9.5", openPrice="9.9"))
    leg = at_price(server, "ALGO", "9.5", "global")
    assert leg["changePercentRolling24h"] == expect.change("9.5", "9.9")


@pytest.mark.parametrize("path", ["at", "lastLiveAt"])
def test_instants_have_an_offset(server: Server, path: str) -> None:
    premium = server.premium("BTC")
    assert abs((instant(premium[path]) - datetime.now(UTC)).total_seconds()) < 600


def test_health_instants_have_an_offset(server: Server) -> None:
    document = """{ health { startedAt version status database upstreams { name status
        channel breaker retryAt connectedSince lastMessageAt reconnects
        messagesPerSecond latencyMsP50 latencyMsP99 } } }"""

    def healthy() -> Any:
        # Rejected frames of the tests before make a stream DEGRADED for ten seconds.
        health = server.ask(document)["health"]
        streams = [u for u in health["upstreams"] if u["name"].endswith(".stream")]
        fine = all(u["status"] == "HEALTHY" for u in streams)
        return health if fine else None

    health = until(healthy, "both streams are HEALTHY", 20.0)
    instant(health["startedAt"])
    upstreams = {u["name"]: u for u in health["upstreams"]}
    assert set(upstreams) == {
        "upbit.rest",
        "upbit.stream",
        "binance.rest",
        "binance.stream",
        "fx.dunamu",
        "fx.frankfurter",
    }
    for name in ("upbit.stream", "binance.stream"):
        instant(upstreams[name]["connectedSince"])
        instant(upstreams[name]["lastMessageAt"])
        assert upstreams[name]["channel"] == "WEBSOCKET"
        assert upstreams[name]["messagesPerSecond"] > 0
