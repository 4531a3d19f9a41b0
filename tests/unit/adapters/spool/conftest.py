"""Bars that wait."""

from decimal import Decimal

import pytest

from domain.model.bar import Bar, BarOrigin, BasisBar
from domain.model.fx import PremiumBasis
from domain.model.interval import Interval
from domain.model.market import Quality

NOW = 1_767_225_600_000


@pytest.fixture
def bars() -> list[Bar]:
    """One minute of BTC on one basis."""
    basis = BasisBar(
        open=Decimal("-1.923077"),
        high=Decimal(2),
        low=Decimal(-2),
        close=Decimal("1E-6"),
        fx_rate=Decimal("1348.28"),
        samples=7,
        quality=Quality.LIVE,
    )
    return [
        Bar(
            symbol="BTC",
            interval=Interval.M1,
            opened_ms=NOW,
            domestic_close=Decimal("1.33E+8"),
            global_close=Decimal("98643.25"),
            bases={PremiumBasis.OFFICIAL_FX: basis},
            origin=BarOrigin.LIVE,
            fx_source="dunamu",
            fx_as_of_ms=NOW - 1,
        )
    ]
