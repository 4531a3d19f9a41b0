"""What is old is dropped by whole months; what was derived from it stays."""

from typing import Any, Final

from tests.e2e.history.desk import Desk
from tests.e2e.history.question import bars
from tests.e2e.semantics.server import Server, until

DAY: Final = {"from_": "2026-09-14T00:00:00Z", "to": "2026-09-15T00:00:00Z"}
LARGER: Final = (("H1", "OFFICIAL_FX"), ("H1", "KRW_USDT"), ("D1", "OFFICIAL_FX"))
DROP_LIMIT_S: Final = 60.0


def larger(server: Server) -> list[list[dict[str, Any]]]:
    """Return the hours and the day."""
    return [
        bars(server, "BTC", interval=interval, basis=basis, **DAY)
        for interval, basis in LARGER
    ]


def hours_and_days_outlive_their_minutes_and_the_market(desk: Desk) -> None:
    """The minutes are of a month that is dropped, the coin leaves the board."""
    line = "backfill --from 2026-09-14 --to 2026-09-14 --interval 1m --symbols BTC"
    said = desk.bench.run(*line.split())
    assert said.code == 0, said.words
    with desk.bench.serve() as server:
        server.wait_live("BTC")
        before = larger(server)
        assert [len(found) for found in before] == [24, 24, 1]
        assert len(bars(server, "BTC", **DAY)) == 1440
    del desk.world.upbit.listed["KRW-BTC"]
    with desk.bench.serve(KIMP_HISTORY__MINUTES_DAYS="30") as server:
        server.wait_live("DOGE")
        until(
            lambda: not bars(server, "BTC", **DAY), "the month is dropped", DROP_LIMIT_S
        )
        assert larger(server) == before
        until(
            lambda: server.premium("BTC") is None, "BTC is off the board", DROP_LIMIT_S
        )
        assert server.ask('{ coin(symbol: "BTC") { symbol } }')["coin"] is not None
        assert larger(server) == before
