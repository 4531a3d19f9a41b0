"""What cannot be meant is rejected and counted, and the feed goes on."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest

from tests.e2e.semantics.server import Server
from tests.e2e.semantics.venue import Raw, stamp_ms, write
from tests.e2e.semantics.world import World

NO_PRICES = [
    "0",
    "0E-8",
    "-5",
    "-0",
    "NaN",
    "Infinity",
    '"NaN"',
    '"Infinity"',
    '"1_000"',
    '"１２３"',
    '"+5"',
    '" 5"',
    '"5."',
    '".5"',
    '"0x10"',
    '""',
    "1e999999999",
    '"1e999999999"',
    "1e-999999999",
    "1E31",
    '"1E31"',
    "1" * 61,
    "null",
    "true",
    "[1]",
    "{}",
]
GARBAGE = [
    b"",
    b"garbage",
    b"\xff\xfe\x00",
    b"null",
    b"[]",
    b"{}",
    b"[[[[[[[[" * 20_000,
    b'{"ty":"ticker"}',
    b'{"ty":"ticker","cd":5,"tp":1}',
    b'{"ty":"sonnet","cd":"KRW-ATOM","tp":1}',
    b'{"type":"ticker","code":"KRW-ATOM"}',
    b'{"error":{"name":"WRONG_FORMAT","message":"no"}}',
    b'{"error":"no"}',
    b'{"status":"UP"}',
]
NO_STAMPS = ["-1", "0", "99999999999999999999999", "4503599627370495", '"soon"', "1.5"]


def marked(server: Server, world: World, say: Callable[[], None]) -> tuple[Any, Any]:
    """Return ATOM before and after something was said on both feeds.

    Frames keep their order: once a later one is visible, the earlier was judged.
    """
    before = server.premium("ATOM")
    dials = (world.upbit.dials, world.binance.dials)
    say()
    known = server.premium("NEAR")
    krw = str(int(Fraction(known["domestic"]["price"])) + 1)
    usdt = f"{float(known['global']['price']) + 0.01:.2f}"
    world.do(world.upbit.push("NEAR", trade_price=Raw(krw)))
    world.do(world.binance.push("NEAR", lastPrice=usdt))
    server.premium_when(
        "NEAR",
        lambda p: (
            p["domestic"]["price"] == krw
            and Fraction(p["global"]["price"]) == Fraction(usdt)
            and p["quality"] == "LIVE"
        ),
        "the feeds go on",
    )
    assert (world.upbit.dials, world.binance.dials) == dials, "a feed was dialled anew"
    return before, server.premium("ATOM")


def untouched(before: Any, after: Any, side: str) -> None:
    """Check that a leg was not carried by what was said."""
    assert after["seq"] == before["seq"]
    assert after[side]["price"] == before[side]["price"]
    assert after[side]["receivedAt"] == before[side]["receivedAt"]
    assert after["quality"] == "LIVE"


@pytest.mark.parametrize("text", NO_PRICES)
def test_an_upbit_price_that_is_none_is_rejected(
    server: Server, world: World, text: str
) -> None:
    changes = {"trade_price": Raw(text), "trade_timestamp": stamp_ms()}
    frame = world.upbit.frame("KRW-ATOM", "REALTIME", "SIMPLE", **changes)
    before, after = marked(server, world, lambda: world.do(world.upbit.raw(frame)))
    untouched(before, after, "domestic")


@pytest.mark.parametrize("text", NO_PRICES)
def test_a_binance_price_that_is_none_is_rejected(
    server: Server, world: World, text: str
) -> None:
    quoted = Raw(text if text[0] in '"[{nt' else f'"{text}"')
    item = world.binance.item("ATOMUSDT") | {"c": quoted, "E": stamp_ms()}
    before, after = marked(server, world, lambda: world.do(world.binance.array([item])))
    untouched(before, after, "global")


@pytest.mark.parametrize("text", ['"NaN"', '"1_000"', "1e999999999", "1" * 61])
def test_a_volume_that_is_none_rejects_the_frame(
    server: Server, world: World, text: str
) -> None:
    changes = {
        "trade_price": Raw("13500"),
        "acc_trade_price_24h": Raw(text),
        "trade_timestamp": stamp_ms(),
    }
    frame = world.upbit.frame("KRW-ATOM", "REALTIME", "SIMPLE", **changes)
    before, after = marked(server, world, lambda: world.do(world.upbit.raw(frame)))
    untouched(before, after, "domestic")


@pytest.mark.parametrize("frame", GARBAGE, ids=lambda f: repr(f[:24]))
def test_garbage_on_the_upbit_stream_harms_nothing(
    server: Server, world: World, frame: bytes
) -> None:
    before, after = marked(server, world, lambda: world.do(world.upbit.raw(frame)))
    untouched(before, after, "domestic")


@pytest.mark.parametrize(
    "text",
    [
        "garbage",
        "null",
        "[]",
        "{}",
        "[" * 100_000,
        '{"stream":"!miniTicker@arr","data":{}}',
        '{"stream":"!miniTicker@arr","data":[1,null,"x"]}',
        '{"stream":"x","data":{"e":"sonnet","s":"ATOMUSDT"}}',
        '{"result":null,"id":99}',
        '{"error":{"code":2,"msg":"no"},"id":98}',
        '{"code":2,"msg":"Invalid request"}',
    ],
    ids=lambda t: t[:32],
)
def test_garbage_on_the_binance_stream_harms_nothing(
    server: Server, world: World, text: str
) -> None:
    before, after = marked(server, world, lambda: world.do(world.binance.raw(text)))
    untouched(before, after, "global")


def test_a_bad_item_of_an_array_costs_only_itself(server: Server, world: World) -> None:
    world.binance.change("SANDUSDT", lastPrice="9.85")
    bad = world.binance.item("ATOMUSDT") | {"c": "1_000", "E": stamp_ms()}
    items = [bad, {"e": "24hrMiniTicker"}, world.binance.item("SANDUSDT")]
    before, after = marked(server, world, lambda: world.do(world.binance.array(items)))
    untouched(before, after, "global")
    assert server.premium("SAND")["global"]["price"] == "9.85"


@pytest.mark.parametrize("stamp", NO_STAMPS)
def test_a_stamp_that_cannot_be_one_changes_no_price(
    server: Server, world: World, stamp: str
) -> None:
    changes = {"trade_price": Raw("13501"), "trade_timestamp": Raw(stamp)}
    frame = world.upbit.frame("KRW-ATOM", "REALTIME", "SIMPLE", **changes)
    item = world.binance.item("ATOMUSDT") | {"c": "9.77", "E": Raw(stamp)}

    def say() -> None:
        world.do(world.upbit.raw(frame))
        world.do(world.binance.array([item]))

    before, after = marked(server, world, say)
    assert after["domestic"]["price"] == before["domestic"]["price"]
    assert after["global"]["price"] == before["global"]["price"]


@pytest.mark.parametrize(
    ("text", "price"),
    [
        ("13502", "13502"),
        ('"13503.00000000"', "13503"),
        ("1.3504E4", "13504"),
        ("13505.00000000000000000000000000000", "13505"),
        ("9" * 60, "9" * 60),
        ("1E30", "1" + "0" * 30),
        ("1E-30", "0." + "0" * 29 + "1"),
    ],
)
def test_numbers_within_the_limits_are_taken(
    server: Server, world: World, text: str, price: str
) -> None:
    world.do(world.upbit.push("MANA", trade_price=Raw(text)))
    server.premium_when("MANA", lambda p: p["domestic"]["price"] == price, price)


def test_rejects_are_counted_and_logged_once(server: Server, world: World) -> None:
    def count(text: str) -> float:
        lines = [
            line
            for line in text.splitlines()
            if "reject" in line and not line.startswith("#")
        ]
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines)

    before = count(server.get("/metrics")[1])
    frame = write({"ty": "ticker", "cd": "KRW-ATOM", "tp": "1_000"}).encode()

    def say() -> None:
        for _ in range(20):
            world.do(world.upbit.raw(frame))

    marked(server, world, say)
    assert count(server.get("/metrics")[1]) >= before + 20
    log = server.log.read_text()
    kinds = [line for line in log.splitlines() if '"upstream.frame_rejected"' in line]
    assert kinds
    told = [line for line in kinds if '"kind": "number"' in line and "upbit" in line]
    # Once per kind and minute; this whole file takes less than two.
    assert 1 <= len(told) <= 3
