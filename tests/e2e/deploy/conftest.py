"""The metrics of a running server."""

import urllib.request
from typing import Any

import pytest

from tests.e2e.deploy.series import Series, series_of


@pytest.fixture(scope="session")
def series(demo: Any) -> Series:
    """The series of `kimp demo`, after it has answered a query."""
    demo.query("{ premiums(first: 1) { totalCount } }")
    with urllib.request.urlopen(f"{demo.url}/metrics", timeout=10) as answer:
        return series_of(answer.read().decode())
