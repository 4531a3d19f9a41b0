"""Tables of what a real database keeps."""

import csv
import io
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from app.failure import CommandFailed, WrongUse
from domain.model.number import canonical
from tests.integration.care.conftest import DAY, MINUTES, Command, minute

SPAN = ("--from", str(DAY), "--to", str(DAY))
CSV = ("export", *SPAN, "--format", "csv")


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_minutes_come_out_exactly_as_they_were_kept(
    filled: str, command: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(filled, *CSV, "--basis", "all") == 0
    [path] = tmp_path.glob("*.csv")
    rows = rows_of(path.read_text(encoding="utf-8"))
    assert len(rows) == MINUTES * 2
    for number in range(MINUTES):
        bar, pair = minute(number), rows[2 * number : 2 * number + 2]
        assert [row["basis"] for row in pair] == ["KRW_USDT", "OFFICIAL_FX"]
        for row, basis in zip(pair, sorted(bar.bases), strict=True):
            assert row["close"] == canonical(bar.bases[basis].close)
            assert row["fx_rate"] == canonical(bar.bases[basis].fx_rate)
            assert row["global_close"] == "40000.5"
            assert (row["origin"], row["quality"]) == ("BACKFILLED", "LIVE")
    assert f"{MINUTES * 2} rows of 1m-bars, {DAY} to {DAY}" in capsys.readouterr().err


def test_longer_bars_are_those_of_the_history(
    filled: str, command: Command, tmp_path: Path
) -> None:
    assert command(filled, *CSV, "--interval", "1h", "--output", "x") == 0
    rows = rows_of((tmp_path / "x").read_text(encoding="utf-8"))
    assert [(row["opened_at"], row["minutes"]) for row in rows] == [
        (f"{DAY}T00:00:00Z", "60"),
        (f"{DAY}T01:00:00Z", "60"),
    ]


def test_parquet_holds_the_same_rows(
    filled: str, command: Command, tmp_path: Path
) -> None:
    parquet = ("export", *SPAN, "--format", "parquet", "--output", "x")
    assert command(filled, *parquet) == 0
    told = pq.read_table(tmp_path / "x").to_pylist()
    assert [row["domestic_close"] for row in told] == [
        minute(number).domestic_close for number in range(MINUTES)
    ]


def test_snapshots_of_the_seoul_day(
    filled: str, command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(filled, *CSV, "--what", "snapshots", "--output", "-") == 0
    [row] = rows_of(capsys.readouterr().out)
    assert row["taken_at"] == f"{DAY}T15:00:00Z"
    assert (row["domestic_price"], row["percent"]) == ("52000000", "0")
    assert (row["comparable"], row["verified_at"]) == ("true", "")


def test_candles_of_a_coin_are_those_of_its_markets(
    filled: str, command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    candles = (*CSV, "--what", "candles", "--interval", "1d", "--output", "-")
    assert command(filled, *candles, "--symbols", "BTC") == 0
    rows = rows_of(capsys.readouterr().out)
    assert [row["market"] for row in rows] == ["BTCUSDT", "KRW-BTC"]
    assert rows[0]["open"] == "1.5"
    assert command(filled, *candles) == 0
    assert len(rows_of(capsys.readouterr().out)) == 3


def test_nothing_kept_is_told(
    filled: str, command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(filled, *CSV, "--symbols", "ETH,NOPE", "--output", "-") == 0
    told = capsys.readouterr()
    assert len(told.out.splitlines()) == 1
    assert "no coin is called NOPE" in told.err
    assert "the table is empty" in told.err


def test_parquet_is_no_text_for_a_terminal(
    filled: str, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    with pytest.raises(WrongUse, match="name a file in --output"):
        command(filled, "export", *SPAN, "--format", "parquet", "--output", "-")


def test_a_database_that_is_away_leaves_no_file(
    command: Command, tmp_path: Path
) -> None:
    away = "postgresql://kimp@127.0.0.1:9/kimp"
    with pytest.raises(CommandFailed, match="cannot be reached"):
        command(away, *CSV, "--output", "x")
    assert not list(tmp_path.iterdir())
