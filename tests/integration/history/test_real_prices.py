"""The premium of real closes, by the product's own code and by plain fractions.

The data is not part of this repository (exchanges.md B): KIMP_SHARED_DATA, or
../shared/data; without it these tests are skipped.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from bench.real_premium import (
    BINANCE_FILE,
    RATE_FILE,
    UPBIT_FILE,
    real_bars,
    shared_data,
    table,
    write_rates,
)
from domain.model.bar import Bar
from domain.model.fx import PremiumBasis
from domain.model.snapshot import utc_day

DATA = shared_data()
FILES = (UPBIT_FILE, BINANCE_FILE, RATE_FILE)
pytestmark = pytest.mark.skipif(
    not all((DATA / name).is_file() for name in FILES),
    reason=f"no shared data at {DATA}",
)
OFFICIAL = PremiumBasis.OFFICIAL_FX


def column(name: str, day: str, value: str) -> Mapping[date, Fraction]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return {
            date.fromisoformat(row[day][:10]): Fraction(row[value])
            for row in csv.DictReader(file)
        }


@pytest.fixture(scope="module")
def bars(tmp_path_factory: pytest.TempPathFactory) -> Sequence[Bar]:
    rates = Path(tmp_path_factory.mktemp("fx")) / "rates.csv"
    write_rates(DATA / RATE_FILE, rates)
    return real_bars(DATA, rates)


def test_every_day_that_both_venues_have_is_a_bar(bars: Sequence[Bar]) -> None:
    krw = column(UPBIT_FILE, "candle_kst", "close")
    usd = column(BINANCE_FILE, "open_time", "close")
    assert [utc_day(bar.opened_ms) for bar in bars] == sorted(krw.keys() & usd.keys())
    assert len(bars) > 2_000


@pytest.mark.parametrize("end", ["open", "close"])
def test_the_premium_of_each_day_equals_fractions_of_the_files(
    bars: Sequence[Bar], end: str
) -> None:
    krw = column(UPBIT_FILE, "candle_kst", end)
    usd = column(BINANCE_FILE, "open_time", end)
    rates = column(RATE_FILE, "date", "usdkrw_cross")
    for bar in bars:
        day = rated = utc_day(bar.opened_ms)
        while rated not in rates:
            rated -= timedelta(days=1)
        exact = (krw[day] / (usd[day] * rates[rated]) - 1) * 100
        told = bar.bases[OFFICIAL]
        assert Fraction(told.fx_rate) == rates[rated], day
        assert getattr(told, end) == Decimal(round(exact * 10**6)).scaleb(-6), day


def test_bars_are_whole(bars: Sequence[Bar]) -> None:
    for bar in bars:
        told = bar.bases[OFFICIAL]
        assert told.low == min(told.open, told.close)
        assert told.high == max(told.open, told.close)
        assert (told.samples, bar.fx_source) == (1, "csv")


def test_the_table_has_a_line_for_each_year(bars: Sequence[Bar]) -> None:
    years = {utc_day(bar.opened_ms).year for bar in bars}
    lines = table(bars).splitlines()
    assert [line.split(" | ")[0] for line in lines[2:]] == [
        f"| {year}" for year in (*sorted(years), "all")
    ]


def test_the_premium_was_where_history_has_it(bars: Sequence[Bar]) -> None:
    by_day = {utc_day(bar.opened_ms): bar.bases[OFFICIAL].close for bar in bars}
    # The spring of 2021; the literature has its peak above 20 percent as well.
    assert max(by_day, key=by_day.__getitem__).year == 2021
    assert 20 < max(by_day.values()) < 25
    assert all(-10 < close < 30 for close in by_day.values())
