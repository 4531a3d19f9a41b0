"""Daily snapshots over the services, without a transport."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from domain.model.snapshot import DailyPrices, DailySnapshot

FIELDS = """pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  edges { cursor node { date symbol domesticPrice globalPrice fxRate fxSource percent
    takenAt verifiedAt revision } }"""
OF_COIN = f"""query($s: String! = "BTC", $from: Date, $to: Date, $d: Direction! = ASC,
  $first: Int, $after: String) {{
  coin(symbol: $s) {{ found: dailySnapshots(from: $from, to: $to, direction: $d,
    first: $first, after: $after) {{ {FIELDS} }} }} }}"""
OF_DAY = f"""query($date: Date!, $first: Int, $after: String) {{
  found: dailySnapshots(date: $date, first: $first, after: $after) {{ {FIELDS} }} }}"""
LAST = date(2025, 12, 31)


def snapshot(symbol: str, day: date, krw: str | None = "52000000") -> DailySnapshot:
    price = None if krw is None else Decimal(krw)
    prices = DailyPrices(price, Decimal(40000), Decimal(1300), "dunamu")
    return DailySnapshot(day, symbol, prices)


@pytest.fixture
async def kept(past: Any) -> Any:
    """Keep five days of Bitcoin and the last of three coins."""
    days = [LAST - timedelta(days=n) for n in range(5)]
    rows = [snapshot("BTC", day) for day in days]
    rows += [snapshot("ETH", LAST), snapshot("LUNA", LAST, None)]
    await past.snapshots.add(rows)
    return past


def days(found: dict[str, Any]) -> list[int]:
    return [int(edge["node"]["date"][-2:]) for edge in found["edges"]]


async def pages(world: Any, query: str, **asked: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    after = None
    while True:
        data = await world.data(query, after=after, **asked)
        found.append((data.get("coin") or data)["found"])
        after = found[-1]["pageInfo"]["endCursor"]
        if not found[-1]["pageInfo"]["hasNextPage"]:
            return found


async def test_a_snapshot_has_every_field_of_the_contract(
    world: Any, kept: Any
) -> None:
    rows = (await pages(world, OF_DAY, date="2025-12-31"))[0]["edges"]
    assert [edge["node"]["symbol"] for edge in rows] == ["BTC", "ETH", "LUNA"]
    assert rows[0]["node"] == {
        "date": "2025-12-31",
        "symbol": "BTC",
        "domesticPrice": "52000000",
        "globalPrice": "40000",
        "fxRate": "1300",
        "fxSource": "dunamu",
        "percent": "0",
        "takenAt": "2025-12-31T15:00:00.000Z",
        "verifiedAt": None,
        "revision": 1,
    }
    assert rows[2]["node"]["domesticPrice"] is None
    assert rows[2]["node"]["percent"] is None


@pytest.mark.parametrize("direction", ["ASC", "DESC"])
async def test_a_coins_snapshots_are_paged_in_both_directions(
    world: Any, kept: Any, direction: str
) -> None:
    found = await pages(world, OF_COIN, d=direction, first=2)
    seen = [day for page in found for day in days(page)]
    ascending = [27, 28, 29, 30, 31]
    assert seen == (ascending if direction == "ASC" else ascending[::-1])
    around = [
        (page["pageInfo"]["hasPreviousPage"], page["pageInfo"]["hasNextPage"])
        for page in found
    ]
    assert around == [(False, True), (True, True), (True, False)]


async def test_both_ends_are_inclusive(world: Any, kept: Any) -> None:
    span: dict[str, str | None] = {"from": "2025-12-28", "to": "2025-12-30"}
    assert days((await pages(world, OF_COIN, **span))[0]) == [28, 29, 30]
    span = {"from": "2025-12-30", "to": None}
    assert days((await pages(world, OF_COIN, **span))[0]) == [30, 31]
    span = {"from": "0001-01-01", "to": "9999-12-31"}
    assert len(days((await pages(world, OF_COIN, **span))[0])) == 5


async def test_a_day_is_paged_by_symbol(world: Any, kept: Any) -> None:
    found = await pages(world, OF_DAY, date="2025-12-31", first=2)
    symbols = [edge["node"]["symbol"] for page in found for edge in page["edges"]]
    assert symbols == ["BTC", "ETH", "LUNA"]
    assert [page["pageInfo"]["hasPreviousPage"] for page in found] == [False, True]
    assert (await pages(world, OF_DAY, date="2030-01-01"))[0]["edges"] == []


@pytest.mark.parametrize(
    ("query", "asked", "argument"),
    [
        (OF_COIN, {"from": "2025-12-31", "to": "2025-12-30"}, "from"),
        (OF_COIN, {"first": 0}, "first"),
        (OF_COIN, {"after": "x"}, "after"),
        (OF_DAY, {"date": "2025-12-31", "first": 1001}, "first"),
        (OF_DAY, {"date": "2025-12-31", "after": "x"}, "after"),
    ],
)
async def test_what_is_out_of_range_names_the_argument(
    world: Any, kept: Any, query: str, asked: dict[str, Any], argument: str
) -> None:
    answer = await world.execute(query, **asked)
    told: dict[str, object] = {"code": "BAD_USER_INPUT", "argument": argument}
    if asked.get("first") == 1001:
        told |= {"limit": "list_size", "maximum": 1000}
    assert answer["errors"][0]["extensions"] == told


async def test_a_cursor_belongs_to_its_question(world: Any, kept: Any) -> None:
    coin = (await pages(world, OF_COIN, first=5))[0]["pageInfo"]["endCursor"]
    day = (await pages(world, OF_DAY, date="2025-12-31"))[0]["pageInfo"]["endCursor"]
    for query, asked in (
        (OF_COIN, {"after": day}),
        (OF_COIN, {"after": coin, "d": "DESC"}),
        (OF_COIN, {"after": coin, "from": "2025-12-01"}),
        (OF_DAY, {"after": coin, "date": "2025-12-31"}),
        (OF_DAY, {"after": day, "date": "2025-12-30"}),
    ):
        answer = await world.execute(query, **asked)
        assert answer["errors"][0]["extensions"]["argument"] == "after"


async def test_a_database_that_is_away_is_told_of(world: Any, kept: Any) -> None:
    kept.snapshots.store.down = "away"
    for query, asked in ((OF_COIN, {}), (OF_DAY, {"date": "2025-12-31"})):
        answer = await world.execute(query, **asked)
        error = answer["errors"][0]
        assert error["extensions"] == {
            "code": "UPSTREAM_UNAVAILABLE",
            "retryAfterMs": 1000,
        }
