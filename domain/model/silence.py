"""What may still be said of a premium when nobody has spoken of it for too long.

The leader fell silent: its last numbers stay, and none of them is live. Pure.
"""

from dataclasses import replace

from domain.model.fx import FxRate
from domain.model.market import Quality, Reason
from domain.model.premium import BasisPremium, Premium
from domain.model.quote import DAY_MS, Quote

# Official rates are won for one US dollar, the others won for one stable coin.
OFFICIAL_BASE = "USD"


def silenced(
    premium: Premium, heard_ms: int, now_ms: int, max_rate_age_ms: int
) -> Premium:
    """Return a version as it stands now when its leader was last heard at `heard_ms`.

    Both legs are STALE, the reason is the first that holds. A rate beyond its maximum
    age is no rate; a change since 00:00 UTC is unknown once that day is over.
    """
    last_live_ms = premium.last_live_ms
    if premium.quality is Quality.LIVE:
        last_live_ms = heard_ms
    day_is_over = heard_ms // DAY_MS != now_ms // DAY_MS
    return replace(
        premium,
        domestic=_quote(premium.domestic, day_is_over),
        global_=_quote(premium.global_, day_is_over),
        bases=tuple(_basis(each, now_ms - max_rate_age_ms) for each in premium.bases),
        last_live_ms=last_live_ms,
    )


def stale_rate(rate: FxRate | None, oldest_ms: int) -> FxRate | None:
    """Return a rate nobody has confirmed of late; None: it is too old to be one.

    Only official rates have a maximum age; the others are prices of stable coins.
    """
    if rate is None or (rate.base == OFFICIAL_BASE and rate.as_of_ms < oldest_ms):
        return None
    return replace(rate, quality=Quality.STALE)


def _quote(quote: Quote | None, day_is_over: bool) -> Quote | None:
    if quote is None:
        return None
    change = None if day_is_over else quote.change_percent_since_utc_midnight
    return replace(
        quote, quality=Quality.STALE, change_percent_since_utc_midnight=change
    )


def _basis(basis: BasisPremium, oldest_ms: int) -> BasisPremium:
    rate = stale_rate(basis.fx, oldest_ms)
    if basis.quality is Quality.UNAVAILABLE:
        return replace(basis, fx=rate)
    if rate is None:
        gone = Reason.FX_MISSING
        return replace(
            basis, numbers=None, fx=None, quality=Quality.UNAVAILABLE, reason=gone
        )
    # Both legs are stale, and theirs is the first reason in the fixed order.
    return replace(basis, fx=rate, quality=Quality.STALE, reason=Reason.DOMESTIC_STALE)
