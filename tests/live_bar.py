"""A minute of BTC as the recorder closes it, for tests that bring it elsewhere."""

from decimal import Decimal

from domain.model.bar import Bar, BarOrigin, BasisBar
from domain.model.fx import PremiumBasis
from domain.model.interval import Interval
from domain.model.market import Quality

NOW = 1_767_225_600_000
MINUTE_MS = 60_000
BASIS = BasisBar(
    open=Decimal("-1.923077"),
    high=Decimal("0.000001"),
    low=Decimal("-2.5"),
    close=Decimal(0),
    fx_rate=Decimal("1348.28"),
    samples=61,
    quality=Quality.LIVE,
)
BTC = Bar(
    symbol="BTC",
    interval=Interval.M1,
    opened_ms=NOW,
    domestic_close=Decimal("133000000"),
    global_close=Decimal("98643.25000000"),
    bases=dict.fromkeys(PremiumBasis, BASIS),
    origin=BarOrigin.LIVE,
    fx_source="dunamu",
    fx_as_of_ms=NOW - 7_000,
)
