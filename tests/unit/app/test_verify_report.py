"""What `kimp verify` prints."""

from datetime import date
from decimal import Decimal

from app.verify_report import MAX_FAULTS, completeness_lines, recheck_lines
from domain.model.completeness import DayCompleteness
from domain.model.recheck import Fault, MinuteRecheck
from domain.model.snapshot import AuditEntry, AuditReason
from domain.services.verify_service import CoinDay, DayRecheck

DAY, NEXT = date(2026, 3, 4), date(2026, 3, 5)
BTC = CoinDay("BTC", DAY)


def words(line: str) -> list[str]:
    return line.split()


def test_only_days_with_something_missing_are_told_one_by_one() -> None:
    days = [
        DayCompleteness("BTC", DAY, live=1_430, backfilled=4, missing=6, stale=2),
        DayCompleteness("BTC", NEXT, live=1_440),
        DayCompleteness("ETH", DAY, live=1_000, impossible=440),
    ]
    head, missing, btc, eth, everything = completeness_lines(days)
    assert words(head)[:3] == ["coin", "day", "expected"]
    assert words(missing) == [
        *("BTC", "2026-03-04", "1,440", "1,430", "4", "0", "6", "2"),
    ]
    assert words(btc)[:4] == ["BTC", "all", "days", "2,880"]
    assert words(eth)[-3:] == ["440", "0", "0"]
    assert words(everything)[:4] == ["total", "2", "coins", "4,320"]


def test_nothing_kept_is_told() -> None:
    assert completeness_lines([]) == [
        "no minutes are kept of these days, and none are missing"
    ]


def test_a_day_that_is_right_is_one_line() -> None:
    minutes = MinuteRecheck(
        backfilled=40, live=4, live_equal=3, distances=[Decimal("0.5")]
    )
    assert recheck_lines(DayRecheck(BTC, minutes, snapshot=())) == [
        "BTC 2026-03-04: 4 live minutes, 75.0 % equal, median distance 0.5, largest "
        "0.5 points, 40 made from candles, 0 differ, snapshot equal"
    ]


def test_what_differs_is_named_and_bounded() -> None:
    faults = [Fault("BTC", 1_772_582_400_000 + n * 60_000, f"f{n}") for n in range(12)]
    entry = AuditEntry(
        DAY, "BTC", 2, "fx_rate", None, "1300", AuditReason.RATE_EVIDENCE, 0
    )
    minutes = MinuteRecheck(unproven=3, rates=2, faults=faults)
    lines = recheck_lines(DayRecheck(BTC, minutes, snapshot=(entry,)))
    assert lines[0] == (
        "BTC 2026-03-04: 2 at another official rate than the dated one, 3 not "
        "comparable, 12 differ, snapshot differs"
    )
    assert lines[1] == "  00:00 f0"
    assert lines[MAX_FAULTS + 1] == "  and 2 more"
    assert lines[-1] == "  snapshot fx_rate: kept None, evidence 1300"


def test_a_day_that_could_not_be_asked_about_says_why() -> None:
    check = DayRecheck(BTC, MinuteRecheck(), unavailable="upbit.rest is away")
    assert recheck_lines(check) == [
        "BTC 2026-03-04: could not be re-checked: upbit.rest is away"
    ]
