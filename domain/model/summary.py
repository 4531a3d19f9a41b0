"""The line every board shows first."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from domain.model.fx import FxRate
from domain.model.market import Quality
from domain.model.number import mean_of_two, percent_change
from domain.model.premium import Premium

BITCOIN = "BTC"
TETHER = "USDT"


@dataclass(frozen=True, slots=True)
class BoardSummary:
    """Counts and leading figures of the whole board, in percent on OFFICIAL_FX.

    `median_percent` is over LIVE premiums only, None where there is none.
    `tether_percent` is what a dollar of USDT costs in won above the official rate.
    """

    btc_percent: Decimal | None
    median_percent: Decimal | None
    tether_percent: Decimal | None
    live: int
    stale: int
    unavailable: int
    fx_rate: FxRate | None


def summarise(premiums: Iterable[Premium], fx_rate: FxRate | None) -> BoardSummary:
    """Return the summary of the premiums given (a whole board)."""
    rows = {premium.symbol: premium for premium in premiums}
    counts = dict.fromkeys(Quality, 0)
    for premium in rows.values():
        counts[premium.quality] += 1
    bitcoin = rows.get(BITCOIN)
    return BoardSummary(
        btc_percent=None if bitcoin is None else bitcoin.percent,
        median_percent=_median(rows.values()),
        tether_percent=_tether(rows.get(TETHER), fx_rate),
        live=counts[Quality.LIVE],
        stale=counts[Quality.STALE],
        unavailable=counts[Quality.UNAVAILABLE],
        fx_rate=fx_rate,
    )


def _median(premiums: Iterable[Premium]) -> Decimal | None:
    percents = sorted(
        premium.percent
        for premium in premiums
        if premium.quality is Quality.LIVE and premium.percent is not None
    )
    if not percents:
        return None
    middle = len(percents) // 2
    if len(percents) % 2:
        return percents[middle]
    return mean_of_two(percents[middle - 1], percents[middle])


def _tether(premium: Premium | None, fx_rate: FxRate | None) -> Decimal | None:
    if premium is None or premium.domestic is None or fx_rate is None:
        return None
    return percent_change(premium.domestic.price, fx_rate.rate)
