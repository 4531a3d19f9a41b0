"""How a backfill shows itself."""

import asyncio
import io

import pytest

import app.backfill_display as shown
from app.backfill_display import PACE_FROM_PIECES, Display, duration, summary
from domain.model.backfill_tally import BackfillTally, Lack
from domain.model.bar import HoleReason
from domain.model.interval import Interval

DAY_MS = 86_400_000


class Screen(io.StringIO):
    """A stream that tells when two lines were shown."""

    def __init__(self, *, terminal: bool) -> None:
        super().__init__()
        self._terminal = terminal
        self.shown = asyncio.Event()

    def isatty(self) -> bool:
        return self._terminal

    def flush(self) -> None:
        if self.getvalue().count("bars") >= 2:
            self.shown.set()


def display(tally: BackfillTally, out: io.StringIO | None = None) -> Display:
    return Display(
        tally, lambda: 1_234, least_s=100.0, out=out or io.StringIO(), now_s=lambda: 7.0
    )


def test_at_first_the_least_time_by_the_limits_is_told() -> None:
    tally = BackfillTally(asked=1_000, pieces=100, pieces_done=25, kept=250)
    assert display(tally).line(9.0, with_bar=False) == (
        "kimp:  25% 250 of 1,000 bars, 1,234 requests, at least 0:01:15 left"
    )


def test_later_the_pace_of_what_needed_work_tells_the_time_left() -> None:
    tally = BackfillTally(
        asked=1_000,
        pieces=100,
        pieces_done=50,
        pieces_worked=PACE_FROM_PIECES,
        written=500,
        failures=3,
    )
    line = display(tally).line(80.0, with_bar=True)
    assert line == (
        "kimp: [############............]  50% 500 of 1,000 bars, 1,234 requests, "
        "3 failures, about 0:08:20 left"
    )


def test_nothing_asked_for_is_no_division_by_zero() -> None:
    assert "0 of 0 bars" in display(BackfillTally()).line(1.0, with_bar=True)


@pytest.fixture
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shown, "TTY_EVERY_S", 0.0)
    monkeypatch.setattr(shown, "PLAIN_EVERY_S", 0.0)


async def shown_on(screen: Screen) -> str:
    showing = asyncio.create_task(display(BackfillTally(), screen).run())
    async with asyncio.timeout(5.0):
        await screen.shown.wait()
    showing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await showing
    return screen.getvalue()


@pytest.mark.usefixtures("_at_once")
async def test_a_terminal_gets_one_line_that_is_gone_at_the_end() -> None:
    text = await shown_on(Screen(terminal=True))
    assert text.startswith("\r\x1b[Kkimp: [")
    assert "\n" not in text
    assert text.endswith("\r\x1b[K")


@pytest.mark.usefixtures("_at_once")
async def test_a_file_gets_plain_lines() -> None:
    text = await shown_on(Screen(terminal=False))
    assert text.startswith("kimp:   0%")
    assert text.endswith("\n")
    assert "\r" not in text


def test_lengths_of_time_are_written_as_people_do() -> None:
    assert [duration(s) for s in (0.4, 61, 7_325.6)] == [
        "0:00:00",
        "0:01:01",
        "2:02:06",
    ]


def test_the_summary_accounts_for_every_bar_and_names_the_coins() -> None:
    tally = BackfillTally(
        asked=1_095,
        written=365,
        kept=300,
        impossible={
            HoleReason.NO_GLOBAL_MARKET: {"USDT": Lack(365, [(0, 365 * DAY_MS)])},
            HoleReason.NO_DOMESTIC_CANDLE: {
                "ETH": Lack(60, [(0, DAY_MS), (9 * DAY_MS, 11 * DAY_MS)], is_more=True),
                "BTC": Lack(5, [(DAY_MS, 6 * DAY_MS)]),
            },
        },
        candles=1_300,
        irregular=2,
    )
    assert tally.is_complete
    assert summary(tally, 12, 10, 3.25, Interval.D1).splitlines() == [
        "kimp: 1,095 bars asked for: 365 written, 300 kept already, 430 impossible, "
        "0 missing",
        "  impossible, NO_DOMESTIC_CANDLE 65: BTC 5 (1970-01-02 to 1970-01-06); "
        "ETH 60 (1970-01-01, 1970-01-10 to 1970-01-11, and more)",
        "  impossible, NO_GLOBAL_MARKET 365: USDT 365 (1970-01-01 to 1970-12-31)",
        "  1,300 candles kept, 12 requests (at least 10 from nothing), 3.2 s",
        "  2 candles were duplicates or out of order",
    ]


def test_bars_with_another_rate_than_the_file_are_counted_in_a_line_each() -> None:
    tally = BackfillTally(asked=9_000, written=5_000, renewed=1_234, kept=4_000)
    tally.other_minutes = 2_345
    assert summary(tally, 1, 1, 1.0, Interval.D1).splitlines()[1:3] == [
        "  1,234 of the written had another official rate before",
        "  2,345 kept minutes have another official rate than the file: "
        "a minute that is there is never replaced",
    ]


def test_shorter_bars_are_told_by_their_minute() -> None:
    tally = BackfillTally(asked=2)
    openings = [(0, HoleReason.NO_RATE), (3_600_000, HoleReason.NO_RATE)]
    tally.note_impossible("BTC", openings, 3_600_000)
    assert "NO_RATE 2: BTC 2 (1970-01-01T00:00Z to 1970-01-01T01:00Z)" in summary(
        tally, 1, 1, 1.0, Interval.H1
    )


def test_of_many_holes_the_first_are_named_and_all_counted() -> None:
    lack = Lack()
    for day in range(0, 20, 2):
        lack.add(day * DAY_MS, (day + 1) * DAY_MS)
    assert lack.bars == 10
    assert [start // DAY_MS for start, _ in lack.spans] == [0, 2, 4]
    assert lack.is_more


def test_what_is_missing_is_named_with_the_reasons_and_what_to_do() -> None:
    tally = BackfillTally(asked=20, changed=4, unusable=2, missing={"ETH": 7, "BTC": 3})
    tally.note_failure("upbit.rest: status 500")
    tally.note_failure("upbit.rest: status 500")
    assert not tally.is_complete
    assert tally.failures == 2
    text = summary(tally, 1, 1, 1.0, Interval.D1)
    assert "0 kept already (4 changed), 0 impossible, 10 missing" in text
    assert text.splitlines()[-4:] == [
        "  2 candles could not be read",
        "  missing: BTC 3, ETH 7",
        "  because: upbit.rest: status 500",
        "  the same command again goes on where this one ended",
    ]


def test_only_the_first_few_different_reasons_are_kept() -> None:
    tally = BackfillTally()
    for number in range(100):
        tally.note_failure(f"reason {number}")
    assert tally.failures == 100
    assert list(tally.reasons) == [f"reason {number}" for number in range(5)]
