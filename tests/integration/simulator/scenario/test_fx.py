"""Faults of the rate sources."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

PATHS = {
    "dunamu": "/fx/v1/forex/recent?codes=FRX.KRWUSD",
    "frankfurter": "/fx/v1/latest?base=USD&symbols=KRW",
    "open_er_api": "/fx/v6/latest/USD",
}


@pytest.mark.parametrize("source", ["all", *PATHS])
async def test_an_outage_befalls_the_sources_it_names(
    world: Any, rest: Any, source: str
) -> None:
    world.simulator.inflict("fx-outage", source=source, status=500, for_s=30)
    for name, path in PATHS.items():
        expected = 500 if source in ("all", name) else 200
        assert (await rest.get(path)).status == expected
    world.pass_s(30)
    for path in PATHS.values():
        assert (await rest.get(path)).status == 200


async def test_outages_of_two_sources_hold_side_by_side(world: Any, rest: Any) -> None:
    world.simulator.inflict("fx-outage", source="dunamu", for_s=10)
    world.simulator.inflict("fx-outage", source="frankfurter", for_s=20)
    statuses = [(await rest.get(path)).status for path in PATHS.values()]
    assert statuses == [503, 503, 200]
    world.pass_s(10)
    statuses = [(await rest.get(path)).status for path in PATHS.values()]
    assert statuses == [200, 503, 200]


async def stamps(rest: Any) -> list[str]:
    notice = json.loads((await rest.get(PATHS["dunamu"])).body)[0]
    fixing = json.loads((await rest.get(PATHS["frankfurter"])).body)
    daily = json.loads((await rest.get(PATHS["open_er_api"])).body)
    updated = datetime.fromtimestamp(daily["time_last_update_unix"], UTC)
    return [
        f"{notice['date']}T{notice['time']}",
        fixing["date"],
        updated.date().isoformat(),
    ]


@pytest.mark.parametrize(
    ("weeks", "friday"), [(0, "2026-11-13"), (1, "2026-11-06"), (3, "2026-10-23")]
)
async def test_a_frozen_rate_is_of_a_friday_evening_and_gets_older(
    world: Any, rest: Any, weeks: int, friday: str
) -> None:
    # The clock stands at a Friday's 06:00 UTC: that day's evening has not been yet.
    world.simulator.inflict("fx-frozen", weeks=weeks)
    expected = [f"{friday}T20:00:00", friday, friday]
    assert await stamps(rest) == expected
    world.clock.ms += 3 * 86_400_000
    assert await stamps(rest) == expected
    world.simulator.relieve("fx-frozen")
    assert await stamps(rest) == ["2026-11-23T15:00:00", "2026-11-20", "2026-11-23"]


async def test_the_truth_has_each_sources_rate_and_stamp(world: Any, rest: Any) -> None:
    truth = world.simulator.prices()
    body = json.loads((await rest.get(PATHS["frankfurter"])).body)
    assert float(truth["fx"]["frankfurter"]) == body["rates"]["KRW"]
    notice = json.loads((await rest.get(PATHS["dunamu"])).body)[0]
    assert float(truth["fx"]["dunamu"]) == notice["basePrice"]
    assert truth["at_ms"]["fx"]["dunamu"] == notice["timestamp"]
    daily = json.loads((await rest.get(PATHS["open_er_api"])).body)
    assert float(truth["fx"]["open_er_api"]) == daily["rates"]["KRW"]
    at_ms = truth["at_ms"]["fx"]["open_er_api"]
    assert at_ms == daily["time_last_update_unix"] * 1_000
