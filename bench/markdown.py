"""Figures as people read them in Markdown."""

from collections.abc import Sequence


def grid(heads: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Return a table, numbers to the right."""
    rules = ["---", *["---:"] * (len(heads) - 1)]
    rows = [heads, rules, *lines]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def number(value: float | None, digits: int = 3) -> str:
    """Return a figure as people read it: so many significant digits, no exponent."""
    if value is None:
        return "–"
    if value == 0:
        return "0"
    if abs(value) >= 10 ** (digits - 1):
        return f"{value:,.0f}"
    text = f"{value:.{digits}g}"
    return f"{value:.{digits}f}" if "e" in text else text


def percent(value: float | None) -> str:
    """Return a share of one."""
    return "–" if value is None else f"{value * 100:.3g} %"
