"""A database that is not there when the server starts, and is empty when it comes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import PostgresServer
from tests.e2e.outage.audience import Play, ask_everything, checks, metrics, watching
from tests.e2e.outage.conftest import Distant
from tests.e2e.outage.stage import Stage
from tests.e2e.semantics.server import serving, until

STORED = "SELECT price::text FROM latest_quote WHERE market = 'KRW-BTC'"
TABLES = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"


@pytest.fixture
def absent(postgres_server: PostgresServer) -> Iterator[Distant]:
    """An empty database at an address where nobody listens."""
    url = postgres_server.clone(empty=True)
    with Distant(url) as distant:
        distant.hang_up()
        yield distant
    postgres_server.drop(url)


def test_nobody_at_the_databases_port_costs_no_live_price_and_it_may_come_later(
    tmp_path: Path, absent: Distant
) -> None:
    with Stage() as stage:
        settings = {**stage.settings(), "KIMP_DATABASE__URL": absent.url}
        with serving(tmp_path, settings) as server:
            Play(server, stage).heal()
            assert checks(server)["database"]["status"] == "unavailable"
            data = ask_everything(server)
            assert data["health"]["database"] == "UNAVAILABLE"
            assert data["premium"]["quality"] == "LIVE"
            assert data["coins"]["totalCount"] == 5, "told by the venues"
            assert data["coin"]["koreanName"] == "BTC"
            with watching(server) as diary:
                stage.push("upbit", "BTC", "52000777")
                diary.first(
                    0.0, lambda p: p["domestic"]["price"] == "52000777", "told", 1e9
                )
            found = metrics(server)
            assert found["kimp_database_up"] == 0
            assert found["kimp_store_unsaved_rows"] > 0
            absent.listen()
            until(lambda: absent.value(TABLES), "migrated", 30.0)
            until(lambda: absent.value(STORED) == "52000777", "the price is kept", 30.0)
            until(
                lambda: checks(server)["database"]["status"] == "healthy", "it is well"
            )
            assert absent.value("SELECT count(*) FROM coin") == 5
            until(lambda: metrics(server)["kimp_store_alarm"] == 0, "no alarm")
            assert server.get("/ready")[0] == 200
            assert server.stop() == 0
        # What came in is what the next start knows before any venue is asked.
        for name in ("upbit", "binance"):
            stage.die(name)
        with serving(tmp_path, settings) as server:
            kept = server.premium_when("BTC", lambda p: p is not None)
            assert kept["domestic"]["price"] == "52000777"
            assert kept["domestic"]["channel"] == "CACHE"
            assert kept["quality"] == "STALE"
