"""What `export`, `backup`, `restore` and `verify` take on their line."""

import sys
from datetime import date
from pathlib import Path

import pytest

from app.cli import main
from app.cli_care import add_backup, add_export, add_restore, add_verify
from app.cli_value import iso_day, symbols
from app.export import plan_export, sink_maker
from app.failure import CommandFailed, WrongUse
from domain.model.fx import PremiumBasis
from domain.model.interval import Interval
from tests.unit.app.parsing import parsed

SPAN = ("--from", "2026-01-01", "--to", "2026-01-31")
DAYS = ("--format", "csv", *SPAN)


def test_an_export_is_minutes_at_the_official_rate_unless_it_is_said() -> None:
    plan = plan_export(parsed(add_export, *DAYS))
    assert plan.bases == (PremiumBasis.OFFICIAL_FX,)
    assert (plan.interval, plan.symbols) == (Interval.M1, None)
    assert plan.default_path == Path("kimp-1m-bars-2026-01-01-2026-01-31.csv")
    assert plan.to_ms - plan.from_ms == 31 * 86_400_000


def test_days_of_snapshots_name_no_interval() -> None:
    plan = plan_export(parsed(add_export, *DAYS, "--what", "snapshots"))
    assert plan.default_path == Path("kimp-snapshots-2026-01-01-2026-01-31.csv")


@pytest.mark.parametrize(
    ("text", "bases"),
    [
        ("all", tuple(PremiumBasis)),
        ("krw_usdt,OFFICIAL_FX", (PremiumBasis.OFFICIAL_FX, PremiumBasis.KRW_USDT)),
    ],
)
def test_bases_in_the_order_of_their_vocabulary(
    text: str, bases: tuple[PremiumBasis, ...]
) -> None:
    assert parsed(add_export, *DAYS, "--basis", text).basis == bases


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--basis", "eur"), "must be of official_fx, krw_usdt, krw_usdc or all"),
        (("--basis", ","), "must be of"),
        (("--interval", "1s"), "must be one of 1m, 3m"),
        (("--from", "2026-1-1"), "no day such as"),
        (("--from", "1969-12-31"), "is not within 1970-01-01..9999-12-30"),
        (("--to", "9999-12-31"), "is not within 1970-01-01..9999-12-30"),
        (("--symbols", ","), "no symbol"),
        (("--format", "xlsx"), "invalid choice"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_what_can(
    arguments: tuple[str, ...], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        parsed(add_export, *DAYS, *arguments)
    assert why in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--from", "2026-02-01"), "must not be after --to 2026-01-31"),
        (("--what", "candles", "--interval", "4h"), "kept of 1m, 1h and 1d"),
    ],
)
def test_parts_that_make_no_sense_together_are_wrong_use(
    arguments: tuple[str, ...], why: str
) -> None:
    with pytest.raises(WrongUse, match=why):
        plan_export(parsed(add_export, *DAYS, *arguments))


def test_parquet_without_pyarrow_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.delitem(sys.modules, "adapters.export.parquet_sink", raising=False)
    with pytest.raises(CommandFailed, match=r"pip install 'kimchi-premium\[parquet\]'"):
        sink_maker("parquet", decimals_as_text=False)


def test_a_backup_has_a_name_of_its_own_unless_it_is_said() -> None:
    assert parsed(add_backup).file is None
    assert parsed(add_backup, "x").file == Path("x")
    assert parsed(add_restore, "x", "--force").force


@pytest.mark.parametrize("text", ["-1", "x", "1000001"])
def test_a_sample_is_a_number_within_bounds(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        parsed(add_verify, f"--sample={text}")
    assert "is not within 0..1000000" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--from", "2026-02-01", "--to", "2026-01-31"), "must not be after"),
        (("--to", "9999-01-01"), "is after today"),
        (("--from", "2017-01-01", "--to", "2026-01-31"), "at most 400 days"),
    ],
)
def test_days_that_cannot_be_verified_are_wrong_use(
    arguments: tuple[str, ...], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", *arguments]) == 2
    assert why in capsys.readouterr().err


def test_a_day_and_a_list_of_coins_have_one_reading() -> None:
    assert iso_day("2026-02-28") == date(2026, 2, 28)
    assert symbols("eth, btc,ETH") == ("BTC", "ETH")
