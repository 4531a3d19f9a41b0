"""What `kimp backfill` takes on its line."""

from datetime import date
from pathlib import Path

import pytest

from app.cli import _parser
from domain.model.interval import Interval


def test_only_the_first_day_is_needed() -> None:
    options = _parser().parse_args(["backfill", "--from", "2024-01-31"])
    assert options.from_day == date(2024, 1, 31)
    assert options.to_day is None
    assert options.interval is Interval.D1
    assert options.symbols is None
    assert options.fx_csv is None
    assert options.redo is False


def test_everything_can_be_said() -> None:
    line = (
        "backfill --from 2024-01-31 --to 2024-02-29 --interval 1m "
        "--symbols btc,ETH,btc --fx-csv my.csv --redo"
    )
    options = _parser().parse_args(line.split())
    assert options.to_day == date(2024, 2, 29)
    assert options.interval is Interval.M1
    assert options.symbols == ("BTC", "ETH")
    assert options.fx_csv == Path("my.csv")
    assert options.redo is True


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "the following arguments are required: --from"),
        (["--from", "20240131"], "'20240131' is no day such as 2024-01-31"),
        (["--from", "2024-W05-3"], "'2024-W05-3' is no day such as 2024-01-31"),
        (["--from", "2024-02-30"], "'2024-02-30' is no day such as 2024-01-31"),
        (["--from", "٢٠٢٤-01-31"], "is no day such as 2024-01-31"),
        (["--from", "2024-01-31 "], "is no day such as 2024-01-31"),
        (
            ["--from", "2024-01-31", "--interval", "4h"],
            "'4h': must be one of 1d, 1h, 1m",
        ),
        (["--from", "2024-01-31", "--symbols", ""], "--symbols: '' is no symbol"),
        (["--from", "2024-01-31", "--symbols", "A,,B"], "'' is no symbol"),
        (["--from", "2024-01-31", "--symbols", "A B;C"], "'A B;C' is no symbol"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_what_is_allowed(
    words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        _parser().parse_args(["backfill", *words])
    assert caught.value.code == 2
    assert told in capsys.readouterr().err
