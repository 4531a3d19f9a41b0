from collections.abc import Mapping

import pytest
from multidict import CIMultiDict

from adapters.resilience.budget import (
    BINANCE_RULE,
    MODEST_RULE,
    UPBIT_RULE,
    WINDOW_MARGIN_S,
    YIELD_S,
    LimitRule,
    RequestBudget,
    Window,
)

NONE: Mapping[str, str] = CIMultiDict()


def tell(
    budget: RequestBudget,
    group: str,
    status: int,
    now_s: float,
    headers: Mapping[str, str] | None = None,
    body: str = "",
) -> None:
    budget.answered(
        group, status, CIMultiDict(headers or {}), now_ms=0, now_s=now_s, body=body
    )


def fill(budget: RequestBudget, group: str, now_s: float, weight: int = 1) -> int:
    """Send as much as is allowed now; return how many requests that were."""
    sent = 0
    while budget.wait_s(group, weight, now_s) == 0 and sent < 10_000:
        budget.take(group, weight, now_s)
        sent += 1
    return sent


def remaining(group: str, left: int) -> dict[str, str]:
    return {"remaining-req": f"group={group}; min=600; sec={left}"}


def test_ten_requests_a_second_and_group_go_out_and_the_eleventh_waits() -> None:
    budget = RequestBudget(UPBIT_RULE)
    assert fill(budget, "ticker", 5.0) == 10
    assert budget.wait_s("ticker", 1, 5.0) == pytest.approx(1 + WINDOW_MARGIN_S)
    assert fill(budget, "candle", 5.0) == 10
    assert fill(budget, "ticker", 5.0 + 1 + WINDOW_MARGIN_S) == 10


def test_the_window_slides() -> None:
    budget = RequestBudget(UPBIT_RULE)
    for tenth in range(10):
        budget.take("ticker", 1, tenth / 10)
    assert budget.wait_s("ticker", 1, 0.95) == pytest.approx(0.05 + WINDOW_MARGIN_S)
    assert budget.wait_s("ticker", 3, 0.95) == pytest.approx(0.25 + WINDOW_MARGIN_S)


def test_weights_share_one_window_where_the_venue_counts_by_address() -> None:
    budget = RequestBudget(BINANCE_RULE)
    assert fill(budget, "klines", 0.0, weight=80) == 75
    assert budget.wait_s("ticker", 1, 30.0) > 0
    assert budget.wait_s("ticker", 1, 61.0) == 0


def test_a_process_that_is_not_the_live_feed_takes_at_most_half() -> None:
    budget = RequestBudget(BINANCE_RULE, share=0.5)
    assert budget.own_limit == 3_000
    assert fill(budget, "klines", 0.0, weight=2) == 1_500
    assert RequestBudget(UPBIT_RULE, share=0.01).own_limit == 1


@pytest.mark.parametrize("share", [0, -1, 1.01])
def test_a_share_is_a_part(share: float) -> None:
    with pytest.raises(ValueError, match="share"):
        RequestBudget(UPBIT_RULE, share)


@pytest.mark.parametrize(("limit", "window_s"), [(0, 1.0), (1, 0.0)])
def test_a_rule_allows_something(limit: int, window_s: float) -> None:
    with pytest.raises(ValueError, match="positive"):
        LimitRule(limit, window_s, per_address=True)


def test_a_request_heavier_than_the_limit_goes_alone() -> None:
    budget = RequestBudget(MODEST_RULE)
    assert budget.wait_s("x", 50, 0.0) == 0
    budget.take("x", 50, 0.0)
    assert budget.wait_s("x", 1, 0.5) > 0
    budget.take("x", 1, 2.0)
    assert budget.wait_s("x", 50, 2.5) == pytest.approx(0.5 + WINDOW_MARGIN_S)


def test_the_venue_s_word_counts_where_others_use_the_address_too() -> None:
    budget = RequestBudget(UPBIT_RULE)
    budget.take("ticker", 1, 0.0)
    tell(budget, "ticker", 200, 0.1, remaining("ticker", 2))
    assert fill(budget, "ticker", 0.2) == 2
    assert budget.wait_s("ticker", 1, 0.2) == pytest.approx(0.9 + WINDOW_MARGIN_S)
    assert fill(budget, "ticker", 1.2) > 0


def test_nothing_is_sent_for_the_rest_of_the_second_when_none_remain() -> None:
    budget = RequestBudget(UPBIT_RULE)
    tell(budget, "ticker", 200, 0.0, remaining("ticker", 0))
    assert budget.wait_s("ticker", 1, 0.5) > 0.5
    assert budget.wait_s("ticker", 1, 1.1) == 0


def test_used_weight_beyond_the_limit_waits_for_the_minute() -> None:
    budget = RequestBudget(BINANCE_RULE)
    tell(budget, "x", 200, 0.0, {"x-mbx-used-weight-1m": "5990"})
    assert budget.wait_s("x", 10, 1.0) == 0
    assert budget.wait_s("x", 20, 1.0) == pytest.approx(59 + WINDOW_MARGIN_S)
    tell(budget, "x", 200, 2.0, {"x-mbx-used-weight-1m": "4"})
    assert budget.wait_s("x", 20, 2.0) == 0


def test_two_of_our_groups_that_are_one_of_theirs_share_its_window() -> None:
    budget = RequestBudget(UPBIT_RULE)
    for group in ("minutes", "days"):
        for _ in range(4):
            budget.take(group, 1, 0.0)
    tell(budget, "minutes", 200, 0.1, remaining("candles", 9))
    tell(budget, "days", 200, 0.1, remaining("candles", 9))
    assert fill(budget, "days", 0.2) == 2
    assert fill(budget, "minutes", 0.2) == 0
    assert fill(budget, "ticker", 0.2) == 10


def test_a_group_that_they_rename_keeps_its_hold() -> None:
    budget = RequestBudget(UPBIT_RULE)
    tell(budget, "t", 429, 0.0, {"Retry-After": "9"})
    for left, name in enumerate(("a", "b", "a", "c")):
        tell(budget, "t", 200, 1.0, remaining(name, left + 5))
    assert budget.hold_s("t", 1.0) == 8.0


def test_group_names_beyond_the_bound_are_not_learned() -> None:
    budget = RequestBudget(UPBIT_RULE)
    for number in range(70):
        tell(budget, f"g{number}", 200, 0.0, remaining("same", 9))
    budget.take("g0", 9, 0.0)
    assert fill(budget, "g63", 0.0) == 0
    assert fill(budget, "g69", 0.0) == 9


@pytest.mark.parametrize(
    "header",
    ["", "group=; sec=3", "group=x", "group=x; sec=-1", "group=x; sec=٣", ";;=;"],
)
def test_a_remaining_header_that_makes_no_sense_is_ignored(header: str) -> None:
    budget = RequestBudget(UPBIT_RULE)
    tell(budget, "t", 200, 0.0, {"Remaining-Req": header})
    tell(budget, "t", 200, 0.0, {"X-MBX-USED-WEIGHT-1M": "many"})
    assert fill(budget, "t", 0.0) == 10


def test_a_429_holds_its_group_and_lets_the_others_go_on() -> None:
    budget = RequestBudget(UPBIT_RULE)
    tell(budget, "ticker", 429, 0.0, {"retry-after": "5"})
    assert budget.wait_s("ticker", 1, 1.0) == 4.0
    assert budget.wait_s("candle", 1, 1.0) == 0
    assert budget.wait_s("ticker", 1, 5.0) == 0
    assert not budget.is_banned(1.0)


def test_a_429_holds_the_address_where_the_venue_counts_by_address() -> None:
    budget = RequestBudget(BINANCE_RULE)
    tell(budget, "ticker", 429, 0.0, {"Retry-After": "5"})
    assert budget.wait_s("klines", 1, 1.0) == 4.0


@pytest.mark.parametrize("rule", [UPBIT_RULE, BINANCE_RULE])
def test_a_418_holds_the_address(rule: LimitRule) -> None:
    budget = RequestBudget(rule)
    tell(budget, "ticker", 418, 0.0, body='{"message":"blocked for 2 minutes"}')
    assert budget.wait_s("candle", 1, 1.0) == 119.0
    assert budget.is_banned(119.9)
    assert not budget.is_banned(120.0)


def test_a_shorter_hold_does_not_replace_a_longer_one() -> None:
    budget = RequestBudget(UPBIT_RULE)
    tell(budget, "t", 418, 0.0, {"Retry-After": "100"})
    tell(budget, "t", 418, 1.0, {"Retry-After": "1"})
    assert budget.hold_s("t", 1.0) == 99.0
    assert budget.is_banned(50.0)


def test_refusals_without_a_time_hold_longer_each_time_until_one_succeeds() -> None:
    budget = RequestBudget(UPBIT_RULE)
    holds = []
    now_s = 0.0
    for _ in range(4):
        tell(budget, "t", 429, now_s)
        holds.append(budget.hold_s("t", now_s))
        now_s += holds[-1]
    assert holds == [1, 2, 4, 8]
    tell(budget, "t", 200, now_s)
    tell(budget, "t", 429, now_s)
    assert budget.hold_s("t", now_s) == 1


def test_bans_without_a_time_grow_until_an_answer_after_the_ban() -> None:
    budget = RequestBudget(UPBIT_RULE)
    tell(budget, "t", 418, 0.0)
    tell(budget, "t", 200, 1.0)  # under way when the ban came
    tell(budget, "t", 418, 60.0)
    assert budget.hold_s("t", 60.0) == 120
    tell(budget, "t", 200, 180.0)
    tell(budget, "t", 418, 180.0)
    assert budget.hold_s("t", 180.0) == 60


def test_a_process_that_is_not_the_live_feed_leaves_the_address_after_any_429() -> None:
    budget = RequestBudget(UPBIT_RULE, share=0.5)
    tell(budget, "ticker", 429, 0.0, {"Retry-After": "1"})
    assert budget.wait_s("candle", 1, 0.0) == YIELD_S
    tell(budget, "ticker", 429, 0.0, {"Retry-After": "70"})
    assert budget.wait_s("candle", 1, 0.0) == 70


def test_a_report_of_less_than_nothing_is_nothing() -> None:
    window = Window(10, 10, 1.0)
    window.report(-5, 0.0)
    assert window.wait_s(10, 0.0) == 0
