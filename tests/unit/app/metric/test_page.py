"""docs/METRICS.md and the declarations are one."""

import re
from pathlib import Path

import pytest

from app.metric.family import Family, Kind
from app.metric.page import FAMILIES, metrics_markdown

REPOSITORY = Path(__file__).parents[4]
# Prometheus' base units, and what has none.
UNITS = ("_seconds", "_bytes", "_ratio")


def test_the_page_is_the_declarations() -> None:
    page = (REPOSITORY / "docs" / "METRICS.md").read_text("utf-8")
    assert page == metrics_markdown(), (
        "run: python -m app.metric.page > docs/METRICS.md"
    )


def test_every_declaration_is_on_the_page() -> None:
    declared = set()
    for file in (REPOSITORY / "app" / "metric").glob("*.py"):
        text = file.read_text("utf-8")
        declared |= set(
            re.findall(r"= (?:gauge|counter|histogram)\(\s*\"(\w+)\"", text)
        )
    assert declared == {family.name for family in FAMILIES}


def test_no_name_is_declared_twice() -> None:
    series = [name for family in FAMILIES for name in family.series]
    assert len(series) == len(set(series))


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_names_follow_the_practices(family: Family) -> None:
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", family.name)
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", label) for label in family.labels)
    assert family.text.endswith(".")
    assert not family.name.endswith("_total")  # the text format adds it
    assert not re.search(r"_(ms|milliseconds|percent|minutes)(_|$)", family.name)
    if family.kind is Kind.HISTOGRAM:
        assert family.name.endswith(UNITS)
    assert "le" not in family.labels
