"""What happens to markets: prices that jump, coins that come, go and are mistaken."""

import json
from decimal import Decimal
from typing import Any

import pytest

BOTH = pytest.mark.parametrize(
    ("venue", "symbol"), [("upbit", "KRW-BTC"), ("binance", "BTCUSDT")]
)


async def codes(rest: Any) -> list[str]:
    answer = await rest.get("/upbit/v1/market/all")
    return [row["market"] for row in json.loads(answer.body)]


async def symbols(rest: Any) -> dict[str, str]:
    answer = await rest.get("/binance/api/v3/exchangeInfo")
    rows = json.loads(answer.body)["symbols"]
    return {row["symbol"]: row["status"] for row in rows}


@BOTH
async def test_a_price_jumps_and_comes_back(
    world: Any, connect: Any, venue: str, symbol: str
) -> None:
    client = await connect(venue)
    market = world.simulator.market
    before = market.price(venue, symbol)
    world.simulator.inflict("price-jump", venue=venue, factor=1.5, for_s=60)
    world.simulator.step()
    row = await client.row()
    seen = Decimal(str(row.get("tp", row.get("p"))))
    assert seen == market.price(venue, symbol)
    assert abs(seen / before - Decimal("1.5")) < Decimal("0.001")
    world.pass_s(60)
    world.simulator.step()
    assert abs(market.price(venue, symbol) / before - 1) < Decimal("0.001")


async def test_another_market_than_bitcoins_can_jump_beside_it(world: Any) -> None:
    market = world.simulator.market
    before = market.price("upbit", "KRW-ETH")
    world.simulator.inflict("price-jump", factor=0.5, symbol="KRW-ETH")
    world.simulator.inflict("price-jump")
    assert abs(market.price("upbit", "KRW-ETH") / before - Decimal("0.5")) < 0.001
    assert len(world.simulator.holding) == 2


async def test_a_market_that_upbit_delists_says_so_and_leaves(
    world: Any, connect: Any, rest: Any
) -> None:
    client = await connect("upbit")
    world.simulator.inflict("delisting", for_s=100)
    world.simulator.step()
    row = await client.row()
    assert (row["cd"], row["ms"]) == ("KRW-XRP", "DELISTED")
    assert row["dd"] == {"year": 2026, "month": 11, "day": 20}
    assert "KRW-XRP" not in await codes(rest)
    gone = await rest.get("/upbit/v1/ticker?markets=KRW-BTC,KRW-XRP")
    assert gone.status == 404
    world.pass_s(2)
    again = await client.row()
    assert (again["cd"], again["ms"]) == ("KRW-XRP", "DELISTED")
    world.trade("upbit")
    assert (await client.row())["ms"] == "ACTIVE"
    world.pass_s(98)
    assert "KRW-XRP" in await codes(rest)
    await client.until_answer()
    world.simulator.market.trade("upbit", "KRW-XRP")
    world.simulator.step()
    (last,) = await client.until_answer()
    assert json.loads(last)["ms"] == "ACTIVE"


async def test_a_delisted_market_has_tickers_only(world: Any, connect: Any) -> None:
    client = await connect("upbit")
    types = ("ticker", "trade", "orderbook", "candle.1m")
    parts = [{"type": each, "codes": ["KRW-XRP"]} for each in types]
    await client.socket.send_str(
        json.dumps([{"ticket": "y"}, *parts, {"format": "SIMPLE"}])
    )
    await client.until_answer()
    world.simulator.inflict("delisting", symbol="KRW-XRP")
    world.pass_s(1)
    world.pass_s(1)
    rows = [json.loads(each) for each in await client.until_answer()]
    assert rows
    assert {row["ty"] for row in rows} == {"ticker"}


async def test_a_market_that_binance_ends_is_in_break(
    world: Any, connect: Any, rest: Any
) -> None:
    client = await connect("binance")
    world.simulator.inflict("delisting", venue="binance", symbol="ETHUSDT")
    assert (await symbols(rest))["ETHUSDT"] == "BREAK"
    price = await rest.get("/binance/api/v3/ticker/price?symbol=ETHUSDT")
    assert Decimal(json.loads(price.body)["price"]) == 0
    world.pass_s(5)
    assert await client.until_answer() == []
    world.simulator.relieve("delisting")
    assert (await symbols(rest))["ETHUSDT"] == "TRADING"


async def test_a_new_coin_comes_to_both_venues_and_goes(world: Any, rest: Any) -> None:
    world.simulator.inflict("new-listing", usd=2.5, for_s=600)
    assert "KRW-NOVA" in await codes(rest)
    assert (await symbols(rest))["NOVAUSDT"] == "TRADING"
    market = world.simulator.market
    dollars = market.price("binance", "NOVAUSDT")
    won = market.price("upbit", "KRW-NOVA")
    premium = float(won / dollars) / market.fx() - 1
    assert abs(premium - 0.02) < 0.02
    ticker = await rest.get("/upbit/v1/ticker?markets=KRW-NOVA")
    assert json.loads(ticker.body)[0]["trade_timestamp"] == world.clock.ms
    past = await rest.get("/upbit/v1/candles/minutes/1?market=KRW-NOVA&count=200")
    assert len(json.loads(past.body)) == 1
    world.pass_s(600)
    assert "KRW-NOVA" not in await codes(rest)
    assert "NOVAUSDT" not in await symbols(rest)


async def test_a_new_coin_trades_by_itself(world: Any) -> None:
    simulator = world.simulator
    simulator.market._rate = 1.0
    simulator.inflict("new-listing", venue="upbit")
    traded = [
        trade.instrument.listing.symbol
        for second in range(60)
        for trade in simulator.market.step(world.clock.ms + second * 1_000)
    ]
    assert len(traded) > 5
    assert set(traded) == {"KRW-NOVA"}


async def test_two_coins_of_one_ticker_have_unrelated_prices(
    world: Any, rest: Any
) -> None:
    world.simulator.inflict("ticker-collision", factor=40.0)
    assert "KRW-TWIN" in await codes(rest)
    assert "TWINUSDT" in await symbols(rest)
    market = world.simulator.market
    here, there = market.price("upbit", "KRW-TWIN"), market.price("binance", "TWINUSDT")
    assert 20 < float(here / there) / market.fx() < 80
    world.simulator.relieve()
    assert "KRW-TWIN" not in await codes(rest)
    assert "TWINUSDT" not in await symbols(rest)


@pytest.mark.parametrize(
    ("here", "there"), [("upbit", "binance"), ("binance", "upbit")]
)
async def test_a_ticker_that_the_other_venue_has_collides_with_that(
    world: Any, rest: Any, here: str, there: str
) -> None:
    simulator = world.simulator
    simulator.inflict("new-listing", venue=there, usd=3.0)
    simulator.inflict("ticker-collision", venue=here, symbol="NOVA", factor=10.0)
    market = simulator.market
    won = market.price("upbit", "KRW-NOVA")
    ratio = float(won / market.price("binance", "NOVAUSDT")) / market.fx()
    assert 5 < (ratio if here == "upbit" else 1 / ratio) < 20
    simulator.relieve("ticker-collision")
    assert ("KRW-NOVA" in await codes(rest)) == (there == "upbit")
    assert ("NOVAUSDT" in await symbols(rest)) == (there == "binance")


@pytest.mark.parametrize(
    ("name", "venue", "params", "words"),
    [
        ("price-jump", "upbit", {"symbol": "KRW-NONE"}, "no such market"),
        ("delisting", "binance", {"symbol": "NONEUSDT"}, "no such market"),
        ("delisting", "upbit", {"symbol": "KRW-BTC"}, "priced in it"),
        ("new-listing", "all", {"symbol": "no coin"}, "A-Z and 0-9"),
        ("new-listing", "upbit", {"symbol": "BTC"}, "has it already"),
        ("ticker-collision", "binance", {"symbol": "BTC"}, "has it already"),
    ],
)
async def test_markets_that_cannot_be_touched_are_refused(
    world: Any, name: str, venue: str, params: dict[str, str], words: str
) -> None:
    before = world.simulator.prices()
    with pytest.raises(ValueError, match=words):
        world.simulator.inflict(name, venue=venue, **params)
    assert world.simulator.prices() == before
    assert world.simulator.holding == ()


async def test_a_halted_market_cannot_jump(world: Any) -> None:
    world.simulator.inflict("delisting", venue="binance", symbol="ETHUSDT")
    with pytest.raises(ValueError, match="does not trade"):
        world.simulator.inflict("price-jump", venue="binance", symbol="ETHUSDT")


async def test_the_same_again_replaces_itself(world: Any) -> None:
    for name in ("delisting", "new-listing", "ticker-collision", "price-jump"):
        world.simulator.inflict(name, venue="upbit", for_s=5)
        world.simulator.inflict(name, venue="upbit", for_s=50)
    world.pass_s(6)
    assert len(world.simulator.holding) == 4
    world.pass_s(45)
    assert world.simulator.holding == ()


@BOTH
@pytest.mark.parametrize("first", ["new-listing", "delisting", "price-jump"])
async def test_scenarios_over_one_market_end_in_any_order(
    world: Any, rest: Any, venue: str, symbol: str, first: str
) -> None:
    new = "KRW-NOVA" if venue == "upbit" else "NOVAUSDT"
    world.simulator.inflict("new-listing", venue=venue)
    world.simulator.inflict("price-jump", venue=venue, symbol=new)
    world.simulator.inflict("delisting", venue=venue, symbol=new)
    world.simulator.relieve(first)
    world.pass_s(1)
    world.simulator.relieve()
    assert world.simulator.holding == ()
    assert new not in await codes(rest)
    assert new not in await symbols(rest)
