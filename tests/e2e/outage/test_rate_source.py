"""Sources of the dollar rate that die, freeze or talk nonsense.

A source is LIVE for three poll intervals after its last answer, three minutes at least,
and no setting shortens them: what comes after is reached here by an instant that is
nearly too old, and by a restart while every source is away.
"""

from pathlib import Path
from typing import Any, Final

import pytest

from tests.conftest import PostgresServer
from tests.e2e.outage.audience import (
    Play,
    ask_everything,
    checks,
    kimp,
    metrics,
    total,
    upstreams,
)
from tests.e2e.outage.stage import Stage
from tests.e2e.semantics import expect
from tests.e2e.semantics.server import serving, until
from tests.e2e.semantics.test_rate import day_before
from tests.e2e.semantics.venue import Raw, stamp_ms
from tests.e2e.semantics.world import Body, dunamu, frankfurter

HOUR_MS: Final = 3_600_000
LIVE_HOURS: Final = 120
BOTH: Final = {"KIMP_FX__SOURCES": '["dunamu","frankfurter"]'}
RATES: Final = "{ fxRates { base quote rate source asOf ageMs quality } }"


def used(premium: Any) -> str | None:
    """Return the source of the official rate."""
    fx = premium["bases"][0]["fx"]
    return None if fx is None else str(fx["source"])


def gone() -> object:
    """Answer nothing: the desk is closed."""
    raise ConnectionResetError


def frozen_for(live_s: float) -> Body:
    """Return a rate whose instant stands still, LIVE for so long from now on."""
    return dunamu("1300", stamp_ms() - LIVE_HOURS * HOUR_MS + int(live_s * 1000))


def test_a_frozen_rate_hands_over_to_the_next_source_when_it_is_too_old(
    tmp_path: Path, postgres_server: PostgresServer
) -> None:
    with Stage() as stage:
        # The server starts within this, on a busy machine too.
        stage.rates["main/v1/forex/recent"] = frozen_for(15.0)
        stage.rates["main/v1/latest"] = frankfurter("1310.25", day_before(1))
        with kimp(tmp_path, stage, postgres_server, **BOTH) as server:
            Play(server, stage).heal()
            first = server.premium("BTC")
            assert used(first) == "dunamu"
            later = server.premium_when(
                "BTC", lambda p: used(p) == "frankfurter", "the next source", 30.0
            )
            assert (later["quality"], later["reason"]) == ("LIVE", None)
            krw, usdt = later["domestic"]["price"], later["global"]["price"]
            assert later["percent"] == expect.percent(krw, usdt, "1310.25")
            found = metrics(server)
            name = "kimp_fx_rate_used"
            assert total(found, name, "frankfurter") == 1
            assert total(found, name, "dunamu") == 0


def test_a_dead_first_source_costs_nothing_and_is_told(
    tmp_path: Path, postgres_server: PostgresServer
) -> None:
    with Stage() as stage:
        stage.rates["main/v1/latest"] = frankfurter("1310.25", day_before(1))
        stage.rates["main/v1/forex/recent"] = gone
        with kimp(tmp_path, stage, postgres_server, **BOTH) as server:
            Play(server, stage).heal()
            assert used(server.premium("BTC")) == "frankfurter"
            until(
                lambda: checks(server)["fx.dunamu"]["status"] == "unavailable",
                "health tells",
            )
            told = upstreams(server)
            assert told["fx.dunamu"]["retryAt"] is not None
            assert told["fx.frankfurter"]["status"] == "HEALTHY"


def test_a_rate_out_of_bounds_is_refused_counted_and_missing(
    tmp_path: Path, postgres_server: PostgresServer
) -> None:
    with Stage() as stage:
        stage.rates["main/v1/forex/recent"] = dunamu("3000.01")
        with kimp(tmp_path, stage, postgres_server) as server:
            both = server.premium_when(
                "BTC", lambda p: p["bases"][1]["quality"] == "LIVE", "both", 30.0
            )
            assert (both["quality"], both["reason"]) == ("UNAVAILABLE", "FX_MISSING")
            assert both["percent"] is None
            assert both["bases"][1]["percent"] is not None, "KRW_USDT lives on"

            def counted() -> bool:
                found = metrics(server)
                refused = total(found, "kimp_rates_refused_total", "dunamu")
                return refused + total(found, "kimp_frames_rejected_total", "fx") > 0

            until(counted, "counted")


@pytest.mark.slow
def test_without_any_source_the_last_rate_is_stale_and_then_missing(
    tmp_path: Path, postgres_server: PostgresServer
) -> None:
    url = postgres_server.clone()
    known_s = 25
    with Stage() as stage:
        as_of = stamp_ms() - 2_000
        stage.rates["main/v1/forex/recent"] = dunamu("1300", as_of)
        settings = {
            **stage.settings(),
            "KIMP_DATABASE__URL": url,
            "KIMP_FX__MAX_AGE_S": str(known_s),
        }
        with serving(tmp_path, settings) as server:
            Play(server, stage).heal()
            assert used(server.premium("BTC")) == "dunamu"
            until(lambda: _is_stored(server), "the rate is stored")
            assert server.stop() == 0
        # The desk answers a page now; the rate is the one of before, at its time.
        stage.rates["main/v1/forex/recent"] = lambda: Raw("<html>closed</html>")
        with serving(tmp_path, settings) as server:
            stale = server.premium_when(
                "BTC", lambda p: p["reason"] == "FX_STALE", "the last rate", 20.0
            )
            fx = stale["bases"][0]["fx"]
            assert (fx["rate"], fx["quality"]) == ("1300", "STALE")
            assert fx["asOf"].endswith(f"{as_of % 1000:03d}Z")
            assert stale["percent"] is not None
            assert stale["bases"][1]["quality"] == "LIVE", "KRW_USDT lives on"
            missing = server.premium_when(
                "BTC", lambda p: p["reason"] == "FX_MISSING", "too old", known_s + 5.0
            )
            assert missing["percent"] is None
            assert missing["bases"][0]["fx"] is None
            assert missing["bases"][1]["quality"] == "LIVE"
            assert missing["bases"][1]["percent"] is not None
            ask_everything(server)
            rates = server.ask(RATES)["fxRates"]
            assert {rate["source"] for rate in rates} == {"upbit"}
    postgres_server.drop(url)


def _is_stored(server: Any) -> bool:
    found = metrics(server)
    return found["kimp_store_unsaved_rows"] == 0
