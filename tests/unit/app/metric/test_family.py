"""Declared metrics become Prometheus text."""

from prometheus_client.core import Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from app.metric.family import counter, gauge, histogram
from app.metric.registry import Metrics
from domain.model.histogram import Histogram


def text_of(*metrics: Metric) -> str:
    """Return the text in which they are told."""
    return generate_latest(Metrics([lambda: metrics]).registry).decode()


def test_a_family_without_samples_is_told_all_the_same() -> None:
    text = text_of(counter("nothing", "Nothing yet.", "kind").of({}))
    assert "# HELP kimp_nothing_total Nothing yet." in text
    assert "# TYPE kimp_nothing_total counter" in text


def test_gauges_and_counters_carry_their_labels() -> None:
    text = text_of(
        gauge("size", "Size.").now(3), counter("uses", "Uses.", "by").of({("me",): 2})
    )
    assert "kimp_size 3.0" in text
    assert 'kimp_uses_total{by="me"} 2.0' in text


def test_a_histogram_is_read_as_one() -> None:
    spread = Histogram((0.5, 1))
    for value in (0.2, 0.7, 9.0):
        spread.observe(value)
    text = text_of(histogram("wait_seconds", "Wait.", "at").spread({("x",): spread}))
    found = next(
        family
        for family in text_string_to_metric_families(text)
        if family.name == "kimp_wait_seconds"
    )
    values = {(s.name, s.labels.get("le")): s.value for s in found.samples}
    assert found.type == "histogram"
    assert values == {
        ("kimp_wait_seconds_bucket", "0.5"): 1,
        ("kimp_wait_seconds_bucket", "1.0"): 2,
        ("kimp_wait_seconds_bucket", "+Inf"): 3,
        ("kimp_wait_seconds_count", None): 3,
        ("kimp_wait_seconds_sum", None): 9.9,
    }


def test_the_series_of_a_family_are_the_names_of_queries() -> None:
    assert gauge("a", "A.").series == ("kimp_a",)
    assert counter("a", "A.").series == ("kimp_a_total",)
    assert histogram("a", "A.").series == (
        "kimp_a_bucket",
        "kimp_a_count",
        "kimp_a_sum",
    )


def test_nothing_is_gathered_before_somebody_asks() -> None:
    asked = []

    def gather() -> list[Metric]:
        asked.append(1)
        return []

    metrics = Metrics([gather])
    assert not asked
    assert b"process_" in metrics.text()
    assert len(asked) == 1
