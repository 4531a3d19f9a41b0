"""A backfill of a year of daily bars for 100 coins: seconds, and requests it took.

    python -m bench.history.backfill [--coins 100] [--days 365] [--runs 1]

Against simulated venues with the real ones' limits, of which a backfill takes half. The
fewest requests possible are full pages (200 candles of Upbit, 1,000 of Binance) of both
legs, of KRW-USDT and KRW-USDC, one list of each venue and one question for the rates.
"""

import argparse
import asyncio
import shutil
import subprocess
import tempfile
import time
from datetime import UTC, datetime, timedelta

from bench.control import Control
from bench.process import KIMP, simulator, without_settings

UPBIT_PAGE, BINANCE_PAGE = 200, 1000
LISTS_AND_RATES = 3
STABLE_MARKETS = 2
LIMIT_S = 1800.0


def main() -> None:
    """Measure; print a table."""
    parser = argparse.ArgumentParser(prog="bench.history.backfill")
    parser.add_argument("--coins", type=int, default=100)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--runs", type=int, default=1)
    options = parser.parse_args()
    print(
        "| coins | days | seconds | requests | fewest possible | ratio "
        "| rules broken |\n|---:|---:|---:|---:|---:|---:|---:|"
    )
    for _ in range(options.runs):
        print(_run(options.coins, options.days), flush=True)


def fewest(coins: int, days: int) -> int:
    """Return the fewest requests that so many daily bars can take."""
    domestic, global_ = -(-days // UPBIT_PAGE), -(-days // BINANCE_PAGE)
    legs = coins * (domestic + global_) + STABLE_MARKETS * domestic
    return legs + LISTS_AND_RATES


def _run(coins: int, days: int) -> str:
    folder = tempfile.mkdtemp(prefix="kimp-backfill-")
    last = datetime.now(UTC).date() - timedelta(days=1)
    first = last - timedelta(days=days - 1)
    try:
        with simulator(0.2) as (_, venues):
            base = venues["KIMP_UPBIT__REST_URL"].rpartition("/")[0]
            symbols = asyncio.run(_symbols(base))[:coins]
            began_s = time.monotonic()
            done = subprocess.run(
                [
                    *(KIMP, "backfill", "--from", f"{first}", "--to", f"{last}"),
                    *("--symbols", ",".join(symbols)),
                ],
                env={**without_settings(), **venues, "KIMP_DATA_DIR": folder},
                capture_output=True,
                text=True,
                timeout=LIMIT_S,
            )
            took_s = time.monotonic() - began_s
            if done.returncode != 0:
                raise RuntimeError(f"ended with {done.returncode}: {done.stderr}")
            asked, broken = asyncio.run(_asked(base))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    least = fewest(len(symbols), days)
    return (
        f"| {len(symbols)} | {days} | {took_s:.1f} | {asked} | {least} "
        f"| {asked / least:.3f} | {broken} |"
    )


async def _symbols(base: str) -> list[str]:
    """Return coins with both markets; what was asked for that is forgotten."""
    async with Control(base) as control:
        prices = await control.prices()
        await control.clear_traffic()
        await control.clear_violations()
    won = (name for name in prices["upbit"] if name.startswith("KRW-"))
    dollar = (name for name in prices["binance"] if name.endswith("USDT"))
    domestic = {name.removeprefix("KRW-") for name in won}
    global_ = {name.removesuffix("USDT") for name in dollar}
    return sorted((domestic & global_) - {"USDT", "USDC"})


async def _asked(base: str) -> tuple[int, int]:
    async with Control(base) as control:
        counts = [await control.traffic(name) for name in ("upbit", "binance", "fx")]
        return sum(requests for requests, _ in counts), len(await control.violations())


if __name__ == "__main__":
    main()
