"""Recordings of others (2021, 2022) pass through our adapters without a loss.

The data is not part of this repository (exchanges.md B): KIMP_SHARED_DATA, or
../shared/data beside it.
"""

import gzip
import os
from pathlib import Path

import pytest

from adapters.recording.event import Answer, Connected, Frame, Sent
from adapters.recording.reader import UnreadableRecording, read
from app.recording_check import RecordingCheck, VenueReport
from domain.model.event import QuoteUpdate

ROOT = Path(__file__).parents[3]
DATA = Path(os.environ.get("KIMP_SHARED_DATA") or ROOT.parent / "shared" / "data")
RECORDED = DATA / "recorded"
pytestmark = pytest.mark.skipif(
    not RECORDED.is_dir(), reason=f"the recorded data is not at {RECORDED}"
)


def checked(path: Path) -> tuple[dict[str, VenueReport], list[QuoteUpdate]]:
    quotes: list[QuoteUpdate] = []
    warnings: list[str] = []
    check = RecordingCheck(lambda _, quote: quotes.append(quote))
    for located in read(path, warnings.append):
        check.take(located.event)
    assert warnings == []
    assert check.well
    return check.reports, quotes


def test_upbits_session_of_2021_decodes_trade_by_trade_and_book_by_book() -> None:
    reports, quotes = checked(RECORDED / "UPBIT.ws.62.0")
    report = reports["upbit"]
    assert (report.frames, report.quotes, report.other) == (449, 449, 0)
    trades = [each for each in quotes if each.price is not None]
    books = [each for each in quotes if each.bid is not None]
    assert (len(trades), len(books)) == (304, 145)
    assert all(each.exchange_ms for each in trades)
    assert all(each.bid <= each.ask for each in books if each.bid and each.ask)


def test_binances_session_of_2021_decodes() -> None:
    reports, _ = checked(RECORDED / "BINANCE.ws.1.0")
    report = reports["binance"]
    # 84 book tickers and 2 trades; 177 differences of books and 2 candles say no quote.
    assert (report.frames, report.quotes, report.other) == (265, 86, 179)


@pytest.mark.parametrize(
    ("name", "venue", "answers", "rows"),
    [
        ("UPBIT.0", "upbit", 1, 294),
        ("BINANCE.0", "binance", 1, 1_695),
        ("BINANCE.http.0.0", "binance", 4, 4),
    ],
)
def test_their_answers_decode_row_by_row(
    name: str, venue: str, answers: int, rows: int
) -> None:
    reports, _ = checked(RECORDED / name)
    assert (reports[venue].answers, reports[venue].rows) == (answers, rows)


@pytest.mark.parametrize(
    ("name", "venue", "frames", "answers"),
    [
        ("OKX.ws.1.0", "ws.okx.com", 410, 0),
        ("OKX.0.gz", "www.okx.com", 0, 25),
        ("BITHUMB.ws.1.0", "pubwss.bithumb.com", 6, 0),
        ("BITHUMB.0", "api.bithumb.com", 0, 2),
    ],
)
def test_venues_without_an_adapter_are_counted(
    name: str, venue: str, frames: int, answers: int
) -> None:
    reports, _ = checked(RECORDED / name)
    report = reports[venue]
    assert (report.decoded, report.frames, report.answers) == (False, frames, answers)


def test_what_was_sent_is_there_as_well_and_packed_files_read_the_same(
    tmp_path: Path,
) -> None:
    plain = RECORDED / "UPBIT.ws.62.0"
    packed = tmp_path / "UPBIT.ws.62.0.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    warnings: list[str] = []
    events = [each.event for each in read(plain, warnings.append)]
    assert [each.event for each in read(packed, warnings.append)] == events
    assert isinstance(events[0], Connected)
    assert isinstance(events[1], Sent)
    assert {type(event) for event in events[2:]} == {Frame}
    assert not any(isinstance(event, Answer) for event in events)


def test_a_text_that_is_no_recording_is_refused_at_its_first_line() -> None:
    with pytest.raises(UnreadableRecording, match="LICENSE:1: no line of a recording"):
        checked(RECORDED / "LICENSE")
