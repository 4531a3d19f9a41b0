"""Which markets were a coin's at a time: by its listings and the identity table.

A ticker that meant another asset then is no market of the coin, whatever it trades
today. Times are Unix ms, ends are exclusive.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import pairwise

from domain.model.coin import DOMESTIC, GLOBAL, Coin, Listing, preferred
from domain.model.identity import IdentityTable
from domain.model.interval import Interval
from domain.model.market import Exchange

Side = tuple[Exchange, str]


@dataclass(frozen=True, slots=True)
class CoinSpell:
    """A coin's markets for openings `from_ms` ≤ opened < `to_ms`; None: it had none.

    `is_sure` is False where only markets are known whose tickers meant something else.
    """

    from_ms: int
    to_ms: int
    domestic: Listing | None
    global_: Listing | None
    is_sure: bool = True


def spells(
    coin: Coin, identity: IdentityTable, interval: Interval, from_ms: int, to_ms: int
) -> Iterator[CoinSpell]:
    """Yield what the coin's markets were, in order and without a break.

    A bar in which a ticker changed its meaning is in a spell of its own.
    """
    bounds = {from_ms, to_ms}
    for at_ms in _changes(coin, identity):
        opened_ms = interval.opened_ms(at_ms)
        bounds.add(opened_ms)
        if opened_ms != at_ms:
            bounds.add(opened_ms + interval.length_ms)
    inside = sorted(at for at in bounds if from_ms <= at <= to_ms)
    last: CoinSpell | None = None
    for begins_ms, ends_ms in pairwise(inside):
        spell = _spell(coin, identity, begins_ms, ends_ms)
        if last is None:
            last = spell
        elif replace(last, from_ms=begins_ms, to_ms=ends_ms) == spell:
            last = replace(last, to_ms=ends_ms)
        else:
            yield last
            last = spell
    if last is not None:
        yield last


def _spell(coin: Coin, identity: IdentityTable, from_ms: int, to_ms: int) -> CoinSpell:
    found, is_sure = [], True
    for side in (DOMESTIC, GLOBAL):
        listing, was_other = _listing(coin, side, identity, from_ms, to_ms)
        found.append(listing)
        is_sure = is_sure and not was_other
    return CoinSpell(from_ms, to_ms, found[0], found[1], is_sure)


def _listing(
    coin: Coin, side: Side, identity: IdentityTable, from_ms: int, to_ms: int
) -> tuple[Listing | None, bool]:
    """Return the market of one side, and whether all there were meant other assets."""
    first, last = _instant(from_ms), _instant(to_ms - 1)
    known = [
        item
        for item in coin.listings
        if (item.exchange, item.quote) == side
        and (item.until is None or item.until > first)
    ]
    meant = []
    for item in known:
        begin = identity.resolve(item.exchange, item.base_symbol, first)
        end = identity.resolve(item.exchange, item.base_symbol, last)
        if begin == end and begin.asset == coin.symbol:
            told = replace(item, multiplier=begin.multiplier, curated=begin.curated)
            meant.append(told)
    there = [item for item in meant if item.since is None or item.since <= first]
    # When we first saw a market says little: it may have been there before us.
    return preferred(there or meant), bool(known) and not meant


def _changes(coin: Coin, identity: IdentityTable) -> Sequence[int]:
    instants = [
        instant
        for item in coin.listings
        for instant in (
            item.since,
            item.until,
            *identity.changes(item.exchange, item.base_symbol),
        )
        if instant is not None
    ]
    return [_ms(instant) for instant in instants]


def _ms(instant: datetime) -> int:
    return round(instant.timestamp() * 1000)


def _instant(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, UTC)
