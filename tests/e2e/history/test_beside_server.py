"""A server and commands on one data folder: backfill, export, backup, restore.

The only module with an embedded database: it lives in the folder that they share.
"""

import csv
import time
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest

from tests.e2e.history.bar import BASES, large, minutes
from tests.e2e.history.command import Bench, Said
from tests.e2e.history.desk import NOW
from tests.e2e.history.question import bars, same
from tests.e2e.history.tape import DAY_S, MINUTE_S, Candle, at, iso
from tests.e2e.history.venue import HistoryWorld
from tests.e2e.semantics.server import Server, until
from tests.e2e.semantics.world import dunamu, frankfurter

FIRST, LAST = "2026-09-26", "2026-10-09"
SPAN: Final = range(at(FIRST), at(LAST) + DAY_S)
DAYS: Final = {"interval": "D1", "from_": iso(SPAN.start), "to": iso(SPAN.stop)}
VISIBLE_S: Final = 1.0
MINUTES_DAY: Final = "2026-10-05"


@dataclass
class Shared:
    """A server, what backfills beside it said, and which questions missed a bar."""

    server: Server
    world: HistoryWorld
    bench: Bench
    said: Said
    behind_s: list[float]
    minutes: Said


def list_world(world: HistoryWorld) -> None:
    """List a few coins."""
    world.market("DOGE", "201.5", 1, sparse=4)
    world.pair("DOGE", "0.15010", 5)
    world.market("BTC", "143000000", -3)
    world.pair("BTC", "107000.00", 2)
    world.market("USDT", "1320.5", 1, sparse=4)
    world.rates["main/v1/forex/recent"] = dunamu("1300.00", (NOW - 60) * 1000)
    world.rates["main/v1/latest"] = frankfurter("1310.25", "2026-11-20")


def behind(server: Server, ended_s: float) -> list[float]:
    """Return how long after an instant questions were asked that missed a bar."""
    asked: list[float] = []

    def is_complete() -> bool:
        after_s = time.monotonic() - ended_s
        if len(bars(server, "BTC", **DAYS)) == 14:
            return True
        asked.append(after_s)
        return False

    until(is_complete, "the bars are visible", 30.0)
    return asked


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    shift_s = NOW - time.time()
    with HistoryWorld(shift_s) as world:
        list_world(world)
        settings = {
            **world.settings(sources="dunamu,frankfurter"),
            "KIMP_HISTORY__HEAL_DAYS": "0",
        }
        bench = Bench(tmp_path_factory.mktemp("shared folder"), settings, shift_s)
        with bench.serve() as server:
            server.wait_live("BTC", "DOGE")
            # Asked before, so that an answer that is kept too long would show.
            assert bars(server, "BTC", **DAYS) == []
            said = bench.run("backfill", "--from", FIRST, "--to", LAST)
            behind_s = behind(server, time.monotonic())
            ones = bench.run(
                *("backfill", "--from", MINUTES_DAY, "--to", MINUTES_DAY),
                *("--interval", "1m", "--symbols", "DOGE"),
            )
            yield Shared(server, world, bench, said, behind_s, ones)


# GraphQL's name of each column of an export.
COLUMNS: Final = {
    "opened_at": "openedAt",
    "interval": "interval",
    "open": "open",
    "high": "high",
    "low": "low",
    "close": "close",
    "domestic_close": "domesticClose",
    "global_close": "globalClose",
    "fx_rate": "fxRate",
    "samples": "samples",
    "quality": "quality",
    "origin": "origin",
}


def exported(shared: Shared, file: Path, *words: str) -> Said:
    """Export the whole range to a file."""
    span = ("--from", FIRST, "--to", LAST, "--output", str(file))
    return shared.bench.run("export", *span, *words)


def told(server: Server, symbol: str, basis: str, interval: str) -> list[Any]:
    """Return a coin's bars of the whole range as rows of an export."""
    found = bars(server, symbol, basis=basis, **{**DAYS, "interval": interval})
    return [{n: str(bar[COLUMNS[n]]) for n in COLUMNS} for bar in found]


def answers(server: Server) -> list[Any]:
    """Return what a server knows of the past."""
    told: list[Any] = [
        bars(server, symbol, basis=basis, **DAYS)
        for symbol in ("BTC", "DOGE")
        for basis in BASES
    ]
    day = {"from_": iso(at(MINUTES_DAY)), "to": iso(at(MINUTES_DAY) + DAY_S)}
    told.append(bars(server, "DOGE", **day))
    return told


def test_a_backfill_beside_a_live_server_ends_well(shared: Shared) -> None:
    assert shared.server.premium("BTC")["quality"] == "LIVE"
    assert shared.said.code == 0, shared.said.words
    assert shared.minutes.code == 0, shared.minutes.words


def test_what_it_wrote_is_visible_within_a_second(shared: Shared) -> None:
    assert all(after_s <= VISIBLE_S for after_s in shared.behind_s), shared.behind_s


def test_what_it_wrote_is_right(shared: Shared) -> None:
    for symbol in ("BTC", "DOGE"):
        found = bars(shared.server, symbol, **DAYS)
        wanted = large(shared.world, symbol, "D1", SPAN, "OFFICIAL_FX")
        if symbol == "DOGE":
            day = MINUTES_DAY + "T00:00:00Z"
            found = [bar for bar in found if bar["openedAt"] != day]
            wanted = [bar for bar in wanted if bar.openedAt != day]
        same(found, wanted)
    day_span = range(at(MINUTES_DAY), at(MINUTES_DAY) + DAY_S)
    ones = bars(shared.server, "DOGE", from_=iso(day_span.start), to=iso(day_span.stop))
    same(ones, minutes(shared.world, "DOGE", day_span, "OFFICIAL_FX"))


def test_a_backup_restored_into_a_fresh_folder_tells_the_same(
    shared: Shared, tmp_path: Path
) -> None:
    file = tmp_path / "kept" / "my kimp.dump"
    file.parent.mkdir()
    said = shared.bench.run("backup", str(file))
    assert said.code == 0, said.words
    assert file.stat().st_size > 0
    before = answers(shared.server)
    fresh = Bench(tmp_path / "fresh", shared.bench.settings, shared.bench.shift_s)
    back = fresh.run("restore", str(file))
    assert back.code == 0, back.words
    with fresh.serve() as server:
        server.wait_answering()
        assert answers(server) == before


def test_a_backup_never_replaces_a_file_unasked(shared: Shared, tmp_path: Path) -> None:
    file = tmp_path / "kept.dump"
    file.write_text("dear")
    said = shared.bench.run("backup", str(file))
    assert said.code in (1, 2), said.words
    assert str(file) in said.err
    assert file.read_text() == "dear"


def test_what_is_no_backup_is_refused_and_changes_nothing(
    shared: Shared, tmp_path: Path
) -> None:
    file = tmp_path / "no.dump"
    file.write_text("this is no backup")
    names = (str(file), str(tmp_path / "nowhere.dump"))
    lines = [("restore", "--force", name) for name in names]
    for said in shared.bench.run_all(lines):
        assert said.code in (1, 2), said.words
        assert "Traceback" not in said.err
    assert len(bars(shared.server, "BTC", **DAYS)) == 14


def test_a_folder_of_another_major_version_is_refused_in_one_line(
    shared: Shared, tmp_path: Path
) -> None:
    found = min(
        shared.bench.folder.rglob("PG_VERSION"), key=lambda file: len(file.parts)
    )
    relative = found.relative_to(shared.bench.folder)
    old = Bench(tmp_path / "old", shared.bench.settings, shared.bench.shift_s)
    file = old.folder / relative
    file.parent.mkdir(parents=True)
    file.write_text("15\n")
    said = old.run("serve")
    assert said.code in (1, 2), said.words
    lines = [line for line in said.err.splitlines() if "15" in line]
    assert len(lines) == 1, said.err
    assert "kimp " in lines[0]
    assert "Traceback" not in said.err


@pytest.mark.parametrize(("interval", "name"), [("1d", "D1"), ("1m", "M1")])
def test_an_export_has_the_bars_of_graphql(
    shared: Shared, tmp_path: Path, interval: str, name: str
) -> None:
    file = tmp_path / "bars.csv"
    words = ("--format", "csv", "--interval", interval, "--basis", "all")
    said = exported(shared, file, *words)
    assert said.code == 0, said.words
    with file.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert {row["symbol"] for row in rows} <= {"BTC", "DOGE"}
    for symbol in ("BTC", "DOGE"):
        for basis in BASES:
            mine = [r for r in rows if (r["symbol"], r["basis"]) == (symbol, basis)]
            wanted = told(shared.server, symbol, basis, name)
            assert [{n: row[n] for n in COLUMNS} for row in mine] == wanted
    assert rows


def test_a_parquet_export_has_the_same_numbers(shared: Shared, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="an optional extra")
    file = tmp_path / "bars.parquet"
    said = exported(shared, file, "--format", "parquet", "--interval", "1d")
    assert said.code == 0, said.words
    rows = [r for r in parquet.read_table(file).to_pylist() if r["symbol"] == "BTC"]
    wanted = told(shared.server, "BTC", "OFFICIAL_FX", "D1")
    for row, bar in zip(rows, wanted, strict=True):
        assert iso(row["opened_at"].timestamp()) == bar["opened_at"]
        for name in ("open", "high", "low", "close", "domestic_close", "fx_rate"):
            assert row[name] == Decimal(bar[name])
        assert row["samples"] == int(bar["samples"])


def test_an_export_never_replaces_a_file_unasked(
    shared: Shared, tmp_path: Path
) -> None:
    file = tmp_path / "dear.csv"
    file.write_text("dear")
    said = exported(shared, file, "--format", "csv")
    assert said.code in (1, 2), said.words
    assert file.read_text() == "dear"
    assert exported(shared, file, "--format", "csv", "--force").code == 0
    assert file.read_text() != "dear"


def test_an_export_names_what_is_wrong_with_its_words(
    shared: Shared, tmp_path: Path
) -> None:
    words = {
        ("--from", "2026-10-09", "--to", "2026-10-01", "--format", "csv"): "--from",
        ("--from", FIRST, "--to", LAST, "--format", "xlsx"): "parquet",
        ("--from", FIRST, "--to", LAST, "--format", "csv", "--interval", "2d"): "1d",
        ("--from", FIRST, "--to", LAST, "--format", "csv", "--basis", "x"): "krw_usdt",
        ("--from", "then", "--to", LAST, "--format", "csv"): "--from",
    }
    lines = [("export", *line, "--output", str(tmp_path / "x")) for line in words]
    said = shared.bench.run_all(lines)
    for line, answer in zip(words, said, strict=True):
        assert answer.code == 2, (line, answer)
        assert words[line] in answer.err, (line, answer)
        assert "Traceback" not in answer.err
    assert not (tmp_path / "x").exists()


def test_verify_finds_the_one_bar_that_is_not_what_the_venues_say(
    shared: Shared,
) -> None:
    series = shared.world.upbit.tape["KRW-DOGE"]
    # The minute after it was traded too, or else it would carry the wrong price.
    opened_s = next(
        at_s
        for at_s in range(at(f"{MINUTES_DAY}T12:00:00"), SPAN.stop, MINUTE_S)
        if series.exists(MINUTE_S, at_s) and series.exists(MINUTE_S, at_s + MINUTE_S)
    )
    series.fixed[(60, opened_s)] = Candle(*("222.2",) * 4, "1", "222.2")
    try:
        said = shared.bench.run(
            *("verify", "--from", MINUTES_DAY, "--to", MINUTES_DAY),
            *("--symbols", "DOGE", "--sample", "1", "--seed", "3"),
        )
    finally:
        del series.fixed[(60, opened_s)]
    assert said.code == 1, said.words
    assert "1 differ" in said.out, said.words
    assert iso(opened_s)[11:16] in said.out
