"""Medians and ratios of what the rounds came to."""

from collections.abc import Mapping, Sequence
from statistics import median

Row = Mapping[str, float | None]
Rounds = Mapping[str, Mapping[str, Sequence[Row]]]
"""The rows of each round by part and server."""


def middle(rows: Sequence[Row]) -> dict[str, float | None]:
    """Return the median of every figure; None where a round has none of it."""
    found: dict[str, float | None] = {}
    for key in rows[0] if rows else ():
        told = [value for row in rows if (value := row.get(key)) is not None]
        found[key] = float(median(told)) if len(told) == len(rows) else None
    return found


def spread(rows: Sequence[Row], key: str) -> tuple[float, float] | None:
    """Return the least and the greatest of a figure; None where a round has none."""
    told = [value for row in rows if (value := row.get(key)) is not None]
    return (min(told), max(told)) if rows and len(told) == len(rows) else None


def ratio(left: float | None, right: float | None) -> float | None:
    """Return how many times the right is in the left; None where either is unknown."""
    return left / right if left is not None and right else None


def middles(rounds: Rounds) -> dict[str, dict[str, dict[str, float | None]]]:
    """Return the medians by part and server."""
    return {
        part: {server: middle(rows) for server, rows in servers.items()}
        for part, servers in rounds.items()
    }
