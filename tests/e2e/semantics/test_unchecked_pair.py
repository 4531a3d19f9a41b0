"""The identity guard: a pair nobody checked by name, far from the market.

Last of the folder: the guard's minute passes during the other tests.
"""

from fractions import Fraction
from statistics import median

import pytest

from tests.e2e.semantics import expect
from tests.e2e.semantics.conftest import Calm
from tests.e2e.semantics.server import Server
from tests.e2e.semantics.venue import Raw
from tests.e2e.semantics.world import World


@pytest.mark.slow
def test_a_pair_nobody_checked_is_doubted_after_a_minute_beyond_20_points(
    calm: Calm,
) -> None:
    server, world = calm.server, calm.world
    doubted = server.premium_when(
        "ZZFAR", lambda p: p["reason"] == "IDENTITY_UNSURE", "the guard", 70.0
    )
    assert doubted["quality"] == "UNAVAILABLE"
    assert (doubted["percent"], doubted["absoluteKrw"]) == (None, None)
    assert {b["reason"] for b in doubted["bases"]} == {"IDENTITY_UNSURE"}
    assert doubted["domestic"]["price"] == "1820"
    assert doubted["global"]["price"] == "1"

    def turned() -> list[float]:
        return [at for at, p in calm.diary.events if p["reason"] == "IDENTITY_UNSURE"]

    first_live = next(at for at, p in calm.diary.events if p["quality"] == "LIVE")
    before = [p for at, p in calm.diary.events if at < turned()[0]]
    assert {p["quality"] for p in before} == {"LIVE"}
    assert turned()[0] - first_live >= 55.0, "the minute is part of the rule"
    # 18 points away, and 6 by a checked name: never doubted.
    assert server.premium("ZZNEAR")["quality"] == "LIVE"
    log = server.log.read_text().splitlines()
    assert [line for line in log if '"ZZFAR"' in line], "entering the guard is logged"

    _halted_is_told_after_unsure(server, world)
    _leaves_below_15_points(server, world)


def _halted_is_told_after_unsure(server: Server, world: World) -> None:
    world.do(world.upbit.push("ZZFAR", market_state="PREVIEW"))
    seen = server.premium("ZZFAR")["seq"]
    world.do(world.upbit.push("ZZFAR", trade_price=Raw("1821")))
    found = server.premium_when(
        "ZZFAR", lambda p: p["domestic"]["price"] == "1821", "1821"
    )
    assert found["seq"] >= seen
    assert found["reason"] == "IDENTITY_UNSURE"
    world.do(world.upbit.push("ZZFAR", market_state="ACTIVE"))


def _leaves_below_15_points(server: Server, world: World) -> None:
    board = server.board("{quality: [LIVE]}")
    checked = [p for symbol, p in board.items() if not symbol.startswith("ZZ")]
    middle = median(Fraction(p["percent"]) for p in checked)
    # 17 points away: inside the bound for entering, outside the one for leaving.
    krw = f"{float(1300 * (1 + (middle + 17) / 100)):.2f}"
    world.do(world.upbit.push("ZZFAR", trade_price=Raw(krw)))
    server.premium_when(
        "ZZFAR",
        lambda p: Fraction(p["domestic"]["price"]) == Fraction(krw),
        "17 points",
    )
    with server.events() as events:
        name = events.subscribe(
            'subscription { premium(symbol: "ZZFAR") { reason seq } }'
        )
        assert events.data(name)["reason"] == "IDENTITY_UNSURE"
        assert events.is_quiet(name, 2.5), "left the guard above 15 points"
    krw = f"{float(1300 * (1 + (middle + 8) / 100)):.2f}"
    world.do(world.upbit.push("ZZFAR", trade_price=Raw(krw)))
    back = server.premium_when("ZZFAR", lambda p: p["quality"] == "LIVE", "it leaves")
    assert back["percent"] == expect.percent(krw, 1, 1300)
