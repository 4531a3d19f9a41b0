"""Whatever the database does, prices go on, and what was seen is kept in the end."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.outage.conftest import Distant
from tests.e2e.semantics.server import Server, serving, until
from tests.e2e.semantics.venue import Raw
from tests.e2e.semantics.world import World

STORED = "SELECT price::text FROM latest_quote WHERE market = 'KRW-BTC'"
COINS = '{ coins(filter: {search: "비트"}) { edges { node { symbol } } } }'
WATCH = """subscription { premium(symbol: "BTC", throttleMs: 100) {
  domestic { price } quality
} }"""


@contextmanager
def kimp(folder: Path, world: World, distant: Distant) -> Iterator[Server]:
    """Run the server on the distant database."""
    more = {"KIMP_DATABASE__URL": distant.url, "KIMP_LOG__FORMAT": "json"}
    # An address where no picture is had: every icon asks the database first.
    icons = {"KIMP_UPBIT__ICON_URL": f"{world.url}/icons/{{symbol}}.png"}
    with serving(folder, {**world.settings(), **more, **icons}) as server:
        yield server


def database_of(server: Server) -> str:
    """Return what /health says of the database."""
    status, text, _ = server.get("/health")
    assert status == 200
    checks: dict[str, Any] = json.loads(text)["checks"]
    return str(checks["database"]["status"])


def everything_goes_on(server: Server, world: World, price: str) -> None:
    """Ask all that lives without the database; each answer is bounded."""
    with server.events() as events:
        name = events.subscribe(WATCH)
        events.data(name)
        world.do(world.upbit.push("BTC", trade_price=Raw(price)))
        told = events.data(name, 5.0)
        while told["domestic"]["price"] != price:
            told = events.data(name, 5.0)
        assert told["quality"] == "LIVE"
    assert server.premium("BTC")["domestic"]["price"] == price
    found = server.ask(COINS)["coins"]["edges"]
    assert [edge["node"]["symbol"] for edge in found] == ["BTC"]
    for symbol in ("BTC", "ETH", "BTC"):
        status, _, headers = server.get(f"/icons/{symbol}")
        assert status == 200
        assert headers["content-type"].startswith("image/")
    for path in ("/metrics", "/health"):
        assert server.get(path)[0] == 200


def events_of(server: Server) -> list[dict[str, Any]]:
    """Return the log, line by line."""
    lines = server.log.read_text().splitlines()
    return [json.loads(line) for line in lines if line.startswith("{")]


@pytest.mark.slow
def test_a_database_that_is_silent_from_the_start_is_missed_by_nobody_and_caught_up(
    tmp_path: Path, world: World, distant: Distant
) -> None:
    distant.freeze()
    with kimp(tmp_path, world, distant) as server:
        server.wait_live("BTC", "ETH")
        assert database_of(server) == "unavailable"
        everything_goes_on(server, world, "52000001")
        until(
            lambda: any(e["event"] == "store.alarm" for e in events_of(server)),
            "the alarm is told",
        )
        distant.thaw()
        until(lambda: distant.value(STORED) == "52000001", "the price is kept")
        until(lambda: database_of(server) == "healthy", "it is well")
        assert distant.value("SELECT count(*) FROM coin") == 3
        told = [event["event"] for event in events_of(server)]
        assert "store.recovered" in told
        assert server.stop() == 0
    assert distant.value("SELECT clean FROM server_state")


@pytest.mark.slow
@pytest.mark.parametrize("how", ["silent", "refused"])
def test_a_database_that_goes_in_the_middle_stops_no_price_and_gets_what_it_missed(
    tmp_path: Path, world: World, distant: Distant, how: str
) -> None:
    with kimp(tmp_path, world, distant) as server:
        server.wait_live("BTC", "ETH")
        until(lambda: distant.value(STORED) == "52000000", "the price is kept")
        # Rows may come in before the last step of the migration.
        until(lambda: database_of(server) == "healthy", "it is migrated")
        if how == "silent":
            distant.freeze()
        else:
            distant.hang_up()
        everything_goes_on(server, world, "52000002")
        assert server.get("/ready")[0] == 200
        until(lambda: database_of(server) == "unavailable", "it is seen", 20.0)
        everything_goes_on(server, world, "52000003")
        assert distant.value(STORED) == "52000000"
        if how == "silent":
            distant.thaw()
        else:
            distant.listen()
        until(lambda: distant.value(STORED) == "52000003", "the price is kept")
        until(lambda: database_of(server) == "healthy", "it is well")
        assert server.stop() == 0
