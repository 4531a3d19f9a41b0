"""The status of the whole, and when it has turned."""

from dataclasses import replace
from typing import Any

import pytest

from domain.model.health import (
    BreakerState,
    Health,
    ServiceStatus,
    UpstreamStatus,
    overall,
)
from domain.model.market import Channel

HEALTHY, DEGRADED = ServiceStatus.HEALTHY, ServiceStatus.DEGRADED
UNAVAILABLE = ServiceStatus.UNAVAILABLE
UPSTREAM = UpstreamStatus("upbit.stream", HEALTHY, Channel.WEBSOCKET)
HEALTH = Health(HEALTHY, "0.1.0", 0, HEALTHY, (UPSTREAM,))


@pytest.mark.parametrize(
    ("database", "upstreams", "whole"),
    [
        (HEALTHY, [HEALTHY, HEALTHY], HEALTHY),
        (HEALTHY, [], HEALTHY),
        (UNAVAILABLE, [HEALTHY], DEGRADED),
        (HEALTHY, [UNAVAILABLE, UNAVAILABLE], DEGRADED),
        (HEALTHY, [DEGRADED], DEGRADED),
        (UNAVAILABLE, [DEGRADED], DEGRADED),
        (UNAVAILABLE, [UNAVAILABLE, UNAVAILABLE], UNAVAILABLE),
    ],
)
def test_the_whole_is_unavailable_only_where_every_part_is(
    database: ServiceStatus, upstreams: list[ServiceStatus], whole: ServiceStatus
) -> None:
    parts = tuple(replace(UPSTREAM, status=status) for status in upstreams)
    assert overall(database, parts) is whole


@pytest.mark.parametrize(
    "change",
    [
        {"status": DEGRADED},
        {"breaker": BreakerState.OPEN},
        {"channel": Channel.REST},
        {"name": "binance.stream"},
    ],
)
def test_health_turns_on_a_change_of_a_status_breaker_or_channel(
    change: dict[str, Any],
) -> None:
    assert replace(HEALTH, upstreams=(replace(UPSTREAM, **change),)).turned_from(HEALTH)


def test_health_turns_on_a_change_of_the_whole_or_of_the_database() -> None:
    assert replace(HEALTH, status=DEGRADED).turned_from(HEALTH)
    assert replace(HEALTH, database=UNAVAILABLE).turned_from(HEALTH)


@pytest.mark.parametrize(
    "change",
    [
        {"last_message_ms": 5},
        {"messages_per_second": 2.5},
        {"latency_ms_p50": 1.0},
        {"reconnects": 3},
        {"retry_at_ms": 9},
    ],
)
def test_mere_figures_do_not_turn_it(change: dict[str, Any]) -> None:
    changed = replace(HEALTH, upstreams=(replace(UPSTREAM, **change),))
    assert not changed.turned_from(HEALTH)
