import platform
import shutil

import pytest

from bench.fanout import market, part
from bench.fanout.load import LoadFailed, client
from bench.fanout.part import Size
from bench.fanout.server import FLOOR, OURS, running

pytestmark = [
    pytest.mark.skipif(platform.system() != "Linux", reason="its client uses epoll"),
    pytest.mark.skipif(shutil.which("cc") is None, reason="its client is written in C"),
]
SIZE = Size(members=2, others=3, seconds=0.2)


@pytest.mark.parametrize("name", [FLOOR, OURS])
@pytest.mark.parametrize("measure", [part.board, part.coin])
def test_every_member_is_told_every_tick(name: str, measure: part.Measure) -> None:
    row = measure(name, SIZE)
    assert row["complete"]
    assert row["members"] == 2
    assert row["messages"] == 2 * (row["ticks"] or 0) > 0
    assert row["ended"] == 0
    assert row["p50_ms"] is not None


def test_members_are_told_the_symbols_they_name() -> None:
    row = part.own(OURS, SIZE)
    assert row["messages"] == 2 * (row["ticks"] or 0) > 0


@pytest.mark.parametrize("name", [FLOOR, OURS])
def test_idle_and_silent_members_are_told_once(name: str) -> None:
    field = "premiums"
    with running(name, field, "stepped") as server, client(server) as load:
        if name == OURS:
            load.open(3, market.coin_payloads(market.QUIET), "idle")
        load.open(3, market.board_payloads(), "silent")
        load.open(2, market.board_payloads())
        run = load.saturate(0.2)
        assert run.complete
        assert run.messages == 2 * run.ticks
        assert server.rss_mb() > 0


def test_a_wrong_event_is_noticed() -> None:
    with running(FLOOR, "premium", "real") as server, client(server) as load:
        load.open(2, market.coin_payloads())
        load.check(market.coin_payloads()[0])
        with pytest.raises(LoadFailed, match="a wrong event"):
            load.check(market.coin_payloads("K001")[0])


def test_a_server_that_is_gone_is_noticed() -> None:
    with running(FLOOR, "premium", "real") as server, client(server) as load:
        load.open(2, market.coin_payloads())
        server.process.kill()
        server.process.wait(10)
        with pytest.raises(LoadFailed):
            load.saturate(0.2)
