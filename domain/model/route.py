"""Which channel of a venue answers a question: a table, first match wins. Pure.

Source: design.md section 3 "Channels and failover". What is asked, how the channels do
and a random draw go in; the channels in the order in which they are asked and the
reason come out.

A channel is passed over while the other one is healthy, for one of three ailments:

- FAILED_JUST_NOW: its last call failed less than `failed_just_now_s` ago; this ages
  out by itself, and one good call ends it at once.
- FAILING, SLOW: of its last calls (at least `record_from_calls`) too few succeeded, or
  the median took too long. To recover it must be asked: once in `probe_after_s` one
  question that prefers it is put to it all the same (its asker is answered by the
  other channel if that fails). After `recover_after` good and quick calls in a row the
  record begins anew with them (`has_recovered`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from domain.model.call_window import MISSING, ChannelCondition
from domain.model.market import Channel

REST, STREAM = Channel.REST, Channel.WEBSOCKET


class ReadKind(StrEnum):
    """What is asked for."""

    TICKER = "ticker"
    ORDER_BOOK = "order_book"
    CANDLES = "candles"
    TRADES = "trades"
    SUBSCRIPTION = "subscription"


class RouteReason(StrEnum):
    """The line of the table that decided."""

    FORCED = "forced"
    SUBSCRIPTION = "subscription"
    LIVE_ON_STREAM = "live_on_stream"
    MANY_CANDLES = "many_candles"
    ORDER_BOOK = "order_book"
    ONE_TICKER = "one_ticker"
    SEVERAL_TICKERS = "several_tickers"
    FEW_CANDLES = "few_candles"
    ANYTHING_ELSE = "anything_else"


class Ailment(StrEnum):
    """Why a channel is passed over while the other one is healthy."""

    MISSING = "missing"
    FAILED_JUST_NOW = "failed_just_now"
    FAILING = "failing"
    SLOW = "slow"


@dataclass(frozen=True, slots=True)
class RoutePolicy:
    """Every threshold of the table; each one is a setting (`KIMP_ROUTE__…`).

    Shares are 0..1. The last two pairs decide how far two channels that could both
    serve a question are apart, see `rest_share`.
    """

    many_candles: int = 200
    several_tickers: int = 2
    window_calls: int = 100
    min_success_share: float = 0.80
    max_p50_ms: float = 5_000.0
    record_from_calls: int = 5
    failed_just_now_s: float = 4.0
    probe_after_s: float = 4.0
    recover_after: int = 3
    even_share: float = 0.50
    better_share: float = 0.70
    much_better_share: float = 0.80
    compare_from_calls: int = 20
    better_success: float = 0.05
    much_better_success: float = 0.10
    better_speed: float = 1.5
    much_better_speed: float = 3.0


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a venue, as far as the table cares.

    `count`: markets of tickers, candles of one market. `forced`: the one channel the
    asker wants. `live`: all of it is LIVE on an open stream. `streamable`: the stream
    could serve all of these candles as well.
    """

    kind: ReadKind
    count: int = 1
    forced: Channel | None = None
    live: bool = False
    streamable: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """Channels in the order in which they are asked; the later ones on failure.

    `open_candle` is not empty where the running candle goes its own way: `channels` are
    for the closed ones then. `rest_share` (0..1) is told where a draw decided.
    """

    reason: RouteReason
    channels: tuple[Channel, ...]
    open_candle: tuple[Channel, ...] = ()
    passed_over: Channel | None = None
    ailment: Ailment | None = None
    rest_share: float | None = None


Conditions = Mapping[Channel, ChannelCondition]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table: when it holds, and the channels in order of preference.

    An empty preference says "the forced one"; `hybrid` lines part or share.
    """

    reason: RouteReason
    holds: Callable[[Question, RoutePolicy], bool]
    prefers: tuple[Channel, ...]
    hybrid: bool = False


TABLE: tuple[Line, ...] = (
    Line(RouteReason.FORCED, lambda q, _: q.forced is not None, ()),
    Line(
        RouteReason.SUBSCRIPTION,
        lambda q, _: q.kind is ReadKind.SUBSCRIPTION,
        (STREAM, REST),
    ),
    Line(RouteReason.LIVE_ON_STREAM, lambda q, _: q.live, (STREAM,)),
    Line(
        RouteReason.MANY_CANDLES,
        lambda q, p: q.kind is ReadKind.CANDLES and q.count >= p.many_candles,
        (REST, STREAM),
    ),
    Line(
        RouteReason.ORDER_BOOK,
        lambda q, _: q.kind is ReadKind.ORDER_BOOK,
        (STREAM, REST),
    ),
    Line(
        RouteReason.ONE_TICKER,
        lambda q, p: q.kind is ReadKind.TICKER and q.count < p.several_tickers,
        (REST, STREAM),
    ),
    Line(
        RouteReason.SEVERAL_TICKERS,
        lambda q, _: q.kind is ReadKind.TICKER,
        (STREAM, REST),
    ),
    Line(
        RouteReason.FEW_CANDLES,
        lambda q, _: q.kind is ReadKind.CANDLES,
        (REST, STREAM),
        hybrid=True,
    ),
    Line(RouteReason.ANYTHING_ELSE, lambda _q, _p: True, (REST, STREAM)),
)


def decide(
    question: Question,
    conditions: Conditions,
    draw: float,
    policy: RoutePolicy,
) -> Decision:
    """Return the channels for a question; `draw` is random in [0, 1).

    A channel that is not in `conditions` is not available.
    """
    line = next(line for line in TABLE if line.holds(question, policy))
    if question.forced is not None:
        return Decision(line.reason, (question.forced,))
    if not line.hybrid:
        return _ordered(line.reason, line.prefers, conditions, policy)
    if question.streamable:
        return _shared(line.reason, conditions, draw, policy)
    closed = _ordered(line.reason, line.prefers, conditions, policy)
    running = _ordered(line.reason, (STREAM, REST), conditions, policy)
    return Decision(
        line.reason,
        closed.channels,
        running.channels,
        closed.passed_over or running.passed_over,
        closed.ailment or running.ailment,
    )


def ailment_of(condition: ChannelCondition, policy: RoutePolicy) -> Ailment | None:
    """Say why a channel is to be passed over; None: it is healthy, or is probed."""
    if not condition.available:
        return Ailment.MISSING
    failed_ago_s = condition.failed_ago_s
    if failed_ago_s is not None and failed_ago_s < policy.failed_just_now_s:
        return Ailment.FAILED_JUST_NOW
    if condition.idle_s is None or condition.idle_s >= policy.probe_after_s:
        return None
    return _poor_record(condition, policy)


def has_recovered(condition: ChannelCondition, policy: RoutePolicy) -> bool:
    """Whether a channel with a poor record deserves a new one."""
    poor = _poor_record(condition, policy) is not None
    return poor and condition.good_run >= policy.recover_after


def rest_share(conditions: Conditions, policy: RoutePolicy) -> float:
    """Return the share of questions for REST (0..1) where both could serve them.

    Half and half until both have `compare_from_calls` calls on record. Then success
    decides: where the shares of success differ by `better_success`, the channel with
    the higher one is better, by `much_better_success` much better. Only where they do
    not, speed does: p50 longer by the factor `better_speed` or `much_better_speed`.
    The better channel gets `better_share`, the much better one `much_better_share`.
    """
    rest, stream = (conditions.get(c, MISSING) for c in (REST, STREAM))
    lead = _lead(rest, stream, policy)
    share = (policy.even_share, policy.better_share, policy.much_better_share)[
        abs(lead)
    ]
    return share if lead >= 0 else 1 - share


def _lead(rest: ChannelCondition, stream: ChannelCondition, policy: RoutePolicy) -> int:
    """Return 1 or 2 where REST is (much) better, -1 or -2 where the stream is."""
    if min(rest.calls, stream.calls) < policy.compare_from_calls:
        return 0
    ahead = rest.success_share - stream.success_share
    # Shares are quotients of small counts: a difference of exactly five points must
    # not be lost in the last binary digit.
    degree = _degree(
        round(abs(ahead), 9), policy.better_success, policy.much_better_success
    )
    if degree:
        return degree if ahead > 0 else -degree
    rest_ms, stream_ms = (max(1.0, c.p50_ms or 0.0) for c in (rest, stream))
    ratio = max(rest_ms, stream_ms) / min(rest_ms, stream_ms)
    degree = _degree(ratio, policy.better_speed, policy.much_better_speed)
    return degree if rest_ms < stream_ms else -degree


def _degree(distance: float, better: float, much_better: float) -> int:
    return int(distance >= better) + int(distance >= much_better)


def _shared(
    reason: RouteReason, conditions: Conditions, draw: float, policy: RoutePolicy
) -> Decision:
    share = rest_share(conditions, policy)
    drawn = (REST, STREAM) if draw < share else (STREAM, REST)
    found = _ordered(reason, drawn, conditions, policy)
    return Decision(
        reason,
        found.channels,
        passed_over=found.passed_over,
        ailment=found.ailment,
        rest_share=share,
    )


def _ordered(
    reason: RouteReason,
    prefers: tuple[Channel, ...],
    conditions: Conditions,
    policy: RoutePolicy,
) -> Decision:
    if len(prefers) == 1:
        return Decision(reason, prefers)
    first, other = prefers
    ailments = {c: ailment_of(conditions.get(c, MISSING), policy) for c in prefers}
    there = [c for c in prefers if ailments[c] is not Ailment.MISSING]
    if other in there and ailments[first] and (len(there) == 1 or not ailments[other]):
        kept = (other, first) if first in there else (other,)
        return Decision(reason, kept, passed_over=first, ailment=ailments[first])
    return Decision(reason, tuple(there))


def _poor_record(condition: ChannelCondition, policy: RoutePolicy) -> Ailment | None:
    if condition.calls < policy.record_from_calls:
        return None
    if condition.success_share < policy.min_success_share:
        return Ailment.FAILING
    if condition.p50_ms is not None and condition.p50_ms > policy.max_p50_ms:
        return Ailment.SLOW
    return None
