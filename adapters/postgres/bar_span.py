"""Spans of openings, as the tables and our calendar can hold them."""

from datetime import datetime

from adapters.postgres.column import MAX_INSTANT_MS, instant_of
from domain.model.interval import Interval

# The month after a bar's must have a datetime: none is kept at the end of year 9999.
MAX_OPENED_MS = MAX_INSTANT_MS - 40 * Interval.D1.length_ms


def clamped(at_ms: int) -> datetime:
    """Return an instant, or the nearest at which a bar may open."""
    return instant_of(min(max(at_ms, 0), MAX_OPENED_MS))


def ceiling_ms(at_ms: int, interval: Interval) -> int:
    """Return the first opening at or after an instant."""
    opened_ms = interval.opened_ms(at_ms)
    return opened_ms if opened_ms == at_ms else opened_ms + interval.length_ms


def clamped_opening(at_ms: int, interval: Interval) -> datetime:
    """Return the first opening at or after an instant that a bar may have."""
    return clamped(ceiling_ms(min(max(at_ms, 0), MAX_OPENED_MS), interval))
