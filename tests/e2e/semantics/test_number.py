"""Every number against fractions: percent, absolute, units, canonical text."""

import re
from fractions import Fraction
from typing import Any

import pytest

from tests.e2e.semantics import expect
from tests.e2e.semantics.server import Server
from tests.e2e.semantics.venue import Raw
from tests.e2e.semantics.world import World

CANONICAL = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]*[1-9])?")
FX = {"OFFICIAL_FX": "1300", "KRW_USDT": "1320", "KRW_USDC": "1290"}


def quote(
    server: Server, world: World, symbol: str, krw: str, usdt: str
) -> dict[str, Any]:
    """Let both venues trade a coin at these prices and return its premium."""
    world.do(world.upbit.push(symbol, trade_price=Raw(krw)))
    world.do(world.binance.push(symbol, lastPrice=usdt))
    wanted = (expect.text(krw), expect.text(usdt))
    found: dict[str, Any] = server.premium_when(
        symbol,
        lambda p: (p["domestic"]["price"], p["global"]["price"]) == wanted,
        f"{symbol} at {wanted}",
    )
    return found


def agrees(premium: dict[str, Any], krw: str, usdt: str) -> None:
    """Check the numbers of every basis."""
    assert [b["basis"] for b in premium["bases"]] == list(FX)
    for basis in premium["bases"]:
        rate = FX[basis["basis"]]
        assert basis["quality"] == "LIVE", basis
        assert basis["fx"]["rate"] == rate
        assert basis["percent"] == expect.percent(krw, usdt, rate), basis
        assert basis["absoluteKrw"] == expect.absolute(krw, usdt, rate), basis
    assert premium["percent"] == expect.percent(krw, usdt, FX["OFFICIAL_FX"])
    assert premium["absoluteKrw"] == expect.absolute(krw, usdt, FX["OFFICIAL_FX"])


@pytest.mark.parametrize(
    ("krw", "usdt"),
    [
        ("52000000.00000000", "40000.00000000"),
        ("51000000.00000000", "40000.00000000"),
        ("0.00048200", "0.00000037"),
        ("123456789.12345678", "95123.45678901"),
        ("13130.000065", "10.00000000"),  # 1.0000005 %: a tie, down to even
        ("13130.000195", "10.00000000"),  # 1.0000015 %: a tie, up to even
        ("12999.999935", "10.00000000"),  # -0.0000005 %: zero, never -0
        ("1E+3", "0.70"),
        ("1.5e2", "0.1"),
        ("7", "0.0053"),
        ("1E+30", "0.000000000000000000000000000001"),
        ("1E-30", "1000000000000000000000000000000"),
        ("1" * 40 + "." + "1" * 20, "1234567890123456789012345.5"),
    ],
)
def test_percent_and_absolute_are_exact_on_three_bases(
    server: Server, world: World, krw: str, usdt: str
) -> None:
    premium = quote(server, world, "ADA", krw, usdt)
    agrees(premium, krw, usdt)


def test_the_examples_of_the_design_come_out(server: Server, world: World) -> None:
    even = quote(server, world, "ADA", "52000000.00000000", "40000.00000000")
    assert (even["percent"], even["absoluteKrw"]) == ("0", "0")
    below = quote(server, world, "ADA", "51000000", "40000")
    assert (below["percent"], below["absoluteKrw"]) == ("-1.923077", "-1000000")


def test_arguments_of_percent_choose_the_basis(server: Server) -> None:
    answer = server.ask(
        """{ premium(symbol: "ETH") {
          plain: percent  won: absoluteKrw
          usdt: percent(basis: KRW_USDT)  usdc: absoluteKrw(basis: KRW_USDC)
        } }"""
    )["premium"]
    krw, usdt = "3456789.12", "2500.51"
    assert answer == {
        "plain": expect.percent(krw, usdt, 1300),
        "won": expect.absolute(krw, usdt, 1300),
        "usdt": expect.percent(krw, usdt, 1320),
        "usdc": expect.absolute(krw, usdt, 1290),
    }


@pytest.mark.parametrize(
    ("krw", "conflict"),
    [
        ("13000", True),  # 0, -1.5, 0.8 %
        ("13100", True),  # 0.8, -0.8, 1.6 %
        ("13200", False),  # 1.5, 0, 2.3 %: zero has no sign
        ("13500", False),
        ("12900", False),  # -0.8, -2.3, 0 %
        ("12800", False),
    ],
)
def test_sign_conflict_is_one_basis_above_and_one_below_zero(
    server: Server, world: World, krw: str, conflict: bool
) -> None:
    assert quote(server, world, "ADA", krw, "10")["signConflict"] is conflict


def test_units_and_26_digit_sums_are_exact(server: Server) -> None:
    bitcoin = server.premium("BTC")["domestic"]
    assert bitcoin["quoteVolume24h"] == "95078733694.3792"
    assert bitcoin["baseVolume24h"] == "1828.43718651"
    sats = server.premium("SATS")
    leg = sats["global"]
    assert leg["price"] == "0.00000025"
    # 1000 SATS are one unit of the market: volumes count coins, money stays money.
    assert leg["baseVolume24h"] == "123456789012345678900"
    assert leg["quoteVolume24h"] == "30864197253086.419725"
    assert leg["changePercentRolling24h"] == "25"
    assert leg["bid"] == leg["ask"] == "0.00000025"
    assert sats["percent"] == expect.percent("0.000331", "0.00000025", 1300)
    assert sats["absoluteKrw"] == expect.absolute("0.000331", "0.00000025", 1300)
    baby = server.premium("BABYDOGE")
    assert baby["global"]["price"] == "0.0000000013"
    assert baby["percent"] == expect.percent("0.0000017", "0.0000000013", 1300)


def test_units_hold_for_stream_frames_too(server: Server, world: World) -> None:
    changes = {"lastPrice": "0.00026000", "volume": "3.50000000"}
    world.do(world.binance.push("1000SATS", **changes))
    sats = server.premium_when(
        "SATS", lambda p: p["global"]["price"] == "0.00000026", "0.26e-6"
    )
    assert sats["global"]["baseVolume24h"] == "3500"
    assert sats["percent"] == expect.percent("0.000331", "0.00000026", 1300)
    back = {"lastPrice": "0.00025000", "volume": "123456789012345678.90000000"}
    world.do(world.binance.push("1000SATS", **back))
    server.premium_when("SATS", lambda p: p["global"]["price"] == "0.00000025")


def test_zero_with_an_exponent_is_zero(server: Server, world: World) -> None:
    sums = {"acc_trade_price_24h": Raw("0E-8"), "acc_trade_volume_24h": Raw("0E-16")}
    world.do(world.upbit.push("ATOM", trade_price=Raw("13000.5"), **sums))
    found = server.premium_when(
        "ATOM", lambda p: p["domestic"]["price"] == "13000.5", "13000.5"
    )
    assert found["domestic"]["quoteVolume24h"] == "0"
    assert found["domestic"]["baseVolume24h"] == "0"


@pytest.mark.parametrize(
    "text", ["13001.50", "1.30015E4", "13001.500000000000000000", "130015E-1"]
)
def test_equal_numbers_have_equal_text(server: Server, world: World, text: str) -> None:
    world.do(world.upbit.push("ATOM", trade_price=Raw("13001")))
    server.at_price("ATOM", "13001")
    world.do(world.upbit.push("ATOM", trade_price=Raw(text)))
    server.at_price("ATOM", "13001.5")


def test_every_decimal_of_the_board_is_canonical(server: Server) -> None:
    texts: list[str] = []

    def collect(value: Any) -> None:
        if isinstance(value, dict):
            for key, item in value.items():
                is_decimal = key in (
                    "percent",
                    "absoluteKrw",
                    "price",
                    "bid",
                    "ask",
                    "rate",
                    "baseVolume24h",
                    "quoteVolume24h",
                    "changePercentSinceUtcMidnight",
                    "changePercentRolling24h",
                )
                if is_decimal and item is not None:
                    texts.append(item)
                else:
                    collect(item)
        elif isinstance(value, list):
            for item in value:
                collect(item)

    collect(server.board())
    assert len(texts) > 300
    wrong = [t for t in texts if not CANONICAL.fullmatch(t) or t == "-0"]
    assert wrong == []


def test_the_summary_speaks_of_the_whole_board(server: Server) -> None:
    answer = server.ask(
        """{ premiums(filter: {symbols: ["BTC"]}, first: 1) { totalCount summary {
          btcPercent medianPercent tetherPercent live stale unavailable
          fxRate { base quote rate source quality } } } }"""
    )["premiums"]
    board = server.board()
    qualities = [p["quality"] for p in board.values()]
    percents = sorted(
        Fraction(p["percent"]) for p in board.values() if p["quality"] == "LIVE"
    )
    middle = len(percents) // 2
    if len(percents) % 2:
        median = percents[middle]
    else:
        median = (percents[middle - 1] + percents[middle]) / 2
    summary = answer["summary"]
    assert answer["totalCount"] == 1
    assert summary["btcPercent"] == board["BTC"]["percent"]
    assert abs(Fraction(summary["medianPercent"]) - median) < Fraction(1, 10**6)
    assert summary["tetherPercent"] == expect.change(1320, 1300)
    assert summary["live"] == qualities.count("LIVE")
    assert summary["stale"] == qualities.count("STALE") == 0
    assert summary["unavailable"] == qualities.count("UNAVAILABLE")
    assert summary["fxRate"] == {
        "base": "USD",
        "quote": "KRW",
        "rate": "1300",
        "source": "dunamu",
        "quality": "LIVE",
    }
