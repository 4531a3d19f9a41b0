"""`/metrics` of a running server: complete, as declared, and moving as it should."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families
from websockets.sync.client import connect

from app.metric.family import PREFIX
from app.metric.page import FAMILIES

LIMIT_S = 20.0
BOARD = "subscription { premiums(throttleMs: 100) { seq } }"


def families(server: Any) -> dict[str, Metric]:
    """Return every metric by its name."""
    with urllib.request.urlopen(f"{server.url}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    return {found.name: found for found in text_string_to_metric_families(text)}


def value(server: Any, name: str, **labels: str) -> float:
    """Return the sum over the samples that have these labels."""
    family = name
    for suffix in ("_total", "_count", "_sum", "_bucket"):
        family = family.removesuffix(suffix)
    return sum(
        sample.value
        for sample in families(server)[family].samples
        if sample.name == name and labels.items() <= sample.labels.items()
    )


def eventually(condition: Callable[[], bool]) -> None:
    """Return once the condition holds."""
    deadline = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)  # another process: there is nothing to await


def wait_growing(server: Any, name: str, **labels: str) -> None:
    """Return once a counter has grown."""
    before = value(server, name, **labels)
    eventually(lambda: value(server, name, **labels) > before)


def test_everything_declared_is_told_and_nothing_else(demo: Any) -> None:
    told = {name for name in families(demo) if name.startswith(PREFIX)}
    assert told == {f"{PREFIX}{family.name}" for family in FAMILIES}


def test_kinds_and_labels_are_the_declared_ones(demo: Any) -> None:
    told = families(demo)
    for family in FAMILIES:
        found = told[f"{PREFIX}{family.name}"]
        assert found.type == family.kind.value
        for sample in found.samples:
            assert set(sample.labels) - {"le"} == set(family.labels), sample


def test_feeds_are_young_counted_and_behind_closed_breakers(demo: Any) -> None:
    for upstream in ("upbit.stream", "binance.stream"):
        assert value(demo, "kimp_feed_age_seconds", upstream=upstream) < LIMIT_S
        assert value(demo, "kimp_upstream_up", upstream=upstream) == 1
        assert value(demo, "kimp_breaker_state", upstream=upstream) == 1
        closed = {"upstream": upstream, "state": "closed"}
        assert value(demo, "kimp_breaker_state", **closed) == 1
        wait_growing(demo, "kimp_feed_messages_total", upstream=upstream)


def test_the_board_and_its_rate_are_told(demo: Any) -> None:
    assert value(demo, "kimp_board_coins", quality="live") > 100
    assert -0.5 < value(demo, "kimp_bitcoin_premium_ratio") < 0.5
    assert value(demo, "kimp_fx_rate_used") == 1
    assert 500 < value(demo, "kimp_fx_rate_won", source="dunamu") < 3000
    wait_growing(demo, "kimp_ticks_total")


def test_operations_are_counted_by_their_outcome(demo: Any) -> None:
    def count(code: str) -> float:
        return value(demo, "kimp_graphql_operations_total", kind="query", code=code)

    good, bad = count("OK"), count("BAD_USER_INPUT")
    errors = value(demo, "kimp_graphql_errors_total", code="BAD_USER_INPUT")
    demo.query("{ coins { totalCount } }")
    demo.query("{ coins(first: -1) { totalCount } }")
    assert count("OK") == good + 1
    assert count("BAD_USER_INPUT") == bad + 1
    assert value(demo, "kimp_graphql_errors_total", code="BAD_USER_INPUT") == errors + 1
    assert value(demo, "kimp_graphql_operation_duration_seconds_count") >= good + 2


@pytest.mark.parametrize(
    ("path", "route", "status"),
    [
        ("/health", "/health", "200"),
        ("/icons/BTC", "/icons/{symbol}", "200"),
        ("/wp-admin/setup.php?x=1", "other", "404"),
        ("/.env", "other", "404"),
    ],
)
def test_paths_are_counted_by_route(
    demo: Any, path: str, route: str, status: str
) -> None:
    def count() -> float:
        labels = {"route": route, "status": status}
        return value(demo, "kimp_http_requests_total", **labels)

    before = count()
    try:
        with urllib.request.urlopen(f"{demo.url}{path}", timeout=10):
            pass
    except urllib.error.HTTPError as exc:
        exc.close()
    eventually(lambda: count() == before + 1)


def test_a_subscriber_is_counted_with_its_events_and_their_lag(demo: Any) -> None:
    def active() -> float:
        return value(demo, "kimp_subscriptions_active", field="premiums")

    before = active()
    lags = value(demo, "kimp_subscription_lag_seconds_count", field="premiums")
    url = f"ws://{demo.address}/graphql"
    protocol: Any = "graphql-transport-ws"
    with connect(url, subprotocols=[protocol], open_timeout=LIMIT_S) as socket:
        socket.send(json.dumps({"type": "connection_init"}))
        socket.recv(LIMIT_S)
        payload = {"query": BOARD}
        socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": payload}))
        for _ in range(4):
            assert json.loads(socket.recv(LIMIT_S))["type"] == "next"
        assert active() == before + 1
        assert value(demo, "kimp_websocket_connections") >= 1
    eventually(lambda: active() == before)
    told = value(demo, "kimp_subscription_lag_seconds_count", field="premiums")
    assert told >= lags + 2


def test_process_loop_pool_and_collector_are_told(demo: Any) -> None:
    assert value(demo, "kimp_build_info") == 1
    assert value(demo, "kimp_database_up") == 1
    assert value(demo, "kimp_database_pool_size") > 0
    assert value(demo, "kimp_store_alarm") == 0
    assert value(demo, "process_resident_memory_bytes") > 0
    assert "python_gc_collections" in families(demo)
    wait_growing(demo, "kimp_event_loop_delay_seconds_count")


def test_asking_for_metrics_is_counted_too(demo: Any) -> None:
    wait_growing(demo, "kimp_http_requests_total", route="/metrics", method="GET")
