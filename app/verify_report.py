"""What `kimp verify` prints."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

from domain.model.completeness import DayCompleteness
from domain.model.number import canonical
from domain.model.recheck import Fault, MinuteRecheck
from domain.services.verify_service import DayRecheck, total

# Faults told one by one of each coin-day; of the rest only their number.
MAX_FAULTS: Final = 10
_HEAD: Final = (
    *("coin", "day", "expected", "live"),
    *("healed", "impossible", "missing", "stale"),
)
_FORMAT: Final = "{:<10} {:<10}" + " {:>10}" * 6


def completeness_lines(days: Sequence[DayCompleteness]) -> Sequence[str]:
    """Return a table: days with something missing, then every coin, then all."""
    if not days:
        return ["no minutes are kept of these days, and none are missing"]
    lines = [_FORMAT.format(*_HEAD)]
    lines += [_line(day, day.symbol, str(day.day)) for day in days if day.missing]
    sums = total(days)
    lines += [_line(told, symbol, "all days") for symbol, told in sums.items()]
    whole = list(sums.values())
    everything = sum(whole[1:], start=whole[0])
    lines.append(_line(everything, "total", f"{len(sums)} coins"))
    return lines


def recheck_lines(check: DayRecheck) -> Sequence[str]:
    """Return what the venues' record says of one coin's day."""
    where = f"{check.coin_day.symbol} {check.coin_day.day}"
    if check.unavailable is not None:
        return [f"{where}: could not be re-checked: {check.unavailable}"]
    told = ", ".join([*_counts(check.minutes), _snapshot(check)])
    lines = [f"{where}: {told}"]
    faults = check.minutes.faults
    lines += [f"  {_fault(fault)}" for fault in faults[:MAX_FAULTS]]
    if len(faults) > MAX_FAULTS:
        lines.append(f"  and {len(faults) - MAX_FAULTS:,} more")
    lines += [
        f"  snapshot {entry.field}: kept {entry.was}, evidence {entry.became}"
        for entry in check.snapshot or ()
    ]
    return lines


def _counts(minutes: MinuteRecheck) -> Iterator[str]:
    if minutes.live:
        share = 100 * minutes.live_equal / minutes.live
        yield (
            f"{minutes.live:,} live minutes, {share:.1f} % equal, median distance "
            f"{canonical(minutes.median_distance)}, largest "
            f"{canonical(minutes.max_distance)} points"
        )
    if minutes.backfilled:
        yield f"{minutes.backfilled:,} made from candles"
    if minutes.rates:
        yield f"{minutes.rates:,} at another official rate than the dated one"
    if minutes.unproven:
        yield f"{minutes.unproven:,} not comparable"
    yield f"{len(minutes.faults):,} differ"


def _snapshot(check: DayRecheck) -> str:
    if check.snapshot is None:
        return "no snapshot to compare"
    return "snapshot differs" if check.snapshot else "snapshot equal"


def _fault(fault: Fault) -> str:
    at = datetime.fromtimestamp(fault.opened_ms / 1000, UTC)
    return f"{at:%H:%M} {fault.what}"


def _line(counts: DayCompleteness, name: str, day: str) -> str:
    numbers = (
        counts.expected,
        counts.live,
        counts.backfilled,
        counts.impossible,
        counts.missing,
        counts.stale,
    )
    return _FORMAT.format(name, day, *(f"{number:,}" for number in numbers))
