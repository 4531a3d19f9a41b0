"""Decides which channel answers, asks it, and falls back to the other one in time."""

import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from domain.model.error import UpstreamUnavailable
from domain.model.market import Channel, Exchange
from domain.model.route import (
    Decision,
    Question,
    ReadKind,
    RoutePolicy,
    RouteReason,
    decide,
)
from domain.ports.clock import Clock
from domain.ports.market_reader import MarketReader
from domain.services.channel_line import ChannelLine
from domain.services.channel_race import ChannelRace, Patience

T = TypeVar("T")
DecisionKey = tuple[Exchange, ReadKind, Channel, RouteReason]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Served(Generic[T]):
    """An answer and the channel it came by.

    `channel` is CACHE where nobody answered in time and the value is a stored one.
    """

    value: T
    channel: Channel


@dataclass(slots=True)
class RouteStats:
    """Counters since the start, for metrics; nothing is ever taken off.

    `decisions`: by venue, kind of question, channel chosen first and line of the
    table (both channels where the running candle goes its own way). `answers`: by
    venue, kind and the channel that served. `unanswered`: by venue and kind. `calls`,
    `failures` and `refusals` (not sent: limits, open breaker): by venue and channel.
    """

    decisions: Counter[DecisionKey] = field(default_factory=Counter)
    answers: Counter[tuple[Exchange, ReadKind, Channel]] = field(
        default_factory=Counter
    )
    unanswered: Counter[tuple[Exchange, ReadKind]] = field(default_factory=Counter)
    calls: Counter[tuple[Exchange, Channel]] = field(default_factory=Counter)
    failures: Counter[tuple[Exchange, Channel]] = field(default_factory=Counter)
    refusals: Counter[tuple[Exchange, Channel]] = field(default_factory=Counter)


class ChannelRouter:
    """The readers of all venues behind one table of decisions.

    `random` gives floats in [0, 1). Close it when done: questions that nobody waits
    for any more may still be under way.
    """

    def __init__(
        self,
        readers: Iterable[MarketReader],
        clock: Clock,
        random: Callable[[], float],
        policy: RoutePolicy,
        patience: Patience,
    ) -> None:
        lines = (ChannelLine(reader, policy, clock) for reader in readers)
        self._lines = {(line.exchange, line.channel): line for line in lines}
        self._random = random
        self._policy = policy
        self._race = ChannelRace(clock, patience)
        self._stats = RouteStats()
        self._told: dict[tuple[Exchange, ReadKind, RouteReason, bool], object] = {}

    @property
    def stats(self) -> RouteStats:
        """The counters; those of calls are brought up to date when asked for."""
        for key, line in self._lines.items():
            self._stats.calls[key] = line.calls
            self._stats.failures[key] = line.failures
            self._stats.refusals[key] = line.refusals
        return self._stats

    def decide(self, exchange: Exchange, question: Question) -> Decision:
        """Return the channels for a question; counted and logged with its reason."""
        conditions = {
            channel: line.condition(question.kind)
            for (venue, channel), line in self._lines.items()
            if venue is exchange
        }
        draw = self._random()
        decision = decide(question, conditions, draw, self._policy)
        for channel in (*decision.channels[:1], *decision.open_candle[:1]):
            key = (exchange, question.kind, channel, decision.reason)
            self._stats.decisions[key] += 1
        self._tell(exchange, question.kind, decision)
        return decision

    async def ask(
        self,
        exchange: Exchange,
        kind: ReadKind,
        channels: Iterable[Channel],
        read: Callable[[ChannelLine], Awaitable[T]],
        stored: Callable[[], Served[T] | None],
    ) -> Served[T]:
        """Return the answer of the first channel that has one, else the stored one.

        Raises:
            UpstreamUnavailable: no channel answered and nothing is stored.
            UnsupportedRead: no channel can answer such a question.
            UnknownMarket: the venue has no such market.
        """
        wanted = [(exchange, channel) for channel in channels]
        lines = [self._lines[key] for key in wanted if key in self._lines]
        try:
            if not lines:
                raise UpstreamUnavailable(_name(exchange, wanted), "is not connected")
            # At once: of questions that come together only one is a probe.
            lines[0].choose()
            line, value = await self._race.run(
                lines, read, lambda: stored() is not None
            )
            served = Served(value, line.channel)
        except UpstreamUnavailable:
            kept = stored()
            if kept is None:
                self._stats.unanswered[exchange, kind] += 1
                raise
            served = kept
        self.count(exchange, kind, served.channel)
        return served

    def count(self, exchange: Exchange, kind: ReadKind, channel: Channel) -> None:
        """Count an answer."""
        self._stats.answers[exchange, kind, channel] += 1

    async def close(self) -> None:
        """End what is under way."""
        await self._race.close()
        for line in self._lines.values():
            await line.close()

    def _tell(self, exchange: Exchange, kind: ReadKind, decision: Decision) -> None:
        # A draw alone is no other decision: at 50:50 every second one would differ.
        drawn = decision.rest_share is not None and decision.passed_over is None
        channels = decision.rest_share if drawn else decision.channels
        gist = (channels, decision.open_candle, decision.passed_over, decision.ailment)
        key = (exchange, kind, decision.reason, decision.rest_share is None)
        level = logging.DEBUG if self._told.get(key) == gist else logging.INFO
        self._told[key] = gist
        if _log.isEnabledFor(level):
            _log.log(level, "route.decided", extra=_event(exchange, kind, decision))


def _event(
    exchange: Exchange, kind: ReadKind, decision: Decision
) -> Mapping[str, object]:
    told: dict[str, object] = {
        "venue": exchange.value,
        "kind": kind.value,
        "channels": [channel.value for channel in decision.channels],
        "reason": decision.reason.value,
    }
    if decision.open_candle:
        told["open_candle"] = [channel.value for channel in decision.open_candle]
    if decision.rest_share is not None:
        told["rest_share"] = round(decision.rest_share, 2)
    if decision.passed_over is not None and decision.ailment is not None:
        told["passed_over"] = decision.passed_over.value
        told["ailment"] = decision.ailment.value
    return told


def _name(exchange: Exchange, wanted: list[tuple[Exchange, Channel]]) -> str:
    venue = exchange.lower()
    sides = {Channel.REST: "rest", Channel.WEBSOCKET: "stream"}
    return f"{venue}.{sides[wanted[0][1]]}" if wanted else venue
