"""Whether a venue's prices are live: sessions, their data and their end.

Source: semantics.md "Quotes", LIVE. Two conditions: a session is up and brought data
within its bound, and the market was carried since that session began. All times are
seconds of our own monotonic clock.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from domain.model.event import FeedBatch, FeedDown, FeedEvent, FeedUp
from domain.model.market import Channel, Exchange

DEFAULT_BOUNDS_S: Mapping[Exchange, float] = {
    Exchange.UPBIT: 10.0,
    Exchange.BINANCE: 5.0,
}


@dataclass(slots=True)
class FeedSession:
    """One feed (venue and channel): when its session began and last brought data."""

    exchange: Exchange
    channel: Channel
    bound_s: float
    up: bool = False
    began_s: float = 0.0
    last_data_s: float | None = None
    down_reason: str | None = None

    def is_fresh(self, now_s: float) -> bool:
        """Whether the session is up and brought data within its bound."""
        return (
            self.up
            and self.last_data_s is not None
            and now_s - self.last_data_s <= self.bound_s
        )


class FeedMonitor:
    """The sessions of all feeds, and the answer to "is this market live?"."""

    def __init__(self, bounds_s: Mapping[Exchange, float] = DEFAULT_BOUNDS_S) -> None:
        self._bounds_s = bounds_s
        self._sessions: dict[tuple[Exchange, Channel], FeedSession] = {}
        self._fresh: dict[tuple[Exchange, Channel], float | None] = {}

    def observe(self, event: FeedEvent) -> None:
        """Take an event in: a session's begin, its data or its end."""
        session = self._session(event.exchange, event.channel)
        if isinstance(event, FeedUp):
            self._begin(session, event)
        elif isinstance(event, FeedDown):
            session.up = False
            session.last_data_s = None
            session.down_reason = event.reason
        elif not event.seed:
            self._data(session, event)

    def session(self, exchange: Exchange, channel: Channel) -> FeedSession | None:
        """Return the session of a feed, None where it never began."""
        return self._sessions.get((exchange, channel))

    def turned(self, now_s: float) -> set[Exchange]:
        """Return the venues of which a feed became fresh or stale since last asked.

        A session that ended and began anew in between has turned, too: what was not
        carried since is no longer live.
        """
        changed = set()
        for key, session in self._sessions.items():
            since = session.began_s if session.is_fresh(now_s) else None
            if self._fresh.get(key) != since:
                self._fresh[key] = since
                changed.add(session.exchange)
        return changed

    def live_since(self, exchange: Exchange, now_s: float) -> float | None:
        """Return the earliest begin among the venue's fresh sessions.

        A market carried at or after that moment is live; None: no fresh session.
        """
        begins = [
            session.began_s
            for (venue, _), session in self._sessions.items()
            if venue is exchange and session.is_fresh(now_s)
        ]
        return min(begins, default=None)

    def _session(self, exchange: Exchange, channel: Channel) -> FeedSession:
        key = (exchange, channel)
        session = self._sessions.get(key)
        if session is None:
            session = FeedSession(exchange, channel, self._bounds_s[exchange])
            self._sessions[key] = session
        return session

    @staticmethod
    def _begin(session: FeedSession, event: FeedUp) -> None:
        continues = event.renewed and session.up
        session.up = True
        session.down_reason = None
        if not continues:
            session.began_s = event.at_s
            session.last_data_s = None

    @staticmethod
    def _data(session: FeedSession, event: FeedBatch) -> None:
        if session.up:
            session.last_data_s = event.received_s
