"""Lists: orders with nulls last, keyset cursors, search."""

import itertools
from fractions import Fraction
from typing import Any

import pytest

from tests.e2e.semantics.server import Server
from tests.e2e.semantics.venue import Raw
from tests.e2e.semantics.world import World

PAGE = """query($f: PremiumFilter, $o: PremiumOrder, $n: Int, $a: String) {
  premiums(filter: $f, orderBy: $o, first: $n, after: $a) {
    totalCount
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    edges { cursor node {
      symbol percent absoluteKrw usdt: percent(basis: KRW_USDT)
      domestic { quoteVolume24h changePercentSinceUtcMidnight }
    } }
  }
}"""
KEYS: dict[str, Any] = {
    "PERCENT": lambda n: n["percent"],
    "ABSOLUTE_KRW": lambda n: n["absoluteKrw"],
    "DOMESTIC_VOLUME": lambda n: n["domestic"] and n["domestic"]["quoteVolume24h"],
    "DOMESTIC_CHANGE": lambda n: (
        n["domestic"] and n["domestic"]["changePercentSinceUtcMidnight"]
    ),
}


def nodes(server: Server, **variables: Any) -> list[Any]:
    """Return the nodes of one page."""
    page = server.ask(PAGE, **{"n": 1000, **variables})["premiums"]
    return [edge["node"] for edge in page["edges"]]


def symbols(server: Server, **variables: Any) -> list[str]:
    """Return the symbols of one page, in order."""
    return [node["symbol"] for node in nodes(server, **variables)]


def ranked(found: list[Any], key: Any, descending: bool) -> list[str]:
    """Return what the order must be: by key, nulls last, ties by symbol."""
    known = [n for n in found if key(n) is not None]
    known.sort(key=lambda n: n["symbol"])
    known.sort(key=lambda n: Fraction(key(n)), reverse=descending)
    unknown = sorted(n["symbol"] for n in found if key(n) is None)
    return [n["symbol"] for n in known] + unknown


def test_the_default_order_is_by_symbol(server: Server) -> None:
    found = symbols(server)
    assert found == sorted(found)
    assert len(found) > 35
    assert symbols(server, o={"field": "SYMBOL", "direction": "DESC"}) == found[::-1]
    # The direction of an order that names none is DESC, by the schema.
    assert symbols(server, o={"field": "SYMBOL"}) == found[::-1]


@pytest.mark.parametrize("direction", ["ASC", "DESC"])
@pytest.mark.parametrize("field", sorted(KEYS))
def test_nulls_are_last_both_ways_and_ties_go_by_symbol(
    server: Server, field: str, direction: str
) -> None:
    found = nodes(server, o={"field": field, "direction": direction})
    key = KEYS[field]
    expected = ranked(found, key, direction == "DESC")
    assert [n["symbol"] for n in found] == expected
    assert any(key(n) is None for n in found)
    assert any(key(n) is not None for n in found)


def test_an_order_can_be_on_another_basis(server: Server) -> None:
    order = {"field": "PERCENT", "direction": "ASC", "basis": "KRW_USDT"}
    found = nodes(server, o=order)
    assert [n["symbol"] for n in found] == ranked(found, lambda n: n["usdt"], False)


@pytest.mark.parametrize("direction", ["ASC", "DESC"])
@pytest.mark.parametrize("field", ["PERCENT", "SYMBOL", "DOMESTIC_VOLUME"])
def test_pages_show_every_coin_once(server: Server, field: str, direction: str) -> None:
    order = {"field": field, "direction": direction}
    whole = symbols(server, o=order)
    seen: list[str] = []
    after, pages = None, 0
    while True:
        page = server.ask(PAGE, o=order, n=7, a=after)["premiums"]
        info, edges = page["pageInfo"], page["edges"]
        assert page["totalCount"] == len(whole)
        assert info["hasPreviousPage"] is (after is not None)
        assert info["startCursor"] == edges[0]["cursor"]
        assert info["endCursor"] == edges[-1]["cursor"]
        seen += [edge["node"]["symbol"] for edge in edges]
        pages += 1
        if not info["hasNextPage"]:
            break
        assert len(edges) == 7
        after = info["endCursor"]
    assert seen == whole
    assert pages == -(-len(whole) // 7)


def test_coins_that_stand_still_are_seen_once_while_others_move(
    server: Server, world: World
) -> None:
    order = {"field": "PERCENT", "direction": "DESC"}
    everyone = set(symbols(server, o=order))
    seen: list[str] = []
    after, prices = None, itertools.cycle(("20000", "9000", "13000"))
    while True:
        page = server.ask(PAGE, o=order, n=4, a=after)["premiums"]
        seen += [edge["node"]["symbol"] for edge in page["edges"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
        krw = next(prices)
        world.do(world.upbit.push("MANA", trade_price=Raw(krw)))
        server.at_price("MANA", krw)
    still = [symbol for symbol in seen if symbol != "MANA"]
    assert len(still) == len(set(still))
    assert set(still) == everyone - {"MANA"}


def test_a_cursor_of_another_order_or_filter_is_refused(server: Server) -> None:
    by_percent = {"field": "PERCENT", "direction": "DESC"}
    page = server.ask(PAGE, o=by_percent, n=3)["premiums"]
    cursor = page["pageInfo"]["endCursor"]
    others: list[dict[str, Any]] = [
        {"o": {"field": "PERCENT", "direction": "ASC"}},
        {"o": {"field": "SYMBOL", "direction": "DESC"}},
        {"o": {**by_percent, "basis": "KRW_USDT"}},
        {"o": by_percent, "f": {"minPercent": "0"}},
        {"o": by_percent, "f": {"quality": ["LIVE"]}},
        {"o": by_percent, "f": {"symbols": ["BTC", "ETH"]}},
        {},
    ]
    for other in others:
        error = server.error(PAGE, n=3, a=cursor, **other)
        assert error["extensions"]["code"] == "BAD_USER_INPUT", other
        assert "after" in error["message"], other
    # Equal filters are the same filter, however they are written.
    same = server.ask(PAGE, o=by_percent, n=3, a=cursor, f={"symbols": None})
    assert len(same["premiums"]["edges"]) == 3


@pytest.mark.parametrize("after", ["", "x", "%%%", "bnVsbA", "W10", "A" * 5000, "é"])
def test_a_broken_cursor_is_refused(server: Server, after: str) -> None:
    error = server.error(PAGE, n=3, a=after)
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert "after" in error["message"]


def test_an_empty_page_has_no_cursors(server: Server) -> None:
    page = server.ask(PAGE, f={"symbols": []})["premiums"]
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


def test_symbols_match_in_any_case_and_unknown_ones_match_nothing(
    server: Server,
) -> None:
    assert symbols(server, f={"symbols": ["btc", "Eth", "NOPE"]}) == ["BTC", "ETH"]
    assert symbols(server, f={"symbols": ["NOPE"]}) == []
    assert symbols(server, f={"symbols": []}) == []
    assert symbols(server, f={"quality": []}) == []
    assert server.premium("btc")["symbol"] == "BTC"


def test_bounds_on_percent_are_of_the_official_basis(server: Server) -> None:
    whole = nodes(server)
    known = {n["symbol"]: Fraction(n["percent"]) for n in whole if n["percent"]}
    for low, high in (("1", "3"), ("1.010101", None), (None, "1.010101"), ("3", "1")):
        expected = sorted(
            s
            for s, p in known.items()
            if (low is None or p >= Fraction(low))
            and (high is None or p <= Fraction(high))
        )
        found = symbols(server, f={"minPercent": low, "maxPercent": high})
        assert found == expected, (low, high)
    assert "USDT" not in symbols(server, f={"minPercent": "-1000"})


def test_the_bound_on_volume_is_on_the_domestic_one(server: Server) -> None:
    assert "BTC" in symbols(server, f={"minQuoteVolume24h": "95078733694.3792"})
    assert "BTC" not in symbols(server, f={"minQuoteVolume24h": "95078733694.37921"})
    # Without a domestic price there is no volume either.
    assert "AHT" not in symbols(server, f={"minQuoteVolume24h": "0"})


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ("btc", {"BTC"}),
        ("비트코인", {"BTC"}),
        ("비트", {"BTC", "BTT"}),
        ("ㅂㅌㅋㅇ", {"BTC"}),
        ("ㅂㅌ", {"BTC", "BTT"}),
        ("ㅂ트코", {"BTC"}),
        ("bitc", {"BTC"}),
        ("BIT", {"BTC", "BTT"}),
        ("이더", {"ETH"}),
        ("ㅇㄷㄹㅇ", {"ETH"}),
        ("유에스디", {"USDC"}),
        ("nothing at all", set()),
    ],
)
def test_coins_are_found_by_symbol_names_and_initials(
    server: Server, search: str, expected: set[str]
) -> None:
    found = server.ask(
        "query($s: String) { coins(filter: {search: $s}) { edges { node { symbol }"
        " } } }",
        s=search,
    )
    assert {e["node"]["symbol"] for e in found["coins"]["edges"]} == expected


def test_coins_by_exchange_warning_and_order(server: Server) -> None:
    document = """query($f: CoinFilter, $o: CoinOrder) {
      coins(filter: $f, orderBy: $o, first: 1000) {
        totalCount edges { node { symbol koreanName } } } }"""

    def coins(**variables: Any) -> list[str]:
        edges = server.ask(document, **variables)["coins"]["edges"]
        return [edge["node"]["symbol"] for edge in edges]

    everyone = coins()
    assert everyone == sorted(everyone)
    assert set(everyone) == set(symbols(server))
    assert set(coins(f={"exchange": "UPBIT"})) == set(everyone)
    on_binance = set(coins(f={"exchange": "BINANCE"}))
    assert {"BTC", "BTT", "ZIL", "QTUM"} <= on_binance
    assert not {"AQT", "USDT", "META"} & on_binance
    assert coins(f={"warning": "GLOBAL_PRICE_DIFFERENCES"}) == ["WAVES"]
    assert coins(f={"warning": "DELISTING"}) == []
    assert coins(f={"symbols": []}) == []
    assert coins(f={"symbols": ["eth", "nope"]}) == ["ETH"]
    descending = coins(o={"field": "SYMBOL", "direction": "DESC"})
    assert descending == everyone[::-1]
    by_name = coins(o={"field": "KOREAN_NAME"})
    assert set(by_name) == set(everyone)
    assert by_name.index("BTC") < by_name.index("ETH")  # 비 before 이
    assert by_name != descending


def test_explicit_null_means_the_default(server: Server) -> None:
    answer = server.ask(
        """{
          nothing: premiums(filter: null, orderBy: null, first: null, after: null)
            { totalCount edges { node { symbol } } }
          inner: premiums(filter: {symbols: null, quality: null, minPercent: null,
              maxPercent: null, minQuoteVolume24h: null})
            { totalCount edges { node { symbol } } }
          coins(filter: null, orderBy: null, first: null, after: null)
            { totalCount }
          found: coins(filter: {search: null, symbols: null, exchange: null,
              warning: null}) { totalCount }
          plain: premiums { totalCount edges { node { symbol } } }
        }"""
    )
    assert answer["nothing"] == answer["plain"] == answer["inner"]
    assert answer["coins"] == answer["found"]
    assert answer["plain"]["totalCount"] == len(symbols(server))
    variables = {"f": None, "o": None, "n": None, "a": None}
    page = server.ask(PAGE, **variables)["premiums"]
    found = [e["node"]["symbol"] for e in page["edges"]]
    assert found == [e["node"]["symbol"] for e in answer["plain"]["edges"]]
