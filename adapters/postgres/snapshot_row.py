"""Rows of snapshots as their tables hold them, and back."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import RowMapping

from adapters.postgres.column import instant_of, is_storable, text_of, unix_ms_of
from domain.model.market import MarketWarning
from domain.model.snapshot import (
    AuditEntry,
    AuditReason,
    CurrentRow,
    DailyPrices,
    DailySnapshot,
)

_WARNINGS = {str(warning) for warning in MarketWarning}


def plain(value: Decimal | date) -> str:
    """Return the text of a decimal, day or instant; the server reads it exactly."""
    return str(value) if isinstance(value, Decimal) else value.isoformat()


def instant_or_null(unix_ms: int | None) -> datetime | None:
    """Return the instant, None where there is none, or no calendar holds it."""
    if unix_ms is None or not is_storable(unix_ms):
        return None
    return instant_of(unix_ms)


def of_current(row: CurrentRow) -> Mapping[str, Any]:
    """Return a current row as the table holds it."""
    return {
        "symbol": text_of(row.symbol),
        "korean_name": text_of(row.korean_name),
        "english_name": text_of(row.english_name),
        "icon_url": None if row.icon_url is None else text_of(row.icon_url),
        "listed": [text_of(market) for market in row.listed],
        "warnings": [str(warning) for warning in row.warnings],
        **prices_row(row.prices),
        "at": instant_or_null(row.at_ms),
    }


def current_of(row: RowMapping) -> CurrentRow:
    """Return a stored current row."""
    warnings = row["warnings"]
    return CurrentRow(
        symbol=row["symbol"],
        korean_name=row["korean_name"],
        english_name=row["english_name"],
        icon_url=row["icon_url"],
        listed=tuple(row["listed"]),
        # A newer version of the program may know more warnings than this one.
        warnings=tuple(MarketWarning(word) for word in warnings if word in _WARNINGS),
        prices=prices_of(row),
        at_ms=None if row["at"] is None else unix_ms_of(row["at"]),
    )


def of_snapshot(row: DailySnapshot) -> Mapping[str, Any]:
    """Return a dated row as the table holds it."""
    return {
        "day": row.day,
        "symbol": text_of(row.symbol),
        **prices_row(row.prices),
        "revision": row.revision,
        "verified_at": instant_or_null(row.verified_ms),
    }


def snapshot_of(row: RowMapping) -> DailySnapshot:
    """Return a stored dated row."""
    verified_at = row["verified_at"]
    return DailySnapshot(
        day=row["day"],
        symbol=row["symbol"],
        prices=prices_of(row),
        revision=row["revision"],
        verified_ms=None if verified_at is None else unix_ms_of(verified_at),
    )


def prices_row(prices: DailyPrices) -> Mapping[str, Any]:
    """Return the columns that prices have in both tables."""
    return {
        "domestic_price": prices.domestic_price,
        "global_price": prices.global_price,
        "fx_rate": prices.fx_rate,
        "fx_source": None if prices.fx_source is None else text_of(prices.fx_source),
        "comparable": prices.is_comparable,
        "percent": prices.percent,
    }


def prices_of(row: RowMapping) -> DailyPrices:
    """Return the prices of a stored row of either table."""
    return DailyPrices(
        domestic_price=row["domestic_price"],
        global_price=row["global_price"],
        fx_rate=row["fx_rate"],
        fx_source=row["fx_source"],
        is_comparable=row["comparable"],
    )


def of_entry(entry: AuditEntry) -> Mapping[str, Any]:
    """Return an audit entry as the table holds it."""
    return {
        "day": entry.day,
        "symbol": text_of(entry.symbol),
        "revision": entry.revision,
        "field": entry.field,
        "was": entry.was,
        "became": entry.became,
        "reason": str(entry.reason),
        "at": instant_or_null(entry.at_ms),
    }


def entry_of(row: RowMapping) -> AuditEntry:
    """Return a stored audit entry."""
    return AuditEntry(
        day=row["day"],
        symbol=row["symbol"],
        revision=row["revision"],
        field=row["field"],
        was=row["was"],
        became=row["became"],
        reason=AuditReason(row["reason"]),
        at_ms=unix_ms_of(row["at"]),
    )
