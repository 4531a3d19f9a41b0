"""What a running server tells, and what an expression names that it does not tell."""

from collections import defaultdict
from dataclasses import dataclass

from prometheus_client.parser import text_string_to_metric_families

from app.metric.page import FAMILIES
from tests.e2e.deploy.promql import (
    AGGREGATIONS,
    FUNCTIONS,
    OF_COUNTERS,
    OF_RANGES,
    Selection,
    UnreadableExpression,
    read_expression,
)

# Prometheus itself knows these of every target.
OF_TARGETS = ("instance", "job")
SUFFIXES = {
    "counter": ("_total",),
    "gauge": ("",),
    "histogram": ("_bucket", "_count", "_sum"),
}


@dataclass(frozen=True)
class Series:
    """The series a server tells: labels by name, and the values each label has now."""

    labels: dict[str, frozenset[str]]
    values: dict[tuple[str, str], frozenset[str]]

    def problems(self, text: str) -> list[str]:
        """Say what an expression names that does not exist."""
        try:
            read = read_expression(text)
        except UnreadableExpression as exc:
            return [str(exc)]
        known = FUNCTIONS | AGGREGATIONS
        found = [f"no function {name}" for name in read.functions - known]
        for selection in read.selections:
            found += self._of(selection)
        # Prometheus' own two, and those of the metrics themselves.
        labels = set(OF_TARGETS).union(
            *(self.labels.get(s.metric, ()) for s in read.selections)
        )
        found += [f"no label {name}" for name in read.groupings - labels]
        if "histogram_quantile" in read.functions and "le" not in read.groupings:
            found.append("a quantile needs le")
        return found

    def _of(self, selection: Selection) -> list[str]:
        if selection.metric not in self.labels:
            return [f"no metric {selection.metric}"]
        found = []
        for matcher in selection.matchers:
            if matcher.label in OF_TARGETS:
                continue
            if matcher.label not in self.labels[selection.metric]:
                found.append(f"{selection.metric} has no label {matcher.label}")
                continue
            now = self.values.get((selection.metric, matcher.label), frozenset())
            if matcher.sign == "=" and now and matcher.text not in now:
                found.append(
                    f"no {selection.metric} has {matcher.label} {matcher.text}"
                )
        ranged = selection.function in OF_RANGES
        if ranged != selection.has_range:
            found.append(f"{selection.metric}: a range belongs to {sorted(OF_RANGES)}")
        ends = ("_total", "_bucket", "_count", "_sum")
        if selection.function in OF_COUNTERS and not selection.metric.endswith(ends):
            found.append(f"{selection.metric} is no counter")
        return found


def series_of(text: str) -> Series:
    """Return the series of a `/metrics` answer.

    A metric that has no sample yet has the labels of its declaration; that these are
    those of the samples is another test's matter.
    """
    declared = {name: family.labels for family in FAMILIES for name in family.series}
    labels: dict[str, frozenset[str]] = {"up": frozenset()}
    values: dict[tuple[str, str], set[str]] = defaultdict(set)
    for family in text_string_to_metric_families(text):
        for suffix in SUFFIXES[family.type]:
            name = f"{family.name}{suffix}"
            le = {"le"} if suffix == "_bucket" else set()
            labels[name] = frozenset({*declared.get(name, ()), *le})
        for sample in family.samples:
            labels[sample.name] = frozenset(sample.labels)
            for label, value in sample.labels.items():
                values[sample.name, label].add(value)
    return Series(labels, {key: frozenset(found) for key, found in values.items()})
