"""The table over every question and condition that can be."""

from hypothesis import given
from hypothesis import strategies as st

from domain.model.call_window import CallWindow, ChannelCondition
from domain.model.market import Channel
from domain.model.route import (
    Ailment,
    Question,
    ReadKind,
    RoutePolicy,
    ailment_of,
    decide,
    rest_share,
)

POLICY = RoutePolicy()
SIDES = (Channel.REST, Channel.WEBSOCKET)
seconds = st.one_of(st.none(), st.floats(0, 1_000))
conditions = st.dictionaries(
    st.sampled_from(SIDES),
    st.builds(
        ChannelCondition,
        available=st.booleans(),
        calls=st.integers(0, 100),
        success_share=st.floats(0, 1),
        p50_ms=st.one_of(st.none(), st.floats(0, 60_000)),
        failed_ago_s=seconds,
        idle_s=seconds,
        good_run=st.integers(0, 100),
    ),
)
questions = st.builds(
    Question,
    kind=st.sampled_from(ReadKind),
    count=st.integers(1, 1_000),
    forced=st.one_of(st.none(), st.sampled_from(SIDES)),
    live=st.booleans(),
    streamable=st.booleans(),
)
draws = st.floats(0, 1, exclude_max=True)


@given(questions, conditions, draws)
def test_a_channel_that_ails_is_first_only_where_no_other_is_well(
    question: Question, found: dict[Channel, ChannelCondition], draw: float
) -> None:
    decision = decide(question, found, draw, POLICY)
    if question.forced is not None:
        assert decision.channels == (question.forced,)
        return
    ailments = {
        side: ailment_of(found.get(side, ChannelCondition(False)), POLICY)
        for side in SIDES
    }
    there = {side for side in SIDES if ailments[side] is not Ailment.MISSING}
    ways = [decision.channels]
    if decision.open_candle:
        ways.append(decision.open_candle)
    live = question.live and question.kind is not ReadKind.SUBSCRIPTION
    for way in ways:
        if live:
            assert way == (Channel.WEBSOCKET,)
            continue
        assert set(way) == there
        assert len(way) == len(there)
        if way and ailments[way[0]] is not None:
            assert all(ailments[side] is not None for side in there)


@given(conditions)
def test_a_share_is_one_of_the_five(found: dict[Channel, ChannelCondition]) -> None:
    share = round(rest_share(found, POLICY), 6)
    assert share in (0.2, 0.3, 0.5, 0.7, 0.8)
    rest, stream = (found.get(side) for side in SIDES)
    mirrored = {
        side: condition
        for side, condition in zip(SIDES, (stream, rest), strict=True)
        if condition is not None
    }
    assert round(rest_share(mirrored, POLICY), 6) in (share, round(1 - share, 6))


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 20_000)), max_size=300))
def test_a_window_speaks_of_its_last_hundred_calls(
    calls: list[tuple[bool, float]],
) -> None:
    window = CallWindow()
    for at, (good, took_ms) in enumerate(calls):
        if good:
            window.succeed(took_ms, float(at))
        else:
            window.fail(took_ms, float(at))
    last = calls[-100:]
    condition = window.condition(float(len(calls)))
    assert condition.calls == len(last)
    if last:
        assert condition.success_share == sum(good for good, _ in last) / len(last)
        ranked = sorted(took_ms for _, took_ms in last)
        assert condition.p50_ms == ranked[(len(ranked) - 1) // 2]
        assert (condition.failed_ago_s is None) is last[-1][0]
