"""One coin in the running minute: what was seen of it, and what stands.

Mutable, owned by `BarFold`; `take` runs for every published version of every coin.
"""

from decimal import Decimal

from domain.model.bar import Bar, BarOrigin, BasisBar
from domain.model.fx import FxRate, PremiumBasis
from domain.model.interval import Interval
from domain.model.market import Quality
from domain.model.premium import BasisPremium, Premium

_BASES = tuple(PremiumBasis)
_ZERO = Decimal(0)


class _BasisTrack:
    """One basis of a coin in the running minute, and what stands on it now."""

    __slots__ = (
        "close",
        "high",
        "live",
        "low",
        "open",
        "priced",
        "rate",
        "samples",
        "stale",
        "standing",
    )

    def __init__(self) -> None:
        self.open = self.high = self.low = self.close = _ZERO
        self.samples = 0
        self.standing: Decimal | None = None
        self.live = False
        self.stale = True
        self.rate = _ZERO
        self.priced = False

    def take(self, item: BasisPremium, fresh: bool, counts: bool) -> None:
        """Take a version in; `fresh`: from two LIVE legs, `counts`: as a sample."""
        numbers, fx = item.numbers, item.fx
        if numbers is None or fx is None:
            self.lose()
            return
        self.standing = percent = numbers.percent
        self.live = item.quality is Quality.LIVE
        if not self.live:
            self.stale = True
        if fresh or not self.priced:
            # Kept numbers stay with the rate they were computed at.
            self.rate = fx.rate
            self.priced = fresh
        if not counts:
            return
        self.close = percent
        if not self.samples:
            self.open = self.high = self.low = percent
        elif percent > self.high:
            self.high = percent
        elif percent < self.low:
            self.low = percent
        self.samples += 1

    def lose(self) -> None:
        """There is no number any more."""
        self.standing = None
        self.live = False
        self.stale = True

    def bar(self) -> BasisBar | None:
        """Return the minute as it ends; None: nothing was seen and nothing stands."""
        quality = Quality.STALE if self.stale else Quality.LIVE
        if self.samples:
            return BasisBar(
                self.open,
                self.high,
                self.low,
                self.close,
                self.rate,
                self.samples,
                quality,
            )
        held = self.standing
        if held is None:
            return None
        return BasisBar(held, held, held, held, self.rate, 0, quality)

    def begin(self, *, seen: bool) -> None:
        """Begin a minute; `seen`: its beginning was watched."""
        self.samples = 0
        self.stale = not (seen and self.live)


class CoinTrack:
    """One coin in the running minute."""

    __slots__ = ("bases", "domestic", "fx", "global_", "left", "priced")

    def __init__(self) -> None:
        self.bases = tuple(_BasisTrack() for _ in _BASES)
        self.domestic = self.global_ = _ZERO
        self.fx: FxRate | None = None
        self.priced = False
        self.left = False

    def take(self, premium: Premium, counts: bool) -> None:
        """Take a version in."""
        domestic, global_ = premium.domestic, premium.global_
        self.left = False
        fresh = False
        if domestic is not None and global_ is not None:
            live = Quality.LIVE
            fresh = domestic.quality is live and global_.quality is live
            if (fresh or not self.priced) and has_number(premium):
                self.domestic, self.global_ = domestic.price, global_.price
                self.priced = fresh
        official = premium.bases[0]
        if official.numbers is not None and (fresh or not self.bases[0].priced):
            self.fx = official.fx
        for track, item in zip(self.bases, premium.bases, strict=True):
            track.take(item, fresh, counts)

    def leave(self) -> bool:
        """Take that the coin left the board; True: nothing of it is to be recorded."""
        self.left = True
        self.priced = False
        for track in self.bases:
            track.lose()
            track.priced = False
        return not any(track.samples for track in self.bases)

    def bar(self, symbol: str, opened_ms: int) -> Bar | None:
        """Return the minute as it ends; None: no basis had a number."""
        bases = {
            basis: bar
            for basis, track in zip(_BASES, self.bases, strict=True)
            if (bar := track.bar()) is not None
        }
        if not bases:
            return None
        fx = self.fx if PremiumBasis.OFFICIAL_FX in bases else None
        return Bar(
            symbol=symbol,
            interval=Interval.M1,
            opened_ms=opened_ms,
            domestic_close=self.domestic,
            global_close=self.global_,
            bases=bases,
            origin=BarOrigin.LIVE,
            fx_source=None if fx is None else fx.source,
            fx_as_of_ms=None if fx is None else fx.as_of_ms,
        )

    def begin(self, *, seen: bool) -> None:
        """Begin a minute; `seen`: its beginning was watched."""
        for track in self.bases:
            track.begin(seen=seen)


def has_number(premium: Premium) -> bool:
    """Whether a version has a number on any basis."""
    for item in premium.bases:  # noqa: SIM110 (a generator costs a sixth of a version)
        if item.numbers is not None:
            return True
    return False
