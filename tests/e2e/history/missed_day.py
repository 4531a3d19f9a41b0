"""Days missed while nobody ran, and what the venues' minutes say of their ends."""

import time
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from tests.e2e.history.bar import UNITS
from tests.e2e.history.command import Bench
from tests.e2e.history.question import snapshots_on
from tests.e2e.history.tape import at, day_of, days
from tests.e2e.history.venue import HistoryWorld, refusing
from tests.e2e.semantics import expect
from tests.e2e.semantics.server import Server, until
from tests.e2e.semantics.world import dunamu, frankfurter

NOW: Final = "2026-11-18T03:00:00"
# A Saturday; Sunday to Tuesday were missed.
KNOWN: Final = "2026-11-14"
MISSED: Final = [day.isoformat() for day in days("2026-11-15", "2026-11-17")]
# Somebody who did not answer is asked again after a while.
LIMIT_S: Final = 120.0
WRONG: Final = {
    "ETH": {"domestic_price": Decimal("4000000")},
    "XRP": {"global_price": Decimal("9.99")},
}
INSERT: Final = (
    "INSERT INTO daily_snapshot (day, symbol, domestic_price, global_price, fx_rate,"
    " fx_source, comparable, percent, revision)"
    " VALUES ($1, $2, $3, $4, $5, $6, true, $7, 1)"
)


def last_close(series: Any, change_s: int) -> str:
    """Return the close of the last minute that ends by the change."""
    for opened_s in range(change_s - 60, change_s - 86_400, -60):
        candle = series.candle(60, opened_s)
        if candle is not None:
            return str(candle.close)
    raise AssertionError("nothing was traded that day")


def evidence(world: HistoryWorld, symbol: str, day: str) -> dict[str, Any]:
    """Return what the venues' minutes and the rates say of a Seoul day's end."""
    change_s = at(f"{day}T15:00:00")
    krw = last_close(world.upbit.tape[f"KRW-{symbol}"], change_s)
    base, units = UNITS.get(symbol, (symbol, 1))
    pair = world.binance.tape.get(f"{base}USDT")
    if pair is None:
        return {"domesticPrice": expect.text(krw), "globalPrice": None, "percent": None}
    rate = world.ecb.for_bar(day_of(change_s))
    usdt = Decimal(last_close(pair, change_s)) / units
    return {
        "domesticPrice": expect.text(krw),
        "globalPrice": expect.text(str(usdt)),
        "fxRate": expect.text(rate),
        "fxSource": "frankfurter",
        "percent": expect.percent(krw, str(usdt), rate),
    }


def list_world(world: HistoryWorld) -> None:
    """List coins of which some trade seldom."""
    world.market("DOGE", "201.5", 1, sparse=5)
    world.pair("DOGE", "0.15010", 5, sparse=3)
    world.market("BTC", "143000000", -3)
    world.pair("BTC", "107000.00", 2)
    world.market("ETH", "3456000", -3)
    world.pair("ETH", "2600.51", 2)
    world.market("XRP", "3456", 0, sparse=40)
    world.pair("XRP", "2.6100", 4)
    world.market("SATS", "0.00033100", 8, sparse=30)
    world.pair("1000SATS", "0.00025000", 8, sparse=7)
    world.market("USDT", "1320.5", 1)
    world.rates["main/v1/forex/recent"] = dunamu("1300", at(NOW) * 1000)
    world.rates["main/v1/latest"] = frankfurter("1310.25", "2026-11-17")


def insert_known(bench: Bench, world: HistoryWorld) -> None:
    """Write the day before the outage: right rows and wrong ones."""
    for code in world.upbit.tape:
        symbol = code.removeprefix("KRW-")
        told = evidence(world, symbol, KNOWN)
        names = ("domesticPrice", "globalPrice", "fxRate", "percent")
        krw, usdt, rate, percent = (
            None if told.get(name) is None else Decimal(told[name]) for name in names
        )
        wrong = WRONG.get(symbol, {})
        krw = wrong.get("domestic_price", krw)
        usdt = wrong.get("global_price", usdt)
        values = (krw, usdt, rate, told.get("fxSource"), percent)
        bench.rows(INSERT, days(KNOWN, KNOWN)[0], symbol, *values)


def missed_bench(folder: Path, url: str, world: HistoryWorld) -> Bench:
    """List the world at NOW, and let the table know one day of it."""
    shift_s = at(NOW) - time.time()
    world.move(shift_s)
    list_world(world)
    settings = {
        **world.settings(sources="dunamu,frankfurter"),
        "KIMP_DATABASE__URL": url,
        "KIMP_HISTORY__HEAL_DAYS": "0",
    }
    return Bench(folder, settings, shift_s)


def wait_caught_up(server: Server, world: HistoryWorld) -> None:
    """Return when the known day and the missed ones are there and verified."""
    for day in (*MISSED, KNOWN):
        until(lambda d=day: _is_done(server, world, d), day, LIMIT_S)  # type: ignore[misc]  # mypy does not infer a default's type here


def _is_done(server: Server, world: HistoryWorld, day: str) -> bool:
    rows = snapshots_on(server, day)
    verified = [r for r in rows.values() if r["verifiedAt"] is not None]
    return len(verified) == len(rows) == len(world.upbit.tape)


def outage_story(folder: Path, url: str) -> dict[str, tuple[Any, Any]]:
    """Catch up while Binance's candles and the rates fail; then they are well again.

    Gives what is told of every coin and day, and what the minutes say of it.
    """
    with HistoryWorld() as world:
        bench = missed_bench(folder, url, world)
        world.faults["binance"] = refusing(503)
        world.rates_fail = True
        insert_known(bench, world)
        with bench.serve() as server:
            until(
                lambda: len(world.asked("binance", status=503)) >= 3, "asked", LIMIT_S
            )
            world.faults.clear()
            world.rates_fail = False
            wait_caught_up(server, world)
            told = {day: snapshots_on(server, day) for day in MISSED}
        return {
            f"{symbol} {day}": (row, evidence(world, symbol, day))
            for day, rows in told.items()
            for symbol, row in rows.items()
        }
