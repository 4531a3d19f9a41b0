"""The kimchi premium of real daily closes, by year, as the product computes it.

    python -m bench premium

Source: the daily candles of BTC at both venues and the ECB's cross rate in the shared
data (`KIMP_SHARED_DATA`, else `../shared/data`). They are made into candles and a CSV
of rates, and go the product's own way from there: `rate_file`, `candle_premium`.
"""

import csv
import os
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby
from pathlib import Path

from adapters.fx.rate_file import read_rates
from domain.model.bar import Bar
from domain.model.candle import Candle
from domain.model.candle_premium import PremiumSpan, SpanCandles, bars_of
from domain.model.daily_rate import RateCalendar
from domain.model.fx import PremiumBasis
from domain.model.interval import Interval
from domain.model.number import parse_decimal
from domain.model.snapshot import opens_ms, utc_day

REPOSITORY = Path(__file__).parents[1]
UPBIT_FILE = "candles/upbit_KRW-BTC_1d.csv"
BINANCE_FILE = "candles/binance_BTCUSDT_1d.csv"
RATE_FILE = "fx/ecb_usdkrw_daily.csv"
_PRICES = ("open", "high", "low", "close")


def shared_data() -> Path:
    """Return where the shared data is, or would be."""
    named = os.environ.get("KIMP_SHARED_DATA")
    return Path(named) if named else REPOSITORY.parent / "shared" / "data"


def write_rates(source: Path, target: Path) -> None:
    """Make the ECB file's cross rate a file as `--fx-csv` takes it."""
    with source.open(encoding="utf-8", newline="") as file:
        rows = [(row["date"], row["usdkrw_cross"]) for row in csv.DictReader(file)]
    lines = ["date,rate", *(",".join(row) for row in rows), ""]
    target.write_text("\n".join(lines), encoding="utf-8")


def real_bars(data: Path, rates: Path) -> Sequence[Bar]:
    """Return BTC's bars of every day that both files have, in their order."""
    # The label is 09:00 in Seoul, which is 00:00 UTC of that day.
    upbit = list(_candles(data / UPBIT_FILE, "KRW-BTC", "candle_kst"))
    binance = list(_candles(data / BINANCE_FILE, "BTCUSDT", "open_time"))
    opened = [candle.opened_ms for candle in (*upbit, *binance)]
    end_ms = max(opened) + Interval.D1.length_ms
    span = PremiumSpan("BTC", Interval.D1, min(opened), end_ms)
    calendar = RateCalendar(read_rates(rates))
    return bars_of(span, SpanCandles(upbit, binance), calendar).bars


def _candles(path: Path, market: str, day: str) -> Iterator[Candle]:
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            opened_ms = opens_ms(date.fromisoformat(row[day][:10]))
            first, high, low, last = (parse_decimal(row[name]) for name in _PRICES)
            volume, turnover = parse_decimal(row["volume"]), Decimal(0)
            yield Candle(
                market, Interval.D1, opened_ms, first, high, low, last, volume, turnover
            )


def table(bars: Sequence[Bar]) -> str:
    """Return mean, median, least and largest close of each year as Markdown."""
    lines = [
        "| year | days | mean | median | min | max |",
        "|---|---:|---:|---:|---|---|",
    ]
    years = [
        (str(year), list(group))
        for year, group in groupby(bars, key=lambda bar: utc_day(bar.opened_ms).year)
    ]
    if len(years) > 1:
        years.append(("all", list(bars)))
    for name, group in years:
        closes = {_close(bar): utc_day(bar.opened_ms) for bar in reversed(group)}
        all_of = [_close(bar) for bar in group]
        low, high = min(all_of), max(all_of)
        lines.append(
            f"| {name} | {len(group)} | {statistics.mean(all_of):.2f} "
            f"| {statistics.median(all_of):.2f} | {low:.2f} ({closes[low]}) "
            f"| {high:.2f} ({closes[high]}) |"
        )
    return "\n".join(lines)


def _close(bar: Bar) -> Decimal:
    return bar.bases[PremiumBasis.OFFICIAL_FX].close


def main() -> None:
    """Print the table."""
    data = shared_data()
    if not (data / UPBIT_FILE).is_file():
        sys.exit(f"no data at {data}")
    with tempfile.TemporaryDirectory() as folder:
        rates = Path(folder) / "rates.csv"
        write_rates(data / RATE_FILE, rates)
        bars = real_bars(data, rates)
    first, last = (utc_day(bar.opened_ms) for bar in (bars[0], bars[-1]))
    whole = len(bars) == (last - first) // timedelta(days=1) + 1
    gaps = "no day missing" if whole else "with days missing"
    print(f"BTC, closes at 00:00 UTC, {first} to {last}, {gaps}; percent\n")
    print(table(bars))


if __name__ == "__main__":
    main()
