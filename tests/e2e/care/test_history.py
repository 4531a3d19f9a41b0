"""`kimp verify` and `kimp export` of a day that a backfill made."""

import asyncio
import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from sqlalchemy import text

from app.database_access import open_as_it_is
from app.settings import Settings
from tests.e2e.care.conftest import Run, one_line, ran_in
from tests.simulated_venues import simulated_venues

DAY = datetime.now(UTC).date() - timedelta(days=2)
SPAN = ("--from", str(DAY), "--to", str(DAY))


@pytest.fixture(scope="module")
def venues() -> Iterator[dict[str, str]]:
    """Simulated exchanges, and the settings that lead to them."""
    with simulated_venues(rate=1.0) as settings:
        yield settings


@pytest.fixture(scope="module")
def kept(
    kimp: str, venues: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A data folder with a day of BTC's minutes."""
    folder = tmp_path_factory.mktemp("kept")
    days = ("--interval", "1m", "--symbols", "BTC")
    made = ran_in(folder, kimp, folder / "data", "backfill", *SPAN, *days, **venues)
    assert made.returncode == 0, made.stderr
    return folder / "data"


def change(data: Path, statement: str) -> None:
    async def do() -> None:
        async with (
            open_as_it_is(Settings(data_dir=data)) as database,
            database.transaction() as connection,
        ):
            await connection.execute(text(statement))

    asyncio.run(do())


def test_a_day_made_from_candles_is_complete_and_equal(
    kept: Path, venues: dict[str, str], run: Run
) -> None:
    ran = run(kept, "verify", *SPAN, "--sample", "2", "--seed", "7", **venues)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert f"BTC {DAY}: 1,440 made from candles, 0 differ" in ran.stdout
    assert "kimp: complete and equal" in ran.stdout


def test_missing_and_differing_minutes_are_named_and_end_with_1(
    kept: Path, venues: dict[str, str], run: Run, kimp: str, tmp_path: Path
) -> None:
    assert run(kept, "backup", "kimp.dump").returncode == 0
    data = tmp_path / "data"
    assert run(data, "restore", "kimp.dump").returncode == 0
    at = f"(timestamptz '{DAY} 00:00Z' + interval '1 minute' * "
    change(data, f"DELETE FROM premium_minute WHERE opened_at = {at} 61)")
    change(
        data,
        "UPDATE premium_minute SET global_close = global_close + 1 "
        f"WHERE opened_at = {at} 125)",
    )
    ran = run(data, "verify", *SPAN, **venues)
    assert ran.returncode == 1, ran.stdout
    row = next(line for line in ran.stdout.splitlines() if line.split()[1] == str(DAY))
    assert row.split()[2:] == ["1,440", "0", "1,439", "0", "1", "0"]
    assert "  02:05 closes " in ran.stdout
    assert "kimp: not well" in ran.stdout


def test_a_coin_that_nobody_knows_is_wrong_use(kept: Path, run: Run) -> None:
    ran = run(kept, "verify", *SPAN, "--symbols", "NOPE")
    assert (ran.returncode, ran.stderr.splitlines()[-1]) == (
        2,
        "kimp: --symbols: no coin is called NOPE",
    )


def test_the_same_minutes_come_out_as_csv_and_parquet_on_every_basis(
    kept: Path, run: Run, tmp_path: Path
) -> None:
    for form in ("csv", "parquet"):
        ran = run(
            *(kept, "export", *SPAN, "--format", form),
            *("--basis", "all", "--output", f"x.{form}"),
        )
        assert ran.returncode == 0, ran.stderr
        assert "4,320 rows of 1m-bars" in ran.stderr
        assert ran.stdout == ""
    with (tmp_path / "x.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    table = pq.read_table(tmp_path / "x.parquet").to_pylist()
    assert len(rows) == len(table) == 4_320
    assert list(rows[0]) == list(table[0])
    for row, told in zip(rows, table, strict=True):
        assert {name: cell(value) for name, value in told.items()} == {
            name: cell(value) for name, value in row.items()
        }
    keys = [(row["opened_at"], row["basis"]) for row in rows]
    assert keys == sorted(keys)


def cell(value: object) -> object:
    """Return a value as both formats can be compared: numbers and instants exactly."""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    try:
        return Decimal(str(value))
    except ArithmeticError:
        return value


def test_standard_output_holds_the_table_and_nothing_else(kept: Path, run: Run) -> None:
    days = (*SPAN, "--format", "csv", "--interval", "1h", "--output", "-")
    ran = run(kept, "export", *days, "--symbols", "btc,NOPE")
    rows = list(csv.DictReader(io.StringIO(ran.stdout)))
    assert [row["opened_at"] for row in rows] == [
        f"{DAY}T{hour:02}:00:00Z" for hour in range(24)
    ]
    assert {row["minutes"] for row in rows} == {"60"}
    assert "kimp: no coin is called NOPE" in ran.stderr
    candles = run(
        kept, "export", *days[:6], "--what", "candles", "--output", "-",
        "--symbols", "BTC", "--interval", "1m",
    )  # fmt: skip
    told = list(csv.DictReader(io.StringIO(candles.stdout)))
    assert {row["market"] for row in told} == {"KRW-BTC", "BTCUSDT"}


def test_an_empty_table_has_its_header_and_is_told(kept: Path, run: Run) -> None:
    days = (*SPAN, "--format", "csv", "--what", "snapshots", "--output", "-")
    ran = run(kept, "export", *days)
    assert ran.returncode == 0
    assert len(ran.stdout.splitlines()) == 1
    assert "the table is empty" in ran.stderr


def test_a_file_that_is_there_is_kept(kept: Path, run: Run, tmp_path: Path) -> None:
    name = f"kimp-1m-bars-{DAY}-{DAY}.csv"
    (tmp_path / name).write_text("mine")
    assert "--force" in one_line(run(kept, "export", *SPAN, "--format", "csv"))
    assert (tmp_path / name).read_text() == "mine"


def test_days_in_the_wrong_order_are_wrong_use(kept: Path, run: Run) -> None:
    before = str(DAY - timedelta(days=1))
    ran = run(kept, "export", "--from", str(DAY), "--to", before, "--format", "csv")
    assert ran.returncode == 2
    assert f"must not be after --to {before}" in ran.stderr


def test_a_number_that_does_not_fit_leaves_no_file_and_says_what_to_do(
    kept: Path, run: Run, tmp_path: Path
) -> None:
    assert run(kept, "backup", "kimp.dump").returncode == 0
    data = tmp_path / "data"
    assert run(data, "restore", "kimp.dump").returncode == 0
    change(data, "UPDATE premium_minute SET global_close = 1e-25")
    output = ("--format", "parquet", "--output", "x.parquet")
    told = one_line(run(data, "export", *SPAN, *output))
    assert "global_close 0.0000000000000000000000001 does not fit" in told
    assert not (tmp_path / "x.parquet").exists()
    text_too = run(data, "export", *SPAN, *output, "--decimals", "text")
    assert text_too.returncode == 0, text_too.stderr


def test_a_reader_that_leaves_early_is_one_line(
    kept: Path, kimp: str, run: Run
) -> None:
    piped = f"'{kimp}' export --from {DAY} --to {DAY} --format csv --output - | :"
    ran = run(kept, shell=piped)
    assert ran.stderr.splitlines() == ["kimp: Broken pipe"]
