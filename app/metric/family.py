"""Declared metrics: name, kind, meaning and labels stand once, before any sample.

Source: Prometheus' "Metric and label naming": base units, `_total` for counters, which
the text format adds. docs/METRICS.md is made from the declarations.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import isinf
from typing import TypeVar

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)

from domain.model.histogram import Histogram

PREFIX = "kimp_"
# The values of a family's labels, in its order.
Values = TypeVar("Values", bound=tuple[str, ...])


class Kind(StrEnum):
    """Prometheus' types, as far as we use them."""

    GAUGE = "gauge"
    COUNTER = "counter"
    HISTOGRAM = "histogram"


_SUFFIXES = {
    Kind.GAUGE: ("",),
    Kind.COUNTER: ("_total",),
    Kind.HISTOGRAM: ("_bucket", "_count", "_sum"),
}


@dataclass(frozen=True, slots=True)
class Family:
    """One metric; `name` is without our prefix and without a counter's `_total`."""

    kind: Kind
    name: str
    text: str
    labels: tuple[str, ...] = ()

    @property
    def series(self) -> tuple[str, ...]:
        """The names that a query may use."""
        return tuple(f"{PREFIX}{self.name}{suffix}" for suffix in _SUFFIXES[self.kind])

    def now(self, value: float) -> Metric:
        """Return the metric with its one value, for a family without labels."""
        return self.of({(): value})

    def of(self, samples: Mapping[Values, float]) -> Metric:
        """Return the metric with one value per combination of label values."""
        make = CounterMetricFamily if self.kind is Kind.COUNTER else GaugeMetricFamily
        metric = make(f"{PREFIX}{self.name}", self.text, labels=self.labels)
        for values, value in samples.items():
            metric.add_metric(values, value)
        return metric

    def spread(self, samples: Mapping[Values, Histogram]) -> Metric:
        """Return the metric with one histogram per combination of label values."""
        metric = HistogramMetricFamily(
            f"{PREFIX}{self.name}", self.text, labels=self.labels
        )
        for values, histogram in samples.items():
            buckets = [
                ("+Inf" if isinf(bound) else str(float(bound)), float(count))
                for bound, count in histogram.cumulative()
            ]
            metric.add_metric(values, buckets, histogram.total)
        return metric


def gauge(name: str, text: str, *labels: str) -> Family:
    """Declare what goes up and down."""
    return Family(Kind.GAUGE, name, text, labels)


def counter(name: str, text: str, *labels: str) -> Family:
    """Declare what only grows while the process lives."""
    return Family(Kind.COUNTER, name, text, labels)


def histogram(name: str, text: str, *labels: str) -> Family:
    """Declare how a value is spread."""
    return Family(Kind.HISTOGRAM, name, text, labels)
