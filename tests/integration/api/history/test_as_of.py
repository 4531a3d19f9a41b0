"""The board as it was, over the services, without a transport."""

from typing import Any

import pytest

from domain.model.fx import PremiumBasis
from domain.model.market import Quality

MINUTE = 60_000
NOW = "2026-01-01T00:00:00Z"
BOARD = """query($at: DateTime, $first: Int, $after: String, $f: PremiumFilter,
  $o: PremiumOrder) {
  premiums(asOf: $at, first: $first, after: $after, filter: $f, orderBy: $o) {
    totalCount summary { btcPercent medianPercent tetherPercent live stale unavailable
      fxRate { rate source } }
    pageInfo { hasNextPage hasPreviousPage endCursor }
    edges { node { symbol percent quality reason seq at } } } }"""
ONE = """query($at: DateTime, $s: String! = "BTC") { premium(symbol: $s, asOf: $at) {
  symbol percent absoluteKrw quality reason at lastLiveAt seq signConflict
  coin { symbol koreanName premium { percent seq } }
  domestic { exchange market price bid ask exchangeTime receivedAt ageMs channel quality
    changePercentRolling24h }
  global { market price quality }
  bases { basis percent quality reason
    fx { base quote rate source asOf ageMs quality } } } }"""


@pytest.fixture
def board(world: Any, past: Any, minute: Any) -> Any:
    """Keep the minute that ends now for three coins."""
    opened_ms = world.clock.now_ms() - MINUTE
    past.put(
        minute("BTC", opened_ms, "52520000"),
        minute("ETH", opened_ms, "2626000", "2000", quality=Quality.STALE),
        minute("SATS", opened_ms, "0.00048", "0.0000004"),
        minute("GONE", opened_ms, "1", "1"),
    )
    return past


def symbols(data: dict[str, Any]) -> list[str]:
    return [edge["node"]["symbol"] for edge in data["premiums"]["edges"]]


async def test_a_premium_of_the_past_stands_on_its_bar(world: Any, board: Any) -> None:
    world.publish(BTC="60000000")
    await world.clock.advance(30.0)
    data = await world.data(ONE, at="2026-01-01T00:00:10.500Z")
    premium = data["premium"]
    end = "2026-01-01T00:00:00.000Z"
    assert (premium["percent"], premium["absoluteKrw"]) == ("1", "520000")
    assert (premium["quality"], premium["reason"]) == ("LIVE", None)
    assert (premium["at"], premium["lastLiveAt"], premium["seq"]) == (end, end, 0)
    assert premium["domestic"] == {
        "exchange": "UPBIT",
        "market": "KRW-BTC",
        "price": "52520000",
        "bid": None,
        "ask": None,
        "exchangeTime": end,
        "receivedAt": end,
        "ageMs": 10_500,
        "channel": "CACHE",
        "quality": "LIVE",
        "changePercentRolling24h": None,
    }
    assert premium["global"] == {
        "market": "BTCUSDT",
        "price": "40000",
        "quality": "LIVE",
    }
    official, tether, usdc = premium["bases"]
    assert official["fx"] == {
        "base": "USD",
        "quote": "KRW",
        "rate": "1300",
        "source": "dunamu",
        "asOf": "2025-12-31T23:58:00.000Z",
        "ageMs": 130_500,
        "quality": "LIVE",
    }
    assert tether["percent"] == "0.229008"
    assert (tether["fx"]["base"], tether["fx"]["source"]) == ("USDT", "upbit")
    assert tether["fx"]["asOf"] == end
    assert (usdc["percent"], usdc["reason"]) == (None, "FX_MISSING")
    # The coin is today's, and so is its live premium.
    assert premium["coin"]["premium"] == {"percent": "15.384615", "seq": 2}


async def test_the_board_holds_todays_coins_with_or_without_a_bar(
    world: Any, board: Any
) -> None:
    data = await world.data(BOARD, at=NOW)
    assert symbols(data) == ["BTC", "ETH", "LUNA", "SATS", "USDT", "币安人生"]
    told = {
        edge["node"]["symbol"]: (
            edge["node"]["percent"],
            edge["node"]["quality"],
            edge["node"]["reason"],
        )
        for edge in data["premiums"]["edges"]
    }
    assert told["BTC"] == ("1", "LIVE", None)
    assert told["ETH"] == ("1", "STALE", "DOMESTIC_STALE")
    assert told["LUNA"] == (None, "UNAVAILABLE", "DOMESTIC_MISSING")
    assert told["USDT"] == (None, "UNAVAILABLE", "NO_GLOBAL_MARKET")
    assert data["premiums"]["summary"] == {
        "btcPercent": "1",
        "medianPercent": "-3.346154",
        "tetherPercent": "0.769231",
        "live": 2,
        "stale": 1,
        "unavailable": 3,
        "fxRate": {"rate": "1300", "source": "dunamu"},
    }


async def test_a_stale_rate_is_told_from_a_stale_side(
    world: Any, past: Any, minute: Any
) -> None:
    bar = minute("BTC", world.clock.now_ms() - MINUTE, "52520000")
    official = bar.bases[PremiumBasis.OFFICIAL_FX]
    stale = type(official)(*(official.open,) * 4, official.fx_rate, 1, Quality.STALE)
    bar.bases[PremiumBasis.OFFICIAL_FX] = stale
    past.put(bar)
    premium = (await world.data(ONE, at=NOW))["premium"]
    assert (premium["quality"], premium["reason"]) == ("STALE", "FX_STALE")
    assert premium["domestic"]["quality"] == "LIVE"
    assert premium["lastLiveAt"] is None


@pytest.mark.parametrize(
    ("back_s", "percent"), [(0, "1"), (-1, None), (300, "1"), (300.001, None)]
)
async def test_a_bar_counts_once_it_has_ended_and_for_five_minutes(
    world: Any, past: Any, minute: Any, back_s: float, percent: str | None
) -> None:
    end_ms = world.clock.now_ms() - 400_000
    end_ms -= end_ms % MINUTE
    past.put(minute("BTC", end_ms - MINUTE, "52520000"))
    at_ms = end_ms + int(back_s * 1000)
    at = f"2025-12-31T23:{at_ms // MINUTE % 60:02}:{at_ms % MINUTE / 1000:06.3f}Z"
    assert (await world.data(ONE, at=at))["premium"]["percent"] == percent


async def test_filters_orders_and_pages_work_on_the_past(
    world: Any, board: Any
) -> None:
    data = await world.data(BOARD, at=NOW, f={"minPercent": "1"})
    assert symbols(data) == ["BTC", "ETH"]
    order = {"field": "PERCENT", "direction": "ASC"}
    seen, after = [], None
    while True:
        data = await world.data(BOARD, at=NOW, o=order, first=2, after=after)
        seen += symbols(data)
        after = data["premiums"]["pageInfo"]["endCursor"]
        if not data["premiums"]["pageInfo"]["hasNextPage"]:
            break
    assert seen == ["SATS", "BTC", "ETH", "LUNA", "USDT", "币安人生"]
    assert {question[0] for question in board.history.asked} == {"minutes_at"}


async def test_a_cursor_belongs_to_its_instant(world: Any, board: Any) -> None:
    cursor = (await world.data(BOARD, at=NOW, first=1))["premiums"]["pageInfo"]
    for other in (None, "2025-12-31T23:59:59Z"):
        answer = await world.execute(BOARD, at=other, after=cursor["endCursor"])
        error = answer["errors"][0]
        assert error["extensions"] == {"code": "BAD_USER_INPUT", "argument": "after"}


async def test_the_future_is_refused(world: Any, board: Any) -> None:
    for query in (ONE, BOARD):
        answer = await world.execute(query, at="2026-01-01T00:00:00.001Z")
        error = answer["errors"][0]
        assert error["extensions"] == {"code": "BAD_USER_INPUT", "argument": "asOf"}


async def test_null_is_now(world: Any, board: Any) -> None:
    assert (await world.data(ONE, at=None))["premium"]["percent"] == "0"
    assert board.history.asked == []


async def test_long_ago_nothing_was_known(world: Any, board: Any) -> None:
    data = await world.data(BOARD, at="0001-01-01T00:00:00Z")
    assert data["premiums"]["summary"]["unavailable"] == 6
    assert board.history.asked == []


async def test_an_unknown_coin_of_the_past_is_null(world: Any, board: Any) -> None:
    for symbol in ("NOPE", "OLD", "GONE"):
        assert (await world.data(ONE, at=NOW, s=symbol))["premium"] is None


async def test_a_database_that_is_away_is_told_of(world: Any, board: Any) -> None:
    board.history.store.down = "away"
    answer = await world.execute(ONE, at=NOW)
    assert answer["errors"][0]["extensions"] == {
        "code": "UPSTREAM_UNAVAILABLE",
        "retryAfterMs": 1000,
    }


async def test_a_server_without_a_past_says_so(world: Any) -> None:
    answer = await world.execute(ONE, at=NOW)
    assert answer["errors"][0]["extensions"] == {
        "code": "UPSTREAM_UNAVAILABLE",
        "retryAfterMs": 1000,
    }
