"""A user's own rates: what is taken, and which line is to blame for what is not."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from adapters.fx import rate_file
from adapters.fx.rate_file import MalformedRateFile, parse_rates, read_rates
from domain.model.daily_rate import DailyRate

PATH = Path("rates.csv")
GOOD = [
    DailyRate(date(2024, 1, 2), Decimal("1310.50"), "csv"),
    DailyRate(date(2024, 1, 3), Decimal(1300), "csv"),
]
TEXT = "date,rate\n2024-01-02,1310.50\n2024-01-03,1300\n"


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode(),
        TEXT.removesuffix("\n").encode(),
        TEXT.replace("\n", "\r\n").encode(),
        b"\xef\xbb\xbf" + TEXT.encode(),
        b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode(),
        (TEXT + "\n\r\n\n").encode(),
        TEXT.replace("\n", "\n\n").encode(),
        b"date,rate\n2024-01-03,1300\n2024-01-02,1310.50\n",
    ],
)
def test_a_good_file_is_taken_in_order(content: bytes) -> None:
    assert list(parse_rates(content, PATH)) == GOOD


def test_digits_stay_as_they_are_written() -> None:
    assert str(parse_rates(TEXT.encode(), PATH)[0].rate) == "1310.50"


@pytest.mark.parametrize("rate", ["500", "3000", "3000.000", "00500"])
def test_the_bounds_are_allowed(rate: str) -> None:
    assert parse_rates(f"date,rate\n2024-01-02,{rate}".encode(), PATH)


@pytest.mark.parametrize(
    "rate",
    [
        "499.99",
        "3000.01",
        "-1300",
        "+1300",
        "0",
        "",
        " 1300",
        "1300 ",
        "1300.",
        ".5",
        "1e3",
        "1_300",
        "NaN",
        "inf",
        "１３００",
        '"1300"',
        "1300" + "0" * 200,
        "1300." + "1" * 100,
    ],
)
def test_a_rate_that_is_none_is_told_with_its_line_and_what_is_allowed(
    rate: str,
) -> None:
    content = f"date,rate\n2024-01-02,1310.5\n\n2024-01-03,{rate}\n2024-01-04,1300\n"
    with pytest.raises(MalformedRateFile, match=r"rates\.csv, line 4: ") as caught:
        parse_rates(content.encode(), PATH)
    assert "500 to 3000" in str(caught.value)
    assert len(str(caught.value)) < 250
    assert caught.value.line == 4


@pytest.mark.parametrize(
    "day",
    [
        "2024-02-30",
        "20240102",
        "2024-W01-2",
        "2024-1-2",
        "02.01.2024",
        "",
        " 2024-01-02",
        "2024-01-02T00:00",
        "２０２４-01-02",
    ],
)
def test_a_date_that_is_none_is_told_with_its_line(day: str) -> None:
    with pytest.raises(MalformedRateFile, match=r"line 2: .* is no ISO date"):
        parse_rates(f"date,rate\n{day},1300\n".encode(), PATH)


@pytest.mark.parametrize(
    "line", ["2024-01-02", "2024-01-02,1,300", "2024-01-02;1300", " ", "\t", "#", ",,"]
)
def test_a_line_of_another_form_is_told(line: str) -> None:
    with pytest.raises(MalformedRateFile, match=r"line 2: .*one date and one rate"):
        parse_rates(f"date,rate\n{line}\n".encode(), PATH)


@pytest.mark.parametrize(
    "header",
    ["date,usdkrw_cross", "Date,Rate", "rate,date", "date, rate", "2024-01-02,1300"],
)
def test_another_header_is_told(header: str) -> None:
    with pytest.raises(MalformedRateFile, match=r"line 1: the header is .*'date,rate'"):
        parse_rates(f"{header}\n2024-01-03,1300\n".encode(), PATH)


def test_a_date_that_stands_twice_names_both_lines() -> None:
    content = TEXT + "2024-01-02,1310.50\n"
    with pytest.raises(MalformedRateFile, match="line 4: 2024-01-02 stands in line 2"):
        parse_rates(content.encode(), PATH)


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf"])
def test_an_empty_file_has_no_header(content: bytes) -> None:
    with pytest.raises(MalformedRateFile, match="line 1: the header is ''"):
        parse_rates(content, PATH)


def test_a_file_of_a_header_only_has_no_rate() -> None:
    with pytest.raises(MalformedRateFile, match="no rate after the header"):
        parse_rates(b"date,rate\n", PATH)


def test_bytes_that_are_no_text_are_told_with_their_line() -> None:
    with pytest.raises(MalformedRateFile, match="line 3: is not UTF-8"):
        parse_rates(b"date,rate\n2024-01-02,1300\n\xff\xfe\n", PATH)


def test_utf_16_is_not_utf_8() -> None:
    with pytest.raises(MalformedRateFile, match="line 1"):
        parse_rates(TEXT.encode("utf-16"), PATH)


def test_a_file_is_read_from_disk(tmp_path: Path) -> None:
    path = tmp_path / "my rates.csv"
    path.write_bytes(TEXT.encode())
    assert list(read_rates(path)) == GOOD


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(MalformedRateFile, match="cannot be read: No such file"):
        read_rates(tmp_path / "nowhere.csv")
    with pytest.raises(MalformedRateFile, match="cannot be read"):
        read_rates(tmp_path)


def test_a_file_that_is_too_large_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_file, "MAX_BYTES", len(TEXT) - 1)
    path = tmp_path / "rates.csv"
    path.write_bytes(TEXT.encode())
    with pytest.raises(MalformedRateFile, match="more than"):
        read_rates(path)
