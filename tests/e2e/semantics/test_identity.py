"""A coin is not a ticker."""

from typing import Any

import pytest

from tests.e2e.semantics import expect
from tests.e2e.semantics.server import Server

LISTINGS = """{ exchange market baseSymbol quote multiplier tradable warnings since
  until }"""


def coin(server: Server, symbol: str) -> Any:
    """Return a coin with its listings."""
    document = (
        f'{{ coin(symbol: "{symbol}") {{ id symbol koreanName englishName iconUrl'
        f" warnings listings {LISTINGS} premium {{ symbol }} }} }}"
    )
    return server.ask(document)["coin"]


def markets(found: Any) -> dict[tuple[str, str], str]:
    """Return the multiplier of each listing."""
    return {(i["exchange"], i["market"]): i["multiplier"] for i in found["listings"]}


def test_btt_of_upbit_is_bttc_of_binance(server: Server) -> None:
    premium = server.premium("BTT")
    assert premium["global"]["market"] == "BTTCUSDT"
    assert premium["percent"] == expect.percent("0.000482", "0.00000036", 1300)
    found = coin(server, "BTT")
    assert markets(found) == {("UPBIT", "KRW-BTT"): "1", ("BINANCE", "BTTCUSDT"): "1"}
    bases = {i["exchange"]: i["baseSymbol"] for i in found["listings"]}
    assert bases == {"UPBIT": "BTT", "BINANCE": "BTTC"}
    assert coin(server, "BTTC") is None


@pytest.mark.parametrize(
    ("symbol", "market", "multiplier"),
    [("SATS", "1000SATSUSDT", "1000"), ("BABYDOGE", "1MBABYDOGEUSDT", "1000000")],
)
def test_units_are_told_by_the_listing(
    server: Server, symbol: str, market: str, multiplier: str
) -> None:
    found = markets(coin(server, symbol))
    assert found == {("UPBIT", f"KRW-{symbol}"): "1", ("BINANCE", market): multiplier}


@pytest.mark.parametrize("symbol", ["META", "SONIC", "TOKAMAK"])
def test_different_coins_under_one_ticker_never_meet(
    server: Server, symbol: str
) -> None:
    assert server.premium(symbol)["reason"] == "NO_GLOBAL_MARKET"
    assert [i["exchange"] for i in coin(server, symbol)["listings"]] == ["UPBIT"]


def test_assets_without_a_won_market_are_no_coins(server: Server) -> None:
    for symbol in ("S", "GRAM", "TON", "BTTOLD"):
        assert coin(server, symbol) is None
        assert server.premium(symbol) is None


def test_names_warnings_and_states_are_the_venues_own(server: Server) -> None:
    bitcoin = coin(server, "btc")
    assert (bitcoin["symbol"], bitcoin["koreanName"]) == ("BTC", "비트코인")
    assert bitcoin["englishName"] == "Bitcoin"
    assert bitcoin["iconUrl"] == "/icons/BTC"
    assert bitcoin["premium"] == {"symbol": "BTC"}
    assert all(i["tradable"] and i["until"] is None for i in bitcoin["listings"])
    assert {i["quote"] for i in bitcoin["listings"]} == {"KRW", "USDT"}
    warned = coin(server, "WAVES")
    expected = {
        "INVESTMENT_WARNING",
        "TRADING_VOLUME_SOARING",
        "GLOBAL_PRICE_DIFFERENCES",
    }
    assert set(warned["warnings"]) == expected
    assert set(warned["listings"][0]["warnings"]) == expected
    halted = {i["exchange"]: i["tradable"] for i in coin(server, "ZIL")["listings"]}
    assert halted == {"UPBIT": True, "BINANCE": False}


def test_icons_work_offline(server: Server) -> None:
    status, _, headers = server.get("/icons/BTC")
    assert status == 200
    assert headers["content-type"].startswith("image/")


def test_a_node_is_found_by_its_id(server: Server) -> None:
    found = server.ask('{ coin(symbol: "ETH") { id premium { id } } }')["coin"]
    document = (
        "query($id: ID!) { node(id: $id) { __typename id"
        " ... on Coin { symbol } ... on Premium { symbol } } }"
    )
    for kind, id_ in (("Coin", found["id"]), ("Premium", found["premium"]["id"])):
        node = server.ask(document, id=id_)["node"]
        assert node == {"__typename": kind, "id": id_, "symbol": "ETH"}


def test_only_won_and_tether_markets_are_listings(server: Server) -> None:
    markets_of_ether = {market for _, market in markets(coin(server, "ETH"))}
    assert markets_of_ether == {"KRW-ETH", "ETHUSDT"}
    assert coin(server, "HIVE") is None
