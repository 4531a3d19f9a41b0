"""The table of design.md section 3 "Channels and failover", line by line."""

from dataclasses import replace

import pytest

from domain.model.call_window import ChannelCondition
from domain.model.market import Channel
from domain.model.route import (
    TABLE,
    Ailment,
    Decision,
    Question,
    ReadKind,
    RoutePolicy,
    RouteReason,
    ailment_of,
    decide,
    has_recovered,
    rest_share,
)

REST, STREAM = Channel.REST, Channel.WEBSOCKET
POLICY = RoutePolicy()
WELL = ChannelCondition(calls=100, success_share=1.0, p50_ms=50.0, idle_s=0.0)
FAILED = replace(WELL, failed_ago_s=1.0)
FAILING = replace(WELL, success_share=0.79)
SLOW = replace(WELL, p50_ms=5_001.0)
BOTH_WELL = {REST: WELL, STREAM: WELL}


def route(
    question: Question,
    rest: ChannelCondition = WELL,
    stream: ChannelCondition = WELL,
    draw: float = 0.0,
) -> Decision:
    """Decide with the default policy."""
    return decide(question, {REST: rest, STREAM: stream}, draw, POLICY)


def candles(count: int, streamable: bool = False) -> Question:
    """Return the question for so many candles."""
    return Question(ReadKind.CANDLES, count, streamable=streamable)


LINES = [
    (Question(ReadKind.TICKER, forced=STREAM), RouteReason.FORCED, (STREAM,)),
    (Question(ReadKind.ORDER_BOOK, forced=REST), RouteReason.FORCED, (REST,)),
    (Question(ReadKind.SUBSCRIPTION), RouteReason.SUBSCRIPTION, (STREAM, REST)),
    (Question(ReadKind.TICKER, live=True), RouteReason.LIVE_ON_STREAM, (STREAM,)),
    (candles(200), RouteReason.MANY_CANDLES, (REST, STREAM)),
    (Question(ReadKind.ORDER_BOOK), RouteReason.ORDER_BOOK, (STREAM, REST)),
    (Question(ReadKind.TICKER), RouteReason.ONE_TICKER, (REST, STREAM)),
    (Question(ReadKind.TICKER, 2), RouteReason.SEVERAL_TICKERS, (STREAM, REST)),
    (candles(199), RouteReason.FEW_CANDLES, (REST, STREAM)),
    (Question(ReadKind.TRADES), RouteReason.ANYTHING_ELSE, (REST, STREAM)),
]


@pytest.mark.parametrize(("question", "reason", "channels"), LINES)
def test_each_line_of_the_table(
    question: Question, reason: RouteReason, channels: tuple[Channel, ...]
) -> None:
    decision = route(question)
    assert (decision.reason, decision.channels) == (reason, channels)


def test_every_line_of_the_table_is_tested_and_in_its_place() -> None:
    assert list(dict.fromkeys(reason for _, reason, _ in LINES)) == [
        line.reason for line in TABLE
    ]
    assert {line.reason for line in TABLE} == set(RouteReason)


@pytest.mark.parametrize("kind", ReadKind)
@pytest.mark.parametrize("forced", [REST, STREAM])
def test_a_forced_channel_beats_every_other_line_and_its_own_ailments(
    kind: ReadKind, forced: Channel
) -> None:
    question = Question(kind, 500, forced=forced, live=True, streamable=True)
    decision = route(question, FAILED, FAILED)
    assert (decision.channels, decision.reason) == ((forced,), RouteReason.FORCED)


def test_what_is_live_is_read_from_the_stream_whatever_its_calls() -> None:
    question = Question(ReadKind.TICKER, 1, live=True)
    decision = route(question, stream=FAILING)
    assert decision.channels == (STREAM,)


def test_few_candles_go_two_ways_closed_ones_by_rest_the_running_one_by_stream() -> (
    None
):
    decision = route(candles(199))
    assert decision.channels == (REST, STREAM)
    assert decision.open_candle == (STREAM, REST)
    assert decision.rest_share is None


@pytest.mark.parametrize(("draw", "first"), [(0.0, REST), (0.499, REST), (0.5, STREAM)])
def test_candles_that_both_could_serve_are_shared_half_and_half(
    draw: float, first: Channel
) -> None:
    decision = route(candles(10, streamable=True), draw=draw)
    assert decision.channels[0] is first
    assert decision.open_candle == ()
    assert decision.rest_share == 0.5


@pytest.mark.parametrize(
    ("rest", "stream", "share"),
    [
        (WELL, WELL, 0.5),
        (replace(WELL, calls=19), replace(WELL, success_share=0.5), 0.5),
        (WELL, replace(WELL, success_share=0.96), 0.5),
        (WELL, replace(WELL, success_share=0.95), 0.7),
        (WELL, replace(WELL, success_share=0.91), 0.7),
        (WELL, replace(WELL, success_share=0.90), 0.8),
        (replace(WELL, success_share=0.95), WELL, 0.3),
        (replace(WELL, success_share=0.80), WELL, 0.2),
        (WELL, replace(WELL, p50_ms=74.0), 0.5),
        (WELL, replace(WELL, p50_ms=75.0), 0.7),
        (WELL, replace(WELL, p50_ms=150.0), 0.8),
        (replace(WELL, p50_ms=75.0), WELL, 0.3),
        (replace(WELL, p50_ms=150.0), replace(WELL, p50_ms=0.0), 0.2),
        # Success comes before speed.
        (replace(WELL, p50_ms=4_000.0), replace(WELL, success_share=0.95), 0.7),
    ],
)
def test_the_last_hundred_calls_move_the_share(
    rest: ChannelCondition, stream: ChannelCondition, share: float
) -> None:
    found = rest_share({REST: rest, STREAM: stream}, POLICY)
    assert found == pytest.approx(share)


def test_the_draw_follows_the_share() -> None:
    better = replace(WELL, p50_ms=10.0)
    question = candles(10, streamable=True)
    assert route(question, rest=better, draw=0.79).channels[0] is REST
    assert route(question, rest=better, draw=0.80).channels[0] is STREAM


@pytest.mark.parametrize(
    ("condition", "ailment"),
    [
        (WELL, None),
        (FAILED, Ailment.FAILED_JUST_NOW),
        (replace(WELL, failed_ago_s=4.0), None),
        (FAILING, Ailment.FAILING),
        (replace(WELL, success_share=0.80), None),
        (SLOW, Ailment.SLOW),
        (replace(WELL, p50_ms=5_000.0), None),
        (replace(FAILING, calls=4), None),
        (replace(FAILING, calls=5), Ailment.FAILING),
        (ChannelCondition(available=False), Ailment.MISSING),
    ],
)
def test_what_ails_a_channel(
    condition: ChannelCondition, ailment: Ailment | None
) -> None:
    assert ailment_of(condition, POLICY) is ailment


@pytest.mark.parametrize("ailing", [FAILED, FAILING, SLOW])
def test_an_ailing_channel_is_passed_over_while_the_other_is_healthy(
    ailing: ChannelCondition,
) -> None:
    decision = route(Question(ReadKind.TICKER), rest=ailing)
    assert decision.channels == (STREAM, REST)
    assert decision.passed_over is REST
    assert decision.ailment is ailment_of(ailing, POLICY)


def test_where_both_ail_the_order_of_the_table_stands() -> None:
    decision = route(Question(ReadKind.TICKER), rest=FAILED, stream=SLOW)
    assert decision.channels == (REST, STREAM)
    assert decision.passed_over is None


def test_either_half_of_few_candles_passes_an_ailing_channel_over() -> None:
    by_stream = route(candles(50), rest=FAILED)
    assert by_stream.channels == by_stream.open_candle == (STREAM, REST)
    by_rest = route(candles(50), stream=FAILED)
    assert by_rest.channels == by_rest.open_candle == (REST, STREAM)
    assert by_rest.ailment is Ailment.FAILED_JUST_NOW


def test_a_drawn_channel_that_ails_is_passed_over_too() -> None:
    decision = route(candles(5, streamable=True), rest=FAILED, draw=0.0)
    assert decision.channels == (STREAM, REST)
    assert decision.passed_over is REST


def test_a_channel_that_is_not_there_is_never_asked() -> None:
    question = Question(ReadKind.ORDER_BOOK)
    assert decide(question, {REST: FAILED}, 0.0, POLICY).channels == (REST,)
    assert decide(question, {STREAM: WELL}, 0.0, POLICY).channels == (STREAM,)
    assert decide(question, {}, 0.0, POLICY).channels == ()


@pytest.mark.parametrize("poor", [FAILING, SLOW])
def test_a_poor_record_is_probed_once_in_a_while(poor: ChannelCondition) -> None:
    question = Question(ReadKind.TICKER)
    assert route(question, rest=replace(poor, idle_s=3.9)).channels[0] is STREAM
    probe = route(question, rest=replace(poor, idle_s=4.0))
    assert (probe.channels, probe.passed_over) == ((REST, STREAM), None)


@pytest.mark.parametrize("poor", [FAILING, SLOW])
def test_a_poor_record_begins_anew_after_good_calls_in_a_row(
    poor: ChannelCondition,
) -> None:
    assert not has_recovered(replace(poor, good_run=2), POLICY)
    assert has_recovered(replace(poor, good_run=3), POLICY)
    assert not has_recovered(replace(WELL, good_run=100), POLICY)


def test_every_threshold_can_be_set() -> None:
    policy = RoutePolicy(
        many_candles=10,
        several_tickers=3,
        min_success_share=0.5,
        max_p50_ms=10.0,
        record_from_calls=1,
        failed_just_now_s=1.0,
        even_share=0.4,
    )
    many = decide(candles(10), BOTH_WELL, 0.0, policy)
    assert many.reason is RouteReason.MANY_CANDLES
    two = decide(Question(ReadKind.TICKER, 2), BOTH_WELL, 0.0, policy)
    assert two.reason is RouteReason.ONE_TICKER
    assert ailment_of(WELL, policy) is Ailment.SLOW
    assert ailment_of(replace(FAILING, p50_ms=1.0), policy) is None
    assert ailment_of(replace(FAILED, p50_ms=1.0), policy) is None
    assert rest_share(BOTH_WELL, policy) == 0.4
