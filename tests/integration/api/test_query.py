"""Queries over the real services, without a transport."""

import base64
from typing import Any

import pytest

from domain.model.market import Exchange

PAGE = """query($first: Int, $after: String, $order: PremiumOrder, $f: PremiumFilter) {
  premiums(first: $first, after: $after, orderBy: $order, filter: $f) {
    totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    edges { cursor node { symbol percent } }
  }
}"""
COINS = """query($f: CoinFilter, $o: CoinOrder, $first: Int) {
  coins(filter: $f, orderBy: $o, first: $first) {
    totalCount pageInfo { hasNextPage } edges { cursor node { symbol } }
  }
}"""


def symbols(connection: dict[str, Any]) -> list[str]:
    return [edge["node"]["symbol"] for edge in connection["edges"]]


WHOLE = """{ premium(symbol: "btc") {
  id symbol percent absoluteKrw signConflict quality reason at lastLiveAt seq
  coin { id symbol koreanName englishName iconUrl warnings }
  domestic { exchange market price bid ask exchangeTime receivedAt ageMs channel
    quality baseVolume24h quoteVolume24h changePercentSinceUtcMidnight
    changePercentRolling24h }
  global { market price }
  bases { basis percent absoluteKrw quality reason
    fx { base quote rate source asOf ageMs quality } }
} }"""


async def test_a_premium_has_every_field_of_the_contract(world: Any) -> None:
    await world.clock.advance(0.25)
    data = await world.data(WHOLE)
    premium = data["premium"]
    at = "2026-01-01T00:00:00.000Z"
    assert premium["percent"] == "0"
    assert premium["absoluteKrw"] == "0"
    assert premium["signConflict"] is False
    assert (premium["quality"], premium["reason"]) == ("LIVE", None)
    assert (premium["at"], premium["lastLiveAt"], premium["seq"]) == (at, at, 1)
    assert premium["coin"]["koreanName"] == "비트코인"
    assert premium["coin"]["iconUrl"] == "/icons/BTC"
    assert premium["domestic"] == {
        "exchange": "UPBIT",
        "market": "KRW-BTC",
        "price": "52000000",
        "bid": None,
        "ask": None,
        "exchangeTime": at,
        "receivedAt": at,
        "ageMs": 250,
        "channel": "WEBSOCKET",
        "quality": "LIVE",
        "baseVolume24h": None,
        "quoteVolume24h": None,
        "changePercentSinceUtcMidnight": None,
        "changePercentRolling24h": None,
    }
    assert premium["global"] == {"market": "BTCUSDT", "price": "40000"}
    official, tether, usdc = premium["bases"]
    assert official["fx"] == {
        "base": "USD",
        "quote": "KRW",
        "rate": "1300",
        "source": "dunamu",
        "asOf": at,
        "ageMs": 250,
        "quality": "LIVE",
    }
    assert tether["percent"] == "-0.763359"
    assert (usdc["basis"], usdc["percent"], usdc["reason"]) == (
        "KRW_USDC",
        None,
        "FX_MISSING",
    )
    assert usdc["fx"] is None


async def test_a_premium_is_told_on_the_basis_that_is_asked_for(world: Any) -> None:
    data = await world.data(
        """query($b: PremiumBasis! = KRW_USDT) { premium(symbol: "BTC") {
          plain: percent official: percent(basis: OFFICIAL_FX)
          literal: percent(basis: KRW_USDT) variable: absoluteKrw(basis: $b)
        } }"""
    )
    assert data["premium"] == {
        "plain": "0",
        "official": "0",
        "literal": "-0.763359",
        "variable": "-400000",
    }


async def test_prices_of_a_thousand_coins_are_told_per_coin(world: Any) -> None:
    data = await world.data(
        """{ premium(symbol: "SATS") { domestic { price } global { price market }
        percent } coin(symbol: "SATS") { listings { market multiplier } } }"""
    )
    assert data["premium"]["global"] == {
        "price": "0.0000004",
        "market": "1000SATSUSDT",
    }
    assert data["coin"]["listings"][1]["multiplier"] == "1000"


async def test_a_coin_has_its_listings_warnings_and_premium(world: Any) -> None:
    data = await world.data("""{ coin(symbol: "luna") {
      symbol warnings premium { symbol reason percent coin { symbol } }
      listings { exchange market quote tradable since until warnings }
    } }""")
    assert data["coin"] == {
        "symbol": "LUNA",
        "warnings": ["INVESTMENT_WARNING"],
        "premium": {
            "symbol": "LUNA",
            "reason": "GLOBAL_MISSING",
            "percent": None,
            "coin": {"symbol": "LUNA"},
        },
        "listings": [
            {
                "exchange": "UPBIT",
                "market": "KRW-LUNA",
                "quote": "KRW",
                "tradable": True,
                "since": "2025-12-01T00:00:00.000Z",
                "until": None,
                "warnings": ["INVESTMENT_WARNING"],
            },
            {
                "exchange": "BINANCE",
                "market": "LUNAUSDT",
                "quote": "USDT",
                "tradable": True,
                "since": None,
                "until": None,
                "warnings": [],
            },
        ],
    }


async def test_unknown_and_delisted_symbols_are_null_without_an_error(
    world: Any,
) -> None:
    data = await world.data(
        """{ a: premium(symbol: "NOPE") { symbol } b: coin(symbol: "NOPE") { symbol }
        c: premium(symbol: "OLD") { symbol } d: coin(symbol: "OLD") {
          premium { symbol } listings { until } } }"""
    )
    assert (data["a"], data["b"], data["c"]) == (None, None, None)
    assert data["d"] == {
        "premium": None,
        "listings": [{"until": "2025-12-01T00:00:00.000Z"}],
    }


async def test_the_board_holds_what_trades_now_by_symbol(world: Any) -> None:
    data = await world.data(PAGE)
    assert symbols(data["premiums"]) == [
        "BTC",
        "ETH",
        "LUNA",
        "SATS",
        "USDT",
        "币安人生",
    ]
    assert data["premiums"]["totalCount"] == 6
    assert data["premiums"]["pageInfo"]["hasNextPage"] is False


async def test_explicit_null_means_the_default(world: Any) -> None:
    given = await world.data(PAGE)
    null = await world.data(PAGE, first=None, after=None, order=None, f=None)
    empty = await world.data(
        PAGE,
        f={
            "symbols": None,
            "quality": None,
            "minPercent": None,
            "maxPercent": None,
            "minQuoteVolume24h": None,
        },
    )
    assert null == given == empty
    assert (await world.data(COINS)) == await world.data(
        COINS,
        f={"search": None, "symbols": None, "exchange": None, "warning": None},
        o=None,
        first=None,
    )


async def test_pages_follow_each_other_in_both_directions_of_an_order(
    world: Any,
) -> None:
    for direction in ("ASC", "DESC"):
        order = {"field": "PERCENT", "direction": direction}
        seen: list[str] = []
        after = None
        while True:
            page = (await world.data(PAGE, first=2, after=after, order=order))[
                "premiums"
            ]
            seen += symbols(page)
            assert page["pageInfo"]["hasPreviousPage"] is (after is not None)
            assert page["pageInfo"]["startCursor"] == page["edges"][0]["cursor"]
            after = page["pageInfo"]["endCursor"]
            if not page["pageInfo"]["hasNextPage"]:
                break
        ordered = (
            ["SATS", "BTC", "ETH"] if direction == "ASC" else ["ETH", "BTC", "SATS"]
        )
        assert seen == [*ordered, "LUNA", "USDT", "币安人生"]


async def test_an_empty_page_has_no_cursors(world: Any) -> None:
    page = (await world.data(PAGE, f={"symbols": []}))["premiums"]
    assert page == {
        "totalCount": 0,
        "pageInfo": {
            "hasNextPage": False,
            "hasPreviousPage": False,
            "startCursor": None,
            "endCursor": None,
        },
        "edges": [],
    }


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"symbols": ["btc", "NOPE"]}, ["BTC"]),
        ({"quality": ["UNAVAILABLE"]}, ["LUNA", "USDT", "币安人生"]),
        ({"minPercent": "0"}, ["BTC", "ETH"]),
        ({"minPercent": 0, "maxPercent": "0.0"}, ["BTC"]),
        ({"maxPercent": "-1"}, ["SATS"]),
        ({"minQuoteVolume24h": "1"}, []),
        ({"quality": []}, []),
    ],
)
async def test_premiums_are_filtered(
    world: Any, wanted: dict[str, Any], found: list[str]
) -> None:
    assert symbols((await world.data(PAGE, f=wanted))["premiums"]) == found


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"search": "ㅂㅌㅋㅇ"}, ["BTC"]),
        ({"search": "THEREUM"}, ["ETH"]),
        ({"search": "테"}, ["USDT"]),
        ({"symbols": ["old"]}, ["OLD"]),
        ({"exchange": "BINANCE"}, ["BTC", "ETH", "LUNA", "SATS"]),
        ({"warning": "INVESTMENT_WARNING"}, ["LUNA"]),
        ({"symbols": []}, []),
    ],
)
async def test_coins_are_searched_and_filtered(
    world: Any, wanted: dict[str, Any], found: list[str]
) -> None:
    data = (await world.data(COINS, f=wanted))["coins"]
    assert symbols(data) == found
    assert data["totalCount"] == len(found)


async def test_coins_are_ordered_by_korean_name(world: Any) -> None:
    order = {"field": "KOREAN_NAME", "direction": "DESC"}
    assert symbols((await world.data(COINS, o=order, first=2))["coins"]) == [
        "USDT",
        "ETH",
    ]


async def test_the_summary_speaks_of_the_whole_board(world: Any) -> None:
    data = await world.data(
        """{ premiums(first: 1, filter: {symbols: ["ETH"]}) { summary { btcPercent
        medianPercent tetherPercent live stale unavailable fxRate { rate } } } }"""
    )
    assert data["premiums"]["summary"] == {
        "btcPercent": "0",
        "medianPercent": "0",
        "tetherPercent": "0.769231",
        "live": 3,
        "stale": 0,
        "unavailable": 3,
        "fxRate": {"rate": "1300"},
    }


async def test_rates_are_listed_official_first_then_stable_coins(world: Any) -> None:
    data = await world.data("{ fxRates { base source rate ageMs } }")
    assert data["fxRates"] == [
        {"base": "USD", "source": "dunamu", "rate": "1300", "ageMs": 0},
        {"base": "USDT", "source": "upbit", "rate": "1310", "ageMs": 0},
    ]


async def test_health_tells_of_every_part(world: Any) -> None:
    data = await world.data("""{ health { status version startedAt database upstreams {
      name status channel breaker retryAt connectedSince lastMessageAt reconnects
      messagesPerSecond latencyMsP50 latencyMsP99 } } }""")
    assert data["health"] == {
        "status": "HEALTHY",
        "version": "9.9.9",
        "startedAt": "2026-01-01T00:00:00.000Z",
        "database": "HEALTHY",
        "upstreams": [
            {
                "name": "upbit.stream",
                "status": "HEALTHY",
                "channel": "WEBSOCKET",
                "breaker": "CLOSED",
                "retryAt": None,
                "connectedSince": "2026-01-01T00:00:00.000Z",
                "lastMessageAt": None,
                "reconnects": 0,
                "messagesPerSecond": 12.5,
                "latencyMsP50": 3.25,
                "latencyMsP99": None,
            }
        ],
    }


async def test_a_node_is_found_by_the_id_it_told(world: Any) -> None:
    told = await world.data(
        '{ coin(symbol: "币安人生") { id } premium(symbol: "BTC") { id } }'
    )
    query = """query($id: ID!) { node(id: $id) { __typename id
      ... on Coin { symbol } ... on Premium { symbol } } }"""
    coin = await world.data(query, id=told["coin"]["id"])
    premium = await world.data(query, id=told["premium"]["id"])
    assert coin["node"] == {
        "__typename": "Coin",
        "id": told["coin"]["id"],
        "symbol": "币安人生",
    }
    assert premium["node"]["__typename"] == "Premium"


@pytest.mark.parametrize("text", ["Coin:NOPE", "Premium:OLD", "Coin:btc"])
async def test_an_id_that_nothing_has_is_null(world: Any, text: str) -> None:
    made = base64.b64encode(text.encode()).decode()
    data = await world.data("query($id: ID!) { node(id: $id) { id } }", id=made)
    assert data["node"] is None


async def test_a_cut_venue_leaves_numbers_with_their_reason_and_age(world: Any) -> None:
    world.cut(Exchange.UPBIT)
    await world.clock.advance(90)
    data = await world.data(
        """{ premium(symbol: "BTC") { percent quality reason at lastLiveAt
        domestic { ageMs quality } } }"""
    )
    assert data["premium"] == {
        "percent": "0",
        "quality": "STALE",
        "reason": "DOMESTIC_STALE",
        "at": "2026-01-01T00:00:00.000Z",
        "lastLiveAt": "2026-01-01T00:00:00.000Z",
        "domestic": {"ageMs": 90_000, "quality": "STALE"},
    }


async def test_every_answer_carries_the_servers_time(world: Any) -> None:
    await world.clock.advance(1.5)
    good = await world.execute("{ __typename }")
    bad = await world.execute("{ nope }")
    time = "2026-01-01T00:00:01.500Z"
    assert good["extensions"]["serverTime"] == bad["extensions"]["serverTime"] == time
