"""Backfilled bars are what both venues' candles and the dated rates say."""

from dataclasses import asdict

import pytest

from tests.e2e.history.bar import BASES, gathered, large, minutes
from tests.e2e.history.conftest import DAYS, ETH_LISTED, MINUTES, NO_XRP, Archive
from tests.e2e.history.question import bars, plain, same
from tests.e2e.history.tape import DAY_S, MINUTE_S, at, days, iso
from tests.e2e.history.venue import HistoryWorld
from tests.e2e.semantics.server import Server

DAY_SPAN = range(at(DAYS[0]), at(DAYS[1]) + DAY_S)
HOUR_SPAN = range(at("2026-10-10"), at("2026-10-13"))
FIRST_DAY = range(at(MINUTES[0]), at(MINUTES[0]) + DAY_S)
BOTH_DAYS = range(at(MINUTES[0]), at(MINUTES[1]) + DAY_S)
COVERED = {iso(at(day)) for day in MINUTES}


def span(found: range) -> dict[str, str]:
    """Return the arguments of a range."""
    return {"from_": iso(found.start), "to": iso(found.stop)}


def test_every_backfill_ends_well_and_says_what_it_did(archive: Archive) -> None:
    for said in archive.said:
        assert said.code == 0, said.words
        assert said.words.strip()


def test_what_cannot_be_made_is_listed(archive: Archive) -> None:
    assert "XRP" in archive.said[0].words
    assert NO_XRP in archive.said[0].words


def test_backfill_creates_the_coins_it_needs(archive: Archive) -> None:
    found = archive.server.ask("{ coins { edges { node { symbol koreanName } } } }")
    symbols = {edge["node"]["symbol"] for edge in found["coins"]["edges"]}
    assert symbols >= {"BTC", "XRP", "ETH", "SATS", "AQT", "USDT", "USDC", "DOGE"}


@pytest.mark.parametrize("basis", BASES)
@pytest.mark.parametrize("symbol", ["BTC", "SATS", "DOGE", "XRP", "ETH", "USDC"])
def test_days_are_the_daily_candles_at_the_rate_dated_so(
    server: Server, world: HistoryWorld, symbol: str, basis: str
) -> None:
    found = bars(server, symbol, interval="D1", basis=basis, **span(DAY_SPAN))
    wanted = large(world, symbol, "D1", DAY_SPAN, basis)
    if symbol == "BTC":  # its minutes cover two days, and minutes come first
        found = [bar for bar in found if bar["openedAt"] not in COVERED]
        wanted = [bar for bar in wanted if bar.openedAt not in COVERED]
    if symbol in ("XRP", "SATS"):
        found = [bar for bar in found if bar["openedAt"] != iso(at(MINUTES[0]))]
        wanted = [bar for bar in wanted if bar.openedAt != iso(at(MINUTES[0]))]
    same(found, wanted)
    assert {bar["interval"] for bar in found} == {"D1"}


def test_a_weekend_has_fridays_rate(server: Server, world: HistoryWorld) -> None:
    found = bars(server, "BTC", interval="D1", **span(DAY_SPAN))
    rates = {bar["openedAt"][:10]: bar["fxRate"] for bar in found}
    by_day = {d.isoformat(): d.weekday() for d in days(*DAYS)}
    assert [rates[day] for day in by_day if by_day[day] >= 5]
    assert rates["2026-10-10"] == rates["2026-10-11"] == rates["2026-10-09"]
    assert rates["2026-10-12"] != rates["2026-10-09"]
    friday = world.ecb.on(days("2026-10-02", "2026-10-02")[0])
    assert friday is not None
    assert float(rates["2026-10-03"]) == float(friday)


def test_a_day_without_a_candle_has_no_bar(server: Server) -> None:
    found = bars(server, "XRP", interval="D1", **span(DAY_SPAN))
    opened = [bar["openedAt"][:10] for bar in found]
    assert NO_XRP not in opened
    assert len(opened) == len(set(opened)) == 15


def test_a_coin_without_a_global_market_has_no_bars(server: Server) -> None:
    for symbol in ("AQT", "USDT"):
        assert bars(server, symbol, interval="D1", **span(DAY_SPAN)) == []


@pytest.mark.parametrize("basis", BASES)
@pytest.mark.parametrize("symbol", ["BTC", "SATS"])
def test_hours_are_the_hourly_candles(
    server: Server, world: HistoryWorld, symbol: str, basis: str
) -> None:
    found = bars(server, symbol, interval="H1", basis=basis, **span(HOUR_SPAN))
    same(found, large(world, symbol, "H1", HOUR_SPAN, basis))


@pytest.mark.parametrize("basis", BASES)
@pytest.mark.parametrize("symbol", ["BTC", "XRP", "SATS", "ETH"])
def test_minutes_are_the_minute_candles_and_carried_between(
    server: Server, world: HistoryWorld, symbol: str, basis: str
) -> None:
    found = bars(server, symbol, interval="M1", basis=basis, **span(FIRST_DAY))
    same(found, minutes(world, symbol, FIRST_DAY, basis))


def test_minutes_without_trades_are_carried_with_no_samples(server: Server) -> None:
    found = bars(server, "SATS", interval="M1", **span(FIRST_DAY))
    idle = [bar for bar in found if bar["samples"] == 0]
    assert len(idle) > 500
    by_minute = {bar["openedAt"]: bar for bar in found}
    for bar in idle:
        if bar is found[0]:
            continue  # carried from the day before
        ends = {bar[name] for name in ("open", "high", "low", "close")}
        before = by_minute.get(iso(at(bar["openedAt"][:-1]) - MINUTE_S))
        assert before is not None
        assert ends == {before["close"]}


def test_minutes_are_never_invented_before_the_first_trade(server: Server) -> None:
    found = bars(server, "ETH", interval="M1", **span(FIRST_DAY))
    assert found[0]["openedAt"] == ETH_LISTED + "Z"
    assert len(found) == 1440 - 510


def test_the_second_day_joins_the_first_without_loss(
    server: Server, world: HistoryWorld
) -> None:
    found = bars(server, "BTC", interval="M1", **span(BOTH_DAYS))
    assert len(found) == 2880
    same(found, minutes(world, "BTC", BOTH_DAYS, "OFFICIAL_FX"))


@pytest.mark.parametrize("basis", ["OFFICIAL_FX", "KRW_USDT"])
@pytest.mark.parametrize("interval", ["M3", "M5", "M15", "M30", "H1", "H4", "D1"])
@pytest.mark.parametrize("symbol", ["BTC", "SATS"])
def test_larger_intervals_are_what_the_minutes_make(
    server: Server, symbol: str, interval: str, basis: str
) -> None:
    days_of = BOTH_DAYS if symbol == "BTC" else FIRST_DAY
    ones = bars(server, symbol, interval="M1", basis=basis, **span(days_of))
    found = bars(server, symbol, interval=interval, basis=basis, **span(days_of))
    wanted = gathered(ones, interval)
    if symbol == "SATS" and len(ones) < 1440:
        # Minutes before the first trade are missing: the day's own bar stands in.
        assert interval != "D1" or plain(found) != [asdict(bar) for bar in wanted]
        return
    same(found, wanted)
    assert {bar["interval"] for bar in found} == {interval}


def test_a_stored_day_is_used_where_minutes_do_not_cover_it(
    server: Server, world: HistoryWorld
) -> None:
    found = bars(server, "ETH", interval="D1", **span(FIRST_DAY))
    same(found, large(world, "ETH", "D1", FIRST_DAY, "OFFICIAL_FX"))


def test_an_hour_that_minutes_cover_in_part_is_made_of_those(server: Server) -> None:
    ones = bars(server, "ETH", interval="M1", **span(FIRST_DAY))
    found = bars(server, "ETH", interval="H1", **span(FIRST_DAY))
    same(found, gathered(ones, "H1"))
    assert found[0]["openedAt"] == "2026-10-14T08:00:00Z"
    assert found[0]["samples"] == 30


def test_candles_that_were_read_are_kept_for_back_tests(archive: Archive) -> None:
    upbit = archive.world.upbit.tape["KRW-BTC"]
    kept = archive.bench.rows(
        "SELECT * FROM candle WHERE exchange = 'UPBIT' AND market = 'KRW-BTC'"
        " AND opened_at >= '2026-10-03Z' AND opened_at < '2026-10-19Z'"
    )
    counts: dict[str, int] = {}
    lengths = {"D1": 86_400, "H1": 3_600, "M1": 60}
    for row in kept:
        counts[row["interval"]] = counts.get(row["interval"], 0) + 1
        opened_s = int(row["opened_at"].timestamp())
        candle = upbit.candle(lengths[row["interval"]], opened_s)
        assert candle is not None
        told = [row[name] for name in ("open", "high", "low", "close")]
        assert [f"{float(x):.1f}" for x in told] == [
            f"{float(x):.1f}" for x in candle[:4]
        ]
        assert float(row["base_volume"]) == pytest.approx(float(candle.volume))
    assert counts["D1"] == 16
    assert counts["H1"] >= 72
    assert counts["M1"] >= 2880
