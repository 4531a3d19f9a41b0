"""The curated table that comes with the package."""

from functools import cache
from importlib.resources import files

from domain.model.identity import IdentityTable, parse_table


@cache
def identity_table() -> IdentityTable:
    """Return the curated table of the package; it is read once."""
    source = files("domain.model") / "identity.csv"
    return parse_table(source.read_text(encoding="utf-8"))
