"""What a server says about itself at `/metrics`."""

import time
import urllib.request
from collections.abc import Callable
from typing import Any, Final

from prometheus_client.parser import text_string_to_metric_families

LIMIT_S: Final = 30.0


def figure(server: Any, name: str) -> float:
    """Return the sum of a metric over its labels."""
    with urllib.request.urlopen(f"{server.url}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    return sum(
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name
    )


def wait_figure(server: Any, name: str, holds: Callable[[float], bool]) -> None:
    """Return once a metric is as wanted."""
    deadline = time.monotonic() + LIMIT_S
    while not holds(seen := figure(server, name)):
        assert time.monotonic() < deadline, f"{name} is {seen:g}"
        time.sleep(0.05)  # another process: there is nothing to await
