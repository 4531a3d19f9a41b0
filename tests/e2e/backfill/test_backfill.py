"""A backfill of simulated exchanges, from an empty folder on."""

import os
import re
import signal
import time
from pathlib import Path

import pytest

from tests.e2e.backfill.conftest import LIMIT_S, Desk, day_ago

COUNT = "SELECT symbol, count(*) FROM premium_bar GROUP BY symbol ORDER BY symbol"
DOUBLES = (
    "SELECT symbol, interval, opened_at FROM premium_bar "
    "GROUP BY 1, 2, 3 HAVING count(*) > 1"
)


def counts(text: str) -> dict[str, int]:
    """Return the numbers of the summary."""
    found = re.search(
        r"kimp: ([\d,]+) bars asked for: ([\d,]+) written, ([\d,]+) kept already.*?, "
        r"([\d,]+) impossible, ([\d,]+) missing",
        text,
    )
    assert found is not None, text
    names = ("asked", "written", "kept", "impossible", "missing")
    numbers = (int(number.replace(",", "")) for number in found.groups())
    return dict(zip(names, numbers, strict=True))


@pytest.mark.slow
def test_an_empty_folder_is_filled_once_and_everything_is_accounted_for(
    desk: Desk,
) -> None:
    line = (
        *("backfill", "--from", str(day_ago(30)), "--to", str(day_ago(1))),
        *("--symbols", "BTC,eth,USDT"),
    )
    code, out, err = desk.run(*line)
    assert code == 0, (out, err)
    assert counts(out) == {
        "asked": 90,
        "written": 60,
        "kept": 0,
        "impossible": 30,
        "missing": 0,
    }
    assert f"NO_GLOBAL_MARKET 30: USDT 30 ({day_ago(30)} to {day_ago(1)})" in out
    assert "at least 9 requests" in err  # 1 + 4 of Upbit, 1 + 2 of Binance, 1 of rates
    assert " 9 requests (at least 9 from nothing)" in out
    code, out, err = desk.run(*line)
    assert code == 0, (out, err)
    assert counts(out)["kept"] == 60
    assert counts(out)["written"] == 0
    assert [tuple(row) for row in desk.query(COUNT)] == [("BTC", 30), ("ETH", 30)]
    (names,) = desk.query("SELECT korean_name, icon_url FROM coin WHERE symbol = 'BTC'")
    assert names["korean_name"] == "비트코인"
    (kept,) = desk.query("SELECT count(*), count(DISTINCT market) FROM candle")
    assert tuple(kept) == (6 * 30, 6)


@pytest.mark.slow
def test_killed_in_the_middle_it_goes_on_without_a_loss_or_a_double(
    desk: Desk,
) -> None:
    line = ("backfill", "--from", str(day_ago(40)), "--to", str(day_ago(1)))
    child = desk.start(*line)
    assert child.stderr is not None
    done = 0
    deadline = time.monotonic() + LIMIT_S
    while not done:
        assert time.monotonic() < deadline
        heard = child.stderr.readline()  # it is ended by the fixture if it hangs
        assert heard, child.communicate()
        shown = re.search(r"% ([\d,]+) of ([\d,]+) bars", heard)
        done = int(shown[1].replace(",", "")) if shown else 0
    os.kill(child.pid, signal.SIGKILL)
    child.communicate(timeout=LIMIT_S)
    code, out, err = desk.run(*line)
    assert code == 0, (out, err)
    told = counts(out)
    assert told["kept"] >= done
    assert told["kept"] + told["written"] + told["impossible"] == told["asked"]
    assert told["missing"] == 0
    rows = desk.query(COUNT)
    assert len(rows) == told["asked"] // 40
    assert sum(row["count"] for row in rows) == told["kept"] + told["written"]
    assert desk.query(DOUBLES) == []


def test_a_bad_line_of_rates_is_named_and_nothing_is_written(
    desk: Desk, tmp_path: Path
) -> None:
    rates = tmp_path / "rates.csv"
    rates.write_text("date,rate\n2026-01-02,1400.5\n2026-01-03,1_400\n")
    code, out, err = desk.run(
        *("backfill", "--from", str(day_ago(3)), "--fx-csv", str(rates))
    )
    assert code == 1
    assert out == ""
    assert f"{rates}, line 3: " in err
    assert "nothing was written" in err
    assert not desk.folder.exists()


def test_wrong_days_are_told_before_anything_is_begun(desk: Desk) -> None:
    code, out, err = desk.run("backfill", "--from", str(day_ago(0)))
    assert code == 2
    assert out == ""
    assert f"the last day whose bars are closed is {day_ago(1)} (UTC)" in err
    assert not desk.folder.exists()


@pytest.mark.slow
def test_unknown_symbols_are_named_with_those_there_are(desk: Desk) -> None:
    line = ("backfill", "--from", str(day_ago(3)), "--symbols", "BTC,BTTTC")
    code, out, err = desk.run(*line)
    assert code == 2
    assert out == ""
    assert "--symbols BTTTC: no such coin" in err
    assert "allowed: " in err
    assert " ETH," in err
    assert desk.query("SELECT count(*) FROM coin")[0]["count"] == 0


@pytest.mark.slow
def test_where_nothing_can_be_reached_one_line_says_so(
    tmp_path: Path, cut_off: dict[str, str]
) -> None:
    desk = Desk(tmp_path / "data", cut_off)
    code, out, err = desk.run("backfill", "--from", str(day_ago(3)))
    assert code == 1
    assert out == ""
    lines = [line for line in err.splitlines() if line.startswith("kimp: ")]
    assert len(lines) == 1, err
    assert "the venues cannot be reached: upbit.rest: " in lines[0]
    assert "binance.rest: " in lines[0]
    assert "Traceback" not in err


@pytest.mark.slow
def test_a_signal_ends_it_in_order_with_its_counts(desk: Desk) -> None:
    child = desk.start("backfill", "--from", str(day_ago(400)), "--interval", "1h")
    assert child.stderr is not None
    while "at least" not in (line := child.stderr.readline()):
        assert line, child.communicate()
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=LIMIT_S)
    assert child.returncode == 1
    assert counts(out)["missing"] > 0
    assert "the same command again goes on where this one ended" in out
    assert "kimp: stopped by a signal" in err
    assert "Traceback" not in err
