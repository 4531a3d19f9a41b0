"""The first start on an empty database, with venues that cannot be reached."""

from pathlib import Path
from typing import Any

from tests.conftest import PostgresServer
from tests.e2e.semantics import expect
from tests.e2e.semantics.server import Server, serving, until
from tests.e2e.semantics.venue import stamp_ms
from tests.e2e.semantics.world import World, dunamu, settings_at

EVERYTHING = """{
  premium(symbol: "BTC") { symbol }
  coin(symbol: "BTC") { symbol }
  premiums { totalCount edges { cursor } pageInfo { hasNextPage }
    summary { btcPercent live stale unavailable fxRate { rate } } }
  coins { totalCount edges { cursor } }
  fxRates { rate }
}"""
NOTHING: dict[str, Any] = {
    "premium": None,
    "coin": None,
    "premiums": {
        "totalCount": 0,
        "edges": [],
        "pageInfo": {"hasNextPage": False},
        "summary": {
            "btcPercent": None,
            "live": 0,
            "stale": 0,
            "unavailable": 0,
            "fxRate": None,
        },
    },
    "coins": {"totalCount": 0, "edges": []},
    "fxRates": [],
}
UPSTREAMS = {
    "upbit.rest",
    "upbit.stream",
    "binance.rest",
    "binance.stream",
    "fx.dunamu",
    "fx.frankfurter",
}


def retry_times(server: Server, known: dict[str, str | None]) -> dict[str, str | None]:
    """Return when each upstream is tried again, or was last said to be."""
    document = "{ health { upstreams { name status retryAt } } }"
    found = server.ask(document)["health"]["upstreams"]
    assert "HEALTHY" not in {upstream["status"] for upstream in found}
    known |= {u["name"]: u["retryAt"] or known.get(u["name"]) for u in found}
    return known


def test_an_empty_start_without_venues_explains_itself(
    tmp_path: Path, postgres_server: PostgresServer
) -> None:
    # Nothing listens on port 9 of the loopback (RFC 863, discard).
    settings = settings_at("http://127.0.0.1:9", "none", "dunamu,frankfurter")
    url = postgres_server.clone()
    with serving(tmp_path, {**settings, "KIMP_DATABASE__URL": url}) as server:
        assert server.ask(EVERYTHING) == NOTHING
        with server.events() as events:
            name = events.subscribe(
                "subscription { premiums { snapshot premiums { seq } removed } }"
            )
            empty = {"snapshot": True, "premiums": [], "removed": []}
            assert events.data(name) == empty
        times: dict[str, str | None] = {}

        def all_told() -> bool:
            # No market is wanted yet, so no stream is dialled and has a time.
            told = retry_times(server, times)
            return all(at for n, at in told.items() if not n.endswith(".stream"))

        until(all_told, f"retryAt of each upstream: {times}", 10.0)
        assert set(times) == UPSTREAMS
    postgres_server.drop(url)


def test_a_dead_venue_does_not_hold_back_what_the_other_one_tells(
    tmp_path: Path, postgres_server: PostgresServer
) -> None:
    url = postgres_server.clone()
    with World() as world:
        world.coin("DOGE", "201.5", "0.1501")
        world.coin("BTC", "52000000", "39000")
        world.rates["main/v1/forex/recent"] = dunamu("1300", stamp_ms())
        world.binance.accepts, world.binance.rest_status = False, 503
        settings = {**world.settings(), "KIMP_DATABASE__URL": url}
        with serving(tmp_path, settings) as server:
            # Well before the four tries of a request to the dead venue are over.
            known = server.premium_when(
                "BTC", lambda p: p["domestic"] is not None, "Upbit's coins", 8.0
            )
            assert known["domestic"]["price"] == "52000000"
            assert known["quality"] == "UNAVAILABLE"
            assert known["percent"] is None
            world.binance.accepts, world.binance.rest_status = True, 200
            live = server.premium_when(
                "BTC", lambda p: p["quality"] == "LIVE", "both", 30.0
            )
            assert live["percent"] == expect.percent("52000000", "39000", 1300)
    postgres_server.drop(url)
