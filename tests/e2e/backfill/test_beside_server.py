"""A backfill beside a server that has never heard a venue, on the same data folder."""

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.backfill.conftest import Desk, day_ago

SOON_S = 1.0
BARS = """
query ($from_: DateTime!, $to: DateTime!) {
  coin(symbol: "BTC") {
    premiumHistory(interval: D1, from: $from_, to: $to, first: 100) {
      edges { node { openedAt origin } }
    }
  }
}
"""


def bars(server: Any) -> list[dict[str, str]]:
    first, last = f"{day_ago(10)}T00:00:00Z", f"{day_ago(0)}T00:00:00Z"
    answer = server.query(BARS, from_=first, to=last)
    assert "errors" not in answer, answer
    coin = answer["data"]["coin"]
    return [] if coin is None else [e["node"] for e in coin["premiumHistory"]["edges"]]


def coins(server: Any) -> int:
    answer = server.query("{ coins(first: 1) { totalCount } }")
    assert "errors" not in answer, answer
    count: int = answer["data"]["coins"]["totalCount"]
    return count


@pytest.mark.slow
def test_coins_and_bars_it_makes_are_in_the_running_server_within_a_second(
    tmp_path: Path,
    venues: Mapping[str, str],
    kimp: str,
    running: Callable[..., AbstractContextManager[Any]],
    cut_off: dict[str, str],
) -> None:
    desk = Desk(tmp_path / "data", venues)
    with running([kimp, "serve"], tmp_path, **cut_off) as server:
        server.wait(lambda s: coins(s) == 0)
        child = desk.start(
            *("backfill", "--from", str(day_ago(10)), "--symbols", "BTC,ETH,XRP")
        )
        out, err = child.communicate(timeout=120)
        ended_s = time.monotonic()
        assert child.returncode == 0, (out, err)
        while len(bars(server)) < 10:
            assert time.monotonic() - ended_s < SOON_S
            time.sleep(0.05)  # another process: there is nothing to await
        assert {bar["origin"] for bar in bars(server)} == {"BACKFILLED"}
        assert coins(server) > 100  # all that are listed, not only those asked for
        assert server.process.poll() is None
