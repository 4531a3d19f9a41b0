"""Gathered metrics as one mapping, to be compared at once."""

from collections.abc import Iterable

from prometheus_client.core import Metric


def samples(metrics: Iterable[Metric]) -> dict[str, float]:
    """Return each sample by its name and label values."""
    return {
        "/".join([s.name, *s.labels.values()]): s.value
        for metric in metrics
        for s in metric.samples
    }
