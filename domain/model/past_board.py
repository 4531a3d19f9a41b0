"""The board as it was: premiums rebuilt from the minute bars of one instant.

Source: semantics.md "Bars and snapshots", `asOf`. A bar keeps closes, rates and a
quality per basis; what it does not keep is null, and no answer changes later but by
healing. Pure: the instant is an argument.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from domain.model.bar import Bar, BasisBar
from domain.model.coin import DOMESTIC, GLOBAL, Coin, preferred
from domain.model.fx import FxRate, PremiumBasis
from domain.model.market import Channel, Exchange, Quality, Reason
from domain.model.number import multiply, percent_change, subtract
from domain.model.premium import BasisPremium, Numbers, Premium
from domain.model.quote import Quote
from domain.model.stable_rate import STABLE_RATES
from domain.model.summary import BoardSummary, summarise

BACK_MS = 300_000
"""A bar that ended longer before the instant says nothing about it."""

UPBIT_SOURCE = "upbit"
UNKNOWN_SOURCE = "unknown"
"""The source of an official rate whose bar does not tell it."""


class PastBoard:
    """What views read of a board, at an instant (Unix ms) that has passed.

    `coins` are those of today's board: each has a premium, UNAVAILABLE without a bar.
    """

    def __init__(self, at_ms: int, coins: Iterable[Coin], bars: Iterable[Bar]) -> None:
        by_symbol = {bar.symbol: bar for bar in bars}
        self.at_ms = at_ms
        self._premiums: Mapping[str, Premium] = {
            coin.symbol: past_premium(coin, by_symbol.get(coin.symbol), at_ms)
            for coin in coins
        }

    def premium(self, symbol: str) -> Premium | None:
        """Return the premium that a coin of today's board had."""
        return self._premiums.get(symbol)

    def premiums(self) -> Sequence[Premium]:
        """Return all of them."""
        return tuple(self._premiums.values())

    def received_ms(self, quote: Quote) -> int:
        """Return when it was received: the end of its bar."""
        return quote.received_ms

    def age_ms(self, quote: Quote, now_ms: int) -> int:
        """Return how old its price was."""
        return quote.age_ms(now_ms)

    def summary(self) -> BoardSummary:
        """Return the counts and leading figures, with the official rate told last."""
        official = self._rate(PremiumBasis.OFFICIAL_FX)
        tether = self._rate(PremiumBasis.KRW_USDT)
        found = summarise(self._premiums.values(), official)
        if official is None or tether is None:
            return found
        # USDT itself has no bars; what it cost stands in those of the others.
        return replace(found, tether_percent=percent_change(tether.rate, official.rate))

    def _rate(self, basis: PremiumBasis) -> FxRate | None:
        """Return the rate of the last instant among those the bars tell."""
        told = (premium.basis(basis).fx for premium in self._premiums.values())
        rates = [rate for rate in told if rate is not None]
        return max(rates, key=lambda rate: rate.as_of_ms, default=None)


def past_premium(coin: Coin, bar: Bar | None, at_ms: int) -> Premium:
    """Return what a coin's premium was by its last minute bar; None: it has none.

    Of versions nothing is kept: `seq` and `tick` are 0.
    """
    if bar is None:
        return _unknown(coin, at_ms)
    bases = tuple(_basis(basis, bar) for basis in PremiumBasis)
    is_live = bases[0].quality is Quality.LIVE
    return Premium(
        coin=coin,
        domestic=_leg(coin, bar, DOMESTIC),
        global_=_leg(coin, bar, GLOBAL),
        bases=bases,
        at_ms=bar.ends_ms,
        last_live_ms=bar.ends_ms if is_live else None,
    )


def _unknown(coin: Coin, at_ms: int) -> Premium:
    lacks_global = coin.global_ is None
    reason = Reason.NO_GLOBAL_MARKET if lacks_global else Reason.DOMESTIC_MISSING
    bases = tuple(
        BasisPremium(basis, None, None, Quality.UNAVAILABLE, reason)
        for basis in PremiumBasis
    )
    return Premium(coin, None, None, bases, at_ms)


def _basis(basis: PremiumBasis, bar: Bar) -> BasisPremium:
    kept = bar.bases.get(basis)
    if kept is None:
        # The prices are known, so it was the rate that was not.
        reason = Reason.FX_MISSING
        return BasisPremium(basis, None, None, Quality.UNAVAILABLE, reason)
    fair = multiply(bar.global_close, kept.fx_rate)
    numbers = Numbers(kept.close, subtract(bar.domestic_close, fair))
    rate = _rate(basis, bar, kept)
    return BasisPremium(basis, numbers, rate, kept.quality, _reason(bar, kept))


def _rate(basis: PremiumBasis, bar: Bar, kept: BasisBar) -> FxRate:
    base, source, as_of_ms = "USD", bar.fx_source or UNKNOWN_SOURCE, bar.fx_as_of_ms
    if basis in STABLE_RATES:
        base, source, as_of_ms = STABLE_RATES[basis][0], UPBIT_SOURCE, bar.ends_ms
    if as_of_ms is None:
        as_of_ms = bar.ends_ms
    return FxRate(base, "KRW", kept.fx_rate, source, as_of_ms, kept.quality)


def _reason(bar: Bar, kept: BasisBar) -> Reason | None:
    """Return why a basis was not live: where another was, both legs were.

    Which leg it was a bar does not tell; the first in the fixed order stands for both.
    """
    if kept.quality is Quality.LIVE:
        return None
    legs_live = _legs_quality(bar) is Quality.LIVE
    return Reason.FX_STALE if legs_live else Reason.DOMESTIC_STALE


def _legs_quality(bar: Bar) -> Quality:
    live = any(kept.quality is Quality.LIVE for kept in bar.bases.values())
    return Quality.LIVE if live else Quality.STALE


def _leg(coin: Coin, bar: Bar, side: tuple[Exchange, str]) -> Quote | None:
    """Return a side; its market is the open one, else one it had; None: it had none."""
    listed = [item for item in coin.listings if (item.exchange, item.quote) == side]
    open_ones = [item for item in listed if item.is_open]
    listing = preferred(open_ones or listed)
    if listing is None:
        return None
    return Quote(
        exchange=listing.exchange,
        market=listing.market,
        price=bar.domestic_close if side == DOMESTIC else bar.global_close,
        exchange_ms=bar.ends_ms,
        received_ms=bar.ends_ms,
        channel=Channel.CACHE,
        quality=_legs_quality(bar),
    )
