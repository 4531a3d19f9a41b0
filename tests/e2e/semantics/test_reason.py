"""Why a number is null, and which reason goes before which (calm venues)."""

import pytest

from tests.e2e.semantics.server import Server
from tests.e2e.semantics.venue import Raw
from tests.e2e.semantics.world import World


@pytest.mark.parametrize(
    ("symbol", "reason", "domestic", "global_"),
    [
        ("AQT", "NO_GLOBAL_MARKET", True, False),
        ("USDT", "NO_GLOBAL_MARKET", True, False),  # has no global leg by itself
        ("AHT", "NO_GLOBAL_MARKET", False, False),  # before DOMESTIC_MISSING
        ("ONT", "DOMESTIC_MISSING", False, True),
        ("IOST", "DOMESTIC_MISSING", False, False),  # before GLOBAL_MISSING
        ("QTUM", "GLOBAL_MISSING", True, False),
        ("STORJ", "GLOBAL_MISSING", True, False),  # before HALTED; its price is zero
        ("ZIL", "HALTED", True, True),  # BREAK on Binance
        ("GAS", "HALTED", True, True),  # HALT
        ("FLOW", "HALTED", True, True),  # CANCEL_ONLY
        ("JST", "HALTED", True, True),  # END_OF_DAY
    ],
)
def test_there_is_one_reason_and_the_legs_stay_visible(
    server: Server, symbol: str, reason: str, domestic: bool, global_: bool
) -> None:
    premium = server.premium(symbol)
    assert (premium["quality"], premium["reason"]) == ("UNAVAILABLE", reason)
    assert premium["percent"] is None
    assert premium["absoluteKrw"] is None
    assert (premium["domestic"] is not None) is domestic
    assert (premium["global"] is not None) is global_
    assert premium["signConflict"] is False
    bases = premium["bases"]
    assert [b["basis"] for b in bases] == ["OFFICIAL_FX", "KRW_USDT", "KRW_USDC"]
    for basis in bases:
        assert (basis["percent"], basis["absoluteKrw"]) == (None, None)
        assert (basis["quality"], basis["reason"]) == ("UNAVAILABLE", reason)


def test_live_has_no_reason(server: Server) -> None:
    for premium in server.board("{quality: [LIVE]}").values():
        assert premium["reason"] is None
        assert premium["percent"] is not None
        for leg in ("domestic", "global"):
            assert premium[leg]["quality"] == "LIVE"


def test_quality_and_reason_agree_everywhere(server: Server) -> None:
    for symbol, premium in server.board().items():
        official = premium["bases"][0]
        for field in ("percent", "absoluteKrw", "quality", "reason"):
            assert premium[field] == official[field], symbol
        for basis in premium["bases"]:
            assert (basis["reason"] is None) == (basis["quality"] == "LIVE"), symbol
            if basis["quality"] == "UNAVAILABLE":
                assert basis["percent"] is None, symbol


@pytest.mark.parametrize("state", ["PREVIEW", "DELISTED"])
def test_a_market_state_that_is_not_active_is_halted(
    server: Server, world: World, state: str
) -> None:
    before = server.premium("DOT")
    assert before["quality"] == "LIVE"
    try:
        world.do(world.upbit.push("DOT", market_state=state))
        halted = server.premium_when("DOT", lambda p: p["reason"] == "HALTED")
        assert halted["quality"] == "UNAVAILABLE"
        assert halted["percent"] is None
        assert halted["domestic"]["price"] == before["domestic"]["price"]
        assert halted["seq"] > before["seq"]
    finally:
        world.do(world.upbit.push("DOT", market_state="ACTIVE"))
    back = server.premium_when("DOT", lambda p: p["quality"] == "LIVE")
    assert back["percent"] == before["percent"]


def test_a_missing_side_that_appears_makes_it_live(
    server: Server, world: World
) -> None:
    world.binance.add("QTUM", "2.25000000")
    world.do(world.binance.push("QTUM"))
    live = server.premium_when("QTUM", lambda p: p["quality"] == "LIVE")
    assert live["global"]["price"] == "2.25"
    world.do(world.upbit.push("ONT", trade_price=Raw("340.0")))
    live = server.premium_when("ONT", lambda p: p["quality"] == "LIVE")
    assert live["domestic"]["price"] == "340"


def test_an_unknown_symbol_is_null_without_an_error(server: Server) -> None:
    answer = server.answer('{ premium(symbol: "NOPE") { symbol } }')
    assert answer["data"] == {"premium": None}
    assert "errors" not in answer
    assert server.ask('{ coin(symbol: "NOPE") { symbol } }') == {"coin": None}
