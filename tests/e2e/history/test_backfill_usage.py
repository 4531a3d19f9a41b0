"""`kimp backfill` names what is wrong with its words, and then has done nothing."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.history.command import Bench
from tests.e2e.history.desk import NOW
from tests.e2e.history.venue import HistoryWorld

FROM = ("backfill", "--from", "2026-10-05")
TO = ("--to", "2026-10-06")
# One of each kind; what a line may hold is tested below this level. Lines of a rate
# file below a good header and a good first line, and why they are bad.
BAD_LINES = {
    "2026-10-06,1_300.5": "an underscore",
    "2026-10-06,3000.01": "outside 500-3000",
    "2026-10-06": "one column",
    "2026-02-30,1300.5": "no date at all",
    "2026-10-05,1301.5": "the same date twice",
}
BAD_FILES = {
    b"": "empty",
    b"2026-10-05,1300.5\n": "no header",
}


@dataclass(frozen=True)
class Desk:
    """A bench whose venues must never be asked."""

    bench: Bench
    world: HistoryWorld


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, module_url: str) -> Iterator[Desk]:
    shift_s = NOW - time.time()
    with HistoryWorld(shift_s) as world:
        world.market("BTC", "143000000", -3)
        world.pair("BTC", "107000.00", 2)
        world.market("USDT", "1320.5", 1)
        settings = {**world.settings(), "KIMP_DATABASE__URL": module_url}
        yield Desk(Bench(tmp_path_factory.mktemp("usage"), settings, shift_s), world)


def is_untouched(desk: Desk) -> None:
    """Check that nobody was asked and nothing was written."""
    assert desk.world.diary == []
    for table in ("premium_bar", "premium_minute", "candle", "daily_rate"):
        assert desk.bench.value(f"SELECT count(*) FROM {table}") == 0, table


def test_wrong_words_are_exit_code_2_and_name_what_is_allowed(desk: Desk) -> None:
    lines = {
        ("backfill",): ("--from",),
        ("backfill", "--from", "yesterday"): ("--from", "yesterday"),
        (*FROM, "--to", "2026-10-32"): ("--to", "2026-10-32"),
        (*FROM, "--to", "2026-10-04"): ("--from", "--to"),
        (*FROM, *TO, "--interval", "5m"): ("1d", "1h", "1m"),
        (*FROM, *TO, "--symbols", "BTC,,ETH"): ("symbols",),
        (*FROM, *TO, "--fx-csv", "/nowhere/rates.csv"): ("/nowhere/rates.csv",),
    }
    for line, said in zip(lines, desk.bench.run_all(list(lines)), strict=True):
        assert said.code == 2, (line, said)
        assert "Traceback" not in said.err, (line, said)
        for word in lines[line]:
            assert word in said.err, (line, said)
    is_untouched(desk)


def test_a_symbol_that_upbit_never_had_is_named(desk: Desk) -> None:
    said = desk.bench.run(*FROM, *TO, "--symbols", "BTC,NOSUCHCOIN")
    assert said.code in (1, 2), said
    assert "NOSUCHCOIN" in said.err
    assert "Traceback" not in said.err


def test_the_future_cannot_be_filled(desk: Desk) -> None:
    lines = [("backfill", "--from", "2999-01-01"), (*FROM, "--to", "2999-01-01")]
    for said in desk.bench.run_all(lines):
        assert said.code == 2, said
        assert "Traceback" not in said.err


def test_a_bad_line_of_a_rate_file_stops_everything_and_is_named(
    desk: Desk, tmp_path: Path
) -> None:
    lines = []
    for number, bad in enumerate(BAD_LINES):
        file = tmp_path / f"bad{number}.csv"
        file.write_text(f"date,rate\n2026-10-05,1300.5\n{bad}\n2026-10-07,1302.5\n")
        lines.append((*FROM, *TO, "--fx-csv", str(file)))
    for bad, said in zip(BAD_LINES, desk.bench.run_all(lines), strict=True):
        assert said.code in (1, 2), (BAD_LINES[bad], said)
        assert "line 3" in said.err or ":3" in said.err, (bad, BAD_LINES[bad], said)
        assert "Traceback" not in said.err, (bad, said)
    is_untouched(desk)


def test_a_file_that_is_no_rate_file_stops_everything_and_is_named(
    desk: Desk, tmp_path: Path
) -> None:
    lines = []
    for number, content in enumerate(BAD_FILES):
        file = tmp_path / f"file{number}.csv"
        file.write_bytes(content)
        lines.append((*FROM, *TO, "--fx-csv", str(file)))
    for content, said in zip(BAD_FILES, desk.bench.run_all(lines), strict=True):
        assert said.code in (1, 2), (BAD_FILES[content], said)
        assert "file" in said.err, (BAD_FILES[content], said)
        assert "Traceback" not in said.err, (BAD_FILES[content], said)
    is_untouched(desk)
