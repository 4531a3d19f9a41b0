"""Which spans of a coin's missing minutes can be made from candles. Pure.

Source: docs/adr/0008: newest first, in spans of at most 1,000 minutes.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from domain.model.bar import Gap
from domain.model.coin import Coin, Listing
from domain.model.coin_past import spells
from domain.model.identity import IdentityTable
from domain.model.interval import Interval

# One page of Binance, five of Upbit.
MAX_MINUTES: Final = 1_000
SPAN_MS: Final = MAX_MINUTES * Interval.M1.length_ms


@dataclass(frozen=True, slots=True)
class Curable:
    """Missing minutes of a coin, and its two markets of that time."""

    symbol: str
    domestic: Listing
    global_: Listing
    from_ms: int
    to_ms: int

    @property
    def minutes(self) -> int:
        """How many minutes are missing."""
        return (self.to_ms - self.from_ms) // Interval.M1.length_ms


def curable(
    gaps: Iterable[Gap],
    coins: Mapping[str, Coin],
    identity: IdentityTable,
    is_unsure: Callable[[str], bool],
) -> list[Curable]:
    """Return what can be healed, newest first; of one time all coins together.

    Left out are coins that nobody knows, those in doubt, and times at which a coin
    lacked a market.
    """
    found = [
        part
        for gap in gaps
        if gap.symbol in coins and not is_unsure(gap.symbol)
        for part in _parts(gap, coins[gap.symbol], identity)
    ]
    return sorted(found, key=lambda part: (-part.to_ms, part.from_ms, part.symbol))


def _parts(gap: Gap, coin: Coin, identity: IdentityTable) -> Iterator[Curable]:
    for spell in spells(coin, identity, Interval.M1, gap.from_ms, gap.to_ms):
        if spell.domestic is None or spell.global_ is None:
            continue
        # Cut from the end: in an outage all coins come back in the same minute, so
        # that they share what they read, the one that was gone for longest first.
        to_ms = spell.to_ms
        while to_ms > spell.from_ms:
            from_ms = max(to_ms - SPAN_MS, spell.from_ms)
            yield Curable(coin.symbol, spell.domestic, spell.global_, from_ms, to_ms)
            to_ms = from_ms
