"""The limiter's core against a venue that counts for itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from adapters.resilience.budget import LimitRule, RequestBudget
from adapters.resilience.hold import MAX_HOLD_S, retry_after_s, told_time_s

GROUPS = ("ticker", "candle", "day")
asks = st.lists(
    st.tuples(st.sampled_from(GROUPS), st.integers(1, 12), st.floats(0, 1.5)),
    min_size=1,
    max_size=80,
)
rules = st.builds(
    LimitRule, st.integers(1, 20), st.floats(0.1, 5), per_address=st.booleans()
)
Sent = list[tuple[str, int, float]]


def send_all(budget: RequestBudget, asked: list[tuple[str, int, float]]) -> Sent:
    """Send every request as early as it is allowed, one after the other."""
    sent, now_s = [], 0.0
    for group, weight, later_s in asked:
        now_s += later_s
        for _ in range(3):
            wait_s = budget.wait_s(group, weight, now_s)
            if wait_s <= 0:
                break
            now_s += wait_s
        assert budget.wait_s(group, weight, now_s) <= 0, "a wait leads to a way"
        budget.take(group, weight, now_s)
        sent.append((group, weight, now_s))
    return sent


@given(rules, st.floats(0.05, 1), asks)
def test_no_window_ever_holds_more_than_our_share(
    rule: LimitRule, share: float, asked: list[tuple[str, int, float]]
) -> None:
    budget = RequestBudget(rule, share)
    sent = send_all(budget, asked)
    for group, _, end_s in sent:
        inside = [
            weight
            for other, weight, at_s in sent
            if end_s - rule.window_s < at_s <= end_s
            and (rule.per_address or other == group)
        ]
        # One request alone may be heavier than the whole limit.
        assert sum(inside) <= budget.own_limit or len(inside) == 1


@given(
    rules,
    st.lists(
        st.tuples(
            st.sampled_from(GROUPS),
            st.sampled_from([200, 404, 429, 418, 503]),
            st.one_of(st.none(), st.integers(0, 120)),
            st.floats(0, 30),
        ),
        max_size=40,
    ),
)
def test_nothing_is_allowed_before_a_time_that_the_venue_has_named(
    rule: LimitRule, answers: list[tuple[str, int, int | None, float]]
) -> None:
    budget, now_s = RequestBudget(rule), 0.0
    group_until = dict.fromkeys(GROUPS, 0.0)
    address_until = 0.0
    for group, status, after, later_s in answers:
        now_s += later_s
        headers = CIMultiDict({} if after is None else {"Retry-After": str(after)})
        budget.answered(group, status, headers, now_ms=0, now_s=now_s)
        if after is not None and (
            status == 418 or (status == 429 and rule.per_address)
        ):
            address_until = max(address_until, now_s + after)
        elif after is not None and status == 429:
            group_until[group] = max(group_until[group], now_s + after)
        for name in GROUPS:
            until_s = max(address_until, group_until[name])
            assert budget.wait_s(name, 1, now_s) >= until_s - now_s - 1e-9


@given(
    st.lists(
        st.tuples(
            st.sampled_from(GROUPS),
            st.sampled_from(["a", "b", "c"]),
            st.integers(0, 12),
            st.floats(0, 0.4),
        ),
        max_size=60,
    )
)
def test_however_the_venue_names_its_groups_ours_stay_within_the_limit(
    answers: list[tuple[str, str, int, float]],
) -> None:
    rule = LimitRule(10, 1.0, per_address=False)
    budget, now_s = RequestBudget(rule), 0.0
    sent: Sent = []
    for group, told, left, later_s in answers:
        now_s += later_s
        if budget.wait_s(group, 1, now_s) <= 0:
            budget.take(group, 1, now_s)
            sent.append((group, 1, now_s))
        header = f"group={told}; min=600; sec={left}"
        headers = CIMultiDict({"Remaining-Req": header})
        budget.answered(group, 200, headers, now_ms=0, now_s=now_s)
        if left == 0:
            assert budget.wait_s(group, 1, now_s) > 0
    for name in GROUPS:
        times = [at_s for group, _, at_s in sent if group == name]
        for end_s in times:
            inside = [at_s for at_s in times if end_s - 1 < at_s <= end_s]
            # A window starts anew when its name changes for the second time and on.
            assert len(inside) <= 30


@given(st.text(max_size=60), st.text(max_size=200))
def test_no_header_or_text_from_outside_raises_or_holds_without_end(
    header: str, body: str
) -> None:
    for hold_s in (retry_after_s(header, 0), told_time_s(body)):
        assert hold_s is None or 0 <= hold_s <= MAX_HOLD_S
    budget = RequestBudget(LimitRule(10, 1.0, per_address=False))
    headers = CIMultiDict({"Remaining-Req": header, "X-MBX-USED-WEIGHT-1M": header})
    budget.answered("g", 429, headers, now_ms=0, now_s=0.0, body=body)
    assert 0 <= budget.wait_s("g", 1, 0.0) <= MAX_HOLD_S + 10


@pytest.mark.parametrize("header", ["group=a; sec=1; sec=2", "GROUP=a ;SEC= 2 ;"])
def test_oddly_written_headers_are_read(header: str) -> None:
    budget = RequestBudget(LimitRule(10, 1.0, per_address=False))
    headers = CIMultiDict({"Remaining-Req": header})
    budget.answered("g", 200, headers, now_ms=0, now_s=0.0)
    assert budget.wait_s("g", 2, 0.0) == 0
    assert budget.wait_s("g", 3, 0.0) > 0
