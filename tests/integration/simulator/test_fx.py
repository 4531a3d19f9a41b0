from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest

from adapters.simulator.server import Simulator


async def get(
    http: aiohttp.ClientSession, simulator: Simulator, path: str, status: int = 200
) -> Any:
    async with http.get(f"{simulator.base_url}/fx{path}") as response:
        assert response.status == status
        return await response.json()


async def test_dunamu_gives_the_banks_last_notice(
    simulator: Simulator, http: aiohttp.ClientSession, clock: SimpleNamespace
) -> None:
    clock.ms += 30_000
    rows = await get(http, simulator, "/v1/forex/recent?codes=FRX.KRWUSD")
    notice = rows[0]
    assert notice["code"] == "FRX.KRWUSD"
    assert notice["timestamp"] == clock.ms - 30_000
    assert (notice["date"], notice["time"]) == ("2026-11-20", "15:00:00")
    assert notice["basePrice"] == simulator.fx.dunamu_rate(notice["timestamp"])
    assert abs(notice["basePrice"] - simulator.market.fx(clock.ms)) < 1
    assert notice["change"] in ("RISE", "EVEN", "FALL")
    assert abs(notice["signedChangePrice"]) == notice["changePrice"]
    assert await get(http, simulator, "/v1/forex/recent?codes=FRX.KRWJPY") == []


async def test_dunamu_stands_still_on_a_weekend(
    simulator: Simulator, http: aiohttp.ClientSession, clock: SimpleNamespace
) -> None:
    path = "/v1/forex/recent?codes=FRX.KRWUSD"
    clock.ms += 86_400_000
    saturday = await get(http, simulator, path)
    clock.ms += 86_400_000
    assert await get(http, simulator, path) == saturday
    assert saturday[0]["time"] == "20:00:00"


async def test_frankfurter_gives_the_last_fixing(
    simulator: Simulator, http: aiohttp.ClientSession
) -> None:
    answer = await get(http, simulator, "/v1/latest?base=USD&symbols=KRW")
    rate = simulator.fx.ecb_rate(date(2026, 11, 19))
    assert answer == {
        "amount": 1.0,
        "base": "USD",
        "date": "2026-11-19",
        "rates": {"KRW": rate},
    }
    one = await get(http, simulator, "/v1/2026-11-15?base=USD&symbols=KRW,EUR")
    assert one["date"] == "2026-11-13"
    assert set(one["rates"]) == {"KRW", "EUR"}


async def test_frankfurter_gives_a_range_of_business_days(
    simulator: Simulator, http: aiohttp.ClientSession
) -> None:
    path = "/v1/2026-11-12..?base=USD&symbols=KRW"
    answer = await get(http, simulator, path)
    assert list(answer["rates"]) == [
        "2026-11-12",
        "2026-11-13",
        "2026-11-16",
        "2026-11-17",
        "2026-11-18",
        "2026-11-19",
    ]
    assert (answer["start_date"], answer["end_date"]) == ("2026-11-12", "2026-11-19")
    closed = await get(
        http, simulator, "/v1/2026-11-12..2026-11-13?base=USD&symbols=KRW"
    )
    assert list(closed["rates"]) == ["2026-11-12", "2026-11-13"]


@pytest.mark.parametrize("days", ["2026-11-14..2026-11-15", "2026-11-15.."])
async def test_a_range_begins_with_the_fixing_before_its_first_day(
    simulator: Simulator, http: aiohttp.ClientSession, days: str
) -> None:
    answer = await get(http, simulator, f"/v1/{days}?base=USD&symbols=KRW")
    assert answer["start_date"] == "2026-11-13"
    assert "2026-11-12" not in answer["rates"]


async def test_of_today_there_is_yesterdays_fixing_until_the_afternoon(
    simulator: Simulator, http: aiohttp.ClientSession
) -> None:
    path = "/v1/2026-11-20..2026-11-20?base=USD&symbols=KRW"
    answer = await get(http, simulator, path)
    assert list(answer["rates"]) == ["2026-11-19"]


@pytest.mark.parametrize(
    "path",
    [
        "/v1/latest?base=XXX&symbols=KRW",
        "/v1/latest?base=USD&symbols=XXX",
        "/v1/yesterday?base=USD&symbols=KRW",
        "/v1/2026-11-21..2026-11-22?base=USD&symbols=KRW",
        "/v1/1998-11-14..1998-11-15?base=USD&symbols=KRW",
    ],
)
async def test_frankfurter_does_not_find_everything(
    simulator: Simulator, http: aiohttp.ClientSession, path: str
) -> None:
    assert await get(http, simulator, path, 404) == {"message": "not found"}


async def test_open_er_api_is_a_daily_table(
    simulator: Simulator, http: aiohttp.ClientSession
) -> None:
    answer = await get(http, simulator, "/v6/latest/USD")
    assert answer["result"] == "success"
    updated = datetime.fromtimestamp(answer["time_last_update_unix"], UTC)
    assert updated.isoformat() == "2026-11-20T00:02:31+00:00"
    assert answer["time_last_update_utc"] == "Fri, 20 Nov 2026 00:02:31 +0000"
    assert answer["time_next_update_unix"] - answer["time_last_update_unix"] == 86_400
    assert 1_350 < answer["rates"]["KRW"] < 1_450
    wrong = await get(http, simulator, "/v6/latest/XXX", 404)
    assert wrong == {"result": "error", "error-type": "unsupported-code"}
