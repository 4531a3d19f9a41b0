"""Snapshots, deltas, folds and paces of subscriptions (calm venues)."""

import random
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import pytest

from tests.e2e.semantics.server import (
    PREMIUM,
    Events,
    Server,
    timeless,
    until,
)
from tests.e2e.semantics.venue import Raw
from tests.e2e.semantics.world import World

UPDATE = f"""subscription($f: PremiumFilter, $t: Int) {{
  premiums(filter: $f, throttleMs: $t) {{
    seq at snapshot removed premiums {PREMIUM}
  }}
}}"""
SCRATCH = ("APT", "SUI", "SAND", "NEAR")


@dataclass
class Fold:
    """What a client knows who applied every event of one subscription."""

    events: Events
    name: str
    told: dict[str, Any] = field(default_factory=dict)
    seqs: list[int] = field(default_factory=list)

    def take(self, limit_s: float = 15.0) -> Any:
        """Apply the next event and return it."""
        update = self.events.data(self.name, limit_s)
        assert update["snapshot"] is (not self.seqs)
        if self.seqs:
            assert update["seq"] > self.seqs[-1]
            assert update["premiums"] or update["removed"], "an empty event"
        ticks = update["seq"] - self.seqs[-1] if self.seqs else 0
        self.seqs.append(update["seq"])
        changed = [p["symbol"] for p in update["premiums"]]
        assert len(set(changed)) == len(changed)
        assert not set(changed) & set(update["removed"])
        for symbol in update["removed"]:
            assert symbol in self.told, "removed but never told of"
            del self.told[symbol]
        for premium in update["premiums"]:
            known = self.told.get(premium["symbol"])
            # A version per tick at most; a repeated one would be no change.
            assert known is None or 0 < premium["seq"] - known["seq"] <= ticks
            self.told[premium["symbol"]] = premium
        return update

    def drain(self, quiet_s: float) -> None:
        """Apply events until none comes for so long."""
        while not self.events.is_quiet(self.name, quiet_s):
            self.take()


@contextmanager
def folding(server: Server, wanted: Any, throttle: int | None = 100) -> Iterator[Fold]:
    """Subscribe and take the snapshot."""
    with server.events() as events:
        fold = Fold(events, events.subscribe(UPDATE, f=wanted, t=throttle))
        fold.take()
        yield fold


def price(server: Server, world: World, symbol: str, krw: str) -> Any:
    """Trade on Upbit and return the premium that shows it."""
    world.do(world.upbit.push(symbol, trade_price=Raw(krw)))
    return server.premium_when(
        symbol,
        lambda p: Fraction(p["domestic"]["price"]) == Fraction(krw),
        f"{symbol} at {krw}",
    )


def test_the_first_event_is_the_whole_board(server: Server) -> None:
    with folding(server, None) as fold:
        board = server.board()
        assert timeless(fold.told) == timeless(board)
        assert list(fold.told) == sorted(fold.told)


def test_later_events_hold_only_what_changed_and_that_complete(
    server: Server, world: World
) -> None:
    with folding(server, None) as fold:
        after = price(server, world, "APT", "13010")
        update = fold.take()
        assert [p["symbol"] for p in update["premiums"]] == ["APT"]
        assert update["removed"] == []
        assert timeless(update["premiums"][0]) == timeless(after)


def test_a_version_is_counted_once(server: Server, world: World) -> None:
    with server.events() as events:
        name = events.subscribe(
            'subscription { premium(symbol: "apt") { symbol seq domestic { price } } }'
        )
        first = events.data(name)
        assert first["symbol"] == "APT"
        for number in range(5):
            krw = str(13020 + number)
            world.do(world.upbit.push("APT", trade_price=Raw(krw)))
            told = events.data(name)
            assert told["domestic"]["price"] == krw
            assert told["seq"] == first["seq"] + number + 1


def test_what_says_nothing_new_makes_no_event(server: Server, world: World) -> None:
    with folding(server, {"symbols": ["APT", "DOGE"]}) as fold:
        # The beats repeat DOGE four times a second, ages grow, receivedAt moves.
        frame = world.upbit.frame("KRW-APT", "REALTIME", "SIMPLE")
        world.do(world.upbit.raw(frame))
        assert fold.events.is_quiet(fold.name, 2.0)


def test_a_repeated_trade_at_the_same_price_is_a_change(
    server: Server, world: World
) -> None:
    before = price(server, world, "APT", "13030")
    with folding(server, {"symbols": ["APT"]}) as fold:
        world.do(world.upbit.push("APT"))
        (told,) = fold.take()["premiums"]
        assert told["domestic"]["price"] == before["domestic"]["price"]
        assert told["domestic"]["exchangeTime"] > before["domestic"]["exchangeTime"]


def test_other_coins_do_not_disturb_a_filter_on_symbols(
    server: Server, world: World
) -> None:
    with folding(server, {"symbols": ["apt", "NOPE"]}) as fold:
        assert list(fold.told) == ["APT"]
        price(server, world, "SUI", "13040")
        assert fold.events.is_quiet(fold.name, 1.0)
        price(server, world, "APT", "13041")
        assert [p["symbol"] for p in fold.take()["premiums"]] == ["APT"]


def test_an_empty_list_of_symbols_matches_nothing(server: Server, world: World) -> None:
    with folding(server, {"symbols": []}) as fold:
        assert fold.told == {}
        price(server, world, "APT", "13050")
        assert fold.events.is_quiet(fold.name, 1.0)


def test_a_coin_that_leaves_the_filter_is_removed_once_and_comes_back_whole(
    server: Server, world: World
) -> None:
    price(server, world, "SUI", "13100")
    wanted = {"symbols": ["SUI"], "minPercent": "1"}
    with folding(server, wanted) as fold:
        assert list(fold.told) == ["SUI"]
        price(server, world, "SUI", "12000")
        update = fold.take()
        assert (update["removed"], update["premiums"]) == (["SUI"], [])
        price(server, world, "SUI", "12001")
        assert fold.events.is_quiet(fold.name, 1.0), "removed is not told again"
        after = price(server, world, "SUI", "13200")
        update = fold.take()
        assert update["removed"] == []
        assert timeless(update["premiums"]) == [timeless(after)]


def test_a_percent_that_becomes_null_leaves_a_percent_filter(
    server: Server, world: World
) -> None:
    price(server, world, "SUI", "13200")
    wanted = {"symbols": ["SUI"], "minPercent": "-100"}
    with folding(server, wanted) as fold, folding(server, {"symbols": ["SUI"]}) as all_:
        world.do(world.upbit.push("SUI", market_state="PREVIEW"))
        try:
            # A last event of the price before may still be on its way.
            update = fold.take()
            while not update["removed"]:
                update = fold.take()
            assert update["removed"] == ["SUI"]
            update = all_.take()
            while update["premiums"][0]["percent"] is not None:
                update = all_.take()
            assert update["removed"] == []
            assert update["premiums"][0]["percent"] is None
            assert update["premiums"][0]["reason"] == "HALTED"
        finally:
            world.do(world.upbit.push("SUI", market_state="ACTIVE"))
        assert [p["symbol"] for p in fold.take()["premiums"]] == ["SUI"]
        assert [p["symbol"] for p in all_.take()["premiums"]] == ["SUI"]


def test_a_rate_marks_every_coin_with_a_global_leg_in_one_event(
    server: Server, world: World
) -> None:
    with folding(server, None) as fold:
        before = dict(fold.told)
        world.do(world.upbit.push("USDT", trade_price=Raw("1321")))
        try:
            update = fold.take()
        finally:
            world.do(world.upbit.push("USDT", trade_price=Raw("1320")))
        told = {p["symbol"]: p for p in update["premiums"]}
        with_global = {s for s, p in before.items() if p["bases"][1]["fx"] is not None}
        assert {"BTC", "ETH", "SATS", "USDC"} <= with_global
        assert set(told) == with_global | {"USDT"}
        rates = {p["bases"][1]["fx"]["rate"] for s, p in told.items() if s != "USDT"}
        assert rates == {"1321"}
        for symbol, premium in told.items():
            assert premium["seq"] == before[symbol]["seq"] + 1
            assert premium["percent"] == before[symbol]["percent"], "official stays"
        back = {p["symbol"]: p for p in fold.take()["premiums"]}
        assert back["ETH"]["bases"][1]["fx"]["rate"] == "1320"


FILTERS: list[dict[str, Any] | None] = [
    None,
    {"minPercent": "1"},
    {"maxPercent": "1.2"},
    {"minPercent": "0.5", "maxPercent": "2"},
    {"quality": ["LIVE"]},
    {"quality": ["UNAVAILABLE", "STALE"]},
    {"quality": ["LIVE"], "minPercent": "0"},
    {"minQuoteVolume24h": "1000500"},
    {"symbols": ["APT", "sui", "USDT", "NOPE"]},
    {"symbols": [], "quality": []},
]


def test_the_fold_of_events_equals_the_query_under_every_filter(
    server: Server, world: World
) -> None:
    dice = random.Random(7)
    with ExitStack() as stack:
        folds = [
            stack.enter_context(folding(server, wanted, dice.choice((100, 300, 500))))
            for wanted in FILTERS
        ]
        for turn in range(80):
            symbol = dice.choice(SCRATCH)
            krw = Raw(str(dice.randint(12_700, 13_400)))
            volume = Raw(f"{dice.randint(999_000, 1_002_000)}.5000000000000000")
            state = dice.choice(("ACTIVE", "ACTIVE", "ACTIVE", "PREVIEW"))
            world.do(
                world.upbit.push(
                    symbol,
                    trade_price=krw,
                    acc_trade_price_24h=volume,
                    market_state=state,
                )
            )
            if dice.random() < 0.4:
                usdt = f"{dice.uniform(9.7, 10.1):.4f}"
                world.do(world.binance.push(symbol, lastPrice=usdt))
            if turn % 4 == 0:  # some in ticks of their own, some together
                server.at_price(symbol, krw.text)
        for symbol in SCRATCH:
            price(server, world, symbol, "13010")
            changes = {"trade_price": Raw("13011"), "market_state": "ACTIVE"}
            world.do(world.upbit.push(symbol, **changes))
            server.premium_when(symbol, lambda p: p["domestic"]["price"] == "13011")
        for fold, wanted in zip(folds, FILTERS, strict=True):
            fold.drain(0.8)  # longer than the longest throttle here
            assert timeless(fold.told) == timeless(query(server, wanted)), wanted
        # Removals happened and were told (BTC never moves: its fold stays).
        assert len({len(fold.seqs) for fold in folds}) > 1


def query(server: Server, wanted: dict[str, Any] | None) -> dict[str, Any]:
    """Return what the query with the same filter says, by symbol."""
    document = f"""query($f: PremiumFilter) {{ premiums(filter: $f, first: 1000) {{
      edges {{ node {PREMIUM} }} }} }}"""
    edges = server.ask(document, f=wanted)["premiums"]["edges"]
    return {edge["node"]["symbol"]: edge["node"] for edge in edges}


def test_changes_within_a_throttle_are_one_event_with_the_last_values(
    server: Server, world: World
) -> None:
    with folding(server, {"symbols": ["APT", "SUI"]}, 3000) as fold:
        # Quiet for longer than the throttle: the next change goes out at once.
        assert fold.events.is_quiet(fold.name, 3.3)
        price(server, world, "APT", "13060")
        update = fold.take(2.0)
        assert [p["symbol"] for p in update["premiums"]] == ["APT"]
        price(server, world, "APT", "13061")
        price(server, world, "SUI", "13062")
        last = price(server, world, "APT", "13063")
        update = fold.take(6.0)
        told = {p["symbol"]: p for p in update["premiums"]}
        assert set(told) == {"APT", "SUI"}
        assert told["APT"]["domestic"]["price"] == "13063"
        assert told["APT"]["seq"] == last["seq"]
        assert fold.events.is_quiet(fold.name, 1.0)


def test_two_operations_share_a_socket_and_end_singly(
    server: Server, world: World
) -> None:
    with server.events() as events:
        document = 'subscription { premium(symbol: "APT") { domestic { price } } }'
        one, two = events.subscribe(document), events.subscribe(document)
        assert events.data(one) == events.data(two)
        events.complete(one)
        price(server, world, "APT", "13070")
        assert events.data(two)["domestic"]["price"] == "13070"
        assert events.is_quiet(one, 0.5)


@pytest.mark.parametrize("symbol", ["NOPE", "", "KRW-BTC", "한글"])
def test_an_unknown_symbol_is_one_error_not_found(server: Server, symbol: str) -> None:
    with server.events() as events:
        name = events.subscribe(
            "subscription($s: String!) { premium(symbol: $s) { seq } }", s=symbol
        )
        message = events.message(name)
        assert message["type"] == "error"
        (error,) = message["payload"]
        assert error["extensions"]["code"] == "NOT_FOUND"
        assert events.is_quiet(name, 0.7), "one error and nothing else"
        again = events.subscribe('subscription { premium(symbol: "btc") { symbol } }')
        assert events.data(again) == {"symbol": "BTC"}


def test_events_carry_the_servers_time(server: Server) -> None:
    with server.events() as events:
        name = events.subscribe('subscription { premium(symbol: "BTC") { seq } }')
        payload = events.message(name)["payload"]
        assert payload["extensions"]["serverTime"]


def test_ages_are_written_at_send_time(server: Server, world: World) -> None:
    # ETH has not traded for a while; a new subscriber must not get the old age.
    document = 'subscription { premium(symbol: "ETH") { domestic { ageMs } } }'
    with server.events() as events:
        first = events.data(events.subscribe(document))["domestic"]["ageMs"]

        def grown() -> bool:
            told = events.data(events.subscribe(document))["domestic"]["ageMs"]
            return bool(told > first)

        until(grown, "the age of a later snapshot is larger")


def test_health_tells_its_state_at_once(server: Server) -> None:
    with server.events() as events:
        name = events.subscribe(
            "subscription { health { status upstreams { name status } } }"
        )
        first = events.data(name, 5.0)
        assert {u["name"] for u in first["upstreams"]} >= {"upbit.rest", "fx.dunamu"}
