"""What the venues' own record says of a snapshot, and what is to be done. Pure.

Source: design.md "Snapshots": a dated row changes only by the last 1-minute candle that
ends at or before its instant, and by the rate valid then where it has none.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from domain.model.daily_rate import DailyRate
from domain.model.guard import ENTER_POINTS
from domain.model.number import canonical
from domain.model.snapshot import (
    AuditEntry,
    AuditReason,
    DailyPrices,
    DailySnapshot,
)
from domain.model.snapshot_day import Pair


@dataclass(frozen=True, slots=True)
class Evidence:
    """Closes per coin of the last minute before the instant, and the dated rate.

    None proves nothing: a venue that is ill tells of no candle, too. `is_whole` tells
    that every market the coin had then was heard, `needs_rate` that it had two.
    """

    domestic_price: Decimal | None
    global_price: Decimal | None
    is_whole: bool
    rate: DailyRate | None = None
    needs_rate: bool = True

    def over(self, known: DailyPrices) -> DailyPrices:
        """Return the prices with this laid over; a rate only where there is none."""
        krw, usdt = self.domestic_price, self.global_price
        prices = replace(
            known,
            domestic_price=known.domestic_price if krw is None else krw,
            global_price=known.global_price if usdt is None else usdt,
        )
        if known.fx_rate is not None or self.rate is None:
            return prices
        return replace(prices, fx_rate=self.rate.rate, fx_source=self.rate.source)

    def proves(self, prices: DailyPrices) -> bool:
        """Whether nothing is left to ask for."""
        return self.is_whole and (prices.fx_rate is not None or not self.needs_rate)


@dataclass(frozen=True, slots=True)
class Verdict:
    """A row as it should be; `entries` say what differs, none: it was right."""

    row: DailySnapshot
    entries: tuple[AuditEntry, ...]


def judged(row: DailySnapshot, evidence: Evidence, at_ms: int) -> Verdict:
    """Compare a row with the evidence; it is the next revision where they differ.

    Not whole evidence corrects what it proves and leaves the row unverified.
    """
    prices = evidence.over(row.prices)
    verified_ms = at_ms if evidence.proves(prices) else None
    if _same(prices, row.prices):
        return Verdict(replace(row, verified_ms=verified_ms), ())
    amended = replace(row.amended(prices, at_ms), verified_ms=verified_ms)
    return Verdict(amended, tuple(_entries(row, amended, at_ms)))


def made(
    row: DailySnapshot, evidence: Evidence, pair: Pair, btc: Decimal | None, at_ms: int
) -> DailySnapshot:
    """Fill an empty row that is made after its day; `btc` is BTC's percent of it.

    A pair that nobody checked by name and that stands more than 20 points away from
    BTC is not comparable, as its bars are impossible.
    """
    prices = evidence.over(row.prices)
    percent = prices.percent
    if percent is not None and btc is not None and not pair.is_curated:
        is_near = abs(percent - btc) <= ENTER_POINTS
        prices = replace(prices, is_comparable=is_near)
    verified_ms = at_ms if evidence.proves(prices) else None
    return replace(row, prices=prices, verified_ms=verified_ms)


EMPTY = DailyPrices(None, None, None, None)


def _same(left: DailyPrices, right: DailyPrices) -> bool:
    return not list(_changes(left, right))


def _entries(
    before: DailySnapshot, after: DailySnapshot, at_ms: int
) -> Iterator[AuditEntry]:
    for field, was, became, reason in _changes(before.prices, after.prices):
        yield AuditEntry(
            before.day,
            before.symbol,
            after.revision,
            field,
            was,
            became,
            reason,
            at_ms,
        )


def _changes(
    before: DailyPrices, after: DailyPrices
) -> Iterator[tuple[str, str | None, str | None, AuditReason]]:
    price, rate = AuditReason.MINUTE_EVIDENCE, AuditReason.RATE_EVIDENCE
    told = (
        ("domestic_price", before.domestic_price, after.domestic_price, price),
        ("global_price", before.global_price, after.global_price, price),
        ("fx_rate", before.fx_rate, after.fx_rate, rate),
    )
    for field, was, became, reason in told:
        if was != became:
            yield field, _text(was), _text(became), reason
    if before.fx_source != after.fx_source:
        yield "fx_source", before.fx_source, after.fx_source, rate


def _text(value: Decimal | None) -> str | None:
    return None if value is None else canonical(value)
