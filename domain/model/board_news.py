"""What a leading ingest tells those who follow it.

A board's life is a row of news: each holds the complete new versions of the coins that
changed since the one before. A `BoardState` is all of it folded up to a position in
that row, for whoever comes late. Pure values; instants are Unix milliseconds.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from domain.model.fx import FxRate
from domain.model.health import UpstreamStatus
from domain.model.market import Exchange, MarketKey
from domain.model.premium import Premium


@dataclass(frozen=True, slots=True)
class BoardSigns:
    """What changes without a new version of any coin.

    `rates` are all rates, the used official one (`used`) among them; `carried` says
    when markets were carried last, where that is later than their quote tells.
    `skew_ms` is by how much the leader's clock is ahead of each venue's.
    """

    used: FxRate | None = None
    rates: tuple[FxRate, ...] = ()
    skew_ms: Mapping[Exchange, int] = field(default_factory=dict)
    carried: Mapping[MarketKey, int] = field(default_factory=dict)
    upstreams: tuple[UpstreamStatus, ...] = ()

    def then(self, later: "BoardSigns | None") -> "BoardSigns":
        """Return the signs after later ones: only the stamps add up."""
        if later is None:
            return self
        return replace(later, carried={**self.carried, **later.carried})


@dataclass(frozen=True, slots=True)
class BoardNews:
    """What happened to the board after tick `since`, up to tick `seq`.

    `term` numbers the leadership it comes from. Without changes it is a sign of life.
    """

    term: int
    since: int
    seq: int
    at_ms: int
    changed: tuple[Premium, ...] = ()
    removed: tuple[str, ...] = ()
    signs: BoardSigns | None = None


@dataclass(frozen=True, slots=True)
class BoardState:
    """The whole published board after the message at `position` of the row.

    Position 0: before any message.
    """

    term: int = 0
    seq: int = 0
    at_ms: int = 0
    position: int = 0
    premiums: tuple[Premium, ...] = ()
    signs: BoardSigns = field(default_factory=BoardSigns)


@dataclass(frozen=True, slots=True)
class HeardNews:
    """News with its position in the row, and how many more wait already.

    `replayed` news were told before we listened: they are no sign of life.
    """

    news: BoardNews
    position: int
    waiting: int = 0
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class RowEnd:
    """Where the row ends, and of which term and tick its last whole news are.

    Position 0: it is empty.
    """

    position: int = 0
    term: int = 0
    seq: int = 0


class NewsMissing(Exception):
    """News are missing in the row: what is known cannot be continued."""


def fold(state: BoardState, heard: Iterable[HeardNews]) -> BoardState:
    """Return the state after some news; those of an older term count for nothing.

    Raises:
        NewsMissing: between the state and the news something is missing.
    """
    premiums = {premium.symbol: premium for premium in state.premiums}
    for each in heard:
        news = each.news
        if news.term < state.term:
            state = replace(state, position=each.position)
            continue
        if news.since > state.seq:
            raise NewsMissing(f"tick {state.seq} is known, news begin at {news.since}")
        for symbol in news.removed:
            premiums.pop(symbol, None)
        premiums.update((premium.symbol, premium) for premium in news.changed)
        state = BoardState(
            term=news.term,
            seq=max(state.seq, news.seq),
            at_ms=news.at_ms,
            position=each.position,
            signs=state.signs.then(news.signs),
        )
    return replace(state, premiums=tuple(premiums.values()))
