"""One-off reads through the real schema, over the twins of both venues."""

from typing import Any

import pytest

NOW = "2026-01-01T00:00:00.000Z"
ETH = 'exchange: UPBIT, market: "KRW-ETH"'


async def told(world: Any, query: str, **variables: Any) -> dict[str, Any]:
    """Return the one error of a query."""
    answer = await world.execute(query, **variables)
    assert answer["data"] is None, answer
    assert len(answer["errors"]) == 1, answer["errors"]
    error: dict[str, Any] = answer["errors"][0]
    return error


async def test_a_ticker_has_every_field(world: Any, venue: Any) -> None:
    del venue
    await world.clock.advance(6.0)
    data = await world.data("""{ tickers(exchange: BINANCE, markets: ["ethusdt"]) {
      exchange market price bid ask baseVolume24h quoteVolume24h exchangeTime
      changePercentSinceUtcMidnight changePercentRolling24h receivedAt ageMs
      channel quality
    } }""")
    assert data["tickers"] == [
        {
            "exchange": "BINANCE",
            "market": "ETHUSDT",
            "price": "1.5",
            "bid": "1.4",
            "ask": "1.6",
            "baseVolume24h": "10",
            "quoteVolume24h": "15",
            "changePercentSinceUtcMidnight": None,
            "changePercentRolling24h": "50",
            "exchangeTime": "2025-12-31T23:59:59.960Z",
            "receivedAt": "2026-01-01T00:00:06.000Z",
            "ageMs": 6040,
            "channel": "REST",
            "quality": "LIVE",
        }
    ]


async def test_what_is_live_is_told_per_unit_of_the_venue(
    world: Any, venue: Any
) -> None:
    del venue
    data = await world.data("""{
      tickers(exchange: BINANCE, markets: ["1000SATSUSDT"]) { price channel }
      premium(symbol: "SATS") { global { price } }
    }""")
    assert data["tickers"] == [{"price": "0.0004", "channel": "WEBSOCKET"}]
    assert data["premium"]["global"]["price"] == "0.0000004"


@pytest.mark.parametrize(
    ("choice", "channel"),
    [("AUTO", "WEBSOCKET"), ("WEBSOCKET", "WEBSOCKET"), ("REST", "REST")],
)
async def test_an_order_book_tells_its_channel(
    world: Any, venue: Any, choice: str, channel: str
) -> None:
    del venue
    data = await world.data(
        f"""{{ orderBook({ETH}, depth: 2, channel: {choice}) {{
          exchange market at channel quality bids {{ price volume }} asks {{ price }}
        }} }}"""
    )
    assert data["orderBook"] == {
        "exchange": "UPBIT",
        "market": "KRW-ETH",
        "at": NOW,
        "channel": channel,
        "quality": "LIVE",
        "bids": [{"price": "0.75", "volume": "1"}, {"price": "0.5", "volume": "1"}],
        "asks": [{"price": "1.5"}, {"price": "2.5"}],
    }


async def test_candles_tell_every_channel_that_served(world: Any, venue: Any) -> None:
    del venue
    data = await world.data(
        f"""{{ candles({ETH}, first: 3, before: "2026-01-01T00:00:30Z") {{
          exchange market interval channel channels quality
          candles {{ openedAt open high low close baseVolume quoteVolume closed }}
        }} }}"""
    )
    found = data["candles"]
    assert (found["exchange"], found["market"]) == ("UPBIT", "KRW-ETH")
    assert (found["interval"], found["quality"]) == ("M1", "LIVE")
    assert found["channel"] == "REST"
    assert found["channels"] == ["REST", "WEBSOCKET"]
    assert [candle["openedAt"] for candle in found["candles"]] == [
        "2025-12-31T23:58:00.000Z",
        "2025-12-31T23:59:00.000Z",
        NOW,
    ]
    assert [candle["closed"] for candle in found["candles"]] == [True, True, False]
    assert found["candles"][0] == {
        "openedAt": "2025-12-31T23:58:00.000Z",
        "open": "1",
        "high": "1.5",
        "low": "1",
        "close": "1.5",
        "baseVolume": "1",
        "quoteVolume": "1.5",
        "closed": True,
    }


async def test_null_means_the_default(world: Any, venue: Any) -> None:
    del venue
    data = await world.data(
        f"""{{
          candles({ETH}, interval: D1, first: null, before: null) {{
            interval candles {{ close }}
          }}
          orderBook({ETH}, depth: null) {{ bids {{ price }} }}
          trades({ETH}, first: null) {{ trades {{ id }} }}
        }}"""
    )
    assert data["candles"]["interval"] == "D1"
    assert len(data["candles"]["candles"]) == 100
    assert len(data["orderBook"]["bids"]) == 15
    assert len(data["trades"]["trades"]) == 100


async def test_trades_are_the_oldest_first(world: Any, venue: Any) -> None:
    del venue
    data = await world.data(
        """{ trades(exchange: UPBIT, market: "krw-eth", first: 2) {
          exchange market channel quality trades { id at price volume side }
        } }"""
    )
    assert data["trades"] == {
        "exchange": "UPBIT",
        "market": "KRW-ETH",
        "channel": "REST",
        "quality": "LIVE",
        "trades": [
            {
                "id": str(at),
                "at": f"2026-01-01T00:00:00.{at}Z",
                "price": "1.5",
                "volume": "1",
                "side": "SELL",
            }
            for at in (148, 149)
        ],
    }


async def test_a_dead_venue_is_answered_by_what_is_known(
    world: Any, venue: Any
) -> None:
    query = f"""{{ orderBook({ETH}) {{ channel quality }}
      trades({ETH}) {{ channel quality }} candles({ETH}, first: 200) {{
        channel channels quality }} }}"""
    await world.data(query)
    await world.clock.advance(90.0)
    for reader in venue.values():
        reader.down = "down"
    data = await world.data(query)
    stored = {"channel": "CACHE", "quality": "STALE"}
    assert data["orderBook"] == data["trades"] == stored
    assert data["candles"] == {**stored, "channels": ["CACHE"]}


READS = [
    "tickers(exchange: UPBIT, markets: [$m], channel: $c) { price }",
    "orderBook(exchange: UPBIT, market: $m, channel: $c) { at }",
    "candles(exchange: UPBIT, market: $m, channel: $c) { market }",
    "trades(exchange: UPBIT, market: $m, channel: $c) { market }",
]


def asking(read: str) -> str:
    """Return the query for a read with its variables."""
    return f"query($m: String!, $c: ChannelChoice! = AUTO) {{ {read} }}"


@pytest.mark.parametrize("read", READS)
async def test_a_market_the_venue_does_not_list_is_not_found(
    world: Any, venue: Any, read: str
) -> None:
    error = await told(world, asking(read), m="KRW-NONE")
    assert error["extensions"]["code"] == "NOT_FOUND"
    assert "KRW-NONE" in error["message"]
    assert all(not reader.asked for reader in venue.values())


@pytest.mark.parametrize("read", READS)
async def test_a_forced_channel_that_is_down_is_upstream_unavailable(
    world: Any, venue: Any, read: str
) -> None:
    venue["UPBIT", "REST"].down = "down"
    error = await told(world, asking(read), m="KRW-ETH", c="REST")
    assert error["extensions"] == {
        "code": "UPSTREAM_UNAVAILABLE",
        "retryAfterMs": 1000,
    }
    assert "upbit.rest" in error["message"]


async def test_when_another_try_makes_sense_is_told_where_it_is_known(
    world: Any, venue: Any
) -> None:
    for reader in venue.values():
        reader.down = "too many requests"
        reader.retry_at_ms = world.clock.now_ms() + 1_500
    error = await told(world, asking(READS[3]), m="KRW-ETH")
    assert error["extensions"] == {
        "code": "UPSTREAM_UNAVAILABLE",
        "retryAfterMs": 1_500,
    }


@pytest.mark.parametrize(
    ("read", "argument", "allowed"),
    [
        (f"orderBook({ETH}, depth: 0) {{ at }}", "depth", "1 to 30"),
        (f"orderBook({ETH}, depth: 31) {{ at }}", "depth", "1 to 30"),
        (f"candles({ETH}, first: 1001) {{ market }}", "first", "1 to 1000"),
        (f"candles({ETH}, first: -1) {{ market }}", "first", "1 to 1000"),
        (f"trades({ETH}, first: 501) {{ market }}", "first", "1 to 500"),
        (f"candles({ETH}, channel: WEBSOCKET) {{ market }}", "channel", "AUTO"),
        (f'candles({ETH}, before: "2026-01-01") {{ market }}', "before", "offset"),
        (f"candles({ETH}, interval: M2) {{ market }}", "interval", "Interval"),
    ],
)
async def test_what_is_out_of_range_is_named_with_what_is_allowed(
    world: Any, venue: Any, read: str, argument: str, allowed: str
) -> None:
    del venue
    error = await told(world, f"{{ {read} }}")
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert error["extensions"]["argument"] == argument
    assert allowed in error["message"]


@pytest.mark.parametrize(
    ("field", "maximum"),
    [("candles", 1000), ("trades", 500)],
)
async def test_a_longer_list_than_a_venue_gives_meets_the_limit_of_lists(
    world: Any, venue: Any, field: str, maximum: int
) -> None:
    del venue
    error = await told(world, f"{{ {field}({ETH}, first: 5000) {{ market }} }}")
    assert error["extensions"] == {
        "code": "BAD_USER_INPUT",
        "argument": "first",
        "limit": "list_size",
        "maximum": maximum,
    }
    error = await told(world, f"{{ {field}({ETH}, first: 0) {{ market }} }}")
    assert "limit" not in error["extensions"]


async def test_too_many_markets_are_named(world: Any, venue: Any) -> None:
    del venue
    query = "query($m: [String!]!) { tickers(exchange: UPBIT, markets: $m) { price } }"
    error = await told(world, query, m=["KRW-ETH"] * 201)
    assert error["extensions"]["argument"] == "markets"
    assert "0 to 200" in error["message"]
    assert (await world.data(query, m=[]))["tickers"] == []


async def test_an_operation_may_read_a_venue_ten_times(world: Any, venue: Any) -> None:
    del venue
    reads = [
        f"r{at}: trades({ETH}, first: 1) {{ trades {{ id }} }}" for at in range(11)
    ]
    assert len(await world.data("{ " + " ".join(reads[:10]) + " }")) == 10
    error = await told(world, "{ " + " ".join(reads) + " }")
    assert error["extensions"]["code"] == "QUERY_TOO_COMPLEX"
    assert "10 allowed" in error["message"]


async def test_reads_hidden_in_fragments_count_too(world: Any, venue: Any) -> None:
    del venue
    reads = " ".join(f"r{at}: trades({ETH}) {{ market }}" for at in range(6))
    query = f"{{ ...a ... on Query {{ ...b }} }} fragment a on Query {{ {reads} }}"
    query += " fragment b on Query { " + reads.replace("r", "s", 1) + " }"
    error = await told(world, query)
    assert error["extensions"]["code"] == "QUERY_TOO_COMPLEX"


@pytest.mark.parametrize(
    "query", ["{ premiums { seq } }", '{ premium(symbol: "BTC") { seq } }']
)
async def test_a_subscription_stands_on_the_streams_of_both_venues(
    world: Any, venue: Any, query: str
) -> None:
    del venue
    stream = await world.stream(f"subscription {query}")
    assert (await world.event(stream)).data is not None
    await stream.aclose()
    decisions = world.deps.market_data.stats.decisions
    found = [tuple(part.lower() for part in key) for key in decisions]
    for exchange in ("upbit", "binance"):
        key = (exchange, "subscription", "websocket", "subscription")
        assert key in found


async def test_without_any_venue_a_read_is_unavailable_and_the_rest_is_served(
    world: Any,
) -> None:
    error = await told(world, asking(READS[0]), m="KRW-BTC")
    assert error["extensions"]["code"] == "UPSTREAM_UNAVAILABLE"
    assert (await world.data('{ premium(symbol: "BTC") { percent } }'))["premium"]
