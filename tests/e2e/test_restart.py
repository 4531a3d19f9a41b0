"""Nothing evaporates: a restarted server knows every price, its age and its reason."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

Running = Callable[..., AbstractContextManager[Any]]

BOARD = """{
  premiums(first: 1000) { edges { node {
    symbol percent quality reason seq at
    domestic { price ageMs channel quality exchangeTime }
    global { price ageMs channel quality exchangeTime }
    bases { basis percent }
  } } }
}"""


def _board(server: Any) -> dict[str, Any]:
    edges = server.query(BOARD)["data"]["premiums"]["edges"]
    return {edge["node"]["symbol"]: edge["node"] for edge in edges}


def test_after_a_restart_without_venues_every_coin_has_price_age_and_reason(
    running: Running,
    kimp: str,
    live_coins: Callable[[Any], int],
    cut_off: dict[str, str],
    tmp_path: Path,
) -> None:
    with running([kimp, "demo"], tmp_path) as server:
        server.wait(lambda s: live_coins(s) > 100)
        assert server.stop() == 0
    with running([kimp, "serve"], tmp_path, **cut_off) as server:
        server.wait(lambda s: s.get("/health")[0] == 200)
        board = _board(server)
    assert len(board) > 150
    with_global = 0
    for node in board.values():
        if node["domestic"] is None:
            assert node["reason"] in ("DOMESTIC_MISSING", "NO_GLOBAL_MARKET")
            continue
        assert node["domestic"]["channel"] == "CACHE"
        assert node["domestic"]["quality"] == "STALE"
        assert node["domestic"]["ageMs"] > 0
        assert node["quality"] != "LIVE"
        assert node["reason"] is not None
        if node["reason"] == "DOMESTIC_STALE":
            with_global += 1
            assert node["global"]["channel"] == "CACHE"
            assert node["percent"] is not None
    assert with_global > 100
