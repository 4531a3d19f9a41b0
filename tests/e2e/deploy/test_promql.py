"""The reader of expressions finds what is there, and fails where something is not."""

import pytest

from tests.e2e.deploy.promql import UnreadableExpression, read_expression
from tests.e2e.deploy.series import Series

SERIES = Series(
    {
        "up": frozenset(),
        "kimp_size": frozenset({"state"}),
        "kimp_uses_total": frozenset({"by"}),
        "kimp_wait_seconds_bucket": frozenset({"le"}),
    },
    {("kimp_size", "state"): frozenset({"open"})},
)


def test_metrics_labels_and_functions_are_found() -> None:
    read = read_expression(
        'sum by (by, instance) (rate(kimp_uses_total{by="a,b", x!~"}"}[5m])) * 2 > 0.5'
    )
    (selection,) = read.selections
    assert (selection.metric, selection.function) == ("kimp_uses_total", "rate")
    assert [(m.label, m.sign, m.text) for m in selection.matchers] == [
        ("by", "=", "a,b"),
        ("x", "!~", "}"),
    ]
    assert selection.has_range
    assert read.groupings == {"by", "instance"}
    assert read.functions == {"sum", "rate"}


def test_words_of_the_language_are_no_metrics() -> None:
    read = read_expression(
        "a > 1 and on (x) b or c unless ignoring (y) d offset 5m == bool inf"
    )
    assert [s.metric for s in read.selections] == ["a", "b", "c", "d"]
    assert read.groupings == {"x", "y"}


@pytest.mark.parametrize(
    "good",
    [
        "kimp_size",
        'kimp_size{state="open", instance=~"$instance"} == 1',
        'kimp_size{state!="shut"} or up{job="kimchi-premium"}',
        "sum(rate(kimp_uses_total[$__rate_interval])) by (by)",
        "histogram_quantile(0.9, sum by (le) (rate(kimp_wait_seconds_bucket[5m])))",
        "max_over_time(kimp_size[5m]) == 0",
        "0 * (kimp_size - on (job) kimp_size)",
    ],
)
def test_an_expression_over_what_exists_has_no_problem(good: str) -> None:
    assert SERIES.problems(good) == []


@pytest.mark.parametrize(
    ("bad", "problem"),
    [
        ("kimp_sise", "no metric kimp_sise"),
        ("rate(kimp_uses[5m])", "no metric kimp_uses"),
        ('kimp_size{stat="open"}', "kimp_size has no label stat"),
        ('kimp_size{state="opened"}', "no kimp_size has state opened"),
        ("sum by (stat) (kimp_size)", "no label stat"),
        ("kimp_size unless on (who) up", "no label who"),
        ("ratio(kimp_uses_total[5m])", "no function ratio"),
        ("rate(kimp_uses_total)", "kimp_uses_total: a range belongs to"),
        ("kimp_size[5m]", "kimp_size: a range belongs to"),
        ("rate(kimp_size[5m])", "kimp_size is no counter"),
        (
            "histogram_quantile(0.9, sum(rate(kimp_wait_seconds_bucket[5m])))",
            "a quantile needs le",
        ),
    ],
)
def test_what_does_not_exist_is_found(bad: str, problem: str) -> None:
    assert any(found.startswith(problem) for found in SERIES.problems(bad))


@pytest.mark.parametrize(
    "broken",
    [
        "sum(",
        "kimp_size)",
        'kimp_size{state="open"',
        "kimp_size{state=open}",
        "kimp_size[",
        "rate(kimp_uses_total[x])",
        "kimp_size ; up",
        "{}",
        "sum by (le (kimp_size))",
        "sum by kimp_size",
    ],
)
def test_what_is_no_expression_is_refused(broken: str) -> None:
    with pytest.raises(UnreadableExpression):
        read_expression(broken)
    assert SERIES.problems(broken)
