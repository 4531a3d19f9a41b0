"""How a backfill shows itself: a bar on a terminal, else plain lines; a summary."""

import asyncio
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, TextIO

from domain.model.backfill_tally import BackfillTally, Lack
from domain.model.interval import Interval

BAR_WIDTH: Final = 24
TTY_EVERY_S: Final = 0.2
PLAIN_EVERY_S: Final = 5.0
# Before so much work is done its pace tells nothing.
PACE_FROM_PIECES: Final = 8


@dataclass(frozen=True, slots=True)
class Display:
    """Shows a tally on a stream; `least_s` is the least a run can take by the limits.

    `requests` returns how many were sent so far.
    """

    tally: BackfillTally
    requests: Callable[[], int]
    least_s: float
    out: TextIO = sys.stderr
    now_s: Callable[[], float] = time.monotonic

    async def run(self) -> None:
        """Show until cancelled; a terminal's line is ended then."""
        is_tty = self.out.isatty()
        every_s = TTY_EVERY_S if is_tty else PLAIN_EVERY_S
        began_s = self.now_s()
        try:
            while True:
                await asyncio.sleep(every_s)  # the pace of the display
                line = self.line(self.now_s() - began_s, with_bar=is_tty)
                self._put(f"\r\x1b[K{line}" if is_tty else f"{line}\n")
        finally:
            if is_tty:
                self._put("\r\x1b[K")

    def line(self, took_s: float, *, with_bar: bool) -> str:
        """Return what is known after so many seconds, in one line."""
        tally = self.tally
        share = tally.pieces_done / tally.pieces if tally.pieces else 0.0
        filled = int(share * BAR_WIDTH)
        bar = f"[{'#' * filled}{'.' * (BAR_WIDTH - filled)}] " if with_bar else ""
        failed = f", {tally.failures:,} failures" if tally.failures else ""
        return (
            f"kimp: {bar}{share:4.0%} {tally.done:,} of {tally.asked:,} bars, "
            f"{self.requests():,} requests{failed}, {self._left(took_s)}"
        )

    def _left(self, took_s: float) -> str:
        tally = self.tally
        left = tally.pieces - tally.pieces_done
        least_s = self.least_s * left / tally.pieces if tally.pieces else 0.0
        if tally.pieces_worked < PACE_FROM_PIECES:
            return f"at least {duration(least_s)} left"
        # What was kept already took no time and tells no pace.
        return f"about {duration(took_s / tally.pieces_worked * left)} left"

    def _put(self, text: str) -> None:
        self.out.write(text)
        self.out.flush()


def duration(seconds: float) -> str:
    """Return a length of time as hours, minutes and seconds."""
    whole = round(seconds)
    hours, minutes = whole // 3600, whole % 3600 // 60
    return f"{hours}:{minutes:02}:{whole % 60:02}"


def summary(
    tally: BackfillTally, requests: int, least: int, took_s: float, interval: Interval
) -> str:
    """Return what a run has done, in some lines; `least` requests were possible."""
    changed = f" ({tally.changed:,} changed)" if tally.changed else ""
    lines = [
        f"kimp: {tally.asked:,} bars asked for: {tally.written:,} written, "
        f"{tally.kept:,} kept already{changed}, {tally.impossible_count:,} impossible, "
        f"{sum(tally.missing.values()):,} missing"
    ]
    lines += _rated(tally)
    for reason, lacks in sorted(tally.impossible.items()):
        many = sum(lack.bars for lack in lacks.values())
        coins = "; ".join(
            f"{name} {_lack(lack, interval)}" for name, lack in sorted(lacks.items())
        )
        lines.append(f"  impossible, {reason} {many:,}: {coins}")
    lines.append(
        f"  {tally.candles:,} candles kept, {requests:,} requests (at least "
        f"{least:,} from nothing), {took_s:.1f} s"
    )
    if tally.irregular:
        lines.append(f"  {tally.irregular:,} candles were duplicates or out of order")
    if tally.unusable:
        lines.append(f"  {tally.unusable:,} candles could not be read")
    if tally.missing:
        lines += _missing(tally)
    return "\n".join(lines)


def _rated(tally: BackfillTally) -> Iterator[str]:
    """Yield what became of bars with another official rate than the given one."""
    if tally.renewed:
        yield f"  {tally.renewed:,} of the written had another official rate before"
    if tally.other_minutes:
        yield (
            f"  {tally.other_minutes:,} kept minutes have another official rate than "
            "the file: a minute that is there is never replaced"
        )


def _lack(lack: Lack, interval: Interval) -> str:
    """Return how many bars of a coin are impossible, and when the first of them."""
    shown = ", ".join(_times(*span, interval) for span in lack.spans)
    return f"{lack.bars:,} ({shown}{', and more' if lack.is_more else ''})"


def _times(from_ms: int, to_ms: int, interval: Interval) -> str:
    first, last = (_time(at, interval) for at in (from_ms, to_ms - interval.length_ms))
    return first if first == last else f"{first} to {last}"


def _time(opened_ms: int, interval: Interval) -> str:
    form = "%Y-%m-%d" if interval is Interval.D1 else "%Y-%m-%dT%H:%MZ"
    return datetime.fromtimestamp(opened_ms / 1000, UTC).strftime(form)


def _missing(tally: BackfillTally) -> list[str]:
    coins = ", ".join(
        f"{name} {many:,}" for name, many in sorted(tally.missing.items())
    )
    return [
        f"  missing: {coins}",
        *(f"  because: {reason}" for reason in tally.reasons),
        "  the same command again goes on where this one ended",
    ]
