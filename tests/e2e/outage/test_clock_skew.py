"""Venues whose clocks differ from ours: measured, shown, ages corrected, all LIVE."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from tests.conftest import PostgresServer
from tests.e2e.outage.audience import SIDES, kimp, metrics
from tests.e2e.outage.stage import Stage
from tests.e2e.semantics.server import Server, until
from tests.e2e.semantics.test_quote import unix_ms
from tests.e2e.semantics.venue import Raw, stamp_ms

# How far the venues' clocks are ahead of ours, in seconds: (Upbit, Binance).
AHEAD_S: Final = ((30, -30), (300, -300))
CORRECTED_S: Final = 60
SYMBOLS: Final = ("BTC", "ETH", "DOGE")
# `Date` has whole seconds, and a busy machine is late.
BLUR_S: Final = 1.0


@dataclass(frozen=True)
class Skewed:
    """A server and venues whose clocks are ahead of its own by so much."""

    server: Server
    stage: Stage
    ahead_s: Mapping[str, int]

    def push(self, symbol: str, won: str, dollars: str) -> None:
        """Let both venues tell of a trade, stamped by their clocks."""
        stage, now_ms = self.stage, stamp_ms()
        told = now_ms + self.ahead_s["upbit"] * 1000
        changes: dict[str, Any] = {"trade_price": Raw(won), "trade_timestamp": told}
        stage.do(stage.upbit.push(symbol, timestamp=told, **changes))
        told = now_ms + self.ahead_s["binance"] * 1000
        stage.do(stage.binance.push(symbol, lastPrice=dollars, closeTime=told))


def shift(stage: Stage, ahead_s: Mapping[str, int]) -> None:
    """Turn the venues' clocks, with all that they have stamped."""
    stage.upbit.clock_offset_s = ahead_s["upbit"]
    stage.binance.clock_offset_s = ahead_s["binance"]
    for row in stage.upbit.rows.values():
        row["trade_timestamp"] += ahead_s["upbit"] * 1000
        row["timestamp"] += ahead_s["upbit"] * 1000
    for row in stage.binance.rows.values():
        row["closeTime"] += ahead_s["binance"] * 1000


def corrections_s(server: Server, symbol: str) -> dict[str, float]:
    """Return by how much each leg's age is above now minus its exchange time."""
    got = server.answer(
        f"""{{ premium(symbol: "{symbol}") {{
        domestic {{ ageMs exchangeTime }} global {{ ageMs exchangeTime }} }} }}"""
    )
    now = unix_ms(got["extensions"]["serverTime"])
    legs = got["data"]["premium"]
    return {
        name: (legs[side]["ageMs"] - (now - unix_ms(legs[side]["exchangeTime"]))) / 1000
        for name, side in SIDES.items()
    }


def taken_as_stamped(skewed: Skewed) -> None:
    """Check that trades are taken as the venues stamp them, on and on."""
    server = skewed.server
    server.wait_live(*SYMBOLS)
    for number in range(5):
        won, dollars = str(52_000_001 + number), str(39_001 + number)
        skewed.push("BTC", won, dollars)
        server.at_price("BTC", won)
        server.at_price("BTC", dollars, "global")
    for name, told_s in skewed.ahead_s.items():
        shown_s = metrics(server)[f'kimp_clock_skew_seconds{{exchange="{name}"}}']
        assert abs(shown_s + told_s) <= BLUR_S, "ours minus theirs"


def is_corrected(skewed: Skewed) -> bool:
    """Return whether ages are right now; one is never negative."""
    skewed.push("BTC", "52000009", "39009")
    skewed.server.at_price("BTC", "52000009")
    found = corrections_s(skewed.server, "BTC")
    right = []
    for name, told_s in skewed.ahead_s.items():
        wanted_s = max(-CORRECTED_S, min(CORRECTED_S, told_s))
        over_s = found[name] - wanted_s
        # What is still ahead shows as 0, which is more than the correction.
        right.append(over_s >= -BLUR_S and (told_s > CORRECTED_S or over_s <= BLUR_S))
    return all(right)


@pytest.mark.slow
def test_clocks_that_are_off_are_shown_corrected_and_cost_no_price(
    tmp_path: Path, postgres_server: PostgresServer
) -> None:
    with ExitStack() as stack:
        cases = []
        for ahead_s in AHEAD_S:
            stage = stack.enter_context(Stage())
            ahead = dict(zip(SIDES, ahead_s, strict=True))
            shift(stage, ahead)
            server = stack.enter_context(kimp(tmp_path, stage, postgres_server))
            cases.append(Skewed(server, stage, ahead))
        for case in cases:
            taken_as_stamped(case)
        for case in cases:
            until(lambda c=case: is_corrected(c), "ages are corrected", 20.0)  # type: ignore[misc]  # bound now
            for symbol in SYMBOLS:
                premium = case.server.premium(symbol)
                assert premium["quality"] == "LIVE"
                assert all(premium[side]["ageMs"] >= 0 for side in SIDES.values())
            found = metrics(case.server)
            assert found['kimp_quotes_rejected_total{reason="future"}'] == 0
