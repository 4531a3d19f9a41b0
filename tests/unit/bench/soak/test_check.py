from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from adapters.simulator.market import Market
from bench.soak.check import (
    Checker,
    Moment,
    disagreements,
    moment_of,
    refused,
    unheard_spans,
)
from bench.soak.story import Act
from bench.soak.truth import Truth

START_MS = 1_795_000_000_000
NOW_MS = START_MS + 60_000
BOUNDS_S = {"upbit": 4.0, "binance": 3.0}
CALM = Moment(NOW_MS, NOW_MS + 20)


def iso(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat()


@pytest.fixture
def market() -> Market:
    """A market whose BTC trades at 50,000,000 for long, and at 51,000,000 just now."""
    market = Market(seed=1, rate=0, coins=4, start_ms=START_MS)
    truth = Truth(market)
    setattr(market, "advance", truth.listen())  # noqa: B010 - mypy refuses `market.advance =`
    market.truth = truth  # type: ignore[attr-defined] # handed on with the market
    for at_ms, price in ((START_MS + 1, 50_000_000), (NOW_MS - 500, 51_000_000)):
        for _ in market.advance(at_ms):
            pass
        market.trade("upbit", "KRW-BTC", str(price))
        for _ in market.advance(at_ms):
            pass
    return market


@pytest.fixture
def checker(market: Any) -> Checker:
    return Checker(market.truth, BOUNDS_S)


@pytest.fixture
def coin(market: Market) -> dict[str, Any]:
    """The right answer."""
    dollars = market.instrument("binance", "BTCUSDT")
    fresh = {"quality": "LIVE", "receivedAt": iso(NOW_MS - 100), "channel": "REST"}
    return {
        "symbol": "BTC",
        "seq": 7,
        "percent": "1.5",
        "quality": "LIVE",
        "reason": None,
        "domestic": {
            **fresh,
            "market": "KRW-BTC",
            "price": "51000000",
            "exchangeTime": iso(NOW_MS - 500),
        },
        "global": {
            **fresh,
            "market": "BTCUSDT",
            "price": str(market.price("binance", "BTCUSDT")),
            "exchangeTime": iso(dollars.time_ms),
        },
        "bases": [{"fx": {"quality": "LIVE"}}],
    }


def wrong(checker: Checker, coin: Any, moment: Moment = CALM) -> list[str]:
    return list(checker.wrong([coin], moment))


def test_the_truth_is_not_blamed(checker: Checker, coin: Any) -> None:
    assert wrong(checker, coin) == []


def test_a_live_price_of_another_time_is_wrong(checker: Checker, coin: Any) -> None:
    coin["domestic"]["price"] = "49000000"
    assert "KRW-BTC is LIVE at 49000000" in wrong(checker, coin)[0]


def test_a_live_price_may_lag_while_its_venue_is_disturbed_but_not_when_calm(
    checker: Checker, coin: Any
) -> None:
    later = Moment(NOW_MS + 3_000, NOW_MS + 3_000)
    disturbed = Moment(NOW_MS + 3_000, NOW_MS + 3_000, frozenset({"upbit"}))
    coin["domestic"] |= {"price": "50000000", "exchangeTime": iso(START_MS + 1)}
    assert "50000000" in wrong(checker, coin, later)[0]
    assert wrong(checker, coin, disturbed) == []


def test_a_busy_machine_is_nobodys_fault(checker: Checker, coin: Any) -> None:
    late_ms = NOW_MS + 3_000
    coin["domestic"] |= {"price": "50000000", "exchangeTime": iso(START_MS + 1)}
    assert wrong(checker, coin, Moment(late_ms, late_ms))
    assert wrong(checker, coin, Moment(late_ms, late_ms, stall_s=2.0)) == []


def test_a_price_with_the_stamp_of_another_is_wrong(
    checker: Checker, coin: Any
) -> None:
    coin["domestic"]["exchangeTime"] = iso(START_MS + 5_000)
    assert "was never 51000000" in wrong(checker, coin)[0]


def test_stamps_of_a_skewed_clock_are_not_compared(checker: Checker, coin: Any) -> None:
    skewed = Moment(NOW_MS, NOW_MS, frozenset(), frozenset({"upbit"}))
    coin["domestic"]["exchangeTime"] = iso(NOW_MS - 30_000)
    assert wrong(checker, coin, skewed) == []
    coin["domestic"] |= {"exchangeTime": iso(NOW_MS + 3_000), "price": "1"}
    assert wrong(checker, coin, skewed) == []
    assert checker.ahead == 1


def test_prices_are_compared_in_the_units_of_the_venue(
    checker: Checker, coin: Any
) -> None:
    checker.multipliers["KRW-BTC"] = Decimal(1000)
    coin["domestic"]["price"] = "51000"
    assert wrong(checker, coin) == []


def test_live_without_a_word_from_the_venue_is_wrong(
    checker: Checker, coin: Any
) -> None:
    coin["domestic"]["receivedAt"] = iso(NOW_MS - 4_900)
    assert wrong(checker, coin) == []
    coin["domestic"]["receivedAt"] = iso(NOW_MS - 5_100)
    assert "upbit was not heard for 5.1 s" in wrong(checker, coin)[0]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"reason": "FX_STALE"}, "LIVE with reason"),
        ({"quality": "STALE"}, "STALE with reason None"),
        ({"quality": "UNAVAILABLE", "reason": "HALTED"}, "with a percent"),
        ({"percent": None}, "without a percent"),
        ({"bases": [{"fx": {"quality": "STALE"}}]}, "its rate is not"),
        ({"bases": [{"fx": None}]}, "its rate is not"),
    ],
)
def test_contradictions_are_found(
    checker: Checker, coin: Any, change: Any, words: str
) -> None:
    assert words in wrong(checker, {**coin, **change})[0]


def test_a_fold_may_be_ahead_but_not_behind_or_different(coin: Any) -> None:
    assert list(disagreements({"BTC": coin}, [coin])) == []
    assert (
        list(disagreements({"BTC": {**coin, "seq": 8, "percent": "2"}}, [coin])) == []
    )
    behind = list(disagreements({"BTC": {**coin, "seq": 6}}, [coin]))
    assert behind == ["BTC: version 7 was never told, known is 6"]
    other = list(disagreements({"BTC": {**coin, "percent": "2"}}, [coin]))
    assert other == ["BTC: version 7 is told and answered differently"]
    assert list(disagreements({}, [coin])) == [
        "BTC: version 7 was never told, known is None"
    ]


def test_what_an_open_socket_swallowed_is_missed_until_the_next_trade(
    checker: Checker, coin: Any
) -> None:
    coin["domestic"] |= {"price": "50000000", "exchangeTime": iso(START_MS + 1)}
    later_ms = NOW_MS + 30_000
    coin["domestic"]["receivedAt"] = coin["global"]["receivedAt"] = iso(later_ms)
    acts = [Act(58.0, "silence", "upbit", 1.0)]
    spans = unheard_spans(acts, START_MS)
    assert spans == [("upbit", START_MS + 56_500, START_MS + 60_500)]
    moment = Moment(later_ms, later_ms, unheard=spans)
    assert wrong(checker, coin, moment) == []
    assert checker.missed == 1
    coin["domestic"]["price"] = "48000000"
    assert wrong(checker, coin, moment)
    other = Moment(later_ms, later_ms, unheard=unheard_spans(acts, START_MS - 9_000))
    coin["domestic"]["price"] = "50000000"
    assert wrong(checker, coin, other)


def test_a_fault_disturbs_its_venue_until_a_little_after_its_end() -> None:
    acts = [Act(10, "cut", "upbit", 5), Act(12, "clock-skew", "binance", 1)]
    linger = {"upbit": 2.0, "binance": 2.0}
    assert moment_of(acts, 16.9, linger) == ({"upbit"}, {"binance"})
    assert moment_of(acts, 17.1, linger) == (frozenset(), {"binance"})
    assert moment_of(acts, 11.0, linger) == ({"upbit"}, frozenset())


@pytest.mark.parametrize(
    ("status", "code", "fine"),
    [
        (200, "UPSTREAM_UNAVAILABLE", True),
        (200, "INTERNAL", False),
        (200, None, False),
        (503, "UPSTREAM_UNAVAILABLE", False),
    ],
)
def test_no_answer_may_be_ours_to_blame(
    status: int, code: str | None, fine: bool
) -> None:
    body = {"errors": [{"message": "m", "extensions": {"code": code}}]}
    assert (not list(refused(status, body))) is fine
    assert not list(refused(200, "metrics text"))
