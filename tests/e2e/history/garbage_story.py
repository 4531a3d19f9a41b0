"""Venues whose candles cannot be believed: nothing wrong is stored, and it is told."""

from itertools import cycle
from typing import Any

from aiohttp import web

from tests.e2e.history.command import Bench
from tests.e2e.history.desk import Desk, checking
from tests.e2e.history.tape import DAY_S, at
from tests.e2e.semantics.venue import Raw

FIRST, LAST = "2026-10-01", "2026-10-10"
LINE = ("backfill", "--from", FIRST, "--to", LAST, "--symbols", "BTC,DOGE")
SPAN = range(at(FIRST), at(LAST) + DAY_S)
# What may stand in place of a price, and must never become one: by bad day.
NO_PRICES = {
    "2026-10-02": "0",
    "2026-10-04": "-143000000",
    "2026-10-05": "1e999999999",
    "2026-10-07": "null",
    "2026-10-09": "true",
}
NO_LISTS = ("garbage", "[[1,2]]", '[[NaN,"1","1","1","1"]]', "{}", "")


# Stand in a list of days and are none of them: within a day, and in the future.
STRANGE = ("2026-10-05T12:00:30", "2031-10-05T00:00:00")


def days_kept(bench: Bench, symbol: str) -> set[str]:
    """Return the days that the table has of a coin."""
    kept = bench.rows("SELECT opened_at FROM premium_bar WHERE symbol = $1", symbol)
    return {row["opened_at"].date().isoformat() for row in kept}


def spoil(rows: list[Any]) -> list[Any]:
    """Return what Upbit tells: no price for some days of BTC, nothing of DOGE."""
    market = rows[0]["market"] if rows else ""
    if market != "KRW-BTC" or "unit" in rows[0]:
        return [] if market == "KRW-DOGE" else rows
    bad = {f"{day}T00:00:00": Raw(text) for day, text in NO_PRICES.items()}
    told = [
        {**row, "trade_price": bad.get(row["candle_date_time_utc"], row["trade_price"])}
        for row in rows
    ]
    strange = {**rows[0], "trade_price": Raw("99000000")}
    return told + [{**strange, "candle_date_time_utc": opened} for opened in STRANGE]


def what_cannot_be_believed_makes_no_bar_and_is_asked_for_again(desk: Desk) -> None:
    """It is missing, and made as soon as the venue tells the truth."""
    bench, world = desk.bench, desk.world
    world.upbit.spoils = spoil
    first = bench.run(*LINE)
    assert first.code == 1, first.words
    assert "Traceback" not in first.err
    assert not days_kept(bench, "BTC") & set(NO_PRICES)
    assert days_kept(bench, "DOGE") == set()
    candles = bench.rows("SELECT opened_at FROM candle WHERE exchange = 'UPBIT'")
    opened = {f"{row['opened_at']:%Y-%m-%dT%H:%M:%S}" for row in candles}
    assert opened
    assert not opened & set(STRANGE)
    world.upbit.spoils = list
    last = bench.run(*LINE)
    assert last.code == 0, last.words
    with checking(desk) as check:
        check("BTC", "D1", SPAN, "OFFICIAL_FX")
        check("DOGE", "D1", SPAN, "OFFICIAL_FX")


def an_answer_that_is_no_list_of_candles_fails_the_run(desk: Desk) -> None:
    """Each time it is asked, Binance has another one."""
    bodies = cycle(NO_LISTS)

    async def garbage(_: web.Request) -> web.StreamResponse:
        return web.Response(text=next(bodies), content_type="application/json")

    desk.world.faults["binance"] = garbage
    said = desk.bench.run(*LINE)
    assert said.code == 1, said.words
    assert "Traceback" not in said.err
    assert days_kept(desk.bench, "BTC") == set()
