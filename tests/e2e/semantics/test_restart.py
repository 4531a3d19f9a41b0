"""Nothing evaporates: three lives of one server on its embedded database.

In the second life no venue can be reached at first; then they are back with another
list of markets. The second life ends by kill -9.
"""

import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.semantics import expect
from tests.e2e.semantics.server import PREMIUM, Events, Server, serving
from tests.e2e.semantics.venue import Raw, stamp_ms
from tests.e2e.semantics.world import World, dunamu

UPDATE = f"""subscription {{ premiums(throttleMs: 100) {{
  seq snapshot removed premiums {PREMIUM} }} }}"""
COINS = """{ coins(first: 1000) { edges { node {
  symbol koreanName englishName warnings premium { symbol }
  listings { exchange market tradable since until }
} } } }"""
HEALED_LIMIT_S = 40.0


@dataclass
class Life:
    """What was seen in one life of the server."""

    board: dict[str, Any] = field(default_factory=dict)
    coins: dict[str, Any] = field(default_factory=dict)
    rates: list[Any] = field(default_factory=list)
    health: Any = None
    updates: list[Any] = field(default_factory=list)
    after: dict[str, Any] = field(default_factory=dict)
    coins_after: dict[str, Any] = field(default_factory=dict)
    exit_code: int | None = None


@dataclass(frozen=True)
class Lives:
    """All three, in order."""

    first: Life
    second: Life
    third: Life


def coins_of(server: Server) -> dict[str, Any]:
    """Return every coin by symbol."""
    edges = server.ask(COINS)["coins"]["edges"]
    return {edge["node"]["symbol"]: edge["node"] for edge in edges}


def list_markets(world: World) -> None:
    """List what exists in the first life."""
    world.coin("DOGE", "201.5", "0.1501")
    world.coin("BTC", "52000000", "39000", korean="비트코인", english="Bitcoin")
    world.coin("ETH", "3456000", "2600", korean="이더리움", english="Ethereum")
    world.coin("XRP", "3456", "2.61", korean="엑스알피", english="XRP")
    world.upbit.add("AQT", "1500", korean="알파쿼크", english="Alpha Quark")
    world.upbit.add("USDT", "1320")
    world.upbit.add("ZIL", "20")
    world.binance.add("ZIL", "0.015", status="BREAK")
    world.rates["main/v1/forex/recent"] = dunamu("1300", stamp_ms())


def change_markets(world: World) -> None:
    """Delist XRP, list ADA, tell worse names, an older trade and a warning."""
    del world.upbit.listed["KRW-XRP"], world.upbit.rows["KRW-XRP"]
    world.coin("ADA", "1310", "1.0", korean="에이다", english="Ada")
    world.upbit.listed["KRW-ETH"] |= {"korean_name": "Ethereum", "english_name": ""}
    world.upbit.listed["KRW-BTC"]["market_event"]["warning"] = True
    row = world.upbit.rows["KRW-ETH"]
    world.upbit.rows["KRW-ETH"] = {
        **row,
        "trade_price": Raw("1"),
        "trade_timestamp": row["trade_timestamp"] - 3_600_000,
    }


def reachable(world: World, yes: bool) -> None:
    """Let everything answer, or nothing."""
    for venue in (world.upbit, world.binance):
        venue.accepts, venue.rest_status = yes, 200 if yes else 503
    world.rates_fail = not yes


def first_life(world: World, folder: Path) -> Life:
    life = Life()
    with serving(folder, world.settings()) as server:
        server.wait_live("DOGE", "BTC", "ETH", "XRP")
        with server.events() as events:
            name = events.subscribe(UPDATE)
            life.updates.append(events.data(name))
            for number in range(5):
                krw = str(52_000_001 + number)
                world.do(world.upbit.push("BTC", trade_price=Raw(krw)))
                life.updates.append(events.data(name))
        server.premium_when("BTC", lambda p: p["domestic"]["price"] == "52000005")
        life.board, life.coins = server.board(), coins_of(server)
        life.rates = server.ask("{ fxRates { base rate source quality asOf } }")[
            "fxRates"
        ]
        life.exit_code = server.stop()
    return life


def second_life(world: World, folder: Path) -> Life:
    life = Life()
    reachable(world, False)
    with serving(folder, world.settings()) as server:
        life.board, life.coins = server.board(), coins_of(server)
        life.rates = server.ask("{ fxRates { base rate source quality asOf } }")[
            "fxRates"
        ]
        with server.events() as events:
            name = events.subscribe(UPDATE)
            life.updates.append(events.data(name))
            change_markets(world)
            reachable(world, True)
            gather(events, name, life)
        server.premium_when(
            "ETH", lambda p: p["domestic"]["quality"] == "LIVE", "ETH", HEALED_LIMIT_S
        )
        server.premium_when(
            "DOGE", lambda p: p["quality"] == "LIVE", "DOGE LIVE", HEALED_LIMIT_S
        )
        for number in range(3):
            krw = str(52_000_010 + number)
            world.do(world.upbit.push("BTC", trade_price=Raw(krw)))
            server.at_price("BTC", krw)
        life.after, life.coins_after = server.board(), coins_of(server)
        with server.events() as events:
            life.updates.append(events.data(events.subscribe(UPDATE)))
        server.stop(signal.SIGKILL)
    return life


def gather(events: Events, name: str, life: Life) -> None:
    """Collect events until XRP was removed and ADA is LIVE."""
    deadline = time.monotonic() + HEALED_LIMIT_S
    removed = live = False
    while not (removed and live):
        update = events.data(name, max(0.0, deadline - time.monotonic()))
        life.updates.append(update)
        removed = removed or "XRP" in update["removed"]
        told = {p["symbol"]: p for p in update["premiums"]}
        live = live or ("ADA" in told and told["ADA"]["quality"] == "LIVE")


def third_life(world: World, folder: Path) -> Life:
    life = Life()
    with serving(folder, world.settings()) as server:
        with server.events() as events:
            life.updates.append(events.data(events.subscribe(UPDATE)))
        life.board = server.board()
        server.wait_live("BTC")
        life.after = server.board()
        life.exit_code = server.stop()
    return life


@pytest.fixture(scope="module")
def lives(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lives]:
    folder = tmp_path_factory.mktemp("lives")
    with World() as world:
        list_markets(world)
        first = first_life(world, folder)
        second = second_life(world, folder)
        third = third_life(world, folder)
        yield Lives(first, second, third)


def test_a_server_that_is_told_to_stop_exits_with_0(lives: Lives) -> None:
    assert lives.first.exit_code == 0
    assert lives.third.exit_code == 0


def test_every_coin_is_there_with_price_age_and_reason(lives: Lives) -> None:
    before, after = lives.first.board, lives.second.board
    assert set(after) == set(before)
    for symbol, old in before.items():
        new = after[symbol]
        for side in ("domestic", "global"):
            if old[side] is None:
                assert new[side] is None
                continue
            for kept in ("market", "price", "exchangeTime"):
                assert new[side][kept] == old[side][kept], (symbol, side)
            assert new[side]["channel"] == "CACHE"
            assert new[side]["quality"] == "STALE"
            assert new[side]["ageMs"] > 0
        assert new["reason"] is not None


def test_numbers_and_their_instant_stay(lives: Lives) -> None:
    for symbol in ("DOGE", "BTC", "ETH", "XRP"):
        old, new = lives.first.board[symbol], lives.second.board[symbol]
        assert (new["quality"], new["reason"]) == ("STALE", "DOMESTIC_STALE")
        for kept in ("percent", "absoluteKrw", "at", "signConflict"):
            assert new[kept] == old[kept], (symbol, kept)
        assert [b["percent"] for b in new["bases"]] == [
            b["percent"] for b in old["bases"]
        ]
        assert new["lastLiveAt"] is not None
        assert new["lastLiveAt"] >= old["lastLiveAt"]


def test_reasons_without_numbers_stay(lives: Lives) -> None:
    board = lives.second.board
    assert board["AQT"]["reason"] == "NO_GLOBAL_MARKET"
    assert board["USDT"]["reason"] == "NO_GLOBAL_MARKET"
    assert board["ZIL"]["reason"] == "HALTED"


def test_rates_are_restored_as_stale(lives: Lives) -> None:
    told = [(r["base"], r["rate"], r["quality"]) for r in lives.second.rates]
    assert told == [
        ("USD", "1300", "STALE"),
        ("USDT", "1320", "STALE"),
    ]
    assert lives.second.rates[0]["asOf"] == lives.first.rates[0]["asOf"]


def test_a_basis_without_a_rate_is_missing_by_itself(lives: Lives) -> None:
    # These venues list no USDC.
    premium = lives.first.board["BTC"]
    assert premium["quality"] == "LIVE"
    assert premium["bases"][2] == {
        "basis": "KRW_USDC",
        "percent": None,
        "absoluteKrw": None,
        "quality": "UNAVAILABLE",
        "reason": "FX_MISSING",
        "fx": None,
    }


def test_coins_come_from_the_database(lives: Lives) -> None:
    assert lives.second.coins == lives.first.coins
    assert lives.second.coins["BTC"]["koreanName"] == "비트코인"


def test_counts_of_coins_never_go_down(lives: Lives) -> None:
    boards = [
        lives.first.board,
        lives.second.board,
        lives.second.after,
        lives.third.board,
        lives.third.after,
    ]
    for earlier, later in pairwise(boards):
        for symbol in set(earlier) & set(later):
            assert later[symbol]["seq"] >= earlier[symbol]["seq"], symbol
    # Another version of a coin has another number, over every restart.
    seen: dict[tuple[str, int], Any] = {}
    for board in boards:
        for symbol, premium in board.items():
            version = [premium["quality"], premium["domestic"] and premium["percent"]]
            assert seen.setdefault((symbol, premium["seq"]), version) == version


def test_counts_of_ticks_never_go_down(lives: Lives) -> None:
    seqs = [
        update["seq"]
        for life in (lives.first, lives.second, lives.third)
        for update in life.updates
    ]
    assert seqs == sorted(seqs)
    firsts = [life.updates[0]["seq"] for life in (lives.second, lives.third)]
    lasts = [life.updates[-1]["seq"] for life in (lives.first, lives.second)]
    assert all(new >= old for new, old in zip(firsts, lasts, strict=True))


def test_a_delisted_coin_leaves_the_board_and_stays_a_coin(lives: Lives) -> None:
    removed = [s for update in lives.second.updates for s in update["removed"]]
    assert removed == ["XRP"]
    snapshot = lives.second.updates[0]
    assert "XRP" in {p["symbol"] for p in snapshot["premiums"]}
    assert "XRP" not in lives.second.after
    coin = lives.second.coins_after["XRP"]
    assert coin["koreanName"] == "엑스알피"
    assert coin["premium"] is None
    listings = {item["exchange"]: item for item in coin["listings"]}
    assert listings["UPBIT"]["until"] is not None
    assert listings["UPBIT"]["tradable"] is False
    assert listings["BINANCE"]["until"] is None
    assert "XRP" not in lives.third.board


def test_a_new_listing_appears_with_the_date_it_was_seen(lives: Lives) -> None:
    ada = lives.second.after["ADA"]
    assert ada["quality"] == "LIVE"
    assert ada["percent"] == expect.percent("1310", "1.0", 1300)
    listings = lives.second.coins_after["ADA"]["listings"]
    assert all(item["since"] is not None for item in listings)
    known = lives.second.coins_after["BTC"]["listings"]
    assert all(item["since"] is None for item in known), "they stood there before us"


def test_a_good_name_is_not_overwritten_by_a_worse_one(lives: Lives) -> None:
    coin = lives.second.coins_after["ETH"]
    assert (coin["koreanName"], coin["englishName"]) == ("이더리움", "Ethereum")


def test_a_warning_is_taken_over(lives: Lives) -> None:
    assert lives.second.coins["BTC"]["warnings"] == []
    assert lives.second.coins_after["BTC"]["warnings"] == ["INVESTMENT_WARNING"]


def test_an_older_trade_does_not_replace_the_stored_one(lives: Lives) -> None:
    leg = lives.second.after["ETH"]["domestic"]
    assert leg["price"] == "3456000"
    assert leg["exchangeTime"] == lives.first.board["ETH"]["domestic"]["exchangeTime"]
    assert leg["quality"] == "LIVE"


def test_a_killed_server_comes_back_with_its_board(lives: Lives) -> None:
    board = lives.third.board
    assert set(board) == set(lives.second.after)
    assert board["ETH"]["domestic"]["price"] == "3456000"
    assert lives.third.after["BTC"]["quality"] == "LIVE"
    assert lives.third.after["BTC"]["domestic"]["price"] == "52000012"
