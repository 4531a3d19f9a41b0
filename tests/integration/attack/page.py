"""docs/ATTACKS.md: tables between two marks, written from what was tried."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[3] / "docs" / "ATTACKS.md"
END = "<!-- end -->"


def stopped_by(errors: Sequence[Any]) -> str:
    """Say what refused an operation: its code and its limit, or how much was told."""
    more = errors[0]["extensions"]
    limit, maximum = more.get("limit"), more.get("maximum")
    if limit is None:
        count = len(errors)
        return f"`{more['code']}`, {count} error{'s' * (count > 1)}"
    figure = "" if maximum is None else f" {maximum:,}"
    return f"`{more['code']}`, `{limit.upper()}`{figure}"


def table_of(name: str) -> list[str]:
    """Return the lines of a table of the page, heads too."""
    _, begun, rest = PAGE.read_text("utf-8").partition(f"<!-- {name} -->")
    assert begun, name
    return rest.partition(END)[0].strip().splitlines()


def table_is_renewed(name: str, head: str, rows: Sequence[str]) -> bool:
    """Whether a table of the page is this one; it is written where that is asked."""
    begin = f"<!-- tried {name} -->"
    text = PAGE.read_text("utf-8")
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(END)
    lines = "\n".join(rows)
    made = f"{before}{begin}\n\n{head}\n{lines}\n\n{END}{after}"
    if os.environ.get("KIMP_TEST_WRITE"):
        PAGE.write_text(made, "utf-8")
    return PAGE.read_text("utf-8") == made
