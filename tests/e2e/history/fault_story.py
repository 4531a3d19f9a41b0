"""Venues that fail or are slow, a process that is killed: bars are made once."""

from random import Random
from typing import Any

from tests.e2e.history.command import kill
from tests.e2e.history.desk import Desk, checking
from tests.e2e.history.tape import DAY_S, Rates, at, days
from tests.e2e.history.venue import HistoryWorld, refusing, slow
from tests.e2e.semantics.server import until

DAY = "2026-10-14"
SPAN = range(at(DAY), at(DAY) + DAY_S)
MINUTES = ("backfill", "--from", DAY, "--to", DAY, "--interval", "1m")
# Pages of 200 minutes for BTC, USDT and USDC.
DAY_PAGES = 24
PAGES_LIMIT_S = 60.0


def pages(world: HistoryWorld, venue: str) -> int:
    """Return how many questions for candles were answered."""
    return len(world.asked(venue))


def a_venue_that_goes_down_halfway_is_exit_1_and_the_next_run_completes(
    desk: Desk,
) -> None:
    """What was read before is not asked for again."""
    desk.world.faults["upbit"] = refusing(503, after=6)
    first = desk.bench.run(*MINUTES, "--symbols", "BTC")
    assert first.code == 1, first.words
    assert "Traceback" not in first.err
    assert pages(desk.world, "upbit") == 6
    desk.world.faults.clear()
    second = desk.bench.run(*MINUTES, "--symbols", "BTC")
    assert second.code == 0, second.words
    assert pages(desk.world, "upbit") <= DAY_PAGES * 1.1 + 6
    with checking(desk) as check:
        for basis in ("OFFICIAL_FX", "KRW_USDT", "KRW_USDC"):
            check("BTC", "M1", SPAN, basis)


def questions_that_are_refused_for_their_number_wait_and_go_on(desk: Desk) -> None:
    """429 is no failure."""
    desk.world.faults["upbit"] = refusing(429, after=2, times=2)
    desk.world.faults["binance"] = refusing(429, after=1, times=1)
    said = desk.bench.run(*MINUTES, "--symbols", "BTC")
    assert said.code == 0, said.words
    assert desk.world.asked("upbit", status=429)
    assert desk.world.asked("binance", status=429)
    minutes = "SELECT count(*) FROM premium_minute WHERE symbol = 'BTC'"
    assert desk.bench.value(minutes) == DAY_S // 60


def candles_out_of_order_twice_and_with_holes_are_put_right_and_counted(
    desk: Desk,
) -> None:
    """Holes are told by their day."""
    random = Random(4)

    def spoil(rows: list[Any]) -> list[Any]:
        told = rows + random.sample(rows, min(5, len(rows)))
        random.shuffle(told)
        return told

    desk.world.upbit.spoils = desk.world.binance.spoils = spoil
    for day in ("2026-10-03", "2026-10-07"):
        desk.world.upbit.tape["KRW-DOGE"].holes.add((DAY_S, at(day)))
    desk.world.binance.tape["BTCUSDT"].holes.add((DAY_S, at("2026-10-05")))
    said = desk.bench.run("backfill", "--from", "2026-10-01", "--to", "2026-10-14")
    assert said.code == 0, said.words
    assert "duplicate" in said.words.lower()
    assert "order" in said.words.lower()
    for word in ("2026-10-03", "2026-10-07", "2026-10-05"):
        assert word in said.words
    span = range(at("2026-10-01"), at("2026-10-15"))
    with checking(desk) as check:
        for symbol in ("BTC", "DOGE"):
            check(symbol, "D1", span, "OFFICIAL_FX")
            check(symbol, "D1", span, "KRW_USDT")


def a_killed_backfill_goes_on_where_it_was(desk: Desk) -> None:
    """Nothing is missing in the end, nothing twice."""
    desk.world.faults["upbit"] = slow(0.05)
    random = Random(9)
    for _ in range(3):
        many = pages(desk.world, "upbit") + random.randrange(2, 6)
        child = desk.bench.start(*MINUTES, "--symbols", "DOGE")
        until(
            lambda n=many: pages(desk.world, "upbit") >= n,  # type: ignore[misc]  # mypy does not infer a default's type here
            f"{many} pages",
            PAGES_LIMIT_S,
        )
        kill(child)
        child.communicate()
    last = desk.bench.run(*MINUTES, "--symbols", "DOGE")
    assert last.code == 0, last.words
    twice = (
        "SELECT count(*) - count(DISTINCT (exchange, market, interval, opened_at))"
        " FROM candle"
    )
    assert desk.bench.value(twice) == 0
    with checking(desk) as check:
        check("DOGE", "M1", SPAN, "OFFICIAL_FX")
        check("DOGE", "M1", SPAN, "KRW_USDT")


def a_year_of_days_takes_the_least_questions_and_the_true_rates(desk: Desk) -> None:
    """The same again asks for no candle at all."""
    line = ("backfill", "--from", "2025-10-01", "--to", "2026-09-30")
    said = desk.bench.run(*line)
    assert said.code == 0, said.words
    # 365 days: two pages of 200 for each of Upbit's four markets, one of 1,000 for
    # each of Binance's three.
    assert pages(desk.world, "upbit") <= 8 * 1.1
    assert pages(desk.world, "binance") <= 3 * 1.1
    before = len(desk.world.diary)
    again = desk.bench.run(*line)
    assert again.code == 0, again.words
    assert [a for a in desk.world.diary[before:] if a.venue != "fx"] == []
    span = range(at("2025-10-01"), at("2026-10-01"))
    with checking(desk) as check:
        check("BTC", "D1", span, "OFFICIAL_FX")
        check("DOGE", "D1", span, "KRW_USDC")


def minutes_are_asked_for_within_half_the_budget(desk: Desk) -> None:
    """Upbit allows 10 questions a second, and half of them are the live feed's."""
    said = desk.bench.run(*MINUTES, "--symbols", "BTC")
    assert said.code == 0, said.words
    stamps = sorted(a.at_s for a in desk.world.asked("upbit"))
    assert DAY_PAGES <= len(stamps) <= DAY_PAGES * 1.1 + 2
    # The first five may go at once; a busy venue may see five more together.
    assert stamps[-1] - stamps[0] >= (len(stamps) - 10) / 5.5


def a_rate_file_replaces_every_source_and_what_was_kept(desk: Desk) -> None:
    """BTC's days are there already, at the ECB's rates; DOGE's are not."""
    line = ("backfill", "--from", "2026-10-01", "--to", "2026-10-12")
    assert desk.bench.run(*line, "--symbols", "BTC").code == 0
    own = Rates("own")
    own.scripted = dict.fromkeys(days("2026-10-03", "2026-10-04"), "1444.125")
    file = desk.bench.folder / "my rates.csv"
    known = {d: own.on(d) for d in days("2026-10-03", "2026-10-10")}
    lines = [f"{day},{rate}" for day, rate in known.items() if rate is not None]
    file.write_text("date,rate\n" + "\r\n".join(reversed(lines)) + "\n")
    before = len(desk.world.diary)
    said = desk.bench.run(*line, "--symbols", "BTC,DOGE", "--fx-csv", str(file))
    assert said.code == 0, said.words
    assert [a for a in desk.world.diary[before:] if a.venue == "fx"] == []
    # Before the file's first rate nothing can be made of DOGE, and that is told.
    first = desk.bench.value(
        "SELECT min(opened_at) FROM premium_bar WHERE symbol = $1"
        " AND official_fx_close IS NOT NULL",
        "DOGE",
    )
    assert first.date() == days("2026-10-03", "2026-10-03")[0]
    assert "DOGE 2 (2026-10-01 to 2026-10-02)" in said.words
    desk.world.ecb = Rates("own", {d: known.get(d) for d in days(*line[2::2])})
    with checking(desk) as check:
        span = range(at("2026-10-03"), at("2026-10-13"))
        check("BTC", "D1", span, "OFFICIAL_FX")
        check("DOGE", "D1", span, "OFFICIAL_FX")


def without_any_rate_source_the_run_fails(desk: Desk) -> None:
    """Exit 1, one line."""
    desk.world.rates_fail = True
    said = desk.bench.run("backfill", "--from", "2026-10-01", "--to", "2026-10-03")
    assert said.code == 1, said.words
    assert "Traceback" not in said.err
